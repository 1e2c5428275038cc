//! Progress never goes back within an attempt.

use std::collections::BTreeMap;

use sleepwalker_core::{Death, Method, ProcessState, SessionKind, TaskId, Time};

use crate::{
    Cause, Fact, TaskName, Witness,
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
        // What a data task became begins with no request of its own.
        Case {
            rule: "BG-LIFE-15",
            wrong: |it| {
                became(it);
                written_by(it, 2, 2000);
                written_by(it, 2, 1000);
            },
            right: |it| {
                became(it);
                written_by(it, 2, 2000);
                it.kill(Death::Crash);
                it.launch(ProcessState::Foreground, Cause::User);
                became(it);
                written_by(it, 2, 1000);
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
    written_by(it, 1, total);
}

fn written_by(it: &mut Script, task: u32, total: u64) {
    it.tells(task, Method::DidWriteData { written: 1000, total, expected: Some(3000) });
}

fn became(it: &mut Script) {
    it.session(SessionKind::InProcess, false);
    it.create_data(1);
    it.resume(1);
    it.starts(1, 1);
    it.tells(1, Method::DidBecomeDownloadTask { new: TaskId(2) });
}

fn sent(it: &mut Script, total: u64) {
    it.tells(1, Method::DidSendBodyData { sent: 1000, total, expected: 3000 });
}

#[derive(Default)]
struct Progress {
    /// The total last told of a task; and which task that was, for the in-process sessions of the next
    /// process count anew.
    told: BTreeMap<TaskName, (u64, Option<(usize, Time)>)>,
}

impl Check for Progress {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
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
                        let created = scene.tasks.get(&name).map(|task| task.created);
                        self.told.insert(name, (*offset, created));
                        return;
                    }
                    _ => return,
                };
                let name = TaskName { session: session.clone(), task: *task };
                let created = scene.tasks.get(&name).map(|task| task.created);
                let before = self.told.insert(name.clone(), (total, created));
                if let Some((before, was)) = before
                    && was == created
                    && total < before
                {
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
