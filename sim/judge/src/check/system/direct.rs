//! How an app that runs in the background gets its results: directly, or by a wake.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use sleepwalker_core::{Method, ProcessState, Time};

use crate::{
    ApiCall, Cause, Fact, Witness,
    check::{Case, Check, Checker, Findings, Scene, Script, Step},
};

pub(super) const CHECKER: Checker = Checker {
    name: "direct",
    rules: &["BG-LIFE-11"],
    needs: &[Witness::Calls, Witness::Os],
    make: || Box::new(Direct::default()),
    cases: &[Case {
        rule: "BG-LIFE-11",
        wrong: |it| {
            leaves(it);
            it.handles_events();
        },
        right: |it| {
            leaves(it);
            it.delivers(1);
        },
    }],
};

fn leaves(it: &mut Script) {
    it.download(1);
    it.moves(ProcessState::Background, Cause::User);
    it.transfers(1);
}

#[derive(Default)]
struct Direct {
    /// When a process last changed its state, and when it got its sessions.
    changed: BTreeMap<u32, Time>,
    connected: BTreeMap<(u32, Arc<str>), Time>,
    /// Between handleEvents and didFinishEvents.
    handling: BTreeSet<(u32, Arc<str>)>,
    handed: BTreeSet<(u32, Arc<str>)>,
}

impl Check for Direct {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        let now = step.event.at;
        match &step.event.fact {
            Fact::Launches { process, .. } | Fact::Moves { process, .. } => {
                self.changed.insert(*process, now);
            }
            Fact::Calls { process, session, call: ApiCall::CreateSession { .. }, .. } => {
                self.connected.entry((*process, session.clone())).or_insert(now);
            }
            Fact::HandlesEvents { process, session } => {
                let key = (*process, session.clone());
                // Sessions that become ready together are handed over in the instant of one wake.
                let settled = |since: Option<&Time>| since.is_some_and(|since| *since < now);
                let running = scene.state(*process) == Some(ProcessState::Background)
                    && scene.is_connected(*process, session)
                    && settled(self.changed.get(process))
                    && settled(self.connected.get(&key));
                let first = self.handed.insert(key.clone());
                if running && first && scene.knobs.deliver_directly_in_background {
                    let detail = format!(
                        "handleEvents for {session}, though the app runs in the background and \
                         holds the session"
                    );
                    out.add("BG-LIFE-11", step, detail);
                }
                self.handling.insert(key);
            }
            Fact::Delivers { process, session, task, method, .. } => {
                let key = (*process, session.clone());
                match method {
                    Method::DidFinishEvents => {
                        self.handling.remove(&key);
                    }
                    Method::DidComplete { .. } | Method::DidFinishDownloadingTo { .. } => {
                        let behind = scene.state(*process) == Some(ProcessState::Background)
                            && scene.is_background(session)
                            && !self.handling.contains(&key);
                        if behind && !scene.knobs.deliver_directly_in_background {
                            let task = task.unwrap_or_default();
                            let detail = format!(
                                "{session}/{task} is delivered in the background without \
                                 handleEvents"
                            );
                            out.add("BG-LIFE-11", step, detail);
                        }
                    }
                    _ => {}
                }
            }
            Fact::Kills { process, .. } => {
                self.handling.retain(|(owner, _)| owner != process);
            }
            Fact::Boots { .. } => self.handling.clear(),
            _ => {}
        }
    }
}
