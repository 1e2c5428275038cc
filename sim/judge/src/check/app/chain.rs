//! R15: no chain of wakes, each of which starts the next task.

use std::{collections::BTreeSet, time::Duration};

use sleepwalker_core::{DelayChange, Why, span};

use crate::{
    ApiCall, Fact, TaskName, Witness,
    check::{Case, Check, Checker, Findings, Scene, Script, Step, script::name},
};

pub(super) const CHECKER: Checker = Checker {
    name: "chain",
    rules: &["R15"],
    needs: &[Witness::Os, Witness::Daemon],
    make: || Box::new(Chain::default()),
    cases: &[
        Case {
            rule: "R15",
            wrong: |it| {
                [60, 120, 240].into_iter().for_each(|secs| link(it, secs));
            },
            right: |it| {
                [60, 120].into_iter().for_each(|secs| link(it, secs));
            },
        },
        // To go on with what failed is not to hand out the work bit by bit.
        Case {
            rule: "R15",
            wrong: |it| {
                it.create_download(1);
                [60, 120, 240].into_iter().for_each(|secs| link(it, secs));
            },
            right: |it| {
                it.calls(Some(1), ApiCall::DownloadTaskWithResumeData { offset: 1000 });
                [60, 120, 240].into_iter().for_each(|secs| link(it, secs));
            },
        },
    ],
};

fn link(it: &mut Script, secs: u64) {
    it.delay(secs, DelayChange::Wake);
    it.push(Fact::Waits { task: name(1), why: Why::Limiter, until: None });
    it.wait(secs);
}

/// How many wakes in a row, each with a task held after it, make a chain.
const LINKS: u32 = 3;

#[derive(Default)]
struct Chain {
    delay: Duration,
    links: u32,
    /// A task was held since the last wake.
    held: bool,
    /// Tasks that go on from what a failed one left.
    go_on: BTreeSet<TaskName>,
}

impl Check for Chain {
    fn see(&mut self, _scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            Fact::Delays { delay, why: DelayChange::Wake } => {
                self.delay = *delay;
                self.held = false;
            }
            Fact::Delays { .. } | Fact::Boots { .. } => (self.links, self.held) = (0, false),
            Fact::Calls {
                session,
                task: Some(id),
                call: ApiCall::DownloadTaskWithResumeData { .. },
                ..
            } => {
                self.go_on.insert(TaskName { session: session.clone(), task: *id });
            }
            Fact::Waits { task, why: Why::Limiter, .. }
                if !self.held && !self.go_on.contains(task) =>
            {
                self.held = true;
                self.links += 1;
                if self.links == LINKS {
                    let detail = format!(
                        "{task} waits {} for the limiter: it is the third wake in a row whose app \
                         starts a new task in the background",
                        span::text(&self.delay)
                    );
                    out.add("R15", step, detail);
                }
            }
            _ => {}
        }
    }
}
