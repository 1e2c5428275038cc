//! A data task of a background session ends with the run of its app.

use std::{collections::BTreeMap, sync::Arc};

use sleepwalker_core::{ErrorCode, Method, ProcessState, Time};

use crate::{
    Fact, TaskName, Witness,
    check::{Case, Check, Checker, End, Findings, Scene, Script, Step, Task, TaskSort},
};

pub(super) const CHECKER: Checker = Checker {
    name: "cut",
    rules: &["BG-KIND-08"],
    needs: &[Witness::Calls, Witness::Os, Witness::Daemon],
    make: || Box::new(Cut::default()),
    cases: &[
        Case {
            rule: "BG-KIND-08",
            wrong: |it| {
                asleep(it);
                it.wait(1);
                it.ends(1, 1);
            },
            right: |it| {
                asleep(it);
                it.finishes(1, Some(-997));
            },
        },
        Case { rule: "BG-KIND-08", wrong: asleep, right: |it| it.create_data(1) },
        Case {
            rule: "BG-KIND-08",
            wrong: |it| {
                asleep(it);
                it.finishes(1, Some(-999));
            },
            right: |it| {
                it.download(1);
                it.starts(1, 1);
                it.sleep();
                it.finishes(1, Some(-999));
            },
        },
    ],
};

fn asleep(it: &mut Script) {
    it.create_data(1);
    it.resume(1);
    it.starts(1, 1);
    it.sleep();
}

#[derive(Default)]
struct Cut {
    /// Tasks whose app was suspended or died, and where.
    cut: BTreeMap<TaskName, (usize, Time)>,
}

impl Check for Cut {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            Fact::Moves { process, state: ProcessState::Suspended, .. }
            | Fact::Kills { process, .. } => {
                let held = |it: &&Arc<str>| scene.is_connected(*process, it);
                for session in scene.sessions.keys().filter(held) {
                    let known = |task: &Task| runs(task) && !scene.is_unheard(task);
                    let cut = scene.live_of(session).filter(|(_, task)| known(task));
                    let place = (step.index, step.event.at);
                    self.cut.extend(cut.map(|(name, _)| (name.clone(), place)));
                }
            }
            // The daemon went down with the app: it makes up for it when it starts.
            Fact::Boots { .. } => self.cut.clear(),
            Fact::Finishes { task, error } => {
                let cut = self.cut.remove(task).is_some();
                let told = error.map_or_else(|| "no error".to_owned(), |error| error.to_string());
                if cut && *error != Some(ErrorCode::BACKGROUND_SESSION_DISCONNECTED) {
                    let detail = format!("{task} loses its app, and finishes with {told}");
                    out.add("BG-KIND-08", step, detail);
                }
            }
            Fact::Starts { task, .. }
            | Fact::Head { task, .. }
            | Fact::Receives { task, .. }
            | Fact::Ends { task, .. }
                if self.cut.remove(task).is_some() =>
            {
                out.add("BG-KIND-08", step, format!("{task} goes on without its app"));
            }
            // It had become a download before, and the app hears of it now.
            Fact::Delivers {
                session,
                task: Some(task),
                method: Method::DidBecomeDownloadTask { .. },
                ..
            } => {
                self.cut.remove(&TaskName { session: session.clone(), task: *task });
            }
            _ => {}
        }
    }

    fn end(&mut self, _scene: &Scene<'_>, end: End, out: &mut Findings) {
        if end == End::Cut {
            return;
        }
        for (name, (index, at)) in std::mem::take(&mut self.cut) {
            let detail = format!("{name} loses its app, and does not end");
            out.at("BG-KIND-08", index, at, detail);
        }
    }
}

/// Whether it is a background session's data task at work.
fn runs(task: &Task) -> bool {
    task.background && task.sort == TaskSort::Data && task.owed() && task.finished.is_none()
}
