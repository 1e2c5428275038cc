//! R02, first half: no handler before `didFinishEvents` of its identifier.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use sleepwalker_core::Method;

use crate::{
    ApiCall, Fact, Witness,
    check::{Case, Check, Checker, Findings, Scene, Script, Step},
};

pub(super) const CHECKER: Checker = Checker {
    name: "early",
    rules: &["R02"],
    needs: &[Witness::Calls, Witness::Os],
    make: || Box::new(Early::default()),
    cases: &[
        Case {
            rule: "R02",
            wrong: |it| {
                woken(it);
                it.handler();
                it.finish_events();
            },
            right: |it| {
                woken(it);
                it.finish_events();
                it.handler();
            },
        },
        Case {
            rule: "R02",
            wrong: |it| {
                woken(it);
                it.begins(None, Method::AllTasks { tasks: Vec::new() });
                it.handler();
            },
            right: |it| {
                woken(it);
                it.begins(None, Method::DidBecomeInvalid { error: None });
                it.handler();
            },
        },
    ],
};

fn woken(it: &mut Script) {
    it.sleep();
    it.wake();
}

#[derive(Default)]
struct Early {
    /// Wakes without their `didFinishEvents`, with the line of the last.
    waiting: BTreeMap<(u32, Arc<str>), (u32, usize)>,
    /// Being invalidated: no `didFinishEvents` will come (BG-INV-07).
    invalidated: BTreeSet<(u32, Arc<str>)>,
}

impl Check for Early {
    fn see(&mut self, _scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            Fact::HandlesEvents { process, session } => {
                let waiting = self.waiting.entry((*process, session.clone())).or_default();
                *waiting = (waiting.0 + 1, step.index);
            }
            Fact::Delivers { process, session, method, .. } => {
                let key = (*process, session.clone());
                match method {
                    Method::DidFinishEvents => {
                        if let Some(waiting) = self.waiting.get_mut(&key) {
                            waiting.0 = waiting.0.saturating_sub(1);
                        }
                    }
                    Method::DidBecomeInvalid { .. } => {
                        self.waiting.remove(&key);
                    }
                    _ => {}
                }
            }
            Fact::Calls { process, session, call, misuse: None, .. } => {
                let key = (*process, session.clone());
                match call {
                    ApiCall::FinishTasksAndInvalidate | ApiCall::InvalidateAndCancel => {
                        self.invalidated.insert(key);
                    }
                    ApiCall::CreateSession { .. } => {
                        self.invalidated.remove(&key);
                    }
                    _ => {}
                }
            }
            Fact::CallsHandler { process, session } => {
                let key = (*process, session.clone());
                let waiting = self.waiting.remove(&key).filter(|(count, _)| *count > 0);
                if let Some((_, index)) = waiting.filter(|_| !self.invalidated.contains(&key)) {
                    let detail = format!(
                        "the handler of {session} is called before its didFinishEvents, which the \
                         wake of line {} still owes",
                        crate::line_number(index)
                    );
                    out.add("R02", step, detail);
                }
            }
            Fact::Kills { process, .. } => self.waiting.retain(|(owner, _), _| owner != process),
            Fact::Boots { .. } => self.waiting.clear(),
            _ => {}
        }
    }
}
