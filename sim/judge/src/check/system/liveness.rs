//! At the end of a trace nothing is owed to a process that could take it.

use sleepwalker_core::{Method, Why};

use crate::{
    Fact, Witness,
    check::{Case, Check, Checker, End, Findings, Scene, Script, Step, Task, script::name},
};

pub(super) const CHECKER: Checker = Checker {
    name: "liveness",
    rules: &["BG-ORD-05", "BG-LIFE-01"],
    needs: &[Witness::Calls, Witness::Os, Witness::Daemon],
    make: || Box::new(Liveness),
    cases: &[
        Case {
            rule: "BG-ORD-05",
            wrong: |it| it.download(1),
            right: |it| {
                it.download(1);
                it.push(Fact::Waits { task: name(1), why: Why::Path, until: None });
            },
        },
        Case {
            rule: "BG-LIFE-01",
            wrong: |it| {
                it.download(1);
                it.transfers(1);
            },
            right: |it| {
                it.download(1);
                it.transfers(1);
                it.begins(None, Method::AllTasks { tasks: Vec::new() });
            },
        },
        Case {
            rule: "BG-LIFE-01",
            wrong: |it| {
                it.download(1);
                it.sleep();
                it.transfers(1);
                it.wake();
            },
            right: |it| {
                it.download(1);
                it.sleep();
                it.transfers(1);
            },
        },
        Case {
            rule: "BG-ORD-05",
            wrong: |it| suspended(it, true),
            right: |it| suspended(it, false),
        },
    ],
};

fn suspended(it: &mut Script, cancel: bool) {
    it.download(1);
    it.calls(Some(1), crate::ApiCall::Suspend);
    if cancel {
        it.calls(Some(1), crate::ApiCall::Cancel);
    }
}

struct Liveness;

impl Check for Liveness {
    fn see(&mut self, _scene: &Scene<'_>, _step: Step<'_>, _out: &mut Findings) {}

    fn end(&mut self, scene: &Scene<'_>, end: End, out: &mut Findings) {
        if end == End::Cut {
            return;
        }
        for (name, task) in &scene.tasks {
            let Some(process) = scene.running_holder(&name.session) else {
                continue;
            };
            if !due(scene, task) || scene.queue_is_busy(process, &name.session) {
                continue;
            }
            match task.finished {
                Some((index, at, _)) => {
                    let detail = format!("{name} is done, but its completion is never delivered");
                    out.at("BG-LIFE-01", index, at, detail);
                }
                None => {
                    let (index, at) = task.created;
                    let detail = format!("{name} was resumed, but never ends");
                    out.at("BG-ORD-05", index, at, detail);
                }
            }
        }
    }
}

/// Returns whether the end of the task should have been seen.
fn due(scene: &Scene<'_>, task: &Task) -> bool {
    let wanted = task.owed() || (task.cancelled && task.done.is_none() && !task.converted);
    if !wanted || task.gone || (task.suspensions > 0 && !task.cancelled) {
        return false;
    }
    if scene.may_be_lost(task) || task.gate.is_some() {
        return false;
    }
    let waits_on = task.waits.is_some_and(|(why, until)| {
        !matches!(why, Why::Cap) && until.is_none_or(|until| until > scene.now)
    });
    !waits_on
}
