//! Launches and wakes: sessions created again, handlers kept, items joined with tasks.

use std::sync::Arc;

use sleepwalker_core::{Call, ProcessId, ProcessState, SessionId, SessionKind, TaskId};
use sleepwalker_judge::ItemState;

use super::{App, AppEffect, Claimed, Item, Life, Phase, Step};
use crate::{
    SessionSpec,
    habits::{Handler, Handlers, Identifier, ItemMap, KnownTasks, Sessions},
};

impl App {
    /// The app was launched: `didFinishLaunching` runs.
    pub fn launched(&mut self, process: ProcessId, state: ProcessState) {
        self.disk.launches += 1;
        self.life = Some(Life::new(process, state));
        let again = self.disk.launches > 1;
        self.forget_lost_tasks(again);
        let at_launch =
            !again || matches!(self.habits.sessions, Sessions::AtLaunch | Sessions::Both);
        if let Some(life) = &mut self.life {
            for spec in &self.disk.sessions {
                if at_launch || spec.kind == SessionKind::InProcess {
                    life.steps.push_back(Step::Create(spec.name.clone()));
                }
            }
        }
        for session in std::mem::take(&mut self.early) {
            self.handle_events(&session);
        }
    }

    /// `application(_:handleEventsForBackgroundURLSession:completionHandler:)`.
    pub fn handle_events(&mut self, session: &str) {
        let identifier: Arc<str> = session.into();
        let Some(life) = &mut self.life else {
            self.early.push(identifier);
            return;
        };
        if self.habits.handlers == Handlers::OneForAll {
            life.handlers.clear();
        }
        life.handlers.insert(identifier.clone());
        if self.habits.handler == Handler::AtOnce {
            life.handlers.remove(&identifier);
            life.later(AppEffect::CallHandler { session: identifier.clone() });
        }
        let Some(name) = self.name_of(&identifier) else {
            return;
        };
        let Some(life) = &mut self.life else { return };
        let on_its_way =
            life.steps.iter().any(|step| matches!(step, Step::Create(other) if *other == name));
        let connected = life.sessions.contains_key(&name) || on_its_way;
        let creates = match self.habits.sessions {
            Sessions::AtLaunch | Sessions::InHandleEvents => !connected,
            Sessions::Both => true,
            Sessions::Never => false,
        };
        if creates {
            life.steps.push_back(Step::Create(name));
        }
    }

    /// Tells the identifier that the running process gives a session.
    pub(super) fn identifier(&self, spec: &SessionSpec) -> Arc<str> {
        let launch = self.disk.launches;
        match self.habits.identifier {
            Identifier::NewEachLaunch if launch > 1 && spec.kind == SessionKind::Background => {
                format!("{}-{launch}", spec.name).into()
            }
            Identifier::NewEachLaunch | Identifier::Stable => spec.name.clone(),
        }
    }

    fn name_of(&self, identifier: &str) -> Option<Arc<str>> {
        let spec = self.disk.sessions.iter().find(|spec| *self.identifier(spec) == *identifier);
        spec.map(|spec| spec.name.clone())
    }

    /// A session is there: the app joins its items with the session's tasks, and begins new ones.
    pub(super) fn connected(&mut self, name: &Arc<str>, id: SessionId) {
        let Some(spec) = self.disk.session(name) else {
            return;
        };
        let identifier = self.identifier(spec);
        let Some(life) = &mut self.life else { return };
        let first = life.sessions.insert(name.clone(), id) != Some(id);
        life.identifiers.insert(id, identifier);
        let open = |item: &Item| {
            item.session == *name
                && item.state == ItemState::Queued
                && matches!(item.phase, Phase::Given(_))
        };
        let asks = self.habits.known_tasks == KnownTasks::AskedFor;
        if first && asks && self.disk.items.iter().any(open) {
            life.later(AppEffect::Call(Call::GetAllTasks(id)));
        }
        self.pump(name);
    }

    /// Drops the tasks that cannot be there any more, or all of them if that is the habit.
    fn forget_lost_tasks(&mut self, again: bool) {
        let everything = again && self.habits.known_tasks == KnownTasks::EverythingAgain;
        for index in 0..self.disk.items.len() {
            let lost = everything || self.disk.in_process(&self.disk.items[index].session);
            let item = &mut self.disk.items[index];
            if lost && item.state == ItemState::Queued && matches!(item.phase, Phase::Given(_)) {
                item.phase = Phase::Wanted;
            }
        }
    }

    /// Gives the session as many wanted items as the habit allows.
    pub(super) fn pump(&mut self, name: &str) {
        let Some(life) = &mut self.life else { return };
        if !life.sessions.contains_key(name) {
            return;
        }
        let window = match self.habits.next {
            crate::Next::All => usize::MAX,
            crate::Next::Window(window) => usize::try_from(window).unwrap_or(usize::MAX),
        };
        let mine = || self.disk.items.iter().enumerate().filter(|(_, item)| *item.session == *name);
        let given = mine().filter(|(_, item)| matches!(item.phase, Phase::Given(_))).count();
        let mut open = given + mine().filter(|(i, _)| life.beginning.contains(i)).count();
        for (index, item) in mine() {
            if open >= window {
                break;
            }
            if item.phase == Phase::Wanted && life.beginning.insert(index) {
                life.steps.push_back(Step::Begin(index));
                open += 1;
            }
        }
    }

    /// The answer of `getAllTasks`: an item whose task is missing may have a result on its way, so it is
    /// asked for once more behind that; one that is missing a second time is started again. A task that is there is resumed, for the app may
    /// have died between making it and that; to one that runs this does nothing.
    pub(super) fn reconcile(&mut self, session: SessionId, tasks: &[TaskId]) {
        if self.habits.known_tasks != KnownTasks::AskedFor {
            return;
        }
        let (mut names, mut idle, mut asks_again) = (Vec::new(), Vec::new(), false);
        for index in 0..self.disk.items.len() {
            let item = &mut self.disk.items[index];
            let Phase::Given(task) = item.phase else {
                continue;
            };
            if task.session != session || item.state != ItemState::Queued {
                continue;
            }
            let missed_before = item.missing;
            item.missing = !tasks.contains(&task.task);
            if !item.missing && !item.suspended {
                idle.push(task);
            }
            asks_again |= item.missing && !missed_before;
            if item.missing && missed_before {
                names.push(item.session.clone());
                self.again(index, None);
            }
        }
        for name in names {
            self.pump(&name);
        }
        // Who knows its items by a map in memory has none to ask about after a launch.
        let knows = self.habits.item_map == ItemMap::TaskDescription;
        if asks_again
            && knows
            && let Some(life) = &mut self.life
        {
            life.later(AppEffect::Call(Call::GetAllTasks(session)));
        }
        for task in idle {
            self.call(Call::Resume(task));
        }
    }

    /// Puts an item back into the queue, to go on from resume data or from its start.
    pub(super) fn again(
        &mut self,
        index: usize,
        resume_data: Option<sleepwalker_core::ResumeData>,
    ) {
        let item = &mut self.disk.items[index];
        item.phase = Phase::Wanted;
        item.resume_data = resume_data;
        item.file = Claimed::Not;
        item.missing = false;
        // What was asked of the task that is gone is not asked of the next one.
        item.pausing = false;
        let task = item.task;
        self.mark(index, task, ItemState::Queued, None);
    }

    /// Asks again about items that were missing.
    pub(super) fn ask_for_missing(&mut self) {
        let Some(life) = &mut self.life else { return };
        let mut asked: Vec<SessionId> = Vec::new();
        for item in self.disk.items.iter().filter(|item| item.missing) {
            if let (ItemState::Queued, Phase::Given(task)) = (item.state, item.phase)
                && !asked.contains(&task.session)
                && life.identifiers.contains_key(&task.session)
            {
                asked.push(task.session);
                life.later(AppEffect::Call(Call::GetAllTasks(task.session)));
            }
        }
    }
}
