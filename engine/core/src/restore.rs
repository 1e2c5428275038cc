//! A core from the rows that an earlier one stored.

use std::collections::BTreeMap;

use crate::{
    Core, DelayChange, ErrorCode, Faults, Knobs, Row, RowKey, Rule, SessionId, SessionKind,
    TaskKey, Time, Wakeup,
    limiter::Limiter,
    sessions::{Item, Session, Stage},
    task::{Phase, Task},
};

/// Rows that do not fit each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("row {row}: {why}")]
pub struct RestoreError {
    /// Which row.
    pub row: String,
    /// What is wrong with it.
    pub why: String,
}

impl Core {
    /// Makes the core of a daemon that starts with what an earlier one stored. The shell then deletes
    /// all files but [`Core::files`], and reports each that is shorter than told as `Report::Short`,
    /// before any signal.
    ///
    /// # Errors
    ///
    /// A task or a counter of a session that has no row.
    pub fn restore(
        knobs: Knobs,
        faults: Faults,
        rows: impl IntoIterator<Item = Row>,
        now: Time,
    ) -> Result<Core, RestoreError> {
        let mut core = Core::at_rest(knobs, faults, rows)?;
        core.start_again(now);
        Ok(core)
    }

    /// Makes a core that has read its rows and not started: its [`Core::rows`] are these rows.
    ///
    /// # Errors
    ///
    /// As [`Core::restore`].
    pub fn at_rest(
        knobs: Knobs,
        faults: Faults,
        rows: impl IntoIterator<Item = Row>,
    ) -> Result<Core, RestoreError> {
        let rows: BTreeMap<RowKey, Row> = rows.into_iter().map(|row| (row.key(), row)).collect();
        let mut core = Core::new(knobs, faults);
        // `RowKey`'s order has the limiter first, then sessions, counters, tasks.
        for row in rows.into_values() {
            core.take_row(row)?;
        }
        Ok(core)
    }

    fn take_row(&mut self, row: Row) -> Result<(), RestoreError> {
        match row {
            Row::Limiter(row) => self.limiter = Limiter::restore(row),
            Row::Session(id, row) => {
                let configuration = (*row.configuration).clone();
                let kind = SessionKind::Background;
                let mut session = Session::new(&row.identifier, kind, configuration);
                session.implements = row.implements;
                session.invalidating = row.invalidating;
                self.next_session = self.next_session.max(id.0 + 1);
                self.identifiers.insert(session.name.clone(), id);
                self.sessions.insert(id, session);
            }
            Row::NextTask(id, next) => self.owner_of(id)?.next_task = next,
            Row::Task(key, row) => {
                let mut task = Task::new(row);
                task.received = task.row.partial.as_ref().map_or(0, |part| part.length);
                self.next_order = self.next_order.max(task.row.order + 1);
                for (file, _) in task.files() {
                    self.files_in_use.insert(file, key);
                    self.next_file = self.next_file.max(file.0 + 1);
                }
                let unfinished = task.row.result.is_none();
                if unfinished && task.is_data() {
                    self.data_tasks.insert(key);
                }
                if unfinished && task.row.auto_discretionary {
                    self.auto_discretionary.insert(key);
                }
                self.owner_of(key.session)?.tasks.insert(key.task, task);
            }
            Row::Resumable(file, length) => {
                self.resumable.insert(file, length);
                self.next_file = self.next_file.max(file.0 + 1);
            }
        }
        Ok(())
    }

    fn owner_of(&mut self, id: SessionId) -> Result<&mut Session, RestoreError> {
        self.sessions.get_mut(&id).ok_or_else(|| RestoreError {
            row: format!("of session {id}"),
            why: "the session has no row".to_owned(),
        })
    }

    /// The daemon starts: results wait again for delivery, unfinished tasks for their turn.
    fn start_again(&mut self, now: Time) {
        let resets = self.knobs.limiter_reset_by_reboot && self.keep(Rule::BG_RATE_13);
        if self.limiter.until().is_some() && resets {
            self.reset_limiter(DelayChange::Reboot, Rule::BG_RATE_13);
        } else if let Some(until) = self.limiter.until() {
            self.timers.arm(until, Wakeup::Limiter);
        }
        for id in self.sessions.keys().copied().collect::<Vec<_>>() {
            self.start_session_again(id);
        }
        let keys: Vec<_> = self
            .sessions
            .iter()
            .flat_map(|(id, s)| {
                s.tasks.ids().into_iter().map(|task| TaskKey { session: *id, task })
            })
            .collect();
        for key in keys {
            self.start_task_again(key, now);
        }
        self.consider_wakes(now);
        self.may_start = true;
        self.take_input(crate::Input::Due, now);
        self.settle(now);
    }

    fn start_session_again(&mut self, id: SessionId) {
        let session = self.sessions.get_mut(&id).expect("the session was just restored");
        let mut results = BTreeMap::new();
        for (task, state) in session.tasks.iter() {
            if let Some(result) = &state.row.result {
                results.insert((result.order, task), result.wakes);
            }
        }
        for ((order, task), wakes) in results {
            session.tasks.get_mut(task).expect("just seen").phase = Phase::Finished;
            session.queue.push_back(Item::Result(task, Stage::Body(0)));
            session.next_result = order + 1;
            session.wake_worthy += usize::from(wakes);
        }
        self.end_invalidation(id);
    }

    fn start_task_again(&mut self, key: TaskKey, now: Time) {
        let limiter = self.limiter.until().is_some();
        let Some(task) = self.task_mut(key) else {
            return;
        };
        let Some(deadline) = task.resource_deadline().filter(|_| task.is_unfinished()) else {
            return;
        };
        let (suspended, held) = (task.row.suspensions > 0, task.row.held);
        if held && !limiter {
            task.row_mut().held = false;
        }
        let is_data = task.is_data();
        let session = self.sessions.get_mut(&key.session).expect("the task has a session");
        session.unfinished += 1;
        session.suspended += usize::from(suspended);
        self.timers.arm(deadline, Wakeup::Resource(key));
        if held && !limiter {
            self.touch(key);
        }
        if is_data {
            let error = ErrorCode::BACKGROUND_SESSION_DISCONNECTED.into();
            self.finish(key, Rule::BG_KIND_08, Some(error), None, now);
        } else if !self.keep(Rule::BG_QUIT_08) {
            self.finish(key, Rule::BG_QUIT_08, Some(ErrorCode::CANCELLED.into()), None, now);
        } else if !suspended {
            self.enqueue(key, now);
        }
    }
}
