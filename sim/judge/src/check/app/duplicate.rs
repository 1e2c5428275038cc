//! R05: at most one live session an identifier.

use sleepwalker_core::{SessionKind, Warning};

use crate::{
    Fact, Witness,
    check::{Case, Check, Checker, Findings, Scene, Step},
};

pub(super) const CHECKER: Checker = Checker {
    name: "duplicate",
    rules: &["R05"],
    needs: &[Witness::Calls],
    make: || Box::new(Duplicate),
    cases: &[Case {
        rule: "R05",
        wrong: |it| {
            it.session(SessionKind::Background, true);
            let what = Warning::DuplicateIdentifier;
            it.push(Fact::Warns { session: "photos".into(), what });
        },
        right: |it| {
            it.kill(sleepwalker_core::Death::Memory);
            it.launch(sleepwalker_core::ProcessState::Foreground, crate::Cause::User);
            it.session(SessionKind::Background, true);
        },
    }],
};

struct Duplicate;

impl Check for Duplicate {
    fn see(&mut self, _scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        let Fact::Warns { session, what: Warning::DuplicateIdentifier } = &step.event.fact else {
            return;
        };
        let detail = format!("a second session object with the identifier {session} is made");
        out.add("R05", step, detail);
    }
}
