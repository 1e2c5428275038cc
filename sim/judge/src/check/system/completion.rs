//! A task completes once, and nothing comes after it.

use std::collections::BTreeSet;

use sleepwalker_core::{Death, Method, TaskId};

use crate::{
    Fact, TaskName, Witness,
    check::{Case, Check, Checker, Findings, Scene, Script, Step, Task, scene::OpenSort},
};

pub(super) const CHECKER: Checker = Checker {
    name: "completion",
    rules: &["BG-ORD-05", "BG-DL-12", "BG-DATA-02", "BG-LIFE-20"],
    needs: &[Witness::Calls],
    make: || Box::new(Completion::default()),
    cases: &[
        Case {
            rule: "BG-ORD-05",
            wrong: |it| {
                it.download(1);
                it.file(1);
                it.done(1, None);
                it.done(1, None);
            },
            right: |it| {
                it.download(1);
                it.file(1);
                it.done(1, None);
                it.tells(1, Method::DidFinishCollecting { transactions: 1, redirects: 0 });
            },
        },
        Case {
            rule: "BG-DL-12",
            wrong: |it| interrupted(it, true),
            right: |it| interrupted(it, false),
        },
        Case {
            rule: "BG-DATA-02",
            wrong: |it| {
                converted(it);
                it.done(1, None);
            },
            right: |it| {
                converted(it);
                it.file(2);
                it.done(2, None);
            },
        },
        Case {
            rule: "BG-LIFE-20",
            wrong: |it| {
                it.download(1);
                it.transfers(1);
                it.begins(None, Method::AllTasks { tasks: vec![TaskId(1)] });
            },
            right: |it| {
                it.download(1);
                it.transfers(1);
                it.begins(None, Method::AllTasks { tasks: Vec::new() });
            },
        },
        Case {
            rule: "BG-LIFE-20",
            wrong: |it| {
                it.download(1);
                it.fails(1, -999);
                it.begins(None, Method::AllTasks { tasks: vec![TaskId(1)] });
            },
            right: |it| {
                it.download(1);
                it.begins(None, Method::AllTasks { tasks: vec![TaskId(1)] });
            },
        },
    ],
};

fn interrupted(it: &mut Script, again: bool) {
    it.download(1);
    it.file(1);
    it.begins(Some(1), Method::DidComplete { error: None, status: Some(200) });
    it.kill(Death::Crash);
    it.launch(sleepwalker_core::ProcessState::Foreground, crate::Cause::User);
    it.reconnect();
    if again {
        it.done(1, None);
    }
}

fn converted(it: &mut Script) {
    it.create_data(1);
    it.resume(1);
    it.tells(1, Method::DidBecomeDownloadTask { new: TaskId(2) });
}

#[derive(Default)]
struct Completion {
    /// Completed in a callback during which the process died.
    interrupted: BTreeSet<TaskName>,
}

impl Check for Completion {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            Fact::Kills { process, .. } => {
                let open = scene.open.range((*process, 0)..=(*process, u64::MAX));
                for (_, open) in open.filter(|(_, open)| open.sort == OpenSort::Done) {
                    if let Some(task) = open.task {
                        let session = open.session.clone();
                        self.interrupted.insert(TaskName { session, task });
                    }
                }
            }
            Fact::Delivers { session, task: None, method: Method::AllTasks { tasks }, .. } => {
                for id in tasks {
                    // Done for the daemon is over, whether or not the app was told.
                    let over = |task: &Task| {
                        task.done.is_some() || task.finished.is_some() && !scene.is_unheard(task)
                    };
                    if scene.task(session, Some(id.0)).is_some_and(over) {
                        let detail = format!("getAllTasks names {session}/{id}, which is over");
                        out.add("BG-LIFE-20", step, detail);
                    }
                }
            }
            Fact::Delivers { session, task: Some(id), method, .. } => {
                let Some(task) = scene.task(session, Some(*id)) else {
                    return;
                };
                let name = TaskName { session: session.clone(), task: *id };
                let method_name = method.short_name();
                let tolerated = matches!(
                    method,
                    Method::DidFinishCollecting { .. } | Method::ResumeData { .. }
                );
                if tolerated {
                    return;
                }
                if task.converted {
                    let detail = format!("{name} gets {method_name} after it became a download");
                    out.add("BG-DATA-02", step, detail);
                } else if task.done.is_some() {
                    self.again(scene, step, out, &name, method);
                }
            }
            _ => {}
        }
    }
}

impl Completion {
    fn again(
        &mut self,
        scene: &Scene<'_>,
        step: Step<'_>,
        out: &mut Findings,
        name: &TaskName,
        method: &Method,
    ) {
        let repeats = matches!(method, Method::DidComplete { .. });
        if repeats && self.interrupted.remove(name) {
            if !scene.knobs.repeat_interrupted_callbacks {
                let detail = format!(
                    "{name} completes again after its process died in the first completion, \
                     and the knob repeat-interrupted-callbacks is off"
                );
                out.add("BG-DL-12", step, detail);
            }
            return;
        }
        let detail = if repeats {
            format!("{name} completes a second time")
        } else {
            format!("{name} gets {} after its completion", method.short_name())
        };
        out.add("BG-ORD-05", step, detail);
    }
}
