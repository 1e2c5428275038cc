//! Low Data Mode defers what may wait.

use std::collections::BTreeMap;

use sleepwalker_core::{Link, Path, ProcessState};

use crate::{
    Fact, TaskName, Witness,
    check::{Case, Check, Checker, Findings, Scene, Script, Step, script::name},
};

pub(super) const CHECKER: Checker = Checker {
    name: "discretionary",
    rules: &["BG-SCHED-09"],
    needs: &[Witness::Os, Witness::Daemon],
    make: || Box::new(Discretionary::default()),
    cases: &[
        Case {
            rule: "BG-SCHED-09",
            wrong: |it| {
                path(it, true);
                it.push(Fact::Enqueues { task: name(1), discretionary: true });
                it.starts(1, 1);
            },
            right: |it| {
                path(it, true);
                it.push(Fact::Enqueues { task: name(1), discretionary: true });
                path(it, false);
                it.starts(1, 1);
            },
        },
        Case {
            rule: "BG-SCHED-09",
            wrong: |it| {
                behind(it);
                it.starts(1, 1);
            },
            right: |it| {
                behind(it);
                it.moves(ProcessState::Foreground, crate::Cause::User);
                it.starts(1, 1);
            },
        },
    ],
};

fn path(it: &mut Script, constrained: bool) {
    let path = Path { link: Link::Wifi, constrained, ..Path::default() };
    it.push(Fact::PathChanges { path });
}

fn behind(it: &mut Script) {
    path(it, true);
    it.moves(ProcessState::Background, crate::Cause::User);
    it.push(Fact::Enqueues { task: name(1), discretionary: true });
}

#[derive(Default)]
struct Discretionary {
    constrained: bool,
    /// Discretionary tasks; whether each may be so only because the app was not in front.
    tasks: BTreeMap<TaskName, bool>,
}

impl Check for Discretionary {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            Fact::PathChanges { path } => self.constrained = path.constrained,
            Fact::Enqueues { task, discretionary: true } => {
                let front =
                    |it: &crate::check::scene::Process| it.state == ProcessState::Foreground;
                let in_front = scene.processes.values().any(front);
                self.tasks.insert(task.clone(), !in_front);
            }
            Fact::Launches { state: ProcessState::Foreground, .. }
            | Fact::Moves { state: ProcessState::Foreground, .. } => {
                self.tasks.retain(|_, passing| !*passing);
            }
            Fact::Finishes { task, .. } => {
                self.tasks.remove(task);
            }
            Fact::Starts { task, .. } if self.constrained && self.tasks.contains_key(task) => {
                let detail = format!("{task} is discretionary, and starts in Low Data Mode");
                out.add("BG-SCHED-09", step, detail);
            }
            _ => {}
        }
    }
}
