//! When a request may go on the wire.

use std::collections::BTreeMap;

use sleepwalker_core::{Death, Link, Path, ProcessState, SessionKind, Time, Why};

use crate::{
    ApiCall, Cause, Fact, TaskName, UserAct, Witness,
    check::{Case, Check, Checker, Findings, Scene, Script, Step, Task},
};

pub(super) const CHECKER: Checker = Checker {
    name: "start",
    rules: &["BG-KIND-01", "BG-KIND-13", "BG-TASK-06", "BG-NET-04", "BG-NET-11", "BG-QUIT-09"],
    needs: &[Witness::Calls, Witness::Os, Witness::Daemon, Witness::Wire],
    make: || Box::new(Start::default()),
    cases: &[
        Case {
            rule: "BG-KIND-13",
            wrong: |it| {
                it.create_download(1);
                it.starts(1, 1);
            },
            right: |it| {
                it.create_download(1);
                it.resume(1);
                it.starts(1, 1);
            },
        },
        Case {
            rule: "BG-TASK-06",
            wrong: |it| {
                it.download(1);
                it.calls(Some(1), ApiCall::Suspend);
                it.wait(1);
                it.starts(1, 1);
            },
            right: |it| {
                it.download(1);
                it.calls(Some(1), ApiCall::Suspend);
                it.wait(1);
                it.resume(1);
                it.starts(1, 1);
            },
        },
        Case {
            rule: "BG-NET-04",
            wrong: |it| {
                it.push(Fact::PathChanges { path: Path::default() });
                it.download(1);
                it.starts(1, 1);
            },
            right: |it| {
                it.push(Fact::PathChanges { path: Path { link: Link::Wifi, ..Path::default() } });
                it.download(1);
                it.starts(1, 1);
            },
        },
        Case {
            rule: "BG-NET-04",
            wrong: |it| {
                it.push(Fact::PathChanges { path: Path::default() });
                it.download(1);
                it.retries(1, Why::Idle);
            },
            right: |it| {
                it.push(Fact::PathChanges { path: Path { link: Link::Wifi, ..Path::default() } });
                it.download(1);
                it.retries(1, Why::Idle);
                it.push(Fact::PathChanges { path: Path::default() });
            },
        },
        Case { rule: "BG-NET-11", wrong: |it| answered(it, 404), right: |it| answered(it, 302) },
        Case {
            rule: "BG-NET-11",
            wrong: |it| {
                it.session(SessionKind::InProcess, false);
                answered(it, 404);
            },
            right: |it| {
                it.session(SessionKind::InProcess, false);
                it.download(1);
                it.starts(1, 1);
                it.head(1, 1, 404);
                it.ends(1, 1);
                it.kill(Death::Memory);
                it.launch(ProcessState::Foreground, Cause::User);
                it.session(SessionKind::InProcess, false);
                it.download(1);
                it.starts(1, 1);
            },
        },
        Case {
            rule: "BG-KIND-01",
            wrong: |it| {
                it.download(1);
                it.starts(1, 1);
                it.kill(Death::Memory);
                it.stops(1, 1, Why::Process);
            },
            right: |it| {
                it.create_data(1);
                it.resume(1);
                it.starts(1, 1);
                it.kill(Death::Memory);
                it.stops(1, 1, Why::Process);
            },
        },
        Case {
            rule: "BG-QUIT-09",
            wrong: |it| {
                rebooted(it);
                it.starts(1, 1);
            },
            right: |it| {
                rebooted(it);
                it.push(Fact::User { act: UserAct::Unlock });
                it.starts(1, 1);
            },
        },
        Case {
            rule: "BG-QUIT-09",
            wrong: |it| {
                rebooted(it);
                it.launch(ProcessState::Background, Cause::Session("photos".into()));
            },
            right: |it| {
                rebooted(it);
                it.launch(ProcessState::Foreground, Cause::User);
            },
        },
    ],
};

fn answered(it: &mut Script, status: u16) {
    it.download(1);
    it.starts(1, 1);
    it.head(1, 1, status);
    it.ends(1, 1);
    it.starts(1, 2);
}

fn rebooted(it: &mut Script) {
    it.download(1);
    it.kill(Death::Reboot);
    it.push(Fact::Boots { after: Death::Reboot });
}

#[derive(Default)]
struct Start {
    /// Whether the newest attempt asked for a range, and the status that it was answered.
    asked: BTreeMap<TaskName, (bool, u16)>,
    /// Tasks whose answer came whole, with its status; and which task that was, for the in-process
    /// sessions of the next process count anew.
    refused: BTreeMap<TaskName, (u16, (usize, Time))>,
}

impl Check for Start {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            Fact::Starts { task, from, .. } => {
                self.on_start(scene, step, out, task);
                self.asked.insert(task.clone(), (from.is_some(), 0));
            }
            Fact::Head { task, status, .. } => {
                if let Some(asked) = self.asked.get_mut(task) {
                    asked.1 = *status;
                }
            }
            Fact::Ends { task, .. } => {
                let asked = self.asked.remove(task);
                if let Some((false, status @ 400..=599)) = asked
                    && let Some(it) = scene.tasks.get(task)
                {
                    self.refused.insert(task.clone(), (status, it.created));
                }
            }
            // What is tried again had been tried, and where there is no path there is nothing to try.
            Fact::Retries { task, .. } if scene.path_is_none() => {
                let detail = format!("{task} was tried, but there is no path");
                out.add("BG-NET-04", step, detail);
            }
            Fact::Stops { task, why: Why::Process, .. }
                if scene.tasks.get(task).is_some_and(Task::outlives_app) =>
            {
                let detail = format!("{task} is stopped because of its process");
                out.add("BG-KIND-01", step, detail);
            }
            Fact::Launches { cause, .. } if *cause != Cause::User && scene.locked => {
                let detail = "the app is launched between a restart and the first unlock".into();
                out.add("BG-QUIT-09", step, detail);
            }
            _ => {}
        }
    }
}

impl Start {
    fn on_start(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings, name: &TaskName) {
        if scene.path_is_none() {
            out.add("BG-NET-04", step, format!("{name} starts, but there is no path"));
        }
        if scene.locked {
            let detail = format!("{name} starts between a restart and the first unlock");
            out.add("BG-QUIT-09", step, detail);
        }
        let Some(task) = scene.tasks.get(name) else {
            return;
        };
        if let Some((status, created)) = self.refused.remove(name)
            && created == task.created
        {
            let detail = format!("{name} was answered {status} in full, and asks again");
            out.add("BG-NET-11", step, detail);
        }
        if task.resumed_at.is_none() {
            out.add("BG-KIND-13", step, format!("{name} starts, but was never resumed"));
        } else if task.suspensions > 0
            && task.suspended_at.is_some_and(|suspended| suspended < step.event.at)
        {
            out.add("BG-TASK-06", step, format!("{name} starts while it is suspended"));
        }
    }
}
