//! R13: each result reaches the app's records.

use std::collections::BTreeMap;

use sleepwalker_core::{Method, Time};

use crate::{
    ApiCall, Fact, ItemState, TaskName, Witness,
    check::{Case, Check, Checker, End, Findings, Scene, Script, Step},
};

pub(super) const CHECKER: Checker = Checker {
    name: "lost",
    rules: &["R13"],
    needs: &[Witness::Calls, Witness::Os, Witness::Items],
    make: || Box::new(Lost::default()),
    cases: &[
        Case {
            rule: "R13",
            wrong: |it| {
                wanted(it);
                it.done(1, None);
            },
            right: |it| {
                wanted(it);
                it.done(1, None);
                it.marks(1, ItemState::Done, Some(200));
            },
        },
        Case {
            rule: "R13",
            wrong: |it| {
                wanted(it);
                it.fails(1, -999);
            },
            right: |it| {
                wanted(it);
                it.calls(Some(1), ApiCall::Cancel);
                it.fails(1, -999);
            },
        },
        Case {
            rule: "R13",
            wrong: |it| {
                wanted(it);
                it.fails(1, -1001);
            },
            right: |it| {
                wanted(it);
                it.fails(1, -1001);
                it.calls(Some(1), ApiCall::CancelByProducingResumeData);
            },
        },
    ],
};

fn wanted(it: &mut Script) {
    it.wants();
    it.download(1);
}

/// A completion that no item was marked by so far.
struct Unmarked {
    process: u32,
    callback: u64,
    index: usize,
    at: Time,
}

#[derive(Default)]
struct Lost {
    /// The app keeps records at all.
    records: bool,
    unmarked: BTreeMap<TaskName, Unmarked>,
}

impl Check for Lost {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, _out: &mut Findings) {
        match &step.event.fact {
            Fact::Marks { task, .. } => {
                self.records = true;
                if let Some(task) = task {
                    self.unmarked.remove(task);
                }
            }
            Fact::Delivers {
                process,
                session,
                task: Some(id),
                callback,
                method: Method::DidComplete { .. },
                ..
            } => {
                let Some(task) = scene.task(session, Some(*id)) else {
                    return;
                };
                // What was marked with its file, or given up by the app itself, needs no mark here.
                if task.cancelled || task.marked {
                    return;
                }
                let (process, callback) = (*process, *callback);
                let unmarked = Unmarked { process, callback, index: step.index, at: step.event.at };
                self.unmarked.insert(TaskName { session: session.clone(), task: *id }, unmarked);
            }
            // Given up by the app itself while it is told the end.
            Fact::Calls {
                session,
                task: Some(task),
                call: ApiCall::Cancel | ApiCall::CancelByProducingResumeData,
                misuse: None,
                ..
            } => {
                self.unmarked.remove(&TaskName { session: session.clone(), task: *task });
            }
            // The process that died in the call may find out in its next life.
            Fact::Kills { process, .. } => {
                let open = |callback| scene.open.contains_key(&(*process, callback));
                self.unmarked.retain(|_, it| it.process != *process || !open(it.callback));
            }
            _ => {}
        }
    }

    fn end(&mut self, scene: &Scene<'_>, end: End, out: &mut Findings) {
        if end == End::Cut {
            return;
        }
        if !self.records {
            return;
        }
        for (name, it) in &self.unmarked {
            if scene.open.contains_key(&(it.process, it.callback)) {
                continue;
            }
            let detail = format!("{name} has completed, but no item is ever marked by it");
            out.at("R13", it.index, it.at, detail);
        }
    }
}
