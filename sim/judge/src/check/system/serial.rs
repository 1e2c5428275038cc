//! Callbacks of one session do not overlap.

use sleepwalker_core::Method;

use crate::{
    Fact, Witness,
    check::{Case, Check, Checker, End, Findings, Scene, Step},
};

pub(super) const CHECKER: Checker = Checker {
    name: "serial",
    rules: &["BG-ORD-01"],
    needs: &[Witness::Calls],
    make: || Box::new(Serial::default()),
    cases: &[Case {
        rule: "BG-ORD-01",
        wrong: |it| {
            it.download(1);
            let file = it.begin_file(1, 200);
            it.begins(Some(1), Method::DidComplete { error: None, status: Some(200) });
            it.returns(file, None);
        },
        right: |it| {
            it.download(1);
            let file = it.begin_file(1, 200);
            it.returns(file, None);
            it.begins(Some(1), Method::DidComplete { error: None, status: Some(200) });
        },
    }],
};

#[derive(Default)]
struct Serial {
    delivered: bool,
    returned: bool,
}

impl Check for Serial {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            Fact::Returns { .. } => self.returned = true,
            // The queue of the first is not used, that of the second is not specified.
            Fact::Delivers {
                method: Method::DidCreateTask | Method::ResumeData { .. }, ..
            } => {}
            Fact::Delivers { process, session, callback, method, .. } => {
                self.delivered = true;
                if let Some(busy) = scene.busy_with(*process, session) {
                    let detail = format!(
                        "{} #{callback} of {session} begins before the call of line {} returned",
                        method.short_name(),
                        crate::line_number(busy.index)
                    );
                    out.add("BG-ORD-01", step, detail);
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, _scene: &Scene<'_>, _end: End, out: &mut Findings) {
        if self.delivered && !self.returned {
            out.breaches.clear();
            out.lacks = Some("the returns of callbacks");
        }
    }
}
