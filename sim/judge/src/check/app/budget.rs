//! R24: callbacks return in time.

use sleepwalker_core::Death;

use crate::{
    Fact, Witness,
    check::{Case, Check, Checker, Findings, Scene, Script, Step},
};

pub(super) const CHECKER: Checker = Checker {
    name: "budget",
    rules: &["R24"],
    needs: &[Witness::Calls, Witness::Os],
    make: || Box::new(Budget),
    cases: &[Case {
        rule: "R24",
        wrong: |it| {
            woken(it);
            it.begin_file(1, 200);
            it.wait(30);
            it.kill(Death::Watchdog);
        },
        right: |it| {
            woken(it);
            it.file(1);
            it.wait(30);
            it.kill(Death::Watchdog);
        },
    }],
};

fn woken(it: &mut Script) {
    it.download(1);
    it.sleep();
    it.wake();
}

struct Budget;

impl Check for Budget {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        let Fact::Kills { process, death: Death::Watchdog } = &step.event.fact else {
            return;
        };
        for ((_, callback), open) in scene.open.range((*process, 0)..=(*process, u64::MAX)) {
            let detail = format!(
                "the watchdog ends the app in callback #{callback} of {}, which began at line {}",
                open.session,
                crate::line_number(open.index)
            );
            out.add("R24", step, detail);
        }
    }
}
