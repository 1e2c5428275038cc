//! Retries come at growing intervals.

use std::{collections::BTreeMap, time::Duration};

use sleepwalker_core::{ErrorCode, Why, span};

use crate::{
    Fact, TaskName, Witness,
    check::{Case, Check, Checker, Findings, Scene, Script, Step, script::name},
};

pub(super) const CHECKER: Checker = Checker {
    name: "retry",
    rules: &["BG-NET-02"],
    needs: &[Witness::Daemon, Witness::Wire],
    make: || Box::new(Retry::default()),
    cases: &[
        Case {
            rule: "BG-NET-02",
            wrong: |it| gaps(it, &[1, 4, 2]),
            right: |it| gaps(it, &[1, 2, 4]),
        },
        Case {
            rule: "BG-NET-02",
            wrong: |it| gaps(it, &[1, 1]),
            right: |it| gaps(it, &[1, 600, 600]),
        },
        Case {
            rule: "BG-NET-02",
            wrong: |it| gaps(it, &[4, 1]),
            right: |it| {
                gaps(it, &[4]);
                it.starts(1, 2);
                it.stops(1, 2, Why::Idle);
                gaps(it, &[1]);
            },
        },
    ],
};

fn gaps(it: &mut Script, all: &[u64]) {
    for secs in all {
        let until = it.at + Duration::from_secs(*secs);
        let why = Why::Failed(ErrorCode::CANNOT_CONNECT_TO_HOST);
        it.push(Fact::Retries { task: name(1), until, why });
        it.wait(*secs);
    }
}

#[derive(Default)]
struct Retry {
    /// The last interval of a task that has moved no byte since.
    gaps: BTreeMap<TaskName, Duration>,
}

impl Check for Retry {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            // What was too slow is tried again after a time of its own.
            Fact::Retries { why: Why::Slow, .. } => {}
            Fact::Retries { task, until, .. } => {
                let gap = until.since(step.event.at);
                let Some(last) = self.gaps.insert(task.clone(), gap) else {
                    return;
                };
                let knobs = scene.knobs;
                let grows = knobs.retry_factor > 1 && last < knobs.retry_cap;
                if gap < last || grows && gap == last {
                    let detail = format!(
                        "{task} is tried again after {}, and before that after {}",
                        span::text(&gap),
                        span::text(&last)
                    );
                    out.add("BG-NET-02", step, detail);
                }
            }
            Fact::Receives { task, .. } | Fact::Sends { task, .. } => {
                self.gaps.remove(task);
            }
            // Less than a line's worth may have come.
            Fact::Stops { task, total, .. } if *total > 0 => {
                self.gaps.remove(task);
            }
            Fact::Boots { .. } => self.gaps.clear(),
            _ => {}
        }
    }
}
