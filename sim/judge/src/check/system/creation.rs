//! The birth of a task: its number is new, and `didCreateTask` comes first.

use sleepwalker_core::Method;

use crate::{
    Fact, TaskName, Witness,
    check::{Case, Check, Checker, Findings, Scene, Step},
};

pub(super) const CHECKER: Checker = Checker {
    name: "creation",
    rules: &["BG-ORD-04", "BG-TASK-02"],
    needs: &[Witness::Calls],
    make: || Box::new(Creation),
    cases: &[
        Case {
            rule: "BG-ORD-04",
            wrong: |it| {
                it.create_download(1);
                it.wait(1);
                it.tells(1, Method::DidCreateTask);
            },
            right: |it| {
                it.create_download(1);
                it.tells(1, Method::DidCreateTask);
            },
        },
        Case {
            rule: "BG-ORD-04",
            wrong: |it| {
                it.download(1);
                it.tells(1, Method::DidWriteData { written: 1, total: 1, expected: None });
                it.tells(1, Method::DidCreateTask);
            },
            right: |it| {
                it.create_download(1);
                it.tells(1, Method::DidCreateTask);
                it.tells(1, Method::DidWriteData { written: 1, total: 1, expected: None });
            },
        },
        Case {
            rule: "BG-TASK-02",
            wrong: |it| {
                it.create_download(1);
                it.create_download(1);
            },
            right: |it| {
                it.create_download(1);
                it.create_download(2);
            },
        },
    ],
};

struct Creation;

impl Check for Creation {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            Fact::Calls { session, task: Some(id), call, misuse: None, .. }
                if call.creates_task() && scene.is_background(session) =>
            {
                let name = TaskName { session: session.clone(), task: *id };
                if scene.tasks.contains_key(&name) {
                    out.add("BG-TASK-02", step, format!("{name} is created a second time"));
                }
            }
            Fact::Delivers {
                process,
                session,
                task: Some(id),
                method: Method::DidCreateTask,
                ..
            } => {
                let Some(task) = scene.task(session, Some(*id)) else {
                    return;
                };
                let (created, at) = task.created;
                if task.told {
                    let detail = format!("didCreateTask is not the first call of {session}/{id}");
                    out.add("BG-ORD-04", step, detail);
                } else if at != step.event.at || task.process != *process {
                    let detail = format!(
                        "didCreateTask of {session}/{id} comes outside the creating call of line {}",
                        crate::line_number(created)
                    );
                    out.add("BG-ORD-04", step, detail);
                }
            }
            _ => {}
        }
    }
}
