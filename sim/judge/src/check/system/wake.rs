//! The frame of a wake: `handleEvents`, the queued calls, `didFinishEvents`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use sleepwalker_core::{Method, ProcessState, Time, Why};

use crate::{
    ApiCall, Cause, Fact, TaskName, Witness,
    check::{Case, Check, Checker, End, Findings, Scene, Script, Step},
};

pub(super) const CHECKER: Checker = Checker {
    name: "wake",
    rules: &["BG-LIFE-03", "BG-LIFE-04", "BG-LIFE-07", "BG-LIFE-08", "BG-LIFE-10", "BG-LIFE-13"],
    needs: &[Witness::Calls, Witness::Os, Witness::Daemon],
    make: || Box::new(Wake::default()),
    cases: &[
        Case {
            rule: "BG-LIFE-03",
            wrong: |it| {
                it.download(1);
                it.download(2);
                it.sleep();
                it.finishes(1, None);
                it.wake();
                it.delivers(1);
                it.finish_events();
            },
            right: |it| {
                it.download(1);
                it.download(2);
                it.sleep();
                it.finishes(1, None);
                it.finishes(2, None);
                it.wake();
                it.delivers(1);
                it.delivers(2);
                it.finish_events();
            },
        },
        Case {
            rule: "BG-LIFE-04",
            wrong: |it| {
                it.download(1);
                it.download(2);
                it.calls(Some(2), ApiCall::Suspend);
                it.sleep();
                it.finishes(1, None);
                it.wake();
                it.delivers(1);
                it.finish_events();
            },
            right: |it| {
                it.download(1);
                it.create_download(2);
                it.sleep();
                it.finishes(1, None);
                it.wake();
                it.delivers(1);
                it.finish_events();
            },
        },
        Case {
            rule: "BG-LIFE-07",
            wrong: |it| {
                it.sleep();
                it.handles_events();
            },
            right: |it| {
                it.sleep();
                it.wake();
                it.finish_events();
            },
        },
        Case {
            rule: "BG-LIFE-08",
            wrong: |it| {
                it.download(1);
                it.kill(sleepwalker_core::Death::Crash);
                it.launch(ProcessState::Foreground, Cause::User);
                it.handles_events();
            },
            right: |it| {
                it.download(1);
                it.kill(sleepwalker_core::Death::Crash);
                it.launch(ProcessState::Foreground, Cause::User);
                it.transfers(1);
                it.handles_events();
            },
        },
        Case {
            rule: "BG-LIFE-10",
            wrong: |it| {
                it.handles_events();
                it.finish_events();
            },
            right: |it| {
                it.kill(sleepwalker_core::Death::Crash);
                it.launch(ProcessState::Foreground, Cause::User);
                it.handles_events();
            },
        },
        Case {
            rule: "BG-LIFE-13",
            wrong: |it| {
                woken(it);
                it.finish_events();
                it.delivers(1);
            },
            right: |it| {
                woken(it);
                it.delivers(1);
                it.finish_events();
            },
        },
        Case {
            rule: "BG-LIFE-13",
            wrong: Script::finish_events,
            right: |it| {
                woken(it);
                it.delivers(1);
                it.finish_events();
            },
        },
        Case {
            rule: "BG-LIFE-13",
            wrong: |it| {
                woken(it);
                it.delivers(1);
            },
            right: |it| {
                woken(it);
                it.delivers(1);
                it.kill(sleepwalker_core::Death::Watchdog);
            },
        },
    ],
};

fn woken(it: &mut Script) {
    it.download(1);
    it.sleep();
    it.transfers(1);
    it.wake();
}

struct Frame {
    index: usize,
    at: Time,
    /// What was done and not delivered when the frame began.
    queued: BTreeSet<u32>,
}

#[derive(Default)]
struct Wake {
    /// Done by the daemon and not delivered, by session.
    pending: BTreeMap<Arc<str>, BTreeSet<u32>>,
    frames: BTreeMap<(u32, Arc<str>), Vec<Frame>>,
    /// The process that the user launched last, and when.
    opened: Option<(u32, Time)>,
}

impl Check for Wake {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            Fact::Finishes { task: name, .. } => {
                let owed = scene.tasks.get(name).is_some_and(|task| task.owed() && task.background);
                if owed {
                    self.pending.entry(name.session.clone()).or_default().insert(name.task);
                }
            }
            Fact::Launches { process, cause: Cause::User, .. } => {
                self.opened = Some((*process, step.event.at));
            }
            Fact::HandlesEvents { process, session } => {
                self.on_handle(scene, step, out, *process, session);
                let queued = self.pending.get(session).cloned().unwrap_or_default();
                let frame = Frame { index: step.index, at: step.event.at, queued };
                self.frames.entry((*process, session.clone())).or_default().push(frame);
            }
            Fact::Delivers {
                session,
                task: Some(task),
                method: Method::DidComplete { .. },
                ..
            } => {
                if let Some(pending) = self.pending.get_mut(session) {
                    pending.remove(task);
                }
            }
            Fact::Delivers { process, session, method: Method::DidFinishEvents, .. } => {
                self.on_finish(scene, step, out, *process, session);
            }
            Fact::Delivers {
                process, session, method: Method::DidBecomeInvalid { .. }, ..
            } => {
                self.frames.remove(&(*process, session.clone()));
            }
            Fact::Kills { process, .. } => self.frames.retain(|(owner, _), _| owner != process),
            Fact::Boots { .. } => self.frames.clear(),
            _ => {}
        }
    }

    fn end(&mut self, scene: &Scene<'_>, end: End, out: &mut Findings) {
        if end == End::Cut {
            return;
        }
        for ((process, session), frames) in &self.frames {
            let runs = scene.state(*process).is_some_and(|state| state != ProcessState::Suspended);
            let blocked = scene.queue_is_busy(*process, session);
            if !runs || blocked || !scene.is_connected(*process, session) {
                continue;
            }
            if let Some(frame) = frames.first() {
                let detail = format!("didFinishEvents of {session} never comes");
                out.at("BG-LIFE-13", frame.index, frame.at, detail);
            }
        }
    }
}

impl Wake {
    fn on_handle(
        &self,
        scene: &Scene<'_>,
        step: Step<'_>,
        out: &mut Findings,
        process: u32,
        session: &Arc<str>,
    ) {
        match scene.state(process) {
            None => {
                let detail = format!(
                    "handleEvents for {session} goes to process {process}, which does not live"
                );
                out.add("BG-LIFE-07", step, detail);
            }
            Some(ProcessState::Suspended) => {
                let detail = format!("handleEvents for {session} goes to a suspended process");
                out.add("BG-LIFE-07", step, detail);
            }
            Some(ProcessState::Foreground) if scene.is_connected(process, session) => {
                let detail = format!(
                    "handleEvents for {session}, though the app is in front and holds the session"
                );
                out.add("BG-LIFE-10", step, detail);
            }
            Some(ProcessState::Foreground | ProcessState::Background) => {}
        }
        let blocks = scene.knobs.suspended_tasks_block_wake;
        let mut unfinished: Option<(&TaskName, bool)> = None;
        for (name, task) in scene.live_of(session) {
            if task.waits.is_some_and(|(why, _)| why == Why::Delegate) {
                return;
            }
            let counts = task.owed()
                && task.finished.is_none()
                && task.background
                && !scene.is_unheard(task);
            let suspended = task.suspensions > 0;
            if counts && (!suspended || blocks) && unfinished.is_none_or(|(_, other)| other) {
                unfinished = Some((name, suspended));
            }
        }
        if let Some((name, suspended)) = unfinished {
            let (rule, why) = match suspended {
                true => ("BG-LIFE-04", "is suspended by the app"),
                false if self.opened == Some((process, step.event.at)) => {
                    ("BG-LIFE-08", "is not done and it is the user who launches the app")
                }
                false => ("BG-LIFE-03", "is not done"),
            };
            out.add(rule, step, format!("handleEvents for {session}, though {name} {why}"));
        }
    }

    fn on_finish(
        &mut self,
        scene: &Scene<'_>,
        step: Step<'_>,
        out: &mut Findings,
        process: u32,
        session: &Arc<str>,
    ) {
        let frames = self.frames.get_mut(&(process, session.clone()));
        let Some(frame) = frames.filter(|all| !all.is_empty()).map(|all| all.remove(0)) else {
            let detail = format!("didFinishEvents of {session} answers no handleEvents");
            out.add("BG-LIFE-13", step, detail);
            return;
        };
        let pending = self.pending.get(session);
        let left = frame.queued.iter().find(|task| {
            pending.is_some_and(|all| all.contains(task))
                && !scene.task(session, Some(**task)).is_some_and(|task| scene.may_be_lost(task))
        });
        if let Some(task) = left {
            let detail = format!(
                "didFinishEvents of {session} comes before the completion of {session}/{task}, \
                 which was queued at line {}",
                crate::line_number(frame.index)
            );
            out.add("BG-LIFE-13", step, detail);
        }
        self.frames.retain(|_, frames| !frames.is_empty());
    }
}
