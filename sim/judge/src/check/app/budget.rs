//! R24: callbacks return in time, and gates are answered.

use std::collections::BTreeMap;

use sleepwalker_core::{Death, ErrorCode, Method, Time};

use crate::{
    Fact, TaskName, Witness,
    check::{Case, Check, Checker, End, Findings, Scene, Script, Step},
};

pub(super) const CHECKER: Checker = Checker {
    name: "budget",
    rules: &["R24"],
    needs: &[Witness::Calls, Witness::Os],
    make: || Box::new(Budget::default()),
    cases: &[
        Case {
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
        },
        Case {
            rule: "R24",
            wrong: |it| {
                asked(it, None);
                it.fails(1, -1001);
            },
            right: |it| {
                asked(it, Some("allow"));
                it.fails(1, -1001);
            },
        },
        Case {
            rule: "R24",
            wrong: |it| asked(it, None),
            right: |it| {
                asked(it, None);
                it.kill(Death::Crash);
            },
        },
    ],
};

fn asked(it: &mut Script, answer: Option<&str>) {
    it.create_data(1);
    it.resume(1);
    let gate = it.begins(Some(1), Method::DidReceiveResponse { status: 200, expected: None });
    it.returns(gate, answer);
    it.wait(600);
}

fn woken(it: &mut Script) {
    it.download(1);
    it.sleep();
    it.wake();
}

#[derive(Default)]
struct Budget {
    /// Gates that nobody answered so far: by process and callback, of which task, and when asked.
    asked: BTreeMap<(u32, u64), (TaskName, usize, Time)>,
}

impl Budget {
    fn tell(out: &mut Findings, task: &TaskName, index: usize, at: Time) {
        let detail = format!("{task} waits for an answer that the delegate never gives");
        out.at("R24", index, at, detail);
    }
}

impl Check for Budget {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            Fact::Delivers { process, session, task: Some(id), callback, method, .. } => {
                let task = TaskName { session: session.clone(), task: *id };
                if method.is_gate() {
                    let asked = (task, step.index, step.event.at);
                    self.asked.insert((*process, *callback), asked);
                } else if let Method::DidComplete { error, .. } = method {
                    // Cancelled or broken off, it needs no answer any more.
                    let waited = error.as_ref().is_some_and(|it| it.code == ErrorCode::TIMED_OUT);
                    self.asked.retain(|_, (name, index, at)| {
                        if *name == task && waited {
                            Budget::tell(out, name, *index, *at);
                        }
                        *name != task
                    });
                }
            }
            Fact::Returns { process, callback, answer: Some(_), .. } => {
                self.asked.remove(&(*process, *callback));
            }
            Fact::Kills { process, death } => {
                self.asked.retain(|(owner, _), _| owner != process);
                if *death != Death::Watchdog {
                    return;
                }
                for ((_, callback), open) in scene.open.range((*process, 0)..=(*process, u64::MAX))
                {
                    let detail = format!(
                        "the watchdog ends the app in callback #{callback} of {}, which began at \
                         line {}",
                        open.session,
                        crate::line_number(open.index)
                    );
                    out.add("R24", step, detail);
                }
            }
            Fact::Boots { .. } => self.asked.clear(),
            _ => {}
        }
    }

    fn end(&mut self, _scene: &Scene<'_>, end: End, out: &mut Findings) {
        if end == End::Cut {
            return;
        }
        for (task, index, at) in self.asked.values() {
            Budget::tell(out, task, *index, *at);
        }
    }
}
