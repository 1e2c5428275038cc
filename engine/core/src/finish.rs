//! How attempts stop and tasks end: broken, tried again, cancelled, out of time, done.

use crate::{
    CancelReason, ConnectionId, Core, ErrorCode, Method, Note, Order, ResumeData, RowKey, Rule,
    TaskError, TaskKey, TaskKind, TaskResult, Time, Wakeup, What, Why,
    connections::Use,
    sessions::{Item, Stage},
    task::Phase,
};

/// What a background transfer does with a transport error (ERRORS.md).
enum Class {
    /// Hidden, and tried again until the resource timeout.
    Retried,
    /// Tried again so often, then told.
    Bounded(u32),
    /// Told.
    Told,
}

impl Core {
    fn class(&self, code: ErrorCode) -> Class {
        match code {
            ErrorCode::TIMED_OUT
            | ErrorCode::CANNOT_FIND_HOST
            | ErrorCode::CANNOT_CONNECT_TO_HOST
            | ErrorCode::NETWORK_CONNECTION_LOST
            | ErrorCode::NOT_CONNECTED => Class::Retried,
            ErrorCode::BAD_SERVER_RESPONSE | ErrorCode::CANNOT_PARSE_RESPONSE => {
                Class::Bounded(self.knobs.bad_response_retries)
            }
            ErrorCode::SECURE_CONNECTION_FAILED => Class::Bounded(self.knobs.tls_retries),
            _ => Class::Told,
        }
    }

    /// Breaks off whatever a task is at; afterwards it is nowhere, and the caller says where it goes.
    pub(crate) fn stop(&mut self, key: TaskKey, rule: Rule, why: Why) {
        let Some(task) = self.task(key) else { return };
        match &task.phase {
            Phase::Connecting(connection) => {
                let connection = *connection;
                self.forget_opening(connection);
                self.order(rule, Order::Close(connection));
            }
            phase => {
                if let Some(exchange) = phase.exchange() {
                    let attempt = exchange.attempt;
                    self.order(rule, Order::Cut(attempt));
                    self.drop_connection(key, rule);
                    self.note_stop(key, rule, why);
                }
            }
        }
        if self.task(key).is_some_and(|task| !matches!(task.phase, Phase::Finished)) {
            self.set_phase(key, Phase::Suspended);
        }
        let keeps = !matches!(why, Why::Cancelled | Why::Changed | Why::TimedOut);
        self.save_partial(key, keeps);
        if let Some(task) = self.task_mut(key) {
            task.hop = None;
            task.redirects = 0;
        }
    }

    /// Makes what a stopped background download holds durable.
    fn save_partial(&mut self, key: TaskKey, keeps: bool) {
        let background = self.is_background(key);
        let Some(task) = self.task_mut(key) else {
            return;
        };
        let received = task.received;
        let Some(part) = &task.row.partial else {
            return;
        };
        let (file, stored) = (part.file, part.length);
        if keeps && background && part.validator.is_some() && received > stored && !task.syncing {
            task.syncing = true;
            self.order(Rule::SW_STORE_01, Order::Sync(file));
        }
    }

    fn note_stop(&mut self, key: TaskKey, rule: Rule, why: Why) {
        let Some(task) = self.task(key) else { return };
        let Some(exchange) = task.phase.exchange() else {
            return;
        };
        let upload = matches!(task.row.kind, TaskKind::Upload(_)) && exchange.status.is_none();
        let total = if upload { task.sent } else { task.received };
        let attempt = exchange.attempt;
        self.converted.remove(&attempt.task);
        self.emit(rule, What::Note(Note::Stopped { attempt, why, total }));
    }

    /// The connection of a task's exchange is gone, with its timers.
    pub(crate) fn drop_connection(&mut self, key: TaskKey, rule: Rule) {
        let connection = self.exchange(key).connection;
        self.disarm(key);
        self.lose_connection(connection, rule);
    }

    fn lose_connection(&mut self, id: ConnectionId, rule: Rule) {
        if let Some(connection) = self.connections.remove(id) {
            let (session, host) = (connection.session, connection.host);
            self.emit(rule, What::Note(Note::Closed { connection: id, session, host }));
            self.may_start = true;
        }
    }

    /// Nothing waits for a live attempt any more.
    pub(crate) fn disarm(&mut self, key: TaskKey) {
        let exchange = self.exchange(key);
        let (attempt, idle_at, window) = (exchange.attempt, exchange.idle_at, exchange.window);
        if let Some(at) = idle_at {
            self.timers.disarm(at, Wakeup::Idle(attempt));
        }
        if let Some((at, _)) = window {
            self.timers.disarm(at, Wakeup::Throughput(attempt));
        }
    }

    /// An attempt broke by itself, or its connection could not be opened.
    pub(crate) fn broke(&mut self, key: TaskKey, code: ErrorCode, now: Time) {
        if let Some(&Phase::Connecting(connection)) = self.task(key).map(|task| &task.phase)
            && self.forget_opening(connection)
        {
            self.order(Rule::BG_NET_01, Order::Close(connection));
        }
        let Some(task) = self.task(key) else { return };
        let exchange = task.phase.exchange();
        // What is held would begin again for a frozen process or a suspended task.
        let stale = exchange.is_some_and(|e| e.reused && e.status.is_none() && !e.held)
            && matches!(task.row.request.method.as_str(), "GET" | "HEAD")
            && self.path.link != crate::Link::None;
        if let Some(connection) = exchange.map(|e| e.connection)
            && self.connections.get(connection).is_some()
        {
            let attempt = self.exchange(key).attempt;
            self.order(Rule::BG_NET_01, Order::Cut(attempt));
            self.drop_connection(key, Rule::BG_NET_01);
        }
        self.note_stop(key, Rule::BG_NET_01, Why::Failed(code));
        self.set_phase(key, Phase::Suspended);
        self.save_partial(key, true);
        if stale && self.keep(Rule::SW_CONN_02) {
            return self.enqueue(key, now);
        }
        self.fail(key, Rule::BG_NET_01, code, now);
    }

    /// A task that is nowhere failed: tried again in silence, or over (BG-NET-01).
    pub(crate) fn fail(&mut self, key: TaskKey, rule: Rule, code: ErrorCode, now: Time) {
        let hides = self.is_background(key) && self.keep(Rule::BG_NET_01);
        let Some(task) = self.task_mut(key) else {
            return;
        };
        let hides = hides && !task.is_data();
        let bad_tries = task.bad_tries;
        let told = match self.class(code) {
            Class::Retried => !hides,
            Class::Bounded(most) => !hides || bad_tries >= most || !self.keep(Rule::BG_NET_14),
            Class::Told => true,
        };
        if !told {
            let task = self.task_mut(key).expect("the task was just seen");
            if matches!(
                code,
                ErrorCode::BAD_SERVER_RESPONSE
                    | ErrorCode::CANNOT_PARSE_RESPONSE
                    | ErrorCode::SECURE_CONNECTION_FAILED
            ) {
                task.bad_tries += 1;
            }
            return self.retry(key, Why::Failed(code), now);
        }
        let resume_data = self.left_by_failure(key);
        let error = TaskError { code, reason: None, resume_data };
        self.finish(key, rule, Some(error), None, now);
    }

    /// Sets the next try of a background transfer (BG-NET-02, BG-NET-03).
    pub(crate) fn retry(&mut self, key: TaskKey, why: Why, now: Time) {
        let keeps = self.keep(Rule::BG_NET_17);
        let factor = if self.keep(Rule::BG_NET_02) { self.knobs.retry_factor } else { 1 };
        let first = if self.keep(Rule::BG_NET_03) {
            self.knobs.retry_initial
        } else {
            self.knobs.retry_initial * 2
        };
        let (cap, slow) = (self.knobs.retry_cap, self.knobs.throughput_retry);
        let task = self.task_mut(key).expect("a task that failed is there");
        task.failures += 1;
        task.hop = None;
        task.redirects = 0;
        if !keeps {
            task.received = 0;
        }
        let grown = first.saturating_mul(factor.saturating_pow(task.failures - 1));
        let (rule, delay) = match why {
            Why::Slow => (Rule::BG_NET_10, slow),
            Why::Idle => (Rule::BG_NET_05, grown.min(cap)),
            _ => (Rule::BG_NET_03, grown.min(cap)),
        };
        let at = now + delay;
        self.emit(rule, What::Note(Note::Retries { task: key, at, why }));
        self.set_phase(key, Phase::Backoff(at));
    }

    pub(crate) fn on_due(&mut self, wakeup: Wakeup, now: Time) {
        match wakeup {
            Wakeup::Limiter => self.on_limiter_due(now),
            Wakeup::Resource(key) => self.on_resource_due(key, now),
            Wakeup::Idle(attempt) => {
                if let Some(key) = self.live(attempt) {
                    self.on_idle_due(key, now);
                }
            }
            Wakeup::Opening(connection) => self.on_opening_due(connection, now),
            Wakeup::Throughput(attempt) => {
                if let Some(key) = self.live(attempt) {
                    self.on_window_due(key, now);
                }
            }
            Wakeup::Retry(key) => {
                self.set_phase(key, Phase::Suspended);
                self.enqueue(key, now);
            }
            Wakeup::Date(key) => {
                if let Some(task) = self.task_mut(key) {
                    task.timer = None;
                    self.release(key, Rule::BG_SCHED_17, Why::Date, now);
                }
            }
            Wakeup::Urgency(key) => {
                if let Some(task) = self.task_mut(key) {
                    task.timer = None;
                    self.release(key, Rule::BG_SCHED_04, Why::Discretionary, now);
                }
            }
            Wakeup::Connection(connection) => self.close(connection, Rule::SW_CONN_01, true),
        }
    }

    fn on_resource_due(&mut self, key: TaskKey, now: Time) {
        let settling = |phase: &Phase| matches!(phase, Phase::Settling { .. } | Phase::Finished);
        if self.task(key).is_none_or(|task| settling(&task.phase)) || !self.keep(Rule::BG_NET_06) {
            return;
        }
        self.stop(key, Rule::BG_NET_06, Why::TimedOut);
        let resume_data = self.left_by_failure(key);
        let error = TaskError { code: ErrorCode::TIMED_OUT, reason: None, resume_data };
        self.finish(key, Rule::BG_NET_06, Some(error), None, now);
    }

    /// Nothing came for the request timeout, or something did and the timer is armed anew.
    fn on_idle_due(&mut self, key: TaskKey, now: Time) {
        let background = self.is_background(key);
        let timeout = self.request_timeout(key);
        let task = self.task_mut(key).expect("the attempt is live");
        let deciding = matches!(task.phase, Phase::Deciding(..));
        let data = task.is_data();
        let exchange = task.phase.exchange_mut().expect("the attempt is live");
        exchange.idle_at = None;
        if exchange.held || deciding {
            return;
        }
        if exchange.active_at + timeout > now && self.keep(Rule::BG_NET_07) {
            return self.arm_idle(key);
        }
        self.time_out(key, background && !data, now);
    }

    /// A connection was not opened in time.
    fn on_opening_due(&mut self, id: ConnectionId, now: Time) {
        let Some(Use::Opening(key, _)) = self.connections.get(id).map(|c| c.used.clone()) else {
            return;
        };
        let data = self.task(key).is_some_and(crate::task::Task::is_data);
        self.time_out(key, self.is_background(key) && !data, now);
    }

    /// The request timeout ends an attempt: tried again in the background (BG-NET-05), else told.
    fn time_out(&mut self, key: TaskKey, silent: bool, now: Time) {
        self.stop(key, Rule::BG_NET_05, Why::Idle);
        if silent && self.keep(Rule::BG_NET_05) {
            self.retry(key, Why::Idle, now);
        } else {
            let resume_data = self.left_by_failure(key);
            let error = TaskError { code: ErrorCode::TIMED_OUT, reason: None, resume_data };
            self.finish(key, Rule::BG_NET_07, Some(error), None, now);
        }
    }

    /// The end of a throughput window: too slow is stopped in silence (BG-NET-10).
    fn on_window_due(&mut self, key: TaskKey, now: Time) {
        let floor = self.knobs.throughput_floor * self.knobs.throughput_window.as_secs();
        let in_front =
            self.processes.values().any(|state| *state == crate::ProcessState::Foreground);
        let task = self.task_mut(key).expect("the attempt is live");
        let in_scope = task.is_discretionary() || !in_front;
        let moved = task.received + task.sent;
        let data = task.is_data();
        let exchange = task.phase.exchange_mut().expect("the attempt is live");
        let Some((_, before)) = exchange.window.take() else {
            return;
        };
        if !in_scope || data || moved - before.min(moved) >= floor || !self.keep(Rule::BG_NET_10) {
            return self.arm_window(key, now);
        }
        self.stop(key, Rule::BG_NET_10, Why::Slow);
        self.retry(key, Why::Slow, now);
    }

    fn on_limiter_due(&mut self, now: Time) {
        let lapses = self.held.is_empty()
            || self.knobs.limiter_reset == crate::LimiterReset::Lapse
            || !self.keep(Rule::BG_RATE_10);
        if lapses && self.keep(Rule::BG_RATE_06) {
            self.reset_limiter(crate::DelayChange::Lapse, Rule::BG_RATE_06);
        }
        self.release_held(now);
    }

    /// Cancels a task: `cancel()`, or `cancel(byProducingResumeData:)` (BG-TASK-08, BG-RES-02).
    pub(crate) fn cancel(&mut self, key: TaskKey, produce: bool, now: Time) {
        let Some(task) = self.task(key) else { return };
        let over = matches!(task.phase, Phase::Finished | Phase::Settling { .. });
        let mut resume_data = None;
        if !over {
            self.stop(key, Rule::BG_TASK_08, Why::Cancelled);
            if produce {
                resume_data = self.make_resume_data(key);
            }
        }
        if produce && self.keep(Rule::BG_RES_02) {
            let data = resume_data.clone();
            self.push(key.session, Item::Say(Some(key.task), Method::ResumeData { data }));
        }
        if !over && self.keep(Rule::BG_TASK_08) {
            // Only what the system cancels has a reason.
            let reason =
                if self.keep(Rule::BG_ERR_02) { None } else { Some(CancelReason::UserForceQuit) };
            let error = TaskError { code: ErrorCode::CANCELLED, reason, resume_data };
            self.finish(key, Rule::BG_TASK_08, Some(error), None, now);
        }
    }

    /// Makes the resume data that a failure carries in its error (BG-RES-03).
    fn left_by_failure(&mut self, key: TaskKey) -> Option<ResumeData> {
        if self.keep(Rule::BG_RES_03) { self.make_resume_data(key) } else { None }
    }

    /// Makes resume data of a stopped download, if the conditions hold (BG-RES-01): the partial file is
    /// then its, and no longer the task's.
    pub(crate) fn make_resume_data(&mut self, key: TaskKey) -> Option<ResumeData> {
        let strict = self.keep(Rule::BG_RES_01);
        let task = self.task_mut(key)?;
        if !task.is_download() || task.received == 0 || task.row.request.method != "GET" {
            return None;
        }
        let part = task.row.partial.as_ref()?;
        let validator = match &part.validator {
            Some(validator) => validator.clone(),
            None if strict => return None,
            None => crate::Validator::ETag("\"none\"".to_owned()),
        };
        let (file, expected) = (part.file, part.expected);
        let (request, length) = (task.row.request.clone(), task.received);
        task.row_mut().partial = None;
        self.files_in_use.remove(&file);
        self.resumable.insert(file, length);
        self.touch_row(RowKey::Resumable(file));
        self.order(Rule::BG_RES_01, Order::Sync(file));
        self.touch(key);
        Some(ResumeData { request, file, length, expected, validator })
    }

    /// A task is over: its result waits for delivery.
    pub(crate) fn finish(
        &mut self,
        key: TaskKey,
        rule: Rule,
        error: Option<TaskError>,
        status: Option<u16>,
        now: Time,
    ) {
        let background = self.is_background(key);
        let whole_only = self.keep(Rule::BG_DL_02);
        let at_connect = self.keep(Rule::BG_QUIT_04);
        let Some(task) = self.task(key) else { return };
        if !task.is_unfinished() {
            return;
        }
        let settled = match &task.phase {
            Phase::Settling { file, .. } => Some(*file),
            _ => None,
        };
        self.set_phase(key, Phase::Finished);
        let session = self.sessions.get_mut(&key.session).expect("the task has a session");
        let order = session.next_result;
        session.next_result += 1;
        let task = session.tasks.get_mut(key.task).expect("the task was just seen");
        if task.row.resumed_at.is_some() {
            session.unfinished -= 1;
            if task.row.suspensions > 0 {
                session.suspended -= 1;
            }
        }
        let code = error.as_ref().map(|error| error.code);
        let quiet = error.as_ref().is_some_and(|error| match error.code {
            ErrorCode::BACKGROUND_SESSION_DISCONNECTED => true,
            ErrorCode::CANCELLED => error.reason.is_none() || at_connect,
            _ => false,
        });
        let wakes = background && !quiet && task.row.resumed_at.is_some();
        let broken = task.row.partial.as_ref().map(|part| part.file).filter(|_| !whole_only);
        let file = settled.or(broken).map(|file| (file, task.received));
        let status = status.or(task.status_seen);
        let (transactions, redirects) = (task.attempts, task.redirects);
        task.row_mut().result = Some(TaskResult {
            order,
            error,
            status,
            file,
            handed_over: file.is_none(),
            wakes,
            transactions,
            redirects,
        });
        let deadline = task.resource_deadline();
        let part = task.row_mut().partial.take().map(|part| part.file);
        let part = part.filter(|part| file.is_none_or(|(file, _)| file != *part));
        let body = task.body();
        if wakes {
            session.wake_worthy += 1;
            session.asked = false;
        }
        if let Some(deadline) = deadline {
            self.timers.disarm(deadline, Wakeup::Resource(key));
        }
        for file in part.into_iter().chain(body.map(|body| body.file)) {
            self.files_in_use.remove(&file);
            self.order(rule, Order::Remove(file));
        }
        self.data_tasks.remove(&key);
        self.auto_discretionary.remove(&key);
        self.touch(key);
        if background {
            self.emit(rule, What::Note(Note::Finished { task: key, error: code }));
        }
        self.push(key.session, Item::Result(key.task, Stage::Body(0)));
        self.consider_wake(key.session, now);
    }
}
