//! The wake window: its length, and the watchdog at its end.

use std::{collections::BTreeMap, sync::Arc};

use sleepwalker_core::{Death, ProcessState, Time, span};

use crate::{
    Fact, Witness,
    check::{Case, Check, Checker, Findings, Scene, Script, Step},
};

pub(super) const CHECKER: Checker = Checker {
    name: "window",
    rules: &["BG-WAKE-01", "BG-WAKE-02", "BG-WAKE-04"],
    needs: &[Witness::Calls, Witness::Os],
    make: || Box::new(Window::default()),
    cases: &[
        Case {
            rule: "BG-WAKE-02",
            wrong: |it| {
                woken(it);
                it.wait(31);
                it.finish_events();
            },
            right: |it| {
                woken(it);
                it.wait(30);
                it.finish_events();
                it.handler();
            },
        },
        Case {
            rule: "BG-WAKE-01",
            wrong: |it| {
                woken(it);
                it.wait(28);
                it.kill(Death::Watchdog);
            },
            right: |it| {
                woken(it);
                it.wait(29);
                it.kill(Death::Watchdog);
            },
        },
        Case {
            rule: "BG-WAKE-02",
            wrong: |it| {
                woken(it);
                it.handler();
                it.wait(29);
                it.kill(Death::Watchdog);
            },
            right: |it| {
                woken(it);
                it.handler();
                it.wait(29);
                it.kill(Death::Memory);
            },
        },
        Case {
            rule: "BG-WAKE-04",
            wrong: |it| {
                woken(it);
                it.push(Fact::Snapshots { process: 1 });
            },
            right: |it| {
                woken(it);
                it.handler();
                it.push(Fact::Snapshots { process: 1 });
            },
        },
    ],
};

fn woken(it: &mut Script) {
    it.sleep();
    it.wake();
}

/// What a process owes since it was woken.
#[derive(Default)]
struct Owed {
    handlers: BTreeMap<Arc<str>, u32>,
    first: Time,
    last: Time,
    index: usize,
    /// Nobody counts any more: it came to the front, was suspended, or was told of.
    released: bool,
}

#[derive(Default)]
struct Window {
    owed: BTreeMap<u32, Owed>,
}

impl Check for Window {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        if !self.owed.is_empty() {
            self.overrun(scene, step, out);
        }
        match &step.event.fact {
            Fact::HandlesEvents { process, session } => {
                let in_front = scene.state(*process) == Some(ProcessState::Foreground);
                let owed = self.owed.entry(*process).or_default();
                if owed.handlers.is_empty() || owed.released {
                    owed.first = step.event.at;
                    owed.released = in_front;
                }
                owed.last = step.event.at;
                owed.index = step.index;
                *owed.handlers.entry(session.clone()).or_default() += 1;
            }
            Fact::CallsHandler { process, session } => {
                let Some(owed) = self.owed.get_mut(process) else {
                    return;
                };
                if let Some(count) = owed.handlers.get_mut(session) {
                    *count -= 1;
                }
                owed.handlers.retain(|_, count| *count > 0);
                if owed.handlers.is_empty() {
                    self.owed.remove(process);
                }
            }
            Fact::Moves {
                process,
                state: ProcessState::Foreground | ProcessState::Suspended,
                ..
            } => {
                if let Some(owed) = self.owed.get_mut(process) {
                    owed.released = true;
                }
            }
            Fact::Snapshots { process }
                if self.owed.get(process).is_some_and(|owed| !owed.released) =>
            {
                let detail = "a snapshot in a wake, before the handler was called".to_owned();
                out.add("BG-WAKE-04", step, detail);
            }
            Fact::Kills { process, death } => {
                if *death == Death::Watchdog {
                    self.watchdog(scene, step, out, *process);
                }
                self.owed.remove(process);
            }
            Fact::Boots { .. } => self.owed.clear(),
            _ => {}
        }
    }
}

impl Window {
    fn overrun(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        if !scene.knobs.suspends {
            return;
        }
        let window = scene.knobs.wake_window;
        for (process, owed) in &mut self.owed {
            if !owed.released && step.event.at > owed.last + window {
                owed.released = true;
                let detail = format!(
                    "process {process} was woken at line {} and has not called its handler, but \
                     lives on after {}",
                    crate::line_number(owed.index),
                    span::text(&window)
                );
                out.add("BG-WAKE-02", step, detail);
            }
        }
    }

    fn watchdog(&self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings, process: u32) {
        let Some(owed) = self.owed.get(&process) else {
            let detail = format!("the watchdog ends process {process}, which owes no handler");
            out.add("BG-WAKE-02", step, detail);
            return;
        };
        let ran = step.event.at.since(owed.first);
        if ran < scene.knobs.wake_window {
            let detail = format!(
                "the watchdog ends process {process} after {} of {}",
                span::text(&ran),
                span::text(&scene.knobs.wake_window)
            );
            out.add("BG-WAKE-01", step, detail);
        }
    }
}
