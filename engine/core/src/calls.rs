//! What a process asks for.

use std::sync::Arc;

use crate::{
    Answer, BodyFile, Call, Configuration, Core, ErrorCode, Implements, Method, Misuse, Note,
    Partial, ProcessId, ProcessState, Request, ResumeData, RowKey, Rule, SessionId, SessionKind,
    TaskKey, TaskKind, TaskRow, Time, Warning, What,
    sessions::{Item, Session},
    task::{Phase, Task},
};

impl Core {
    pub(crate) fn on_call(
        &mut self,
        process: ProcessId,
        call: Call,
        now: Time,
    ) -> Result<Answer, Misuse> {
        if !self.processes.contains_key(&process) {
            return Err(Misuse::NoProcess(process));
        }
        match call {
            Call::CreateSession { name, kind, configuration, delegate } => match kind {
                SessionKind::Background => self.connect(process, &name, configuration, delegate),
                SessionKind::InProcess => {
                    let session = Session {
                        implements: delegate.unwrap_or_default(),
                        connected: Some(process),
                        ..Session::new(&name, kind, configuration)
                    };
                    let id = self.add_session(session);
                    Ok(Answer::Session { id, existed: false })
                }
            },
            Call::DataTask { session, request } => {
                self.create(process, session, request, TaskKind::Data, now)
            }
            Call::DownloadTask { session, request } => {
                self.create(process, session, request, TaskKind::Download, now)
            }
            Call::DownloadTaskWithResumeData { session, resume_data } => {
                self.create_resumed(process, session, resume_data, now)
            }
            Call::UploadTaskFromFile { session, request, body } => {
                self.create_upload(process, session, request, body, now)
            }
            Call::UploadTaskFromData { session, request, body } => {
                let background = self.connected(process, session)?.is_background();
                if background && self.keep(Rule::BG_KIND_02) {
                    return Err(Misuse::UploadFromData);
                }
                self.create(process, session, request, TaskKind::Upload(body), now)
            }
            Call::Resume(key) => self.on_task(process, key, |core| core.resume(process, key, now)),
            Call::Suspend(key) => self.on_task(process, key, |core| core.suspend(key)),
            Call::Cancel(key) => self.on_task(process, key, |core| core.cancel(key, false, now)),
            Call::CancelByProducingResumeData(key) => {
                self.connected(process, key.session)?;
                let task = self.task(key).ok_or(Misuse::UnknownTask(key))?;
                if !task.is_download() {
                    return Err(Misuse::NotADownload(key));
                }
                self.cancel(key, true, now);
                Ok(Answer::Done)
            }
            Call::SetTaskDescription(key, text) => self.on_task(process, key, |core| {
                if core.keep(Rule::BG_TASK_04)
                    && let Some(task) = core.task_mut(key)
                {
                    task.row_mut().description = Some(text);
                    core.touch(key);
                }
            }),
            Call::SetPriority(key, priority) => {
                self.on_task(process, key, |core| core.set_priority(key, priority))
            }
            Call::SetEarliestBeginDate(key, at) => self.on_task(process, key, |core| {
                if let Some(task) = core.task_mut(key) {
                    task.row_mut().earliest_begin = Some(at);
                    core.touch(key);
                }
            }),
            Call::GetAllTasks(session) => {
                self.connected(process, session)?;
                self.push(session, Item::AllTasks);
                Ok(Answer::Done)
            }
            Call::EditConfiguration { session, configuration } => {
                self.connected(process, session)?;
                self.edit(session, configuration);
                Ok(Answer::Done)
            }
            Call::FinishTasksAndInvalidate(session) => {
                self.connected(process, session)?;
                self.invalidate(session, now);
                Ok(Answer::Done)
            }
            Call::InvalidateAndCancel(session) => {
                self.connected(process, session)?;
                for task in self.sessions[&session].tasks.ids() {
                    self.cancel(TaskKey { session, task }, false, now);
                }
                self.invalidate(session, now);
                Ok(Answer::Done)
            }
        }
    }

    fn connected(&self, process: ProcessId, session: SessionId) -> Result<&Session, Misuse> {
        self.sessions
            .get(&session)
            .filter(|s| s.connected == Some(process))
            .ok_or(Misuse::UnknownSession(session))
    }

    fn on_task(
        &mut self,
        process: ProcessId,
        key: TaskKey,
        act: impl FnOnce(&mut Core),
    ) -> Result<Answer, Misuse> {
        self.connected(process, key.session)?;
        if self.task(key).is_none() {
            return Err(Misuse::UnknownTask(key));
        }
        act(self);
        Ok(Answer::Done)
    }

    fn add_session(&mut self, session: Session) -> SessionId {
        let id = SessionId(self.next_session);
        self.next_session += 1;
        self.sessions.insert(id, session);
        id
    }

    /// Creates or re-connects a background session.
    fn connect(
        &mut self,
        process: ProcessId,
        identifier: &str,
        configuration: Configuration,
        delegate: Option<Implements>,
    ) -> Result<Answer, Misuse> {
        if identifier.is_empty() && self.keep(Rule::BG_CFG_01) {
            return Err(Misuse::EmptyIdentifier);
        }
        let implements = match delegate {
            Some(implements) => implements,
            None if self.keep(Rule::BG_CFG_07) => return Err(Misuse::NoDelegate),
            None => Implements::default(),
        };
        let Some(id) = self.find_session(identifier) else {
            let session = Session {
                implements,
                connected: Some(process),
                ..Session::new(identifier, SessionKind::Background, configuration)
            };
            let name = session.name.clone();
            let id = self.add_session(session);
            self.identifiers.insert(name, id);
            self.touch_row(RowKey::Session(id));
            return Ok(Answer::Session { id, existed: false });
        };
        let session = self.sessions.get_mut(&id).expect("an identifier leads to a session");
        if session.connected == Some(process) {
            if session.invalidating && self.faults.keep(Rule::BG_INV_04) {
                return Err(Misuse::StillInvalidating);
            }
            let warning = Warning::DuplicateIdentifier;
            if self.keep(Rule::BG_CFG_04) {
                self.emit(Rule::BG_CFG_04, What::Note(Note::Warned { session: id, warning }));
            }
            return Ok(Answer::Session { id, existed: true });
        }
        session.connected = Some(process);
        session.configuration = Arc::new(configuration);
        session.implements = implements;
        if !self.faults.keep(Rule::BG_LIFE_05) {
            session.queue.clear();
        }
        self.ready.insert(id);
        self.touch_row(RowKey::Session(id));
        Ok(Answer::Session { id, existed: true })
    }

    /// A session has copied its configuration: what becomes of the app's object is nothing to it
    /// (BG-CFG-05).
    fn edit(&mut self, session: SessionId, configuration: Configuration) {
        if self.keep(Rule::BG_CFG_05) {
            return;
        }
        if let Some(owner) = self.sessions.get_mut(&session) {
            owner.configuration = Arc::new(configuration);
            self.touch_row(RowKey::Session(session));
        }
    }

    fn create_upload(
        &mut self,
        process: ProcessId,
        session: SessionId,
        request: Arc<Request>,
        body: Result<BodyFile, ErrorCode>,
        now: Time,
    ) -> Result<Answer, Misuse> {
        let (body, missing) = match body {
            Ok(body) => (body, None),
            Err(code) => (BodyFile { file: self.new_file(), length: 0 }, Some(code)),
        };
        let answer = self.create(process, session, request, TaskKind::Upload(body), now)?;
        if let (Answer::Task(key), Some(code)) = (answer, missing) {
            self.finish(key, Rule::BG_UP_01, Some(code.into()), None, now);
        }
        Ok(answer)
    }

    /// Makes a task that goes on where resume data ends, or one that fails if that is unusable.
    fn create_resumed(
        &mut self,
        process: ProcessId,
        session: SessionId,
        data: ResumeData,
        now: Time,
    ) -> Result<Answer, Misuse> {
        let answer =
            self.create(process, session, data.request.clone(), TaskKind::Download, now)?;
        let Answer::Task(key) = answer else {
            unreachable!("creating a task answers with a task, not {answer:?}");
        };
        let Some(length) = self.resumable.remove(&data.file) else {
            let error = ErrorCode::CANNOT_WRITE_FILE.into();
            self.finish(key, Rule::BG_RES_05, Some(error), None, now);
            return Ok(answer);
        };
        self.touch_row(RowKey::Resumable(data.file));
        let task = self.task_mut(key).expect("the task was just made");
        task.received = length.min(data.length);
        task.tells_offset = true;
        task.row_mut().partial = Some(Partial {
            file: data.file,
            length: length.min(data.length),
            expected: data.expected,
            validator: Some(data.validator),
        });
        self.files_in_use.insert(data.file, key);
        Ok(answer)
    }

    fn create(
        &mut self,
        process: ProcessId,
        session: SessionId,
        request: Arc<Request>,
        kind: TaskKind,
        now: Time,
    ) -> Result<Answer, Misuse> {
        let owner = self.connected(process, session)?;
        if owner.invalidating && self.keep(Rule::BG_KIND_14) {
            return Err(Misuse::Invalidated);
        }
        let background = owner.is_background();
        let row = TaskRow {
            kind,
            request,
            configuration: owner.configuration.clone(),
            description: None,
            priority: 500,
            suspensions: 1,
            resumed_at: None,
            order: 0,
            auto_discretionary: false,
            held: false,
            earliest_begin: None,
            delay_answered: false,
            replacement: None,
            partial: None,
            result: None,
        };
        let told = owner.implements.did_create_task;
        let is_data = matches!(row.kind, TaskKind::Data);
        let counts_up = self.keep(Rule::BG_TASK_02);
        let owner = self.sessions.get_mut(&session).expect("the session is connected");
        let task = if counts_up { owner.next_task } else { owner.tasks.lowest_free() };
        owner.next_task.0 += 1;
        let made = Task::new(Arc::new(row));
        let body = made.body();
        owner.tasks.insert(task, made);
        let key = TaskKey { session, task };
        self.count(2);
        if background {
            self.touch_row(RowKey::NextTask(session));
            self.touch_row(RowKey::Task(key));
        }
        if background && is_data {
            self.data_tasks.insert(key);
        }
        if let Some(body) = body {
            self.files_in_use.insert(body.file, key);
        }
        if told {
            if self.keep(Rule::BG_ORD_04) {
                self.call_back(
                    process,
                    session,
                    Some(task),
                    Method::DidCreateTask,
                    Rule::BG_ORD_04,
                );
            } else {
                self.push(session, Item::Say(Some(task), Method::DidCreateTask));
            }
        }
        if !self.keep(Rule::BG_KIND_13) {
            self.resume(process, key, now);
        }
        Ok(Answer::Task(key))
    }

    fn resume(&mut self, process: ProcessId, key: TaskKey, now: Time) {
        let in_front = self.processes.get(&process) == Some(&ProcessState::Foreground);
        let background = self.is_background(key);
        let (order, in_turn) = (self.next_order, self.keep(Rule::BG_SCHED_16));
        let delayed = self.limiter.until().is_some_and(|until| until > now);
        // What was created in front is not delayed later either, when a wake has raised the delay.
        let limited = background
            && match in_front {
                true => !self.keep(Rule::BG_RATE_08),
                false => delayed && self.keep(Rule::BG_RATE_07),
            };
        let auto = background && !in_front && self.keep(Rule::BG_SCHED_02);
        let from_resume = self.keep(Rule::BG_SCHED_18);
        let Some(task) = self.task_mut(key) else {
            return;
        };
        if !task.is_unfinished() || task.row.suspensions == 0 {
            return;
        }
        let row = task.row_mut();
        row.suspensions -= 1;
        if row.suspensions > 0 {
            self.touch(key);
            return;
        }
        let first = row.resumed_at.is_none();
        if first {
            row.resumed_at = Some(now);
            row.order = if in_turn { order } else { u64::MAX - order };
            row.auto_discretionary = auto;
            row.held = limited;
        }
        let discretionary = task.is_discretionary();
        let mut deadline = task.resource_deadline().expect("the task is resumed");
        if !from_resume {
            deadline = deadline.max(
                task.row.earliest_begin.unwrap_or(now)
                    + task.row.configuration.timeout_for_resource,
            );
        }
        let session = self.sessions.get_mut(&key.session).expect("the task has a session");
        if first {
            session.unfinished += 1;
            self.next_order += 1;
            self.timers.arm(deadline, crate::Wakeup::Resource(key));
            if auto {
                self.auto_discretionary.insert(key);
            }
            if background {
                let rule = if auto { Rule::BG_SCHED_02 } else { Rule::BG_KIND_13 };
                self.emit(rule, What::Note(Note::Enqueued { task: key, discretionary }));
            }
        } else {
            session.suspended -= 1;
        }
        self.touch(key);
        let held = self
            .task(key)
            .and_then(|task| task.phase.exchange())
            .filter(|exchange| exchange.held)
            .map(|exchange| exchange.attempt);
        match held {
            Some(attempt) => self.thaw(key, attempt, now),
            None => self.enqueue(key, now),
        }
    }

    /// A suspended task causes no traffic (BG-TASK-06): a background transfer is broken off and later
    /// resumed; an in-process one is held.
    fn suspend(&mut self, key: TaskKey) {
        let Some(task) = self.task_mut(key) else {
            return;
        };
        if !task.is_unfinished() {
            return;
        }
        let row = task.row_mut();
        row.suspensions += 1;
        let first = row.suspensions == 1;
        self.touch(key);
        if !first {
            return;
        }
        let session = self.sessions.get_mut(&key.session).expect("the task has a session");
        session.suspended += 1;
        if !self.keep(Rule::BG_TASK_06) {
            return;
        }
        if !self.is_background(key)
            && let Some(attempt) =
                self.task(key).and_then(|t| t.phase.exchange()).map(|e| e.attempt)
        {
            self.freeze(key, attempt, Rule::BG_TASK_06);
            return;
        }
        let settling = self
            .task(key)
            .is_some_and(|t| matches!(t.phase, Phase::Settling { .. } | Phase::Caching(_)));
        if !settling {
            self.stop(key, Rule::BG_TASK_06, crate::Why::Suspended);
            self.set_phase(key, Phase::Suspended);
        }
    }

    fn set_priority(&mut self, key: TaskKey, priority: u16) {
        let Some(task) = self.task(key) else { return };
        let place = task.place();
        let lane = match &task.phase {
            Phase::Waiting(lane) => Some(lane.clone()),
            _ => None,
        };
        let task = self.task_mut(key).expect("the task is there");
        task.row_mut().priority = priority.min(1000);
        let new_place = task.place();
        if let Some(lane) = lane {
            self.lanes.remove(&lane, place);
            self.lanes.insert(&lane, new_place, key);
        }
        self.touch(key);
    }

    fn invalidate(&mut self, id: SessionId, now: Time) {
        let session = self.sessions.get_mut(&id).expect("the session is connected");
        if session.invalidating {
            return;
        }
        session.invalidating = true;
        session.handling = false;
        session.queue.retain(|item| !matches!(item, Item::Say(_, Method::DidFinishEvents)));
        let never: Vec<_> = session
            .tasks
            .iter()
            .filter(|(_, task)| task.row.resumed_at.is_none() && task.is_unfinished())
            .map(|(task, _)| TaskKey { session: id, task })
            .collect();
        if session.is_background() {
            self.touch_row(RowKey::Session(id));
        }
        for key in never {
            self.cancel(key, false, now);
        }
        self.end_invalidation(id);
    }
}
