//! Tasks with an `earliestBeginDate`: never early, asked about once.

use std::collections::BTreeMap;

use sleepwalker_core::{Method, Time};

use crate::{
    ApiCall, Fact, TaskName, Witness,
    check::{Case, Check, Checker, End, Findings, Scene, Script, Step},
};

pub(super) const CHECKER: Checker = Checker {
    name: "delayed",
    rules: &["BG-SCHED-17", "BG-SCHED-19"],
    needs: &[Witness::Calls, Witness::Daemon],
    make: || Box::new(Delayed::default()),
    cases: &[
        Case {
            rule: "BG-SCHED-17",
            wrong: |it| {
                dated(it);
                it.wait(99);
                it.starts(1, 1);
            },
            right: |it| {
                dated(it);
                it.wait(100);
                it.starts(1, 1);
            },
        },
        Case {
            rule: "BG-SCHED-19",
            wrong: |it| {
                dated(it);
                it.wait(100);
                it.begins(Some(1), Method::WillBeginDelayedRequest);
                it.starts(1, 1);
            },
            right: |it| {
                dated(it);
                it.wait(100);
                let asked = it.begins(Some(1), Method::WillBeginDelayedRequest);
                it.returns(asked, Some("allow"));
                it.starts(1, 1);
            },
        },
        Case {
            rule: "BG-SCHED-19",
            wrong: |it| {
                it.download(1);
                it.tells(1, Method::WillBeginDelayedRequest);
            },
            right: |it| {
                dated(it);
                it.wait(100);
                it.tells(1, Method::WillBeginDelayedRequest);
            },
        },
    ],
};

fn dated(it: &mut Script) {
    it.create_download(1);
    it.calls(Some(1), ApiCall::SetEarliestBeginDate(Time::from_secs(100)));
    it.resume(1);
}

struct Asked {
    process: u32,
    callback: u64,
    answered: bool,
}

#[derive(Default)]
struct Delayed {
    asked: BTreeMap<TaskName, Asked>,
    waiting: BTreeMap<(u32, u64), TaskName>,
    /// Starts before the answer: the answer may stand below them in the same instant.
    early: Vec<(TaskName, usize, Time)>,
}

impl Check for Delayed {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        if self.early.first().is_some_and(|(_, _, at)| *at < step.event.at) {
            self.tell_early(out);
        }
        match &step.event.fact {
            Fact::Delivers {
                process,
                session,
                task: Some(id),
                callback,
                method: Method::WillBeginDelayedRequest,
                ..
            } => {
                let name = TaskName { session: session.clone(), task: *id };
                self.ask(scene, step, out, &name, *process);
                self.waiting.insert((*process, *callback), name.clone());
                let asked = Asked { process: *process, callback: *callback, answered: false };
                self.asked.insert(name, asked);
            }
            Fact::Returns { process, callback, answer: Some(_), .. } => {
                if let Some(name) = self.waiting.remove(&(*process, *callback))
                    && let Some(asked) = self.asked.get_mut(&name)
                    && asked.callback == *callback
                {
                    asked.answered = true;
                    self.early.retain(|(early, _, _)| *early != name);
                }
            }
            // The process may have answered, and died before it returned.
            Fact::Kills { process, .. } => {
                self.early.retain(|(name, _, at)| {
                    let asked = self.asked.get(name);
                    *at < step.event.at || asked.is_none_or(|asked| asked.process != *process)
                });
            }
            Fact::Boots { .. } => self.asked.retain(|_, asked| asked.answered),
            Fact::Starts { task: name, .. } => {
                let Some(task) = scene.tasks.get(name).filter(|task| task.background) else {
                    return;
                };
                if let Some(date) = task.date.filter(|date| step.event.at < *date) {
                    let detail = format!("{name} starts before its earliestBeginDate {date}");
                    out.add("BG-SCHED-17", step, detail);
                }
                if self.asked.get(name).is_some_and(|asked| !asked.answered) {
                    self.early.push((name.clone(), step.index, step.event.at));
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, _scene: &Scene<'_>, _end: End, out: &mut Findings) {
        self.tell_early(out);
    }
}

impl Delayed {
    fn tell_early(&mut self, out: &mut Findings) {
        for (name, index, at) in self.early.drain(..) {
            let detail = format!("{name} starts before willBeginDelayedRequest is answered");
            out.at("BG-SCHED-19", index, at, detail);
        }
    }

    fn ask(
        &self,
        scene: &Scene<'_>,
        step: Step<'_>,
        out: &mut Findings,
        name: &TaskName,
        process: u32,
    ) {
        let Some(task) = scene.tasks.get(name) else {
            return;
        };
        let wrong = match (&self.asked.get(name), task.date) {
            _ if !task.background => "its session is not a background session",
            (_, None) => "it has no earliestBeginDate",
            (Some(asked), _) if asked.answered => "it was answered already",
            (Some(asked), _) if asked.process == process => "it was asked about already",
            (_, Some(date)) if step.event.at < date => {
                let detail = format!("{name} is asked about before its earliestBeginDate {date}");
                out.add("BG-SCHED-17", step, detail);
                return;
            }
            _ => return,
        };
        let detail = format!("{name} gets willBeginDelayedRequest, but {wrong}");
        out.add("BG-SCHED-19", step, detail);
    }
}
