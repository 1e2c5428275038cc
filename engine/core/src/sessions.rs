//! A session: its options, its tasks, and the callbacks that wait for its delegate.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    AttemptId, ChunkId, Configuration, FileId, Implements, Method, ProcessId, SessionKind,
    SessionRow, TaskId, tasks::Tasks,
};

/// A session: for a background session the daemon's record of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) name: Arc<str>,
    pub(crate) kind: SessionKind,
    pub(crate) configuration: Arc<Configuration>,
    pub(crate) implements: Implements,
    /// The process that holds a live session object for it.
    pub(crate) connected: Option<ProcessId>,
    /// The app asked for its end; no new tasks.
    pub(crate) invalidating: bool,
    pub(crate) next_task: TaskId,
    pub(crate) tasks: Tasks,
    /// Tasks that were resumed and are not over.
    pub(crate) unfinished: usize,
    /// Of these, those that the app suspended again.
    pub(crate) suspended: usize,
    /// Tasks whose delegate is asked about a delayed request.
    pub(crate) asking: usize,
    /// The place of the next result.
    pub(crate) next_result: u64,
    /// Callbacks to come, in order.
    pub(crate) queue: VecDeque<Item>,
    /// Callbacks that run and have not returned: at most one (BG-ORD-01).
    pub(crate) in_callback: u32,
    /// Results or questions that are worth a wake and were not delivered.
    pub(crate) wake_worthy: usize,
    /// The OS was asked to wake the app for what there is.
    pub(crate) asked: bool,
    /// The OS called `handleEvents…` in the running process and its end was not told yet.
    pub(crate) handling: bool,
}

impl Session {
    pub(crate) fn new(name: &str, kind: SessionKind, configuration: Configuration) -> Session {
        Session {
            name: Arc::from(name),
            kind,
            configuration: Arc::new(configuration),
            implements: Implements::default(),
            connected: None,
            invalidating: false,
            next_task: TaskId(1),
            tasks: Tasks::default(),
            unfinished: 0,
            suspended: 0,
            asking: 0,
            next_result: 0,
            queue: VecDeque::new(),
            in_callback: 0,
            wake_worthy: 0,
            asked: false,
            handling: false,
        }
    }

    pub(crate) fn is_background(&self) -> bool {
        self.kind == SessionKind::Background
    }

    pub(crate) fn row(&self) -> SessionRow {
        SessionRow {
            identifier: self.name.to_string(),
            configuration: self.configuration.clone(),
            implements: self.implements,
            invalidating: self.invalidating,
        }
    }
}

/// A callback to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// The end of a task, from this stage on.
    Result(TaskId, Stage),
    /// Progress, with the totals of the moment of delivery.
    Progress(TaskId),
    /// A piece of a body.
    Chunk(TaskId, AttemptId, ChunkId, u64),
    /// A call whose arguments stand.
    Say(Option<TaskId>, Method),
    /// The handler of `getAllTasks`.
    AllTasks,
}

/// How far the delivery of a result has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The file of a download, or the spooled response of an upload from this byte on.
    Body(u64),
    /// The metrics.
    Metrics,
    /// The completion.
    Done,
}

/// A callback that runs: what its return means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Running {
    /// Nothing more.
    Plain,
    /// The chunk may go.
    Chunk(AttemptId, ChunkId),
    /// The temporary file goes; metrics are next.
    File(TaskId, FileId),
    /// The next piece of the spooled response is next, from this byte on, or metrics.
    Spool(TaskId, u64),
    /// The completion is next.
    Metrics(TaskId),
    /// The task is gone, if repeating is off; else it goes now.
    Done(TaskId),
    /// The session goes.
    Invalid,
}
