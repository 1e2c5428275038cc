//! R01: each handler is called exactly once.

use std::{collections::BTreeMap, sync::Arc};

use sleepwalker_core::{Death, Time};

use crate::{
    Fact, Witness,
    check::{Case, Check, Checker, End, Findings, Scene, Script, Step},
};

pub(super) const CHECKER: Checker = Checker {
    name: "handler",
    rules: &["R01"],
    needs: &[Witness::Calls, Witness::Os],
    make: || Box::new(Handler::default()),
    cases: &[
        Case {
            rule: "R01",
            wrong: |it| {
                woken(it);
                it.wait(30);
                it.kill(Death::Watchdog);
            },
            right: |it| {
                woken(it);
                it.kill(Death::Memory);
            },
        },
        // What a callback without end keeps from being called is that callback's doing (R24).
        Case {
            rule: "R01",
            wrong: |it| {
                it.download(1);
                it.sleep();
                it.wake();
                it.file(1);
                it.wait(30);
                it.kill(Death::Watchdog);
            },
            right: |it| {
                it.download(1);
                it.sleep();
                it.wake();
                it.begin_file(1, 200);
                it.wait(30);
                it.kill(Death::Watchdog);
            },
        },
        Case {
            rule: "R01",
            wrong: |it| {
                woken(it);
                it.handler();
                it.handler();
            },
            right: |it| {
                woken(it);
                it.handler();
            },
        },
        Case {
            rule: "R01",
            wrong: woken,
            right: |it| {
                woken(it);
                it.handler();
                it.sleep();
                it.wake();
                it.handler();
            },
        },
    ],
};

fn woken(it: &mut Script) {
    it.sleep();
    it.wake();
    it.finish_events();
}

/// The event that gave a handler.
type Given = (usize, Time);

#[derive(Default)]
struct Handler {
    /// Handlers given and not called, with the lines that gave them.
    given: BTreeMap<(u32, Arc<str>), Vec<Given>>,
}

impl Check for Handler {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            Fact::HandlesEvents { process, session } => {
                let given = self.given.entry((*process, session.clone())).or_default();
                given.push((step.index, step.event.at));
            }
            Fact::CallsHandler { process, session } => {
                let given = self.given.get_mut(&(*process, session.clone()));
                match given.filter(|given| !given.is_empty()) {
                    Some(given) => {
                        given.remove(0);
                    }
                    None => {
                        let detail =
                            format!("the handler of {session} is called, but none is outstanding");
                        out.add("R01", step, detail);
                    }
                }
            }
            Fact::Kills { process, death } => {
                let watchdog = *death == Death::Watchdog;
                self.given.retain(|(owner, session), given| {
                    let busy = scene.busy_with(*process, session).is_some();
                    if owner == process && watchdog && !busy {
                        for (index, at) in given.iter() {
                            let detail = format!(
                                "the handler of {session} was not called until the watchdog \
                                 ended the app"
                            );
                            out.at("R01", *index, *at, detail);
                        }
                    }
                    owner != process
                });
            }
            Fact::Boots { .. } => self.given.clear(),
            _ => {}
        }
    }

    fn end(&mut self, _scene: &Scene<'_>, end: End, out: &mut Findings) {
        if end == End::Cut {
            return;
        }
        for ((_, session), given) in &self.given {
            for (index, at) in given {
                let detail = format!("the handler of {session} is never called");
                out.at("R01", *index, *at, detail);
            }
        }
    }
}
