//! Progress never goes back within an attempt.

use std::collections::BTreeMap;

use sleepwalker_core::Method;

use crate::{
    Fact, TaskName, Witness,
    check::{Case, Check, Checker, Findings, Scene, Script, Step},
};

pub(super) const CHECKER: Checker = Checker {
    name: "progress",
    rules: &["BG-LIFE-15", "BG-UP-12"],
    needs: &[Witness::Calls, Witness::Daemon],
    make: || Box::new(Progress::default()),
    cases: &[
        Case {
            rule: "BG-LIFE-15",
            wrong: |it| {
                it.download(1);
                it.starts(1, 1);
                written(it, 2000);
                written(it, 1000);
            },
            right: |it| {
                it.download(1);
                it.starts(1, 1);
                written(it, 2000);
                it.starts(1, 2);
                written(it, 1000);
            },
        },
        Case {
            rule: "BG-UP-12",
            wrong: |it| {
                it.create_upload(1);
                it.resume(1);
                it.starts(1, 1);
                sent(it, 2000);
                sent(it, 1000);
            },
            right: |it| {
                it.create_upload(1);
                it.resume(1);
                it.starts(1, 1);
                sent(it, 1000);
                sent(it, 2000);
            },
        },
    ],
};

fn written(it: &mut Script, total: u64) {
    it.tells(1, Method::DidWriteData { written: 1000, total, expected: Some(3000) });
}

fn sent(it: &mut Script, total: u64) {
    it.tells(1, Method::DidSendBodyData { sent: 1000, total, expected: 3000 });
}

#[derive(Default)]
struct Progress {
    told: BTreeMap<TaskName, u64>,
}

impl Check for Progress {
    fn see(&mut self, _scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            // A response may begin again at byte 0, whatever was asked for.
            Fact::Starts { task, .. } | Fact::Head { task, .. } => {
                self.told.remove(task);
            }
            Fact::Delivers { session, task: Some(task), method, .. } => {
                let (rule, total) = match method {
                    Method::DidWriteData { total, .. } => ("BG-LIFE-15", *total),
                    Method::DidSendBodyData { total, .. } => ("BG-UP-12", *total),
                    Method::DidResumeAtOffset { offset, .. } => {
                        let name = TaskName { session: session.clone(), task: *task };
                        self.told.insert(name, *offset);
                        return;
                    }
                    _ => return,
                };
                let name = TaskName { session: session.clone(), task: *task };
                let before = self.told.insert(name.clone(), total);
                if let Some(before) = before.filter(|before| total < *before) {
                    let detail = format!(
                        "the progress of {name} goes back from {before} B to {total} B without a \
                         new attempt"
                    );
                    out.add(rule, step, detail);
                }
            }
            _ => {}
        }
    }
}
