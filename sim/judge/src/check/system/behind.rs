//! What is started behind the user's back is discretionary.

use std::collections::BTreeSet;

use sleepwalker_core::ProcessState;

use crate::{
    ApiCall, Cause, Fact, TaskName, Witness,
    check::{Case, Check, Checker, Findings, Scene, Script, Step, script::name},
};

pub(super) const CHECKER: Checker = Checker {
    name: "behind",
    rules: &["BG-SCHED-02"],
    needs: &[Witness::Calls, Witness::Os, Witness::Daemon],
    make: || Box::new(Behind::default()),
    cases: &[
        Case { rule: "BG-SCHED-02", wrong: |it| resumed(it, false), right: |it| resumed(it, true) },
        Case {
            rule: "BG-SCHED-02",
            wrong: |it| {
                it.create_download(1);
                it.moves(ProcessState::Background, Cause::User);
                it.resume(1);
            },
            right: |it| {
                it.download(1);
                it.moves(ProcessState::Background, Cause::User);
            },
        },
    ],
};

fn resumed(it: &mut Script, discretionary: bool) {
    it.moves(ProcessState::Background, Cause::User);
    it.create_download(1);
    it.calls(Some(1), ApiCall::Resume);
    it.push(Fact::Enqueues { task: name(1), discretionary });
}

#[derive(Default)]
struct Behind {
    /// Resumed for the first time by an app that was not in front, and not told of by the daemon yet.
    resumed: BTreeSet<TaskName>,
}

impl Check for Behind {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            Fact::Calls {
                process,
                session,
                task: Some(id),
                call: ApiCall::Resume,
                misuse: None,
            } => {
                let name = TaskName { session: session.clone(), task: *id };
                let first = scene.tasks.get(&name).is_some_and(|task| {
                    task.background && task.suspensions == 1 && task.resumed_at.is_none()
                });
                if first && scene.state(*process) == Some(ProcessState::Background) {
                    self.resumed.insert(name);
                }
            }
            Fact::Enqueues { task, discretionary }
                if self.resumed.remove(task) && !discretionary =>
            {
                let detail = format!("{task} is resumed in the background, and not discretionary");
                out.add("BG-SCHED-02", step, detail);
            }
            Fact::Boots { .. } => self.resumed.clear(),
            _ => {}
        }
    }
}
