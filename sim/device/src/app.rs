//! The scripted app: a manager of transfers that does what a scenario says, by its habits.

mod act;
mod callback;
mod effect;
mod item;
mod launch;
mod life;

use std::sync::Arc;

use sleepwalker_core::{
    Answer, Call, Callback, Misuse, ProcessId, ProcessState, SessionId, TaskKey, Time,
};
use sleepwalker_judge::{ItemState, TaskName};

pub use act::ActError;
pub use effect::AppEffect;
use item::{Claimed, Disk};
pub use item::{Item, ItemKind, Phase};
use life::{Life, Running, Step};

use crate::{Habits, SessionSpec, habits::ItemMap};

/// The app: what it has on disk, and the process that runs, if one does.
///
/// After every input call [`App::poll`] until it is empty. An effect that asks for an answer gets it
/// before the next poll, as code waits for what it calls.
#[derive(Clone, Debug)]
pub struct App {
    habits: Habits,
    disk: Disk,
    life: Option<Life>,
    /// Sessions handed over before the launch was: the system's fault, never the app's.
    early: Vec<Arc<str>>,
}

impl App {
    /// Makes an app that was never launched, with the sessions that it makes at its first launch.
    pub fn new(habits: Habits, sessions: Vec<SessionSpec>) -> App {
        App {
            habits,
            disk: Disk { sessions, items: Vec::new(), launches: 0 },
            life: None,
            early: Vec::new(),
        }
    }

    /// Returns the process that runs.
    pub fn process(&self) -> Option<ProcessId> {
        self.life.as_ref().map(|life| life.process)
    }

    /// Returns all items, in the order in which they were wanted.
    pub fn items(&self) -> &[Item] {
        &self.disk.items
    }

    /// The process changed its state; suspended it does nothing, and its methods' time stands still.
    pub fn changed(&mut self, state: ProcessState, now: Time) {
        if let Some(life) = &mut self.life {
            life.change(state, now);
        }
        if state == ProcessState::Foreground {
            self.ask_for_missing();
        }
        self.due(now);
    }

    /// The process is gone, with all that was only in memory.
    pub fn killed(&mut self) {
        self.life = None;
    }

    /// A delegate method is called. `describe` tells the `taskDescription` of a task.
    pub fn callback(
        &mut self,
        callback: Callback,
        describe: impl Fn(TaskKey) -> Option<String>,
        now: Time,
    ) {
        self.learn(&callback, describe);
        let Some(life) = &mut self.life else { return };
        // A frozen process enters the method when it goes on.
        let entered = life.frozen_at.unwrap_or(now);
        let until = entered + self.habits.callback_time;
        life.running.push(Running { callback, until });
        self.due(now);
    }

    /// The time that [`App::next_wakeup`] named has come.
    pub fn due(&mut self, now: Time) {
        while let Some(life) = &mut self.life
            && !life.frozen()
            && let Some(index) = life.running.iter().position(|running| running.until <= now)
        {
            let running = life.running.remove(index);
            self.perform(running.callback);
        }
    }

    /// When [`App::due`] is wanted.
    pub fn next_wakeup(&self) -> Option<Time> {
        let life = self.life.as_ref().filter(|life| !life.frozen())?;
        life.running.iter().map(|running| running.until).min()
    }

    /// The next thing that the app does.
    pub fn poll(&mut self) -> Option<AppEffect> {
        loop {
            let life = self.life.as_mut().filter(|life| !life.frozen())?;
            assert!(life.waiting.is_none(), "polled before {:?} was answered", life.waiting);
            let step = life.steps.pop_front()?;
            if let Some(effect) = self.take(step) {
                return Some(effect);
            }
        }
    }

    /// The API's answer to a call.
    pub fn answered(&mut self, answer: Result<Answer, Misuse>) {
        let step = self.life.as_mut().and_then(|life| life.waiting.take());
        match (step, answer) {
            (Some(Step::Create(name)), Ok(Answer::Session { id, .. })) => self.connected(&name, id),
            (Some(Step::Begin(item)), Ok(Answer::Task(task))) => self.begun(item, task),
            (Some(Step::Begin(item)), Err(_)) => {
                if let Some(life) = &mut self.life {
                    life.beginning.remove(&item);
                }
                self.disk.items[item].phase = Phase::Over;
                self.first(|app| app.mark(item, None, ItemState::Failed, None));
            }
            _ => {}
        }
    }

    /// Whether a claimed file was still there.
    pub fn claimed(&mut self, found: bool) {
        let step = self.life.as_mut().and_then(|life| life.waiting.take());
        if let Some(Step::Claim { item, .. }) = step {
            let held = if found { Claimed::Held } else { Claimed::Lost };
            self.disk.items[item].file = held;
        }
    }

    /// Turns a step into what is done, if anything is left of it.
    fn take(&mut self, step: Step) -> Option<AppEffect> {
        let effect = match &step {
            Step::Do(effect) => effect.clone(),
            Step::Create(name) => self.create(name)?,
            Step::Begin(item) => self.begin(*item)?,
            Step::Claim { item, task, file } => AppEffect::Claim {
                file: *file,
                task: self.task_name(*task),
                item: self.disk.items[*item].name.clone(),
            },
            Step::Finish { item, task, status } => {
                self.first(|app| app.finish(*item, *task, *status));
                return None;
            }
            Step::Fail { item, task, error, status } => {
                self.first(|app| app.fail(*item, *task, error.clone(), *status));
                return None;
            }
        };
        let waits = matches!(
            effect,
            AppEffect::Call(_) | AppEffect::Upload { .. } | AppEffect::Claim { .. }
        );
        if waits && let Some(life) = &mut self.life {
            life.waiting = Some(step);
        }
        Some(effect)
    }

    /// Puts the steps that this makes before all that wait.
    fn first(&mut self, make: impl FnOnce(&mut App)) {
        let later = match &mut self.life {
            Some(life) => std::mem::take(&mut life.steps),
            None => return,
        };
        make(self);
        if let Some(life) = &mut self.life {
            life.steps.extend(later);
        }
    }

    fn create(&mut self, name: &Arc<str>) -> Option<AppEffect> {
        let spec = self.disk.session(name)?;
        let mut implements = spec.implements;
        implements.did_receive_response |= self.habits.response != crate::Response::Absent;
        implements.will_perform_redirection |= self.habits.redirect != crate::Redirect::Absent;
        implements.will_cache_response |= self.habits.cache != crate::Cache::Absent;
        implements.will_begin_delayed_request |=
            self.habits.delayed_request != crate::Delayed::Absent;
        implements.did_finish_collecting |= self.habits.metrics;
        Some(AppEffect::Call(Call::CreateSession {
            name: self.identifier(spec).to_string(),
            kind: spec.kind,
            configuration: spec.configuration.clone(),
            delegate: spec.delegate.then_some(implements),
        }))
    }

    /// Tells the name of a task as the trace writes it.
    fn task_name(&self, task: TaskKey) -> TaskName {
        let identifiers = self.life.as_ref().map(|life| &life.identifiers);
        let session = identifiers.and_then(|known| known.get(&task.session)).cloned();
        TaskName {
            session: session.unwrap_or_else(|| task.session.to_string().into()),
            task: task.task.0,
        }
    }

    /// Notes how an item stands: it is on disk when this returns.
    fn mark(&mut self, item: usize, task: Option<TaskKey>, state: ItemState, status: Option<u16>) {
        let task = task.map(|task| self.task_name(task));
        self.disk.items[item].state = state;
        let item = self.disk.items[item].name.clone();
        if let Some(life) = &mut self.life {
            life.later(AppEffect::Mark { item, task, state, status });
        }
    }

    /// Learns from the descriptions of the tasks that a callback speaks of which items they serve.
    fn learn(&mut self, callback: &Callback, describe: impl Fn(TaskKey) -> Option<String>) {
        if self.habits.item_map == ItemMap::Memory {
            return;
        }
        let Some(life) = &mut self.life else { return };
        let listed = match &callback.method {
            sleepwalker_core::Method::AllTasks { tasks } => tasks.as_slice(),
            _ => &[],
        };
        for task in callback.task.iter().chain(listed) {
            let key = key(callback.session, *task);
            if life.map.contains_key(&key) {
                continue;
            }
            let Some(name) = describe(key) else { continue };
            let item = self.disk.items.iter().position(|item| *item.name == *name);
            if let Some(item) = item {
                life.map.insert(key, item);
            }
        }
    }
}

fn key(session: SessionId, task: sleepwalker_core::TaskId) -> TaskKey {
    TaskKey { session, task }
}
