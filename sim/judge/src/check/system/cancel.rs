//! What the app cancels ends as cancelled.

use std::collections::BTreeSet;

use sleepwalker_core::ErrorCode;

use crate::{
    ApiCall, Fact, TaskName, Witness,
    check::{Case, Check, Checker, Findings, Scene, Script, Step},
};

pub(super) const CHECKER: Checker = Checker {
    name: "cancel",
    rules: &["BG-TASK-08"],
    needs: &[Witness::Calls, Witness::Daemon],
    make: || Box::new(Cancel::default()),
    cases: &[
        Case {
            rule: "BG-TASK-08",
            wrong: |it| cancelled(it, ApiCall::Cancel, Some(-1001)),
            right: |it| cancelled(it, ApiCall::Cancel, Some(-999)),
        },
        Case {
            rule: "BG-TASK-08",
            wrong: |it| cancelled(it, ApiCall::CancelByProducingResumeData, Some(-1005)),
            right: |it| cancelled(it, ApiCall::CancelByProducingResumeData, None),
        },
        Case {
            rule: "BG-TASK-08",
            wrong: |it| {
                it.download(1);
                it.calls(None, ApiCall::InvalidateAndCancel);
                it.finishes(1, Some(-1001));
            },
            right: |it| {
                it.download(1);
                it.calls(None, ApiCall::FinishTasksAndInvalidate);
                it.finishes(1, Some(-1001));
            },
        },
    ],
};

fn cancelled(it: &mut Script, call: ApiCall, error: Option<i32>) {
    it.download(1);
    it.calls(Some(1), call);
    it.finishes(1, error);
}

#[derive(Default)]
struct Cancel {
    /// Cancelled before the daemon was done with them.
    cancelled: BTreeSet<TaskName>,
}

impl Check for Cancel {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            Fact::Calls {
                session,
                task: Some(id),
                call: ApiCall::Cancel | ApiCall::CancelByProducingResumeData,
                misuse: None,
                ..
            } if scene.task(session, Some(*id)).is_some_and(|task| task.finished.is_none()) => {
                self.cancelled.insert(TaskName { session: session.clone(), task: *id });
            }
            Fact::Calls { session, call: ApiCall::InvalidateAndCancel, misuse: None, .. } => {
                let live = scene.live_of(session).filter(|(_, task)| task.finished.is_none());
                self.cancelled.extend(live.map(|(name, _)| name.clone()));
            }
            // It may have been done just then, and then without an error.
            Fact::Finishes { task, error: Some(error) }
                if self.cancelled.remove(task) && *error != ErrorCode::CANCELLED =>
            {
                let detail = format!("{task} was cancelled, and ends with {error}");
                out.add("BG-TASK-08", step, detail);
            }
            // What was cancelled just before the device went down may not be so.
            Fact::Boots { .. } => self.cancelled.clear(),
            _ => {}
        }
    }
}
