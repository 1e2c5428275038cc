//! What a process may ask of the core, and what it is told at once.

use std::sync::Arc;

use crate::{
    BodyFile, Configuration, ErrorCode, Implements, Request, ResumeData, SessionId, SessionKind,
    TaskKey, Time,
};

/// A call of the API. Calls never wait: effects may follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// `URLSession(configuration:delegate:delegateQueue:)`. For a background session `name` is its
    /// identifier, and an existing record of it is connected to; else it is a label.
    CreateSession {
        /// Identifier or label.
        name: String,
        /// Whose the session is.
        kind: SessionKind,
        /// Copied at creation.
        configuration: Configuration,
        /// What the delegate implements; none: there is no delegate.
        delegate: Option<Implements>,
    },
    /// `dataTask(with:)`.
    DataTask {
        /// The session that shall own the task.
        session: SessionId,
        /// What to ask for.
        request: Arc<Request>,
    },
    /// `downloadTask(with:)`.
    DownloadTask {
        /// The session that shall own the task.
        session: SessionId,
        /// What to ask for.
        request: Arc<Request>,
    },
    /// `downloadTask(withResumeData:)`.
    DownloadTaskWithResumeData {
        /// The session that shall own the task.
        session: SessionId,
        /// What an earlier task left.
        resume_data: ResumeData,
    },
    /// `uploadTask(with:fromFile:)`; the shell has copied the file, or failed to with a code.
    UploadTaskFromFile {
        /// The session that shall own the task.
        session: SessionId,
        /// Where to send it.
        request: Arc<Request>,
        /// The copy.
        body: Result<BodyFile, ErrorCode>,
    },
    /// `uploadTask(with:from:)`: legal in-process only (BG-KIND-02). The shell has spooled the bytes.
    UploadTaskFromData {
        /// The session that shall own the task.
        session: SessionId,
        /// Where to send it.
        request: Arc<Request>,
        /// The bytes, spooled.
        body: BodyFile,
    },
    /// `resume()`.
    Resume(TaskKey),
    /// `suspend()`.
    Suspend(TaskKey),
    /// `cancel()`.
    Cancel(TaskKey),
    /// `cancel(byProducingResumeData:)`.
    CancelByProducingResumeData(TaskKey),
    /// Sets `taskDescription`, which survives relaunch (BG-TASK-04).
    SetTaskDescription(TaskKey, String),
    /// Sets `priority`, in thousandths: 500 is the default (BG-TASK-09).
    SetPriority(TaskKey, u16),
    /// Sets `earliestBeginDate` (BG-SCHED-17).
    SetEarliestBeginDate(TaskKey, Time),
    /// `getAllTasks`; the answer is a callback.
    GetAllTasks(SessionId),
    /// The app changes the configuration object that it made a session with (BG-CFG-05).
    EditConfiguration {
        /// The session.
        session: SessionId,
        /// What the object says now.
        configuration: Configuration,
    },
    /// `finishTasksAndInvalidate()`.
    FinishTasksAndInvalidate(SessionId),
    /// `invalidateAndCancel()`.
    InvalidateAndCancel(SessionId),
}

/// What a call returns at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The session, new or found again.
    Session {
        /// Its number.
        id: SessionId,
        /// The daemon knew it already, or this process did (BG-CFG-04).
        existed: bool,
    },
    /// The new task, suspended (BG-KIND-13).
    Task(TaskKey),
    /// Nothing to tell.
    Done,
}
