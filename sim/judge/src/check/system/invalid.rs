//! A session becomes invalid after its last task.

use sleepwalker_core::Method;

use crate::{
    Fact, Witness,
    check::{Case, Check, Checker, Findings, Scene, Step},
};

pub(super) const CHECKER: Checker = Checker {
    name: "invalid",
    rules: &["BG-INV-01"],
    needs: &[Witness::Calls],
    make: || Box::new(Invalid),
    cases: &[Case {
        rule: "BG-INV-01",
        wrong: |it| {
            it.download(1);
            it.begins(None, Method::DidBecomeInvalid { error: None });
        },
        right: |it| {
            it.download(1);
            it.fails(1, -999);
            it.begins(None, Method::DidBecomeInvalid { error: None });
        },
    }],
};

struct Invalid;

impl Check for Invalid {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        let Fact::Delivers { session, method: Method::DidBecomeInvalid { error: None }, .. } =
            &step.event.fact
        else {
            return;
        };
        let owed = scene.live_of(session).find(|(_, task)| task.owed());
        if let Some((name, _)) = owed {
            let detail = format!("{session} becomes invalid before {name} has completed");
            out.add("BG-INV-01", step, detail);
        }
    }
}
