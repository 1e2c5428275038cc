//! How things stand between two events, as far as the trace tells.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use sleepwalker_core::{
    ErrorCode, Knobs, Link, Method, Path, ProcessState, SessionKind, Time, Why,
};

use crate::{ApiCall, Cause, Event, Fact, TaskName, UserAct};

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskSort {
    Data,
    Download,
    Upload,
}

/// A task, as far as the trace tells.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) sort: TaskSort,
    pub(crate) background: bool,
    pub(crate) process: u32,
    pub(crate) created: (usize, Time),
    pub(crate) suspensions: u32,
    pub(crate) suspended_at: Option<Time>,
    pub(crate) resumed_at: Option<Time>,
    pub(crate) timeout: Duration,
    pub(crate) date: Option<Time>,
    pub(crate) cancelled: bool,
    pub(crate) finished: Option<(usize, Time, Option<ErrorCode>)>,
    pub(crate) waits: Option<(Why, Option<Time>)>,
    /// `taskDescription`.
    pub(crate) description: Option<Arc<str>>,
    pub(crate) told: bool,
    /// The gate that the delegate was asked at and has not answered.
    pub(crate) gate: Option<(u32, u64)>,
    pub(crate) file: Option<usize>,
    pub(crate) done: Option<usize>,
    pub(crate) converted: bool,
    /// An item was marked by it.
    pub(crate) marked: bool,
    pub(crate) gone: bool,
    /// The last event of the daemon that speaks of it.
    pub(crate) seen: usize,
    /// Its process died when a call about it was due.
    pub(crate) shot: bool,
}

impl Task {
    /// Returns whether the task was resumed, and still owes the app its end.
    pub(crate) fn owed(&self) -> bool {
        self.resumed_at.is_some() && self.done.is_none() && !self.converted && !self.gone
    }

    /// The app calls one of its methods.
    fn obey(&mut self, call: &ApiCall, now: Time) {
        match call {
            ApiCall::Resume => {
                self.suspensions = self.suspensions.saturating_sub(1);
                if self.suspensions == 0 && self.resumed_at.is_none() {
                    self.resumed_at = Some(now);
                }
            }
            ApiCall::Suspend => {
                self.suspensions += 1;
                self.suspended_at = Some(now);
            }
            ApiCall::Cancel | ApiCall::CancelByProducingResumeData => self.cancelled = true,
            ApiCall::SetEarliestBeginDate(date) => self.date = Some(*date),
            ApiCall::SetTaskDescription(text) => self.description = Some(text.as_str().into()),
            _ => {}
        }
    }

    /// The daemon says something about it.
    fn hear(&mut self, index: usize, event: &Event) {
        match &event.fact {
            Fact::Waits { why, until, .. } => self.waits = Some((*why, *until)),
            Fact::Retries { until, why, .. } => self.waits = Some((*why, Some(*until))),
            Fact::Starts { .. } | Fact::Releases { .. } => self.waits = None,
            Fact::Finishes { error, .. } => {
                self.finished.get_or_insert((index, event.at, *error));
                self.waits = None;
            }
            _ => {}
        }
    }

    /// Returns whether the daemon runs it whatever becomes of the app.
    pub(crate) fn outlives_app(&self) -> bool {
        self.background && self.sort != TaskSort::Data
    }
}

/// A process that lives.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) state: ProcessState,
    /// Sessions that it holds.
    pub(crate) connected: BTreeMap<Arc<str>, SessionKind>,
}

/// A session by its name.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) kind: SessionKind,
    pub(crate) timeout: Duration,
    /// The most that any of its objects allowed.
    pub(crate) connections_per_host: u32,
}

/// A callback that has not returned.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    pub(crate) session: Arc<str>,
    pub(crate) task: Option<u32>,
    pub(crate) index: usize,
    pub(crate) sort: OpenSort,
}

/// What kind of callback it is, as far as checkers care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpenSort {
    File,
    Done,
    Other,
    /// Not on the delegate queue, or on one that is not specified.
    Aside,
}

/// How things stand.
pub(crate) struct Scene<'a> {
    pub(crate) knobs: &'a Knobs,
    pub(crate) now: Time,
    pub(crate) processes: BTreeMap<u32, Process>,
    pub(crate) sessions: BTreeMap<Arc<str>, Session>,
    pub(crate) tasks: BTreeMap<TaskName, Task>,
    /// Those that are neither complete, nor converted, nor gone with their process.
    pub(crate) live: BTreeSet<TaskName>,
    /// By process and callback.
    pub(crate) open: BTreeMap<(u32, u64), Open>,
    pub(crate) path: Option<Path>,
    /// The device started again and was not unlocked since.
    pub(crate) locked: bool,
    pub(crate) last_boot: Option<(usize, Time)>,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(knobs: &'a Knobs) -> Scene<'a> {
        Scene {
            knobs,
            now: Time::ZERO,
            processes: BTreeMap::new(),
            sessions: BTreeMap::new(),
            tasks: BTreeMap::new(),
            live: BTreeSet::new(),
            open: BTreeMap::new(),
            path: None,
            locked: false,
            last_boot: None,
        }
    }

    pub(crate) fn task(&self, session: &Arc<str>, task: Option<u32>) -> Option<&Task> {
        self.tasks.get(&TaskName { session: session.clone(), task: task? })
    }

    pub(crate) fn is_background(&self, session: &str) -> bool {
        self.sessions.get(session).is_some_and(|it| it.kind == SessionKind::Background)
    }

    pub(crate) fn state(&self, process: u32) -> Option<ProcessState> {
        self.processes.get(&process).map(|process| process.state)
    }

    pub(crate) fn is_connected(&self, process: u32, session: &str) -> bool {
        self.processes.get(&process).is_some_and(|process| process.connected.contains_key(session))
    }

    /// Returns the running process that holds the session.
    pub(crate) fn running_holder(&self, session: &str) -> Option<u32> {
        self.processes
            .iter()
            .find(|(_, process)| {
                process.state != ProcessState::Suspended && process.connected.contains_key(session)
            })
            .map(|(number, _)| *number)
    }

    /// Returns whether a callback on the session's queue has not returned.
    pub(crate) fn queue_is_busy(&self, process: u32, session: &str) -> bool {
        self.busy_with(process, session).is_some()
    }

    pub(crate) fn busy_with(&self, process: u32, session: &str) -> Option<&Open> {
        self.open
            .range((process, 0)..=(process, u64::MAX))
            .map(|(_, open)| open)
            .find(|open| *open.session == *session && open.sort != OpenSort::Aside)
    }

    /// Returns the tasks of a session whose end was not told.
    pub(crate) fn live_of(&self, session: &Arc<str>) -> impl Iterator<Item = (&TaskName, &Task)> {
        let first = TaskName { session: session.clone(), task: 0 };
        let session = session.clone();
        let live = self.live.range(first..).take_while(move |name| name.session == session);
        live.filter_map(|name| Some((name, self.tasks.get(name)?)))
    }

    fn insert(&mut self, name: TaskName, task: Task) {
        self.live.insert(name.clone());
        self.tasks.insert(name, task);
    }

    /// Returns whether a call about the end of the task may have been under way, and not seen, when its
    /// process or the device died: with at most one delivery it is lost then.
    pub(crate) fn may_be_lost(&self, task: &Task) -> bool {
        !self.knobs.repeat_interrupted_callbacks && (self.is_unheard(task) || task.shot)
    }

    /// Returns whether the device went down after all that is known of the task: the last that happened
    /// to it may not have been seen.
    pub(crate) fn is_unheard(&self, task: &Task) -> bool {
        self.last_boot.is_some_and(|(boot, _)| boot > task.seen)
    }

    pub(crate) fn path_is_none(&self) -> bool {
        self.path.is_some_and(|path| path.link == Link::None)
    }

    fn task_mut(&mut self, session: &Arc<str>, task: Option<u32>) -> Option<&mut Task> {
        self.tasks.get_mut(&TaskName { session: session.clone(), task: task? })
    }

    /// Goes on by one event.
    pub(crate) fn apply(&mut self, index: usize, event: &Event) {
        self.now = event.at;
        match &event.fact {
            Fact::User { act: UserAct::Unlock | UserAct::Open } => self.locked = false,
            Fact::Launches { process, state, cause } => {
                self.locked &= *cause != Cause::User;
                let connected = BTreeMap::new();
                self.processes.insert(*process, Process { state: *state, connected });
            }
            Fact::Moves { process, state, .. } => {
                let fresh = Process { state: *state, connected: BTreeMap::new() };
                self.processes.entry(*process).or_insert(fresh).state = *state;
            }
            Fact::Kills { process, .. } => self.on_death(*process),
            Fact::Boots { .. } => {
                let all: Vec<u32> = self.processes.keys().copied().collect();
                all.into_iter().for_each(|process| self.on_death(process));
                self.locked = self.knobs.first_unlock_gate;
                self.last_boot = Some((index, event.at));
            }
            Fact::Marks { task: Some(task), .. } => {
                if let Some(task) = self.tasks.get_mut(task) {
                    task.marked = true;
                }
            }
            Fact::PathChanges { path } => self.path = Some(*path),
            Fact::Calls { process, session, task, call, misuse: None } => {
                self.on_call(index, *process, session, *task, call);
            }
            Fact::Enqueues { task, .. }
            | Fact::Waits { task, .. }
            | Fact::Retries { task, .. }
            | Fact::Starts { task, .. }
            | Fact::Releases { task, .. }
            | Fact::Stops { task, .. }
            | Fact::Ends { task, .. }
            | Fact::Finishes { task, .. } => {
                // A daemon that starts tells again what was done before it went down.
                let again = matches!(event.fact, Fact::Finishes { .. })
                    && self.last_boot.is_some_and(|(_, at)| at == event.at);
                if let Some(task) = self.tasks.get_mut(task) {
                    if !again {
                        task.seen = index;
                    }
                    task.hear(index, event);
                }
            }
            Fact::Delivers { process, session, task, callback, method, .. } => {
                self.on_callback(index, (*process, *callback), session, *task, method);
            }
            Fact::Returns { process, callback, answer, .. } => {
                let key = (*process, *callback);
                let open = self.open.remove(&key);
                if let (Some(open), Some(_)) = (open, answer)
                    && let Some(task) = self.task_mut(&open.session, open.task)
                    && task.gate == Some(key)
                {
                    task.gate = None;
                }
            }
            _ => {}
        }
    }

    fn on_death(&mut self, process: u32) {
        let Some(dead) = self.processes.remove(&process) else {
            return;
        };
        for session in dead.connected.keys() {
            if dead.state == ProcessState::Suspended || self.queue_is_busy(process, session) {
                continue;
            }
            let names: Vec<TaskName> =
                self.live_of(session).map(|(name, _)| name.clone()).collect();
            for name in names {
                if let Some(task) = self.tasks.get_mut(&name) {
                    task.shot |= task.finished.is_some();
                }
            }
        }
        self.open.retain(|(owner, _), _| *owner != process);
        let in_process = dead.connected.iter().filter(|(_, kind)| **kind == SessionKind::InProcess);
        for (session, _) in in_process {
            let first = TaskName { session: session.clone(), task: 0 };
            let tasks = self.tasks.range_mut(first..);
            for (name, task) in tasks.take_while(|(name, _)| name.session == *session) {
                if task.process == process {
                    task.gone = true;
                    self.live.remove(name);
                }
            }
        }
    }

    fn on_call(
        &mut self,
        index: usize,
        process: u32,
        session: &Arc<str>,
        task: Option<u32>,
        call: &ApiCall,
    ) {
        let now = self.now;
        let sort = match call {
            ApiCall::CreateSession {
                kind,
                existed,
                max_connections_per_host,
                timeout_for_resource,
                ..
            } => {
                let most = max_connections_per_host.unwrap_or(self.knobs.connections_per_host);
                self.on_session(process, session, *kind, *existed, most, *timeout_for_resource);
                return;
            }
            ApiCall::DataTask { .. } => TaskSort::Data,
            ApiCall::DownloadTask { .. } | ApiCall::DownloadTaskWithResumeData { .. } => {
                TaskSort::Download
            }
            ApiCall::UploadTaskFromFile { .. } | ApiCall::UploadTaskFromData { .. } => {
                TaskSort::Upload
            }
            ApiCall::InvalidateAndCancel => {
                let first = TaskName { session: session.clone(), task: 0 };
                let tasks = self.tasks.range_mut(first..);
                for (_, task) in tasks.take_while(|(name, _)| name.session == *session) {
                    task.cancelled = true;
                }
                return;
            }
            _ => {
                if let Some(task) = self.task_mut(session, task) {
                    task.obey(call, now);
                }
                return;
            }
        };
        if let Some(number) = task {
            let name = TaskName { session: session.clone(), task: number };
            let fresh = self.fresh(index, process, session, sort);
            self.insert(name, fresh);
        }
    }

    fn fresh(&self, index: usize, process: u32, session: &Arc<str>, sort: TaskSort) -> Task {
        let week = Duration::from_secs(604_800);
        let timeout = self.sessions.get(session).map_or(week, |session| session.timeout);
        Task {
            sort,
            background: self.is_background(session),
            process,
            created: (index, self.now),
            suspensions: 1,
            suspended_at: None,
            resumed_at: None,
            timeout,
            date: None,
            cancelled: false,
            finished: None,
            waits: None,
            description: None,
            told: false,
            gate: None,
            file: None,
            done: None,
            converted: false,
            marked: false,
            gone: false,
            seen: index,
            shot: false,
        }
    }

    fn on_session(
        &mut self,
        process: u32,
        session: &Arc<str>,
        kind: SessionKind,
        existed: bool,
        most: u32,
        timeout: Duration,
    ) {
        if !existed && kind == SessionKind::Background {
            self.tasks.retain(|name, _| name.session != *session);
            self.live.retain(|name| name.session != *session);
            self.sessions.remove(session);
        }
        let known = self.sessions.entry(session.clone());
        let known = known.or_insert(Session { kind, timeout, connections_per_host: most });
        known.kind = kind;
        known.timeout = timeout;
        known.connections_per_host = known.connections_per_host.max(most);
        if let Some(process) = self.processes.get_mut(&process) {
            process.connected.insert(session.clone(), kind);
        }
    }

    fn on_callback(
        &mut self,
        index: usize,
        key: (u32, u64),
        session: &Arc<str>,
        task: Option<u32>,
        method: &Method,
    ) {
        let mut sort = OpenSort::Other;
        match method {
            Method::DidFinishDownloadingTo { .. } => {
                sort = OpenSort::File;
                if let Some(task) = self.task_mut(session, task) {
                    task.file = Some(index);
                }
            }
            Method::DidComplete { .. } => {
                sort = OpenSort::Done;
                if let Some(task) = self.task_mut(session, task) {
                    task.done = Some(index);
                    task.waits = None;
                }
            }
            Method::DidBecomeDownloadTask { new } => {
                if let Some(old) = self.task_mut(session, task) {
                    old.converted = true;
                    let new_task = Task {
                        sort: TaskSort::Download,
                        converted: false,
                        created: (index, old.created.1),
                        ..old.clone()
                    };
                    let name = TaskName { session: session.clone(), task: new.0 };
                    self.insert(name, new_task);
                }
            }
            Method::DidBecomeInvalid { .. } => {
                if let Some(process) = self.processes.get_mut(&key.0) {
                    process.connected.remove(session);
                }
            }
            Method::TaskIsWaitingForConnectivity => {
                if let Some(task) = self.task_mut(session, task) {
                    task.waits = Some((Why::Path, None));
                }
            }
            Method::DidCreateTask | Method::ResumeData { .. } => sort = OpenSort::Aside,
            _ => {}
        }
        if let Some(number) = task
            && matches!(method, Method::DidComplete { .. } | Method::DidBecomeDownloadTask { .. })
        {
            self.live.remove(&TaskName { session: session.clone(), task: number });
        }
        if let Some(task) = self.task_mut(session, task) {
            task.told = true;
            if method.is_gate() {
                task.gate = Some(key);
            }
        }
        self.open.insert(key, Open { session: session.clone(), task, index, sort });
    }
}
