//! Delivery: one callback a session at a time, to a process that runs and is connected.

use crate::{
    Callback, CallbackId, Core, Data, ErrorCode, GateAnswer, Method, Order, ProcessId,
    ProcessState, Rule, SessionId, TaskId, TaskKey, Time, What,
    sessions::{Item, Running, Stage},
    task::{Decision, Phase},
};

/// How much of a spooled response one callback carries, in bytes (SW-DATA-01).
const PIECE: u64 = 256 << 10;

impl Core {
    pub(crate) fn is_running(&self, process: ProcessId) -> bool {
        match self.processes.get(&process) {
            Some(ProcessState::Foreground | ProcessState::Background) => true,
            Some(ProcessState::Suspended) => !self.keep(Rule::BG_LIFE_02),
            None => false,
        }
    }

    pub(crate) fn push(&mut self, session: SessionId, item: Item) {
        if let Some(owner) = self.sessions.get_mut(&session) {
            owner.queue.push_back(item);
            self.ready.insert(session);
        }
    }

    /// The process that would run the next callback of a session, if one may.
    pub(crate) fn receiver(&self, id: SessionId) -> Option<ProcessId> {
        let session = self.sessions.get(&id)?;
        let process = match session.connected {
            Some(process) => process,
            None if self.keep(Rule::BG_LIFE_06) => return None,
            None => *self.processes.first_key_value()?.0,
        };
        let behind = self.processes.get(&process) == Some(&ProcessState::Background);
        let indirect = session.is_background()
            && behind
            && !self.knobs.deliver_directly_in_background
            && !session.handling
            && self.keep(Rule::BG_LIFE_11);
        let asks_in_front =
            session.is_background() && !behind && !session.handling && !self.keep(Rule::BG_LIFE_01);
        (self.is_running(process) && !indirect && !asks_in_front).then_some(process)
    }

    /// Delivers what can be delivered.
    pub(crate) fn deliver_all(&mut self, now: Time) {
        while let Some(id) = self.ready.pop_first() {
            while let Some(process) = self.receiver(id) {
                let serial = self.keep(Rule::BG_ORD_01);
                let Some(session) = self.sessions.get_mut(&id) else {
                    break;
                };
                if session.in_callback > 0 && serial {
                    break;
                }
                let Some(item) = session.queue.pop_front() else {
                    break;
                };
                self.deliver(process, id, item, now);
            }
        }
    }

    /// Emits a callback, and remembers what its return means.
    fn run(
        &mut self,
        process: ProcessId,
        session: SessionId,
        task: Option<TaskId>,
        method: Method,
        rule: Rule,
        running: Running,
    ) {
        let id = self.call_back(process, session, task, method, rule);
        self.callbacks.insert(id, (session, running));
        self.sessions.get_mut(&session).expect("the session has a receiver").in_callback += 1;
    }

    /// Emits a callback that nothing waits for.
    pub(crate) fn call_back(
        &mut self,
        process: ProcessId,
        session: SessionId,
        task: Option<TaskId>,
        method: Method,
        rule: Rule,
    ) -> CallbackId {
        let id = self.new_callback();
        if let Some(task) = task
            && method.is_gate()
        {
            self.gates.insert(id, TaskKey { session, task });
        }
        let callback = Callback { id, process, session, task, method };
        self.emit(rule, What::Callback(callback));
        id
    }

    fn deliver(&mut self, process: ProcessId, id: SessionId, item: Item, now: Time) {
        match item {
            Item::Result(task, stage) => self.deliver_result(process, id, task, stage),
            Item::Progress(task) => self.deliver_progress(process, id, task, now),
            Item::Chunk(task, attempt, chunk, length) => {
                let method = Method::DidReceiveData { data: Data::Chunk(chunk), length };
                let running = Running::Chunk(attempt, chunk);
                self.run(process, id, Some(task), method, Rule::SW_DATA_01, running);
            }
            Item::AllTasks => {
                let all = !self.keep(Rule::BG_LIFE_20);
                let session = &self.sessions[&id];
                let unfinished = session.tasks.iter().filter(|(_, t)| all || t.is_unfinished());
                let tasks = unfinished.map(|(task, _)| task).collect();
                let method = Method::AllTasks { tasks };
                self.run(process, id, None, method, Rule::BG_LIFE_20, Running::Plain);
            }
            Item::Say(task, method) => self.deliver_said(process, id, task, method),
        }
    }

    fn deliver_said(
        &mut self,
        process: ProcessId,
        id: SessionId,
        task: Option<TaskId>,
        method: Method,
    ) {
        if method == Method::WillBeginDelayedRequest {
            let session = self.sessions.get_mut(&id).expect("the session has a receiver");
            session.wake_worthy = session.wake_worthy.saturating_sub(1);
        }
        if let Some(task) = task
            && method.is_gate()
        {
            let asked = self.task(TaskKey { session: id, task }).is_some_and(|task| {
                matches!(task.phase, Phase::Deciding(..) | Phase::Caching(_) | Phase::Asking)
            });
            if !asked {
                return;
            }
        }
        let running = match &method {
            Method::DidBecomeInvalid { .. } => Running::Invalid,
            _ => Running::Plain,
        };
        if method == Method::DidFinishEvents {
            self.sessions.get_mut(&id).expect("the session has a receiver").handling = false;
        }
        let rule = self.said_by(&method);
        self.run(process, id, task, method, rule, running);
    }

    fn said_by(&self, method: &Method) -> Rule {
        match method {
            Method::DidCreateTask => Rule::BG_ORD_04,
            Method::DidReceiveResponse { .. } => Rule::BG_DATA_01,
            Method::DidReceiveData { .. } => Rule::SW_DATA_01,
            Method::DidBecomeDownloadTask { .. } => Rule::BG_DATA_02,
            Method::WillPerformRedirection { .. } => Rule::BG_REDIR_02,
            Method::WillCacheResponse => Rule::BG_CFG_14,
            Method::WillBeginDelayedRequest => Rule::BG_SCHED_19,
            Method::TaskIsWaitingForConnectivity => Rule::BG_ORD_09,
            Method::DidSendBodyData { .. } => Rule::BG_UP_02,
            Method::DidWriteData { .. } => Rule::BG_DL_07,
            Method::DidResumeAtOffset { .. } => Rule::BG_RES_04,
            Method::DidFinishDownloadingTo { .. } => Rule::BG_DL_02,
            Method::DidFinishCollecting { .. } => Rule::BG_ORD_06,
            Method::DidComplete { .. } => Rule::BG_ORD_05,
            Method::DidFinishEvents => Rule::BG_LIFE_13,
            Method::DidBecomeInvalid { .. } => Rule::BG_ORD_14,
            Method::AllTasks { .. } => Rule::BG_LIFE_20,
            Method::ResumeData { .. } => Rule::BG_RES_02,
        }
    }

    fn deliver_progress(&mut self, process: ProcessId, id: SessionId, task: TaskId, now: Time) {
        let key = TaskKey { session: id, task };
        let Some(state) = self.task_mut(key) else {
            return;
        };
        state.tells = false;
        if !state.is_unfinished() {
            return;
        }
        let method = state.tell(now);
        let rule = self.said_by(&method);
        self.run(process, id, Some(task), method, rule, Running::Plain);
    }

    fn deliver_result(&mut self, process: ProcessId, id: SessionId, task: TaskId, stage: Stage) {
        let key = TaskKey { session: id, task };
        let repeat = self.knobs.repeat_interrupted_callbacks;
        let metrics =
            self.sessions[&id].implements.did_finish_collecting && self.keep(Rule::BG_ORD_06);
        let (tells_body, tells_pages) = (self.keep(Rule::BG_UP_04), self.keep(Rule::BG_DL_03));
        let Some(state) = self.task_mut(key) else {
            return;
        };
        let result = state.row.result.as_ref().expect("a result is delivered that is there");
        let stage = match stage {
            Stage::Body(_) if result.handed_over => Stage::Metrics,
            Stage::Body(_) if !tells_pages && result.status >= Some(400) => Stage::Metrics,
            stage => stage,
        };
        match stage {
            Stage::Body(from) => {
                let (file, length) = result.file.expect("what is not handed over is there");
                let status = result.status.unwrap_or(200);
                if state.is_download() {
                    if !repeat {
                        let result = state.row_mut().result.as_mut();
                        result.expect("just seen").handed_over = true;
                        self.touch(key);
                    }
                    let method = Method::DidFinishDownloadingTo { file, length, status };
                    let rule = if status >= 400 { Rule::BG_DL_03 } else { Rule::BG_DL_02 };
                    self.run(process, id, Some(task), method, rule, Running::File(task, file));
                } else if from >= length || !tells_body {
                    self.handed_over(key);
                    self.deliver_result(process, id, task, Stage::Metrics);
                } else {
                    let piece = (length - from).min(PIECE);
                    let method = Method::DidReceiveData {
                        data: Data::Spool { file, at: from },
                        length: piece,
                    };
                    let running = Running::Spool(task, from + piece);
                    self.run(process, id, Some(task), method, Rule::BG_UP_04, running);
                }
            }
            Stage::Metrics if metrics => {
                let (transactions, redirects) = (result.transactions, result.redirects);
                let method = Method::DidFinishCollecting { transactions, redirects };
                self.run(process, id, Some(task), method, Rule::BG_ORD_06, Running::Metrics(task));
            }
            Stage::Metrics | Stage::Done => self.deliver_completion(process, key),
        }
    }

    /// What was handed over is not kept.
    fn handed_over(&mut self, key: TaskKey) {
        let Some(task) = self.task_mut(key) else {
            return;
        };
        let Some(result) = &task.row.result else {
            return;
        };
        let file = result.file;
        if !result.handed_over {
            task.row_mut().result.as_mut().expect("just seen").handed_over = true;
            self.touch(key);
        }
        if let Some((file, _)) = file {
            self.files_in_use.remove(&file);
            if self.keep(Rule::BG_DL_01) {
                self.order(Rule::BG_DL_01, Order::Remove(file));
            }
        }
    }

    fn deliver_completion(&mut self, process: ProcessId, key: TaskKey) {
        let repeat = self.knobs.repeat_interrupted_callbacks && self.is_background(key);
        let task = self.task(key).expect("a result is delivered that is there");
        let result = task.row.result.clone().expect("a result is delivered that is there");
        let rule = completion_rule(&result);
        let method = Method::DidComplete { error: result.error, status: result.status };
        if result.wakes {
            let session = self.sessions.get_mut(&key.session).expect("the task has a session");
            session.wake_worthy = session.wake_worthy.saturating_sub(1);
        }
        let owner = &self.sessions[&key.session];
        if owner.invalidating && owner.tasks.len() == 1 && !self.keep(Rule::BG_ORD_14) {
            let last = Method::DidBecomeInvalid { error: None };
            self.call_back(process, key.session, None, last, Rule::BG_ORD_14);
        }
        if !self.keep(Rule::BG_ORD_05) {
            let method = method.clone();
            self.call_back(process, key.session, Some(key.task), method, Rule::BG_ORD_05);
        }
        if !repeat {
            self.task_mut(key).expect("just seen").delivered = true;
            self.touch(key);
        }
        self.run(process, key.session, Some(key.task), method, rule, Running::Done(key.task));
    }

    /// A task leaves the books.
    pub(crate) fn forget(&mut self, key: TaskKey) {
        let background = self.is_background(key);
        let Some(session) = self.sessions.get_mut(&key.session) else {
            return;
        };
        let Some(task) = session.tasks.remove(key.task) else {
            return;
        };
        self.count(1);
        for file in [
            task.row.partial.as_ref().map(|part| part.file),
            task.row.result.as_ref().and_then(|result| result.file).map(|(file, _)| file),
            task.body().map(|body| body.file),
        ] {
            let Some(file) = file else { continue };
            self.files_in_use.remove(&file);
            // What a dead process's own tasks held is nobody's now.
            if !background && task.row.result.as_ref().is_none_or(|result| !result.handed_over) {
                self.order(Rule::BG_QUIT_16, Order::Remove(file));
            }
        }
        self.data_tasks.remove(&key);
        self.auto_discretionary.remove(&key);
        self.held.remove(&key);
        if background {
            self.touch_row(crate::RowKey::Task(key));
        }
    }

    pub(crate) fn on_returned(&mut self, callback: CallbackId, now: Time) {
        let Some((id, running)) = self.callbacks.remove(&callback) else {
            return;
        };
        if let Some(session) = self.sessions.get_mut(&id) {
            session.in_callback -= 1;
        }
        self.ready.insert(id);
        let next = |core: &mut Core, task, stage| {
            if let Some(session) = core.sessions.get_mut(&id) {
                session.queue.push_front(Item::Result(task, stage));
            }
        };
        match running {
            Running::Plain => {}
            Running::Chunk(attempt, chunk) => {
                if self.keep(Rule::SW_DATA_01) {
                    self.order(Rule::SW_DATA_01, Order::Free(attempt, chunk));
                }
            }
            Running::File(task, _) => {
                self.handed_over(TaskKey { session: id, task });
                next(self, task, Stage::Metrics);
            }
            Running::Spool(task, from) => next(self, task, Stage::Body(from)),
            Running::Metrics(task) => next(self, task, Stage::Done),
            Running::Done(task) => {
                self.forget(TaskKey { session: id, task });
                self.end_invalidation(id);
            }
            Running::Invalid => self.remove_session(id, Rule::BG_INV_01),
        }
        self.consider_wake(id, now);
    }

    /// The last word of an invalidated session, once no task is left (BG-INV-01, BG-INV-02).
    pub(crate) fn end_invalidation(&mut self, id: SessionId) {
        let at_once = !self.keep(Rule::BG_INV_02);
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if !session.invalidating || !(session.tasks.is_empty() || at_once) {
            return;
        }
        if !self.faults.keep(Rule::BG_INV_01) {
            return;
        }
        let last = Item::Say(None, Method::DidBecomeInvalid { error: None });
        if session.connected.is_none() {
            self.remove_session(id, Rule::BG_INV_01);
        } else if at_once {
            session.queue.push_front(last);
            self.ready.insert(id);
        } else if !session.queue.contains(&last) {
            self.push(id, last);
        }
    }

    pub(crate) fn on_answered(&mut self, callback: CallbackId, answer: GateAnswer, now: Time) {
        let Some(key) = self.gates.remove(&callback) else {
            return;
        };
        let Some(task) = self.task(key) else { return };
        match &task.phase {
            Phase::Deciding(_, Decision::Response) => match answer {
                GateAnswer::Cancel => self.cancel(key, false, now),
                GateAnswer::BecomeDownload => self.become_download(key, now),
                GateAnswer::Allow | GateAnswer::Refuse | GateAnswer::Use(_) => {
                    self.allow_response(key, now);
                }
            },
            Phase::Deciding(_, Decision::Redirect(next)) => match answer {
                GateAnswer::Allow => {
                    let next = next.clone();
                    self.follow_redirect(key, next);
                }
                GateAnswer::Use(other) => self.follow_redirect(key, other),
                GateAnswer::Refuse => self.accept_redirect_response(key, now),
                GateAnswer::Cancel | GateAnswer::BecomeDownload => self.cancel(key, false, now),
            },
            Phase::Caching(status) => self.finish(key, Rule::BG_ORD_05, None, *status, now),
            Phase::Asking => self.on_delay_answered(key, answer, now),
            _ => {}
        }
    }

    /// A refused redirect: the 3xx response is the result (BG-REDIR-02).
    fn accept_redirect_response(&mut self, key: TaskKey, now: Time) {
        let exchange = self.exchange(key);
        let head = crate::ResponseHead {
            status: exchange.status.unwrap_or_default(),
            length: exchange.expected,
            headers: Vec::new(),
        };
        self.carry(key, Phase::Requesting);
        if self.task(key).is_some_and(crate::task::Task::is_download) {
            self.begin_download(key, &head, None, now);
        } else {
            self.allow_response(key, now);
        }
    }

    fn on_delay_answered(&mut self, key: TaskKey, answer: GateAnswer, now: Time) {
        let replacement = match answer {
            GateAnswer::Cancel => return self.cancel(key, false, now),
            GateAnswer::Use(request) => Some(request),
            GateAnswer::Allow | GateAnswer::Refuse | GateAnswer::BecomeDownload => None,
        };
        let task = self.task_mut(key).expect("the task asks");
        let row = task.row_mut();
        row.delay_answered = true;
        row.replacement = replacement;
        self.touch(key);
        self.set_phase(key, Phase::Suspended);
        self.enqueue(key, now);
    }
}

fn completion_rule(result: &crate::TaskResult) -> Rule {
    let Some(error) = &result.error else {
        return match result.status {
            Some(400..) => Rule::BG_NET_11,
            _ => Rule::BG_ORD_05,
        };
    };
    match error.code {
        ErrorCode::CANCELLED if error.reason.is_some() => Rule::BG_QUIT_03,
        ErrorCode::CANCELLED => Rule::BG_TASK_08,
        ErrorCode::TIMED_OUT => Rule::BG_NET_06,
        ErrorCode::BACKGROUND_SESSION_DISCONNECTED => Rule::BG_KIND_08,
        _ => Rule::BG_ORD_05,
    }
}
