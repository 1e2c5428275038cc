//! After a force quit all is still until the user comes back.

use std::collections::BTreeSet;

use sleepwalker_core::{CancelReason, Death, ErrorCode, Method, ProcessState, TaskError};

use crate::{
    Cause, Fact, TaskName, UserAct, Witness,
    check::{Case, Check, Checker, Findings, Scene, Script, Step},
};

pub(super) const CHECKER: Checker = Checker {
    name: "force_quit",
    rules: &["BG-QUIT-01", "BG-QUIT-02", "BG-QUIT-03"],
    needs: &[Witness::Calls, Witness::Os, Witness::Daemon],
    make: || Box::new(ForceQuit::default()),
    cases: &[
        Case {
            rule: "BG-QUIT-01",
            wrong: |it| {
                it.download(1);
                it.kill(Death::Crash);
                comes_back(it);
                cancelled(it);
            },
            right: |it| {
                it.download(1);
                it.kill(Death::ForceQuit);
                comes_back(it);
                cancelled(it);
            },
        },
        Case {
            rule: "BG-QUIT-02",
            wrong: |it| {
                quit(it);
                it.starts(1, 2);
            },
            right: |it| {
                it.download(1);
                it.kill(Death::Crash);
                it.starts(1, 2);
            },
        },
        Case {
            rule: "BG-QUIT-02",
            wrong: |it| {
                quit(it);
                it.launch(ProcessState::Background, Cause::Session("photos".into()));
            },
            right: |it| {
                quit(it);
                it.launch(ProcessState::Foreground, Cause::User);
            },
        },
        Case {
            rule: "BG-QUIT-03",
            wrong: |it| {
                back(it);
                it.fails(1, -999);
            },
            right: |it| {
                back(it);
                cancelled(it);
            },
        },
    ],
};

fn quit(it: &mut Script) {
    it.download(1);
    it.starts(1, 1);
    it.kill(Death::ForceQuit);
}

fn back(it: &mut Script) {
    quit(it);
    comes_back(it);
}

fn comes_back(it: &mut Script) {
    it.launch(ProcessState::Foreground, Cause::User);
    it.reconnect();
}

fn cancelled(it: &mut Script) {
    let reason = Some(CancelReason::UserForceQuit);
    it.done(1, Some(TaskError { reason, ..ErrorCode::CANCELLED.into() }));
}

#[derive(Default)]
struct ForceQuit {
    /// The line of the quit, until the user comes back.
    quit: Option<usize>,
    /// The line of the last quit, for good.
    last: Option<usize>,
    victims: BTreeSet<TaskName>,
    /// Attempts that were complete when the app was quit: these tasks may keep their result.
    ended: BTreeSet<TaskName>,
}

impl Check for ForceQuit {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            // The card of an app that is dead already is in the switcher too.
            Fact::User { act: UserAct::ForceQuit }
            | Fact::Kills { death: Death::ForceQuit, .. } => {
                self.quit = Some(step.index);
                self.last = Some(step.index);
                for name in &scene.live {
                    let Some(task) = scene.tasks.get(name) else { continue };
                    let running = task.owed() && task.finished.is_none() && task.outlives_app();
                    if running && !task.cancelled && !self.ended.contains(name) {
                        self.victims.insert(name.clone());
                    }
                }
            }
            Fact::Launches { cause: Cause::User, .. } => self.quit = None,
            Fact::Launches { .. } => self.still(step, out, "the app is launched"),
            Fact::HandlesEvents { .. } => self.still(step, out, "the app is handed events"),
            Fact::Starts { task, .. } => {
                self.ended.remove(task);
                if scene.is_background(&task.session) {
                    self.still(step, out, &format!("{task} sends a request"));
                }
            }
            Fact::Receives { task, .. } | Fact::Sends { task, .. }
                if scene.is_background(&task.session) =>
            {
                self.still(step, out, &format!("{task} carries bytes"));
            }
            Fact::Ends { task, .. } => {
                self.ended.insert(task.clone());
            }
            Fact::Delivers {
                session,
                task: Some(task),
                method: Method::DidComplete { error, .. },
                ..
            } => {
                let name = TaskName { session: session.clone(), task: *task };
                let reason = error.as_ref().and_then(|error| error.reason);
                let known = scene.tasks.get(&name);
                let quit = known.is_none_or(|task| self.last.is_some_and(|at| at > task.created.0));
                if reason == Some(CancelReason::UserForceQuit) && !quit {
                    let detail = format!(
                        "{name} was cancelled with the reason of a force quit, but the user \
                         removed nothing"
                    );
                    out.add("BG-QUIT-01", step, detail);
                }
                if self.victims.remove(&name) && reason != Some(CancelReason::UserForceQuit) {
                    let found = error.as_ref().map_or("no error".into(), ToString::to_string);
                    let detail = format!(
                        "{name} was cancelled by a force quit, but completes with {found} in \
                         place of -999 reason 0"
                    );
                    out.add("BG-QUIT-03", step, detail);
                }
            }
            _ => {}
        }
    }
}

impl ForceQuit {
    fn still(&self, step: Step<'_>, out: &mut Findings, what: &str) {
        if let Some(quit) = self.quit {
            let detail = format!(
                "{what} after the force quit of line {} and before the user came back",
                crate::line_number(quit)
            );
            out.add("BG-QUIT-02", step, detail);
        }
    }
}
