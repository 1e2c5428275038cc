//! Delegate calls go to a running process that holds the session.

use std::{collections::BTreeSet, sync::Arc};

use sleepwalker_core::{Death, Method, ProcessState};

use crate::{
    ApiCall, Cause, Fact, Witness,
    check::{Case, Check, Checker, Findings, Scene, Step},
};

pub(super) const CHECKER: Checker = Checker {
    name: "connected",
    rules: &["BG-LIFE-02", "BG-LIFE-06", "BG-ORD-14"],
    needs: &[Witness::Calls, Witness::Os],
    make: || Box::new(Connected::default()),
    cases: &[
        Case {
            rule: "BG-LIFE-02",
            wrong: |it| {
                it.download(1);
                it.sleep();
                it.delivers(1);
            },
            right: |it| {
                it.download(1);
                it.sleep();
                it.wake();
                it.delivers(1);
            },
        },
        Case {
            rule: "BG-LIFE-06",
            wrong: |it| {
                it.download(1);
                it.kill(Death::Memory);
                it.launch(ProcessState::Foreground, Cause::User);
                it.delivers(1);
            },
            right: |it| {
                it.download(1);
                it.kill(Death::Memory);
                it.launch(ProcessState::Foreground, Cause::User);
                it.reconnect();
                it.delivers(1);
            },
        },
        Case {
            rule: "BG-ORD-14",
            wrong: |it| {
                it.begins(None, Method::DidBecomeInvalid { error: None });
                it.finish_events();
            },
            right: |it| {
                it.begins(None, Method::DidBecomeInvalid { error: None });
                it.reconnect();
                it.finish_events();
            },
        },
    ],
};

#[derive(Default)]
struct Connected {
    invalid: BTreeSet<(u32, Arc<str>)>,
}

impl Check for Connected {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            Fact::Calls { process, session, call: ApiCall::CreateSession { .. }, .. } => {
                self.invalid.remove(&(*process, session.clone()));
            }
            Fact::Delivers { process, session, task, method, .. } => {
                let task = task.map_or_else(String::new, |task| format!("/{task}"));
                let what = format!("{session}{task} gets {}", method.short_name());
                match scene.state(*process) {
                    None => {
                        let detail = format!("{what} in process {process}, which does not live");
                        out.add("BG-LIFE-02", step, detail);
                    }
                    Some(ProcessState::Suspended) => {
                        out.add("BG-LIFE-02", step, format!("{what} in a suspended process"));
                    }
                    Some(_) if scene.is_connected(*process, session) => {}
                    Some(_) if self.invalid.contains(&(*process, session.clone())) => {
                        out.add("BG-ORD-14", step, format!("{what} after didBecomeInvalid"));
                    }
                    Some(_) => {
                        let detail = format!("{what} in a process that does not hold the session");
                        out.add("BG-LIFE-06", step, detail);
                    }
                }
                if matches!(method, Method::DidBecomeInvalid { .. }) {
                    self.invalid.insert((*process, session.clone()));
                }
            }
            _ => {}
        }
    }
}
