//! A session that sends no launch events launches nobody.

use std::{collections::BTreeSet, sync::Arc};

use sleepwalker_core::{ProcessState, SessionKind};

use crate::{
    ApiCall, Cause, Fact, Witness,
    check::{Case, Check, Checker, Findings, Scene, Script, Step, script::WEEK},
};

pub(super) const CHECKER: Checker = Checker {
    name: "launch",
    rules: &["BG-LIFE-19"],
    needs: &[Witness::Calls, Witness::Os],
    make: || Box::new(Launch::default()),
    cases: &[
        Case {
            rule: "BG-LIFE-19",
            wrong: |it| {
                silent(it, true);
                it.sleep();
                it.wake();
            },
            right: |it| {
                silent(it, false);
                it.sleep();
                it.wake();
            },
        },
        Case {
            rule: "BG-LIFE-19",
            wrong: |it| {
                silent(it, true);
                it.kill(sleepwalker_core::Death::Memory);
                it.launch(ProcessState::Background, Cause::Session("photos".into()));
            },
            right: |it| {
                silent(it, true);
                it.kill(sleepwalker_core::Death::Memory);
                it.launch(ProcessState::Background, Cause::Session("videos".into()));
            },
        },
    ],
};

fn silent(it: &mut Script, no_launch_events: bool) {
    let call = ApiCall::CreateSession {
        kind: SessionKind::Background,
        existed: true,
        max_connections_per_host: None,
        timeout_for_resource: WEEK,
        no_launch_events,
    };
    it.calls(None, call);
}

#[derive(Default)]
struct Launch {
    /// Sessions whose newest configuration sends no launch events.
    silent: BTreeSet<Arc<str>>,
}

impl Check for Launch {
    fn see(&mut self, _scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            Fact::Calls {
                session,
                call: ApiCall::CreateSession { no_launch_events, .. },
                misuse: None,
                ..
            } => {
                if *no_launch_events {
                    self.silent.insert(session.clone());
                } else {
                    self.silent.remove(session);
                }
            }
            Fact::Launches { cause: Cause::Session(session), .. }
            | Fact::Moves { cause: Cause::Session(session), .. }
                if self.silent.contains(session) =>
            {
                let detail =
                    format!("the app is woken for {session}, which sends no launch events");
                out.add("BG-LIFE-19", step, detail);
            }
            _ => {}
        }
    }
}
