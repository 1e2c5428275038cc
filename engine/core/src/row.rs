//! Durable state: rows by key, changed in atomic batches.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    BatchId, BodyFile, Configuration, FileId, Implements, Request, SessionId, TaskError, TaskId,
    TaskKey, Time, Validator,
};

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowKey {
    /// The limiter.
    Limiter,
    /// A background session.
    Session(SessionId),
    /// The next task identifier of a session; apart, for it changes with every task.
    NextTask(SessionId),
    /// A task of a background session.
    Task(TaskKey),
    /// A partial file that resume data speaks of.
    Resumable(FileId),
}

/// One durable record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Row {
    /// The limiter's state (BG-RATE-01).
    Limiter(LimiterRow),
    /// A session.
    Session(SessionId, SessionRow),
    /// The next task identifier of a session.
    NextTask(SessionId, TaskId),
    /// A task.
    Task(TaskKey, Arc<TaskRow>),
    /// A partial file that resume data speaks of, with its usable length, until a task takes it over.
    Resumable(FileId, u64),
}

impl Row {
    /// Returns the key.
    pub fn key(&self) -> RowKey {
        match self {
            Row::Limiter(_) => RowKey::Limiter,
            Row::Session(id, _) => RowKey::Session(*id),
            Row::NextTask(id, _) => RowKey::NextTask(*id),
            Row::Task(key, _) => RowKey::Task(*key),
            Row::Resumable(file, _) => RowKey::Resumable(*file),
        }
    }
}

/// The limiter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimiterRow {
    /// The delay in force, in nanoseconds.
    pub delay: std::time::Duration,
    /// The last wake.
    pub last_wake: Time,
}

/// A background session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    /// `configuration.identifier`.
    pub identifier: String,
    /// The options of its newest object; tasks keep theirs (BG-CFG-06).
    pub configuration: Arc<Configuration>,
    /// What its delegate implements.
    pub implements: Implements,
    /// No new tasks; it goes when the last one is over (BG-INV-01).
    pub invalidating: bool,
}

/// A task of a background session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRow {
    /// What the task does.
    pub kind: TaskKind,
    /// `originalRequest`.
    pub request: Arc<Request>,
    /// The session's options when the task was made.
    pub configuration: Arc<Configuration>,
    /// `taskDescription`.
    pub description: Option<String>,
    /// `priority`, in thousandths.
    pub priority: u16,
    /// How often `suspend` outnumbers `resume`; 1 for a new task.
    pub suspensions: u32,
    /// When it was first resumed: from here the resource timeout counts (BG-SCHED-18).
    pub resumed_at: Option<Time>,
    /// Its place among the resumed tasks of all sessions.
    pub order: u64,
    /// It was resumed in the background (BG-SCHED-02).
    pub auto_discretionary: bool,
    /// The limiter holds it (BG-RATE-07).
    pub held: bool,
    /// `earliestBeginDate`.
    pub earliest_begin: Option<Time>,
    /// `willBeginDelayedRequest` was answered, or is not needed.
    pub delay_answered: bool,
    /// Another request to load, from `willBeginDelayedRequest`.
    pub replacement: Option<Arc<Request>>,
    /// What of a download is held.
    pub partial: Option<Partial>,
    /// The end, if it has come.
    pub result: Option<TaskResult>,
}

/// What a task does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskKind {
    /// A data task.
    Data,
    /// A download.
    Download,
    /// An upload, from a file that the engine owns.
    Upload(BodyFile),
}

/// The part of a download that is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partial {
    /// The file.
    pub file: FileId,
    /// Durable bytes.
    pub length: u64,
    /// The whole length, if known.
    pub expected: Option<u64>,
    /// What the bytes are a part of; none: they cannot be resumed.
    pub validator: Option<Validator>,
}

/// The end of a task, kept until it is delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskResult {
    /// Its place among the ends of its session: the order of delivery.
    pub order: u64,
    /// The error; none is success.
    pub error: Option<TaskError>,
    /// The HTTP status, if a response came.
    pub status: Option<u16>,
    /// The complete file of a download, or the spooled response of an upload.
    pub file: Option<(FileId, u64)>,
    /// `didFinishDownloadingTo`, or all of the spooled response, was handed over already.
    pub handed_over: bool,
    /// The app is woken for it; not for what the app or the user cancelled (BG-QUIT-04).
    pub wakes: bool,
    /// Requests on the wire.
    pub transactions: u32,
    /// Redirects followed.
    pub redirects: u32,
}

/// An atomic change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// By which its storing is told.
    pub id: BatchId,
    /// In order of their keys; a key occurs once.
    pub changes: Vec<Change>,
}

/// A change of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Writes the row, over an older one with its key.
    Put(Row),
    /// Deletes the row.
    Delete(RowKey),
}
