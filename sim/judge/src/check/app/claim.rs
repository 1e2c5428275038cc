//! R06: the temporary file is taken before `didFinishDownloadingTo` returns.

use std::collections::{BTreeMap, BTreeSet};

use sleepwalker_core::Method;

use crate::{
    Fact, ItemState, TaskName, Witness,
    check::{Case, Check, Checker, Findings, Scene, Script, Step},
};

pub(super) const CHECKER: Checker = Checker {
    name: "claim",
    rules: &["R06"],
    needs: &[Witness::Calls, Witness::Files],
    make: || Box::new(Claim::default()),
    cases: &[
        Case {
            rule: "R06",
            wrong: |it| {
                it.download(1);
                let file = it.begin_file(1, 200);
                it.returns(file, None);
                it.claims(1, false);
            },
            right: |it| {
                it.download(1);
                it.file(1);
            },
        },
        Case {
            rule: "R06",
            wrong: |it| {
                untaken(it, 200, ItemState::Done);
            },
            right: |it| {
                untaken(it, 404, ItemState::Failed);
            },
        },
        // The next process gives an in-process task's number to an upload.
        Case {
            rule: "R06",
            wrong: |it| {
                untaken(it, 200, ItemState::Done);
            },
            right: |it| {
                untaken(it, 503, ItemState::Failed);
                it.create_upload(1);
                it.done(1, None);
                it.marks(1, ItemState::Done, Some(200));
            },
        },
    ],
};

/// A download's call returns without a claim; the app marks its item so.
fn untaken(it: &mut Script, status: u16, state: ItemState) {
    it.download(1);
    let file = it.begin_file(1, status);
    it.returns(file, None);
    it.done(1, None);
    it.marks(1, state, Some(status));
}

#[derive(Default)]
struct Claim {
    /// Calls of `didFinishDownloadingTo` that have not returned.
    running: BTreeMap<(u32, u64), TaskName>,
    claimed: BTreeSet<TaskName>,
    /// Their call returned, or their process died, without a claim; with the line.
    lost: BTreeMap<TaskName, usize>,
    told: BTreeSet<TaskName>,
}

impl Check for Claim {
    fn see(&mut self, _scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            Fact::Delivers {
                process,
                session,
                task: Some(task),
                callback,
                method: Method::DidFinishDownloadingTo { .. },
                ..
            } => {
                let name = TaskName { session: session.clone(), task: *task };
                self.lost.remove(&name);
                self.running.insert((*process, *callback), name);
            }
            // A number that comes again is another task's: what is known of the first is not of it.
            Fact::Calls { session, task: Some(task), call, misuse: None, .. }
                if call.creates_task() =>
            {
                let name = TaskName { session: session.clone(), task: *task };
                self.claimed.remove(&name);
                self.lost.remove(&name);
                self.told.remove(&name);
            }
            Fact::Claims { task, found: true, .. } => {
                self.claimed.insert(task.clone());
            }
            Fact::Claims { process, task, found: false } => {
                let inside = self
                    .running
                    .range((*process, 0)..=(*process, u64::MAX))
                    .any(|(_, name)| name == task);
                if !inside {
                    let detail = format!("the app takes the file of {task} too late: it is gone");
                    self.tell(step, out, task, detail);
                }
            }
            Fact::Returns { process, callback, .. } => {
                if let Some(name) = self.running.remove(&(*process, *callback)) {
                    self.lose(step, name);
                }
            }
            Fact::Kills { process, .. } => {
                let died: Vec<(u32, u64)> = self
                    .running
                    .range((*process, 0)..=(*process, u64::MAX))
                    .map(|(key, _)| *key)
                    .collect();
                for key in died {
                    if let Some(name) = self.running.remove(&key) {
                        self.lose(step, name);
                    }
                }
            }
            Fact::Marks { item, task: Some(task), state: ItemState::Done, .. } => {
                if let Some(index) = self.lost.get(task) {
                    let detail = format!(
                        "item {item} is done, but its file was not taken before line {}",
                        crate::line_number(*index)
                    );
                    self.tell(step, out, task, detail);
                }
            }
            _ => {}
        }
    }
}

impl Claim {
    fn lose(&mut self, step: Step<'_>, name: TaskName) {
        if !self.claimed.contains(&name) {
            self.lost.insert(name, step.index);
        }
    }

    /// Once a task: a late claim and a false mark are one bug.
    fn tell(&mut self, step: Step<'_>, out: &mut Findings, task: &TaskName, detail: String) {
        if self.told.insert(task.clone()) {
            out.add("R06", step, detail);
        }
    }
}
