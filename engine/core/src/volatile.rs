//! What of a core dies with its daemon, and what rows bring back.

use crate::{
    Core,
    sessions::Session,
    task::{Phase, Task},
    tasks::Tasks,
};

impl Core {
    /// Returns this core as it would be if its daemon died now and another one read its rows: what
    /// [`Core::at_rest`] makes of [`Core::rows`], but taken from the live state and its books. For
    /// property tests, which compare the two field by field.
    ///
    /// Volatile are processes, path, power and lock, connections, attempts, timers, callbacks, gates,
    /// in-process sessions, bytes that were not synced, and what was handed over. Counts go on behind
    /// the highest number that is left.
    #[must_use]
    pub fn without_volatile(&self) -> Core {
        let mut core = Core::new(self.knobs.clone(), self.faults.clone());
        core.limiter = self.limiter.clone();
        core.resumable = self.resumable.clone();
        core.auto_discretionary = self.auto_discretionary.clone();
        core.data_tasks = self.data_tasks.clone();
        for (id, session) in self.sessions.iter().filter(|(_, session)| session.is_background()) {
            core.identifiers.insert(session.name.clone(), *id);
            core.sessions.insert(*id, session.without_volatile());
        }
        for (file, key) in &self.files_in_use {
            let named = |task: &Task| task.files().any(|(named, _)| named == *file);
            if core.task(*key).is_some_and(named) {
                core.files_in_use.insert(*file, *key);
            }
        }
        let files = core.files_in_use.keys().chain(core.resumable.keys());
        core.next_file = files.map(|file| file.0 + 1).max().unwrap_or(1);
        core.next_session = core.sessions.keys().map(|id| id.0 + 1).max().unwrap_or(1);
        let tasks = core.sessions.values().flat_map(|session| session.tasks.iter());
        core.next_order = tasks.map(|(_, task)| task.row.order + 1).max().unwrap_or(1);
        core
    }

    /// Returns the first field in which another core differs, with both values.
    #[must_use]
    pub fn difference(&self, other: &Core) -> Option<String> {
        if self == other {
            return None;
        }
        let (one, two) = (format!("{self:#?}"), format!("{other:#?}"));
        let (lines, others) = (one.lines(), two.lines().chain(std::iter::repeat("")));
        let place = lines.zip(others).find(|(line, other)| line != other);
        Some(place.map_or("more".to_owned(), |(line, other)| {
            format!("{} against {}", line.trim(), other.trim())
        }))
    }
}

impl Session {
    fn without_volatile(&self) -> Session {
        let mut tasks = Tasks::default();
        for (id, task) in self.tasks.iter().filter(|(_, task)| !task.delivered) {
            tasks.insert(id, task.without_volatile());
        }
        Session {
            configuration: self.configuration.clone(),
            implements: self.implements,
            invalidating: self.invalidating,
            next_task: self.next_task,
            tasks,
            ..Session::new(&self.name, self.kind, crate::Configuration::default())
        }
    }
}

impl Task {
    fn without_volatile(&self) -> Task {
        let ended = matches!(self.phase, Phase::Finished);
        assert_eq!(ended, self.row.result.is_some(), "a result is there when a task is over");
        let received = self.row.partial.as_ref().map_or(0, |part| part.length);
        Task { received, ..Task::new(self.row.clone()) }
    }
}
