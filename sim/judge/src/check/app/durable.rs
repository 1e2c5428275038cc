//! R02, second half: no handler before what the wake brought is kept.

use std::{collections::BTreeMap, sync::Arc};

use sleepwalker_core::Method;

use crate::{
    Fact, ItemState, TaskName, Witness,
    check::{Case, Check, Checker, Findings, Scene, Script, Step},
};

pub(super) const CHECKER: Checker = Checker {
    name: "durable",
    rules: &["R02"],
    needs: &[Witness::Calls, Witness::Os, Witness::Items],
    make: || Box::new(Durable::default()),
    cases: &[Case {
        rule: "R02",
        wrong: |it| {
            woken(it);
            it.handler();
            it.wait(1);
            it.marks(1, ItemState::Done, Some(200));
        },
        right: |it| {
            woken(it);
            it.marks(1, ItemState::Done, Some(200));
            it.handler();
            it.wait(1);
        },
    }],
};

fn woken(it: &mut Script) {
    it.download(1);
    it.sleep();
    it.transfers(1);
    it.wake();
    it.file(1);
    it.done(1, None);
    it.finish_events();
}

/// A completion whose item is not marked yet.
struct Unkept {
    process: u32,
    /// The line of the handler's call, once it came.
    handler: Option<usize>,
}

#[derive(Default)]
struct Durable {
    /// Wakes whose handler was not called, by process and session.
    woken: BTreeMap<(u32, Arc<str>), u32>,
    unkept: BTreeMap<TaskName, Unkept>,
    kept: std::collections::BTreeSet<TaskName>,
}

impl Check for Durable {
    fn see(&mut self, _scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            Fact::HandlesEvents { process, session } => {
                *self.woken.entry((*process, session.clone())).or_default() += 1;
            }
            Fact::Delivers {
                process,
                session,
                task: Some(task),
                method: Method::DidComplete { .. },
                ..
            } if self.woken.contains_key(&(*process, session.clone())) => {
                let name = TaskName { session: session.clone(), task: *task };
                if !self.kept.contains(&name) {
                    self.unkept.insert(name, Unkept { process: *process, handler: None });
                }
            }
            Fact::CallsHandler { process, session } => {
                self.woken.remove(&(*process, session.clone()));
                let first = TaskName { session: session.clone(), task: 0 };
                let unkept = self.unkept.range_mut(first..);
                for (_, unkept) in unkept.take_while(|(name, _)| name.session == *session) {
                    unkept.handler.get_or_insert(step.index);
                }
            }
            Fact::Marks { process, item, task: Some(task), state, .. }
                if *state != ItemState::Queued =>
            {
                self.kept.insert(task.clone());
                let unkept = self.unkept.remove(task).filter(|it| it.process == *process);
                if let Some(index) = unkept.and_then(|it| it.handler) {
                    let detail = format!(
                        "item {item} is marked after the handler was called at line {}: the app \
                         may be suspended in between",
                        crate::line_number(index)
                    );
                    out.add("R02", step, detail);
                }
            }
            Fact::Kills { process, .. } => {
                self.woken.retain(|(owner, _), _| owner != process);
                self.unkept.retain(|_, unkept| unkept.process != *process);
            }
            Fact::Boots { .. } => {
                self.woken.clear();
                self.unkept.clear();
            }
            _ => {}
        }
    }
}
