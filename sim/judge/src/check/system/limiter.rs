//! The resume rate limiter: it doubles, it resets, it holds.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use sleepwalker_core::{DelayChange, LimiterReset, ProcessState, Time, Why, span};

use crate::{
    ApiCall, Cause, Fact, TaskName, Witness,
    check::{Case, Check, Checker, Findings, Scene, Script, Step, script::name},
};

pub(super) const CHECKER: Checker = Checker {
    name: "limiter",
    rules: &[
        "BG-RATE-02",
        "BG-RATE-03",
        "BG-RATE-04",
        "BG-RATE-05",
        "BG-RATE-06",
        "BG-RATE-07",
        "BG-RATE-10",
        "BG-RATE-13",
    ],
    needs: &[Witness::Calls, Witness::Os, Witness::Daemon],
    make: || Box::new(Limiter::default()),
    cases: &[
        Case {
            rule: "BG-RATE-02",
            wrong: |it| {
                it.delay(60, DelayChange::Wake);
                it.delay(180, DelayChange::Wake);
            },
            right: |it| {
                it.delay(60, DelayChange::Wake);
                it.delay(120, DelayChange::Wake);
            },
        },
        Case {
            rule: "BG-RATE-03",
            wrong: |it| it.delay(30, DelayChange::Wake),
            right: |it| it.delay(60, DelayChange::Wake),
        },
        Case {
            rule: "BG-RATE-04",
            wrong: |it| {
                it.sleep();
                it.moves(ProcessState::Background, session());
                it.handles_events();
            },
            right: |it| {
                it.sleep();
                it.wake();
            },
        },
        Case {
            rule: "BG-RATE-05",
            wrong: |it| {
                it.sleep();
                it.wake();
                it.moves(ProcessState::Foreground, Cause::User);
                it.wait(1);
                it.download(1);
            },
            right: |it| {
                it.sleep();
                it.wake();
                it.moves(ProcessState::Foreground, Cause::User);
                it.delay(0, DelayChange::Foreground);
                it.wait(1);
                it.download(1);
            },
        },
        Case {
            rule: "BG-RATE-06",
            wrong: |it| {
                it.delay(60, DelayChange::Wake);
                it.wait(59);
                it.delay(0, DelayChange::Lapse);
            },
            right: |it| {
                it.delay(60, DelayChange::Wake);
                it.wait(60);
                it.delay(0, DelayChange::Lapse);
            },
        },
        Case {
            rule: "BG-RATE-06",
            wrong: |it| {
                it.delay(60, DelayChange::Wake);
                it.wait(61);
                it.create_download(1);
            },
            right: |it| {
                it.delay(60, DelayChange::Wake);
                it.wait(60);
                it.create_download(1);
            },
        },
        Case {
            rule: "BG-RATE-07",
            wrong: |it| {
                resumed_in_wake(it);
                it.wait(59);
                it.starts(1, 1);
            },
            right: |it| {
                resumed_in_wake(it);
                it.wait(60);
                it.starts(1, 1);
            },
        },
        Case {
            rule: "BG-RATE-10",
            wrong: |it| {
                resumed_in_wake(it);
                it.push(Fact::Waits { task: name(1), why: Why::Limiter, until: None });
                it.wait(60);
                it.delay(0, DelayChange::Lapse);
            },
            right: |it| {
                resumed_in_wake(it);
                it.push(Fact::Waits { task: name(1), why: Why::Limiter, until: None });
                it.wait(30);
                it.finishes(1, Some(-999));
                it.wait(30);
                it.delay(0, DelayChange::Lapse);
            },
        },
        Case {
            rule: "BG-RATE-13",
            wrong: |it| {
                restarted(it);
                it.wait(60);
                it.delay(0, DelayChange::Lapse);
            },
            right: |it| {
                restarted(it);
                it.delay(0, DelayChange::Reboot);
            },
        },
        Case {
            rule: "BG-RATE-13",
            wrong: |it| {
                it.delay(60, DelayChange::Wake);
                it.delay(60, DelayChange::Reboot);
            },
            right: |it| {
                it.delay(60, DelayChange::Wake);
                it.delay(0, DelayChange::Reboot);
            },
        },
    ],
};

fn session() -> Cause {
    Cause::Session("photos".into())
}

fn restarted(it: &mut Script) {
    it.delay(60, DelayChange::Wake);
    it.push(Fact::Boots { after: sleepwalker_core::Death::Reboot });
}

fn resumed_in_wake(it: &mut Script) {
    it.sleep();
    it.wake();
    it.download(1);
}

#[derive(Default)]
struct Limiter {
    delay: Duration,
    last_wake: Time,
    /// A wake by the daemon without its raise, and where.
    woken: Option<usize>,
    raised: bool,
    /// The app came to the front then.
    front: Option<(usize, Time)>,
    /// What may not start before when.
    held: BTreeMap<TaskName, Time>,
    /// What the daemon says that it holds; and what it held until just now.
    waiting: BTreeSet<TaskName>,
    released: Option<(TaskName, Time)>,
    /// The delay ran out, and rightly goes on.
    outlasts: bool,
    /// The device has restarted, which should have ended a delay.
    rebooted: bool,
}

impl Check for Limiter {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        self.front_is_over(step, out);
        self.runs_out(scene, step, out);
        match &step.event.fact {
            Fact::Delays { delay, why } => self.on_delay(scene, step, out, *delay, *why),
            Fact::Launches { state, cause, .. } | Fact::Moves { state, cause, .. } => {
                if matches!(cause, Cause::Session(_)) {
                    self.woken = Some(step.index);
                }
                if *state == ProcessState::Foreground {
                    self.front = Some((step.index, step.event.at));
                    self.held.clear();
                }
            }
            Fact::HandlesEvents { .. } => {
                if self.woken.take().is_some() && !self.raised {
                    let detail =
                        "the app is handed events, but its delay was not raised".to_owned();
                    out.add("BG-RATE-04", step, detail);
                }
                self.raised = false;
            }
            Fact::Calls { process, session, task: Some(id), call, misuse: None } => {
                let name = TaskName { session: session.clone(), task: *id };
                match call {
                    ApiCall::Resume => self.on_resume(scene, step, *process, name),
                    // A task that the app suspends is not held: it does not want to start.
                    ApiCall::Suspend => {
                        self.waiting.remove(&name);
                    }
                    _ => {}
                }
            }
            Fact::Waits { task, why, .. } => {
                if *why == Why::Limiter {
                    self.waiting.insert(task.clone());
                } else {
                    self.waiting.remove(task);
                }
            }
            Fact::Boots { .. } => {
                self.waiting.clear();
                self.held.clear();
                if scene.knobs.limiter_reset_by_reboot {
                    self.rebooted = !self.delay.is_zero();
                    self.delay = Duration::ZERO;
                }
            }
            Fact::Releases { task, .. } => self.release(step, task),
            Fact::Starts { task, .. } => {
                self.release(step, task);
                if let Some(until) = self.held.remove(task).filter(|until| step.event.at < *until) {
                    let detail = format!(
                        "{task} was resumed in the background and starts before the limiter's \
                         delay is over at {until}"
                    );
                    out.add("BG-RATE-07", step, detail);
                }
            }
            Fact::Finishes { task, .. } => {
                self.waiting.remove(task);
                self.held.remove(task);
            }
            _ => {}
        }
    }
}

impl Limiter {
    fn on_resume(&mut self, scene: &Scene<'_>, step: Step<'_>, process: u32, name: TaskName) {
        let first = scene.tasks.get(&name).is_some_and(|task| {
            task.background && task.suspensions == 1 && task.resumed_at.is_none()
        });
        let back = scene.state(process) == Some(ProcessState::Background);
        let until = self.last_wake + self.delay;
        if first && back && !self.delay.is_zero() && until > step.event.at {
            self.held.insert(name, until);
        }
    }

    fn release(&mut self, step: Step<'_>, task: &TaskName) {
        if self.waiting.remove(task) {
            self.released = Some((task.clone(), step.event.at));
        }
    }

    /// The reset may stand anywhere in the instant in which the app came to the front.
    fn front_is_over(&mut self, step: Step<'_>, out: &mut Findings) {
        let Some((index, at)) = self.front.filter(|(_, at)| step.event.at > *at) else {
            return;
        };
        self.front = None;
        if !self.delay.is_zero() {
            let detail = format!(
                "the app comes to the front, but its delay stays at {}",
                span::text(&self.delay)
            );
            out.at("BG-RATE-05", index, at, detail);
        }
    }

    /// Once the delay has run out it is over, or it holds a task just then.
    fn runs_out(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        let due = self.last_wake + self.delay;
        if self.delay.is_zero() || self.outlasts || step.event.at <= due {
            return;
        }
        self.outlasts = true;
        let released = self.released.as_ref().is_some_and(|(_, at)| *at >= due);
        let held = released || !self.waiting.is_empty();
        let lapses = scene.knobs.limiter_reset == LimiterReset::Lapse;
        if lapses || !held {
            let rule = if held { "BG-RATE-10" } else { "BG-RATE-06" };
            out.add(rule, step, format!("the delay ran out at {due}, but has not lapsed"));
        }
    }

    fn on_delay(
        &mut self,
        scene: &Scene<'_>,
        step: Step<'_>,
        out: &mut Findings,
        delay: Duration,
        why: DelayChange,
    ) {
        let told = span::text(&delay);
        // A wake may follow in the same instant, and raise anew what the front has reset.
        if delay.is_zero() || self.delay.is_zero() {
            self.front = None;
        }
        match why {
            DelayChange::Wake => {
                let (rule, wanted) = if self.delay.is_zero() {
                    ("BG-RATE-03", scene.knobs.limiter_initial)
                } else {
                    ("BG-RATE-02", self.delay.saturating_mul(scene.knobs.limiter_factor))
                };
                if delay != wanted {
                    let wanted = span::text(&wanted);
                    let detail = format!("a wake raises the delay to {told}, expected {wanted}");
                    out.add(rule, step, detail);
                }
                self.last_wake = step.event.at;
                self.outlasts = false;
                self.raised = true;
            }
            DelayChange::Foreground | DelayChange::Reboot => {
                let reboot = why == DelayChange::Reboot;
                let rule = if reboot { "BG-RATE-13" } else { "BG-RATE-05" };
                if !delay.is_zero() || (reboot && !scene.knobs.limiter_reset_by_reboot) {
                    out.add(rule, step, format!("the reset leaves a delay of {told}"));
                }
                self.held.clear();
                self.waiting.clear();
            }
            DelayChange::Lapse if self.rebooted => {
                let detail = "a delay lapses that a restart should have ended".to_owned();
                out.add("BG-RATE-13", step, detail);
            }
            DelayChange::Lapse => self.on_lapse(scene, step, out, delay),
        }
        self.rebooted = false;
        self.delay = delay;
    }

    fn on_lapse(&self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings, delay: Duration) {
        let due = self.last_wake + self.delay;
        if !delay.is_zero() {
            let detail = format!("the lapse leaves a delay of {}", span::text(&delay));
            out.add("BG-RATE-06", step, detail);
            return;
        }
        if step.event.at < due {
            let detail = format!("the delay lapses, but runs until {due}");
            out.add("BG-RATE-06", step, detail);
            return;
        }
        if scene.knobs.limiter_reset == LimiterReset::Lapse {
            return;
        }
        let just_now = self.released.as_ref().filter(|(_, at)| *at == step.event.at);
        let held = self.waiting.first().or(just_now.map(|(task, _)| task));
        if let Some(task) = held {
            let detail = format!("the delay lapses while it holds {task}");
            out.add("BG-RATE-10", step, detail);
        }
    }
}
