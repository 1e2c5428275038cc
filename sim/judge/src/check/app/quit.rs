//! R21: what a force quit cancelled is wanted still.

use std::collections::BTreeSet;

use sleepwalker_core::{CancelReason, Death, ErrorCode, Method, ProcessState, TaskError};

use crate::{
    Cause, Fact, ItemState, TaskName, Witness,
    check::{Case, Check, Checker, Findings, Scene, Script, Step},
};

pub(super) const CHECKER: Checker = Checker {
    name: "quit",
    rules: &["R21"],
    needs: &[Witness::Calls, Witness::Items],
    make: || Box::new(Quit::default()),
    cases: &[Case {
        rule: "R21",
        wrong: |it| {
            back(it);
            it.marks(1, ItemState::Failed, None);
        },
        right: |it| {
            back(it);
            it.marks(1, ItemState::Queued, None);
            it.marks(1, ItemState::Failed, Some(404));
        },
    }],
};

fn back(it: &mut Script) {
    it.download(1);
    it.kill(Death::ForceQuit);
    it.launch(ProcessState::Foreground, Cause::User);
    it.reconnect();
    let reason = Some(CancelReason::UserForceQuit);
    it.done(1, Some(TaskError { reason, ..ErrorCode::CANCELLED.into() }));
}

#[derive(Default)]
struct Quit {
    cancelled: BTreeSet<TaskName>,
}

impl Check for Quit {
    fn see(&mut self, _scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            Fact::Delivers {
                session,
                task: Some(task),
                method: Method::DidComplete { error: Some(error), .. },
                ..
            } if error.reason == Some(CancelReason::UserForceQuit) => {
                self.cancelled.insert(TaskName { session: session.clone(), task: *task });
            }
            Fact::Marks { item, task: Some(task), state, .. } if self.cancelled.contains(task) => {
                match state {
                    ItemState::Queued => {
                        self.cancelled.remove(task);
                    }
                    ItemState::Failed => {
                        let detail = format!(
                            "item {item} is given up because a force quit cancelled {task}, which \
                             its user did not ask for"
                        );
                        out.add("R21", step, detail);
                    }
                    ItemState::Done => {}
                }
            }
            _ => {}
        }
    }
}
