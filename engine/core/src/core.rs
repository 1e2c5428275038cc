//! The core: everything it knows, and the five doors to it.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use crate::{
    Answer, Ask, Batch, BatchId, Call, CallbackId, Change, Effect, Faults, FileId, Input, Knobs,
    Misuse, Order, Path, ProcessId, ProcessState, Row, RowKey, Rule, SessionId, TaskId, TaskInfo,
    TaskKey, Time, Wakeup, What,
    connections::Connections,
    lanes::Lanes,
    limiter::Limiter,
    sessions::{Running, Session},
    task::Task,
    timers::Timers,
};

/// The daemon's logic and that of every process's sessions.
///
/// After every [`Core::call`] and [`Core::handle`] the shell takes effects with [`Core::poll_effect`]
/// until there is none, then asks [`Core::next_wakeup`] anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Core {
    pub(crate) knobs: Knobs,
    pub(crate) faults: Faults,
    pub(crate) processes: BTreeMap<ProcessId, ProcessState>,
    pub(crate) path: Path,
    pub(crate) power: bool,
    pub(crate) unlocked: bool,
    pub(crate) sessions: BTreeMap<SessionId, Session>,
    pub(crate) identifiers: BTreeMap<Arc<str>, SessionId>,
    /// Names of sessions that are gone, for effects that still speak of them.
    pub(crate) former: BTreeMap<SessionId, Arc<str>>,
    pub(crate) limiter: Limiter,
    pub(crate) lanes: Lanes,
    /// Tasks that the limiter holds.
    pub(crate) held: BTreeSet<TaskKey>,
    /// Unfinished tasks that are discretionary only because they were resumed in the background.
    pub(crate) auto_discretionary: BTreeSet<TaskKey>,
    /// Data tasks of background sessions, which do not outlive the run of their app.
    pub(crate) data_tasks: BTreeSet<TaskKey>,
    pub(crate) connections: Connections,
    pub(crate) timers: Timers,
    /// Background transfers that run, against the cap.
    pub(crate) running: u32,
    /// Callbacks that run, and what their return means.
    pub(crate) callbacks: BTreeMap<CallbackId, (SessionId, Running)>,
    /// Gates that wait for an answer.
    pub(crate) gates: BTreeMap<CallbackId, TaskKey>,
    /// Data tasks that became downloads: reports name the old task.
    pub(crate) converted: BTreeMap<TaskKey, TaskKey>,
    /// Which task works on a file.
    pub(crate) files_in_use: BTreeMap<FileId, TaskKey>,
    /// Partial files that resume data speaks of, with their lengths.
    pub(crate) resumable: BTreeMap<FileId, u64>,
    /// Sessions whose queues may have something to deliver.
    pub(crate) ready: BTreeSet<SessionId>,
    /// Something changed that may let a task start.
    pub(crate) may_start: bool,
    /// The OS was asked to resume or launch the app and no process runs yet.
    pub(crate) waking: bool,
    pub(crate) next_session: u32,
    pub(crate) next_file: u64,
    pub(crate) next_order: u64,
    next_callback: u64,
    next_batch: u64,
    /// Rows to write with the effects of this input.
    dirty: Vec<RowKey>,
    out: VecDeque<Effect>,
    /// Where the effects of this input begin: its batch goes before them.
    begins: usize,
    storing: Option<BatchId>,
    operations: u64,
}

impl Core {
    /// Makes a core that knows nothing: no path, no power, not unlocked, until signals tell.
    pub fn new(knobs: Knobs, faults: Faults) -> Core {
        Core {
            knobs,
            faults,
            processes: BTreeMap::new(),
            path: Path::default(),
            power: false,
            unlocked: false,
            sessions: BTreeMap::new(),
            identifiers: BTreeMap::new(),
            former: BTreeMap::new(),
            limiter: Limiter::default(),
            lanes: Lanes::default(),
            held: BTreeSet::new(),
            auto_discretionary: BTreeSet::new(),
            data_tasks: BTreeSet::new(),
            connections: Connections::default(),
            timers: Timers::default(),
            running: 0,
            callbacks: BTreeMap::new(),
            gates: BTreeMap::new(),
            converted: BTreeMap::new(),
            files_in_use: BTreeMap::new(),
            resumable: BTreeMap::new(),
            ready: BTreeSet::new(),
            may_start: false,
            waking: false,
            next_session: 1,
            next_file: 1,
            next_order: 1,
            next_callback: 1,
            next_batch: 1,
            dirty: Vec::new(),
            out: VecDeque::new(),
            begins: 0,
            storing: None,
            operations: 0,
        }
    }

    /// A process calls the API: answered at once, as Apple's calls are. Effects may follow.
    ///
    /// # Errors
    ///
    /// What Apple answers with an exception, or what cannot mean anything; nothing has changed then.
    pub fn call(&mut self, process: ProcessId, call: Call, now: Time) -> Result<Answer, Misuse> {
        self.begins = self.out.len();
        let answer = self.on_call(process, call, now);
        self.settle(now);
        answer
    }

    /// Takes all else: signals, reports, answers to gates, returns of callbacks, stored batches, time.
    pub fn handle(&mut self, input: Input, now: Time) {
        self.begins = self.out.len();
        self.take_input(input, now);
        self.settle(now);
    }

    pub(crate) fn take_input(&mut self, input: Input, now: Time) {
        match input {
            Input::Signal(signal) => self.on_signal(signal, now),
            Input::Report(report) => self.on_report(report, now),
            Input::Answered(callback, answer) => self.on_answered(callback, answer, now),
            Input::Returned(callback) => self.on_returned(callback, now),
            Input::Stored(batch) => {
                if self.storing == Some(batch) {
                    self.storing = None;
                }
            }
            Input::Due => {
                while let Some(wakeup) = self.timers.pop_due(now) {
                    self.on_due(wakeup, now);
                }
            }
        }
    }

    /// Returns the next effect, if one may leave: after a batch, none does before it is stored.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        if self.storing.is_some() && self.faults.keep(Rule::SW_STORE_02) {
            return None;
        }
        loop {
            let effect = self.out.pop_front()?;
            match &effect.what {
                What::Store(batch) => self.storing = Some(batch.id),
                What::Ask(Ask::Wake { session }) if self.is_outdated(session) => continue,
                _ => {}
            }
            return Some(effect);
        }
    }

    /// Returns when [`Input::Due`] is wanted, and why. Spurious ones are harmless.
    pub fn next_wakeup(&self) -> Option<(Time, Wakeup)> {
        self.timers.next()
    }

    /// Returns the files that rows or live tasks name, each with the length that must be there.
    pub fn files(&self) -> Vec<(FileId, u64)> {
        let mut files: Vec<_> =
            self.resumable.iter().map(|(file, length)| (*file, *length)).collect();
        for session in self.sessions.values() {
            files.extend(session.tasks.iter().flat_map(|(_, task)| task.files()));
        }
        files.sort_unstable();
        files.dedup_by_key(|(file, _)| *file);
        files
    }

    /// Returns a file number that was never used, for the shell's copy of an upload's body.
    pub fn new_file(&mut self) -> FileId {
        self.next_file += 1;
        FileId(self.next_file - 1)
    }

    /// Returns the identifier or label of a session, also of one that is gone.
    pub fn session_name(&self, session: SessionId) -> Option<&Arc<str>> {
        self.sessions.get(&session).map(|s| &s.name).or_else(|| self.former.get(&session))
    }

    /// Returns the background session with this identifier.
    pub fn find_session(&self, identifier: &str) -> Option<SessionId> {
        self.identifiers.get(identifier).copied()
    }

    /// Returns a task as a panel shows it.
    pub fn task_info(&self, key: TaskKey) -> Option<TaskInfo> {
        let task = self.task(key)?;
        Some(TaskInfo {
            key,
            description: task.row.description.clone(),
            request: task.row.request.clone(),
            bytes: if task.body().is_some() { task.sent } else { task.received },
            expected: match task.body() {
                Some(body) => Some(body.length),
                None => task.row.partial.as_ref().and_then(|part| part.expected),
            },
            resumable: task.row.partial.as_ref().is_some_and(|part| part.validator.is_some()),
        })
    }

    /// Returns the tasks of a session that are not over.
    pub fn tasks(&self, session: SessionId) -> Vec<TaskKey> {
        let tasks = self.sessions.get(&session).map(|s| &s.tasks);
        tasks
            .into_iter()
            .flat_map(|tasks| tasks.iter())
            .filter(|(_, task)| task.is_unfinished())
            .map(|(task, _)| TaskKey { session, task })
            .collect()
    }

    /// Returns the sessions that have tasks, be they only undelivered.
    pub fn busy_sessions(&self) -> BTreeSet<SessionId> {
        self.sessions
            .iter()
            .filter(|(_, session)| !session.tasks.is_empty())
            .map(|(id, _)| *id)
            .collect()
    }

    /// Returns how many steps on ordered tables were made since the start: what a benchmark counts.
    pub fn operations(&self) -> u64 {
        self.operations + self.timers.operations() + self.lanes.operations()
    }

    /// Returns the rules that are switched off.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Returns the knobs in force.
    pub fn knobs(&self) -> &Knobs {
        &self.knobs
    }

    pub(crate) fn keep(&self, rule: Rule) -> bool {
        self.faults.keep(rule)
    }

    pub(crate) fn count(&mut self, operations: u64) {
        self.operations += operations;
    }

    pub(crate) fn emit(&mut self, rule: Rule, what: What) {
        self.out.push_back(Effect { rule, what });
    }

    pub(crate) fn order(&mut self, rule: Rule, order: Order) {
        self.emit(rule, What::Order(order));
    }

    pub(crate) fn new_callback(&mut self) -> CallbackId {
        self.next_callback += 1;
        CallbackId(self.next_callback - 1)
    }

    pub(crate) fn task(&self, key: TaskKey) -> Option<&Task> {
        self.sessions.get(&key.session)?.tasks.get(key.task)
    }

    pub(crate) fn task_mut(&mut self, key: TaskKey) -> Option<&mut Task> {
        self.operations += 1;
        self.sessions.get_mut(&key.session)?.tasks.get_mut(key.task)
    }

    pub(crate) fn is_background(&self, key: TaskKey) -> bool {
        self.sessions.get(&key.session).is_some_and(Session::is_background)
    }

    /// Writes the row of a task with this input's batch, if it is a background session's.
    pub(crate) fn touch(&mut self, key: TaskKey) {
        if self.is_background(key) {
            self.touch_row(RowKey::Task(key));
        }
    }

    pub(crate) fn touch_row(&mut self, key: RowKey) {
        self.dirty.push(key);
    }

    /// Ends the handling of one input: starts what may start, delivers what can be delivered, and puts
    /// the batch before the effects that must wait for it.
    pub(crate) fn settle(&mut self, now: Time) {
        loop {
            if std::mem::take(&mut self.may_start) {
                self.schedule(now);
            }
            self.deliver_all(now);
            if !self.may_start {
                break;
            }
        }
        if !self.dirty.is_empty() {
            let mut keys = std::mem::take(&mut self.dirty);
            keys.sort_unstable();
            keys.dedup();
            let changes = keys.iter().map(|key| self.change(*key)).collect();
            keys.clear();
            self.dirty = keys;
            let id = BatchId(self.next_batch);
            self.next_batch += 1;
            let what = What::Store(Batch { id, changes });
            self.out.insert(self.begins, Effect { rule: Rule::SW_STORE_02, what });
        }
    }

    fn change(&self, key: RowKey) -> Change {
        self.row(key).map_or(Change::Delete(key), Change::Put)
    }

    fn row(&self, key: RowKey) -> Option<Row> {
        match key {
            RowKey::Limiter => {
                (!self.limiter.is_at_rest()).then(|| Row::Limiter(self.limiter.row()))
            }
            RowKey::Session(id) => {
                let session = self.sessions.get(&id).filter(|s| s.is_background())?;
                Some(Row::Session(id, session.row()))
            }
            RowKey::NextTask(id) => {
                let session = self.sessions.get(&id).filter(|s| s.is_background())?;
                (session.next_task > TaskId(1)).then_some(Row::NextTask(id, session.next_task))
            }
            RowKey::Task(key) => {
                let background = self.is_background(key);
                let task = self.task(key).filter(|task| background && !task.delivered)?;
                Some(Row::Task(key, task.row.clone()))
            }
            RowKey::Resumable(file) => {
                self.resumable.get(&file).map(|length| Row::Resumable(file, *length))
            }
        }
    }

    /// Returns the rows as they stand in memory; equal to what is stored once every batch is.
    pub fn rows(&self) -> Vec<Row> {
        let mut keys = vec![RowKey::Limiter];
        for (id, session) in &self.sessions {
            keys.extend([RowKey::Session(*id), RowKey::NextTask(*id)]);
            keys.extend(
                session.tasks.iter().map(|(task, _)| RowKey::Task(TaskKey { session: *id, task })),
            );
        }
        keys.extend(self.resumable.keys().copied().map(RowKey::Resumable));
        keys.sort_unstable();
        keys.into_iter().filter_map(|key| self.row(key)).collect()
    }

    /// Compares the books that are kept with what they are kept of: for property tests.
    ///
    /// # Errors
    ///
    /// Which count is off, and both its values.
    #[doc(hidden)]
    pub fn check(&self) -> Result<(), String> {
        let mut running = 0;
        for (id, session) in &self.sessions {
            let tasks = || session.tasks.iter().map(|(_, task)| task);
            let unfinished =
                tasks().filter(|t| t.row.resumed_at.is_some() && t.is_unfinished()).count();
            let suspended = tasks()
                .filter(|t| {
                    t.row.resumed_at.is_some() && t.is_unfinished() && t.row.suspensions > 0
                })
                .count();
            let asking = tasks().filter(|t| matches!(t.phase, crate::task::Phase::Asking)).count();
            if session.is_background() {
                running += tasks().filter(|t| t.phase.is_running()).count();
            }
            let kept = (session.unfinished, session.suspended, session.asking);
            if kept != (unfinished, suspended, asking) {
                return Err(format!(
                    "session {id}: {kept:?}, not {:?}",
                    (unfinished, suspended, asking)
                ));
            }
        }
        if running != self.running as usize {
            return Err(format!("{} transfers run, not {running}", self.running));
        }
        Ok(())
    }
}
