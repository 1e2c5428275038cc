//! R04: a launched app opens every session that the daemon has something for.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use sleepwalker_core::{Death, ProcessState, Time};

use crate::{
    Cause, Fact, Witness,
    check::{Case, Check, Checker, End, Findings, Scene, Script, Step},
};

pub(super) const CHECKER: Checker = Checker {
    name: "orphan",
    rules: &["R04"],
    needs: &[Witness::Calls, Witness::Os],
    make: || Box::new(Orphan::default()),
    cases: &[
        Case {
            rule: "R04",
            wrong: launched_again,
            right: |it| {
                launched_again(it);
                it.reconnect();
            },
        },
        // The system names a session at last that the app opened by the user should have opened itself.
        Case {
            rule: "R04",
            wrong: |it| {
                launched_again(it);
                it.handles_events();
                it.reconnect();
            },
            right: |it| {
                woken(it);
                it.reconnect();
            },
        },
        Case {
            rule: "R04",
            wrong: |it| {
                woken(it);
                it.wait(30);
                it.kill(Death::Watchdog);
            },
            right: |it| {
                woken(it);
                it.reconnect();
                it.wait(30);
                it.kill(Death::Watchdog);
            },
        },
    ],
};

fn launched_again(it: &mut Script) {
    it.download(1);
    it.kill(Death::Memory);
    it.launch(ProcessState::Foreground, Cause::User);
}

fn woken(it: &mut Script) {
    it.download(1);
    it.kill(Death::Memory);
    it.launch(ProcessState::Background, Cause::Session("photos".into()));
    it.handles_events();
}

#[derive(Default)]
struct Orphan {
    launched: BTreeMap<u32, (usize, Time)>,
    opened_by_user: BTreeSet<u32>,
    told: BTreeSet<(u32, Arc<str>)>,
    /// Sessions whose events a process was handed.
    handed: BTreeMap<u32, BTreeSet<Arc<str>>>,
}

impl Check for Orphan {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            Fact::Launches { process, cause, .. } => {
                self.launched.insert(*process, (step.index, step.event.at));
                if *cause == Cause::User {
                    self.opened_by_user.insert(*process);
                }
            }
            Fact::HandlesEvents { process, session } => {
                if self.opened_by_user.contains(process)
                    && !scene.is_connected(*process, session)
                    && owes(scene, session, *process)
                {
                    self.tell(out, *process, session);
                }
                self.handed.entry(*process).or_default().insert(session.clone());
            }
            Fact::Kills { process, death: Death::Watchdog } => {
                for session in self.handed.remove(process).unwrap_or_default() {
                    if !scene.is_connected(*process, &session) && owes(scene, &session, *process) {
                        self.tell(out, *process, &session);
                    }
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, scene: &Scene<'_>, end: End, out: &mut Findings) {
        if end == End::Cut {
            return;
        }
        for process in scene.processes.keys() {
            for session in scene.sessions.keys() {
                if !scene.is_connected(*process, session) && owes(scene, session, *process) {
                    self.tell(out, *process, session);
                }
            }
        }
    }
}

impl Orphan {
    fn tell(&mut self, out: &mut Findings, process: u32, session: &Arc<str>) {
        let Some((index, at)) = self.launched.get(&process) else {
            return;
        };
        if !self.told.insert((process, Arc::clone(session))) {
            return;
        }
        let detail = format!(
            "process {process} does not open {session}, for which the daemon has tasks or results"
        );
        out.at("R04", *index, *at, detail);
    }
}

/// Whether the daemon has something for a session that an earlier process began.
fn owes(scene: &Scene<'_>, session: &Arc<str>, process: u32) -> bool {
    scene.is_background(session)
        && scene.live_of(session).any(|(_, task)| task.owed() && task.process != process)
}
