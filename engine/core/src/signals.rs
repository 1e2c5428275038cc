//! What the OS tells: processes come, change and go; path, power and lock change.

use crate::{
    Ask, CancelReason, Core, Death, DelayChange, ErrorCode, Link, Method, Note, Order, Path,
    ProcessId, ProcessState, RowKey, Rule, SessionId, SessionKind, Signal, TaskError, TaskKey,
    Time, Wakeup, What, Why,
    connections::Use,
    sessions::{Item, Running},
    task::Phase,
};

impl Core {
    pub(crate) fn on_signal(&mut self, signal: Signal, now: Time) {
        match signal {
            Signal::Launched(process, state) => {
                self.waking = false;
                self.processes.insert(process, state);
                if state == ProcessState::Foreground {
                    self.on_foreground(now);
                    if !self.keep(Rule::BG_LIFE_08) {
                        self.announce_unfinished();
                    }
                }
            }
            Signal::Changed(process, state) => self.on_changed(process, state, now),
            Signal::Died(process, death) => self.on_died(process, death, now),
            Signal::HandledEvents(process, session) => self.on_handled_events(process, &session),
            Signal::Path(path) => self.on_path(path, now),
            Signal::Power(power) => {
                self.power = power;
                self.may_start = true;
            }
            Signal::Unlocked => {
                self.unlocked = true;
                self.may_start = true;
            }
        }
    }

    /// Has every session with unfinished tasks named to an app that the user has launched: what
    /// BG-LIFE-08 rules out.
    fn announce_unfinished(&mut self) {
        let busy = self.sessions.values().filter(|s| s.is_background() && s.unfinished > 0);
        let names: Vec<_> = busy.map(|session| session.name.to_string()).collect();
        for session in names {
            self.emit(Rule::BG_LIFE_08, What::Ask(Ask::Wake { session }));
        }
    }

    fn on_foreground(&mut self, now: Time) {
        if self.limiter.until().is_some() && self.keep(Rule::BG_RATE_05) {
            self.reset_limiter(DelayChange::Foreground, Rule::BG_RATE_05);
            self.release_held(now);
        }
        if self.keep(Rule::BG_SCHED_03) {
            for key in std::mem::take(&mut self.auto_discretionary) {
                let Some(task) = self.task_mut(key) else {
                    continue;
                };
                task.row_mut().auto_discretionary = false;
                let waits = matches!(task.phase, Phase::Waiting(_));
                self.touch(key);
                if waits {
                    self.release(key, Rule::BG_SCHED_03, Why::Discretionary, now);
                }
            }
        }
        self.may_start = true;
    }

    pub(crate) fn reset_limiter(&mut self, why: DelayChange, rule: Rule) {
        if let Some(until) = self.limiter.until() {
            self.timers.disarm(until, Wakeup::Limiter);
        }
        self.limiter.reset();
        self.touch_row(RowKey::Limiter);
        let delay = self.limiter.delay();
        self.emit(rule, What::Note(Note::Delay { delay, why }));
    }

    /// All tasks that the limiter holds may start.
    pub(crate) fn release_held(&mut self, now: Time) {
        for key in std::mem::take(&mut self.held) {
            if let Some(task) = self.task_mut(key) {
                task.row_mut().held = false;
                self.touch(key);
                self.release(key, Rule::BG_RATE_07, Why::Limiter, now);
            }
        }
    }

    fn on_changed(&mut self, process: ProcessId, state: ProcessState, now: Time) {
        let Some(old) = self.processes.insert(process, state) else {
            self.processes.remove(&process);
            return;
        };
        self.waking = false;
        match state {
            ProcessState::Suspended => self.on_suspended(process, now),
            ProcessState::Foreground | ProcessState::Background => {
                if old == ProcessState::Suspended {
                    self.on_thawed(process, now);
                }
                if state == ProcessState::Foreground {
                    self.on_foreground(now);
                }
            }
        }
        self.mark_ready(process);
        self.consider_wakes(now);
    }

    /// Sessions of a process may go on with their callbacks.
    fn mark_ready(&mut self, process: ProcessId) {
        let of_process = self.sessions.iter().filter(|(_, s)| s.connected == Some(process));
        let ids: Vec<_> = of_process.map(|(id, _)| *id).collect();
        self.ready.extend(ids);
    }

    fn own_tasks(&self, process: ProcessId) -> Vec<TaskKey> {
        self.sessions
            .iter()
            .filter(|(_, s)| !s.is_background() && s.connected == Some(process))
            .flat_map(|(id, s)| s.tasks.iter().map(|(task, _)| TaskKey { session: *id, task }))
            .collect()
    }

    /// A frozen process: its own transfers freeze with it (BG-QUIT-16), background data tasks are cut
    /// (BG-KIND-08), progress that was not told is forgotten (BG-LIFE-15).
    fn on_suspended(&mut self, process: ProcessId, now: Time) {
        if self.keep(Rule::BG_QUIT_16) {
            for key in self.own_tasks(process) {
                let exchange = self.task(key).and_then(|task| task.phase.exchange());
                if let Some(attempt) = exchange.filter(|e| !e.held).map(|e| e.attempt) {
                    self.freeze(key, attempt, Rule::BG_QUIT_16);
                }
            }
        }
        self.cut_data_tasks(process, now);
        if !self.keep(Rule::BG_KIND_01) {
            self.stop_transfers();
        }
        self.forget_progress(process);
    }

    /// The transfers of background sessions end with the run of their app: what is so of others.
    fn stop_transfers(&mut self) {
        for key in
            self.connections.users().into_iter().map(|key| self.owner(key)).collect::<Vec<_>>()
        {
            if self.is_background(key) {
                self.stop(key, Rule::BG_KIND_01, Why::Process);
            }
        }
    }

    fn forget_progress(&mut self, process: ProcessId) {
        if !self.keep(Rule::BG_LIFE_15) {
            return;
        }
        let of_process = self.sessions.iter_mut().filter(|(_, s)| s.connected == Some(process));
        for session in of_process.map(|(_, session)| session).filter(|s| s.is_background()) {
            let mut kept = std::mem::take(&mut session.queue);
            kept.retain(|item| match item {
                Item::Progress(task) => {
                    if let Some(task) = session.tasks.get_mut(*task) {
                        task.tells = false;
                    }
                    false
                }
                _ => true,
            });
            session.queue = kept;
        }
    }

    fn cut_data_tasks(&mut self, process: ProcessId, now: Time) {
        if !self.keep(Rule::BG_KIND_08) {
            return;
        }
        for key in self.data_tasks.clone() {
            let own = self.sessions[&key.session].connected == Some(process);
            let cut = own
                && self
                    .task(key)
                    .is_some_and(|task| task.is_unfinished() && task.row.resumed_at.is_some());
            if cut {
                let error = ErrorCode::BACKGROUND_SESSION_DISCONNECTED.into();
                self.stop(key, Rule::BG_KIND_08, Why::Process);
                self.finish(key, Rule::BG_KIND_08, Some(error), None, now);
            }
        }
    }

    fn on_thawed(&mut self, process: ProcessId, now: Time) {
        for key in self.own_tasks(process) {
            let exchange = self.task(key).and_then(|task| task.phase.exchange());
            let Some(attempt) = exchange.filter(|e| e.held).map(|e| e.attempt) else {
                continue;
            };
            if self.task(key).is_some_and(|task| task.row.suspensions == 0) {
                self.thaw(key, attempt, now);
            }
        }
    }

    fn on_died(&mut self, process: ProcessId, death: Death, now: Time) {
        self.processes.remove(&process);
        self.cut_data_tasks(process, now);
        let own: Vec<_> = self
            .sessions
            .iter()
            .filter(|(_, s)| s.connected == Some(process))
            .map(|(id, s)| (*id, s.kind))
            .collect();
        for (id, kind) in own {
            match kind {
                SessionKind::InProcess => self.drop_session(id),
                SessionKind::Background => self.disconnect(id),
            }
        }
        if death == Death::Watchdog && !self.keep(Rule::BG_WAKE_08) {
            self.sessions.values_mut().for_each(|session| session.asked = false);
        }
        let stops = death == Death::ForceQuit && self.keep(Rule::BG_QUIT_02);
        let crash_stops = death != Death::ForceQuit && !self.keep(Rule::BG_QUIT_01);
        if stops || crash_stops {
            self.cancel_all(CancelReason::UserForceQuit, now);
        }
        self.consider_wakes(now);
    }

    /// The system cancels all background tasks, for this reason.
    fn cancel_all(&mut self, reason: CancelReason, now: Time) {
        let keys: Vec<_> = self
            .sessions
            .iter()
            .filter(|(_, s)| s.is_background())
            .flat_map(|(id, s)| s.tasks.iter().map(|(task, t)| (*id, task, t)))
            .filter(|(_, _, t)| t.row.resumed_at.is_some() && t.is_unfinished())
            .map(|(session, task, _)| TaskKey { session, task })
            .collect();
        for key in keys {
            let settling =
                self.task(key).is_some_and(|t| matches!(t.phase, Phase::Settling { .. }));
            if settling {
                continue;
            }
            self.stop(key, Rule::BG_QUIT_02, Why::Cancelled);
            let resume_data =
                if self.keep(Rule::BG_QUIT_05) { self.make_resume_data(key) } else { None };
            let reason = self.keep(Rule::BG_QUIT_03).then_some(reason);
            let error = TaskError { code: ErrorCode::CANCELLED, reason, resume_data };
            self.finish(key, Rule::BG_QUIT_03, Some(error), None, now);
        }
    }

    /// A background session loses its process: what was said to it is gone, results stay.
    fn disconnect(&mut self, id: SessionId) {
        let repeat = self.knobs.repeat_interrupted_callbacks;
        let running: Vec<_> = self
            .callbacks
            .iter()
            .filter(|(_, (session, _))| *session == id)
            .map(|(callback, (_, running))| (*callback, running.clone()))
            .collect();
        let mut again = Vec::new();
        for (callback, running) in running {
            self.callbacks.remove(&callback);
            if let Some(key) = self.gates.remove(&callback) {
                let asking = self.task(key).is_some_and(|t| matches!(t.phase, Phase::Asking));
                if asking {
                    again.push(Item::Say(Some(key.task), Method::WillBeginDelayedRequest));
                }
            }
            again.extend(self.interrupted(id, running, repeat));
        }
        let session = self.sessions.get_mut(&id).expect("the session was connected");
        session.connected = None;
        session.in_callback = 0;
        session.handling = false;
        let questions = again.iter().filter(|item| matches!(item, Item::Say(..))).count();
        if questions > 0 {
            session.wake_worthy += questions;
            session.asked = false;
        }
        let (lasting, lost): (Vec<_>, Vec<_>) =
            std::mem::take(&mut session.queue).into_iter().partition(|item| match item {
                Item::Result(..) => true,
                Item::Say(_, method) => matches!(method, Method::WillBeginDelayedRequest),
                Item::Progress(_) | Item::Chunk(..) | Item::AllTasks => false,
            });
        session.queue = again.into_iter().chain(lasting).collect();
        for task in session.tasks.ids() {
            if let Some(task) = session.tasks.get_mut(task) {
                task.tells = false;
            }
        }
        if session.invalidating {
            self.end_invalidation(id);
        }
        self.free(lost);
    }

    /// Nobody will read these chunks.
    fn free(&mut self, items: impl IntoIterator<Item = Item>) {
        for item in items {
            if let Item::Chunk(_, attempt, chunk, _) = item {
                self.order(Rule::SW_DATA_01, Order::Free(attempt, chunk));
            }
        }
    }

    /// What of a callback is still to be delivered whose process died in it (BG-DL-12).
    fn interrupted(&mut self, id: SessionId, running: Running, repeat: bool) -> Option<Item> {
        match running {
            Running::File(task, file) if !repeat && self.keep(Rule::BG_DL_12) => {
                self.order(Rule::BG_DL_12, Order::Remove(file));
                Some(Item::Result(task, crate::sessions::Stage::Metrics))
            }
            Running::File(task, _) => {
                if let Some(result) = self
                    .task_mut(TaskKey { session: id, task })
                    .and_then(|task| task.row_mut().result.as_mut())
                {
                    result.handed_over = false;
                }
                self.touch(TaskKey { session: id, task });
                Some(Item::Result(task, crate::sessions::Stage::Body(0)))
            }
            Running::Spool(task, _) if repeat => {
                Some(Item::Result(task, crate::sessions::Stage::Body(0)))
            }
            Running::Spool(task, next) => {
                Some(Item::Result(task, crate::sessions::Stage::Body(next)))
            }
            Running::Metrics(task) => Some(Item::Result(task, crate::sessions::Stage::Done)),
            Running::Done(task) if repeat => Some(Item::Result(task, crate::sessions::Stage::Done)),
            Running::Done(task) => {
                self.forget(TaskKey { session: id, task });
                None
            }
            Running::Chunk(attempt, chunk) => {
                self.order(Rule::SW_DATA_01, Order::Free(attempt, chunk));
                None
            }
            Running::Plain | Running::Invalid => None,
        }
    }

    /// An in-process session goes with its process, without a word (BG-QUIT-16).
    fn drop_session(&mut self, id: SessionId) {
        for task in self.sessions[&id].tasks.ids() {
            let key = TaskKey { session: id, task };
            self.stop(key, Rule::BG_QUIT_16, Why::Process);
            if let Some(deadline) = self.task(key).and_then(crate::task::Task::resource_deadline) {
                self.timers.disarm(deadline, Wakeup::Resource(key));
            }
            self.set_phase(key, Phase::Finished);
            self.forget(key);
        }
        let queue = self.sessions.get_mut(&id).map(|session| std::mem::take(&mut session.queue));
        self.free(queue.unwrap_or_default());
        for (_, (_, running)) in
            self.callbacks.extract_if(.., |_, (session, _)| *session == id).collect::<Vec<_>>()
        {
            if let Running::Chunk(attempt, chunk) = running {
                self.order(Rule::SW_DATA_01, Order::Free(attempt, chunk));
            }
        }
        self.gates.retain(|_, key| key.session != id);
        self.remove_session(id, Rule::BG_QUIT_16);
    }

    /// A session and its idle connections go.
    pub(crate) fn remove_session(&mut self, id: SessionId, rule: Rule) {
        for connection in self.connections.idle(Some(id)) {
            self.close(connection, rule, true);
        }
        if let Some(session) = self.sessions.remove(&id) {
            self.identifiers.retain(|_, known| *known != id);
            self.former.insert(id, session.name.clone());
            if session.is_background() {
                self.touch_row(RowKey::Session(id));
                self.touch_row(RowKey::NextTask(id));
            }
        }
        self.ready.remove(&id);
    }

    fn on_handled_events(&mut self, process: ProcessId, identifier: &str) {
        let Some(id) = self.find_session(identifier) else {
            return;
        };
        if !self.processes.contains_key(&process) {
            return;
        }
        let first = self.keep(Rule::BG_LIFE_13);
        let session = self.sessions.get_mut(&id).expect("an identifier leads to a session");
        if session.invalidating {
            return;
        }
        session.handling = true;
        let end = Item::Say(None, Method::DidFinishEvents);
        if first {
            session.queue.push_back(end);
        } else {
            session.queue.push_front(end);
        }
        self.ready.insert(id);
    }

    /// Attempts on a path that is gone are cut; a path that came lets tasks start.
    fn on_path(&mut self, path: Path, now: Time) {
        let old = std::mem::replace(&mut self.path, path);
        if old.link != path.link {
            for connection in self.connections.idle(None) {
                self.close(connection, Rule::BG_NET_01, true);
            }
        }
        let keys: Vec<_> = self
            .connections
            .users()
            .into_iter()
            .map(|key| self.owner(key))
            .filter(|key| {
                let Some(task) = self.task(*key) else {
                    return false;
                };
                let request = &task.row.request;
                let configuration = &task.row.configuration;
                old.link != path.link
                    || path.expensive
                        && !(request.allows_expensive && configuration.allows_expensive)
                    || path.constrained
                        && !(request.allows_constrained && configuration.allows_constrained)
            })
            .collect();
        let lost = old.link != Link::None;
        for key in keys.into_iter().filter(|_| lost) {
            self.lose_path(key, now);
        }
        self.may_start = true;
    }

    fn lose_path(&mut self, key: TaskKey, now: Time) {
        if self.is_background(key) {
            self.stop(key, Rule::BG_NET_01, Why::Path);
            self.set_phase(key, Phase::Suspended);
            self.enqueue(key, now);
        } else {
            self.broke(key, ErrorCode::NETWORK_CONNECTION_LOST, now);
        }
    }

    /// Closes a connection that carries nothing.
    pub(crate) fn close(&mut self, id: crate::ConnectionId, rule: Rule, tell_driver: bool) {
        let Some(connection) = self.connections.remove(id) else {
            return;
        };
        if let Use::Idle(until) = connection.used {
            self.timers.disarm(until, Wakeup::Connection(id));
        }
        if tell_driver {
            self.order(rule, Order::Close(id));
        }
        let (session, host) = (connection.session, connection.host);
        self.emit(rule, What::Note(Note::Closed { connection: id, session, host }));
        self.may_start = true;
    }
}
