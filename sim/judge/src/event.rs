//! One line of the trace, as data.

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use sleepwalker_core::{
    Death, DelayChange, ErrorCode, Method, Path, ProcessState, SessionKind, Time, Why,
};

/// What happened, when, and by which rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Time,
    /// What.
    #[serde(flatten)]
    pub fact: Fact,
    /// The rule that decided it, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Cow<'static, str>>,
}

/// A task by the name of its session and its identifier, written `photos/1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskName {
    /// The session's identifier or label.
    pub session: Arc<str>,
    /// `taskIdentifier`.
    pub task: u32,
}

impl fmt::Display for TaskName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.session, self.task)
    }
}

/// What a user does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UserAct {
    /// Brings the app to the front, launching it if need be.
    Open,
    /// Leaves the app.
    Home,
    /// Removes the app in the app switcher.
    ForceQuit,
    /// Unlocks the device.
    Unlock,
}

/// What made the OS launch or resume the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The user.
    User,
    /// Events of this background session.
    Session(Arc<str>),
    /// The grace time or the wake window ended, or the handlers were called.
    System,
}

/// An API call of the app, as the trace tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApiCall {
    /// `URLSession(configuration:delegate:delegateQueue:)`.
    CreateSession {
        /// Whose it is.
        kind: SessionKind,
        /// The daemon knew the identifier already.
        existed: bool,
        /// `httpMaximumConnectionsPerHost`, where the configuration sets it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_connections_per_host: Option<u32>,
        /// The resource timeout.
        timeout_for_resource: Duration,
        /// `sessionSendsLaunchEvents = false`.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        no_launch_events: bool,
    },
    /// `dataTask(with:)`.
    DataTask {
        /// Method and URL.
        request: String,
    },
    /// `downloadTask(with:)`.
    DownloadTask {
        /// Method and URL.
        request: String,
    },
    /// `downloadTask(withResumeData:)`.
    DownloadTaskWithResumeData {
        /// Bytes held.
        offset: u64,
    },
    /// `uploadTask(with:fromFile:)`.
    UploadTaskFromFile {
        /// Method and URL.
        request: String,
        /// Bytes of the body.
        length: u64,
    },
    /// `uploadTask(with:from:)`.
    UploadTaskFromData {
        /// Method and URL.
        request: String,
        /// Bytes of the body.
        length: u64,
    },
    /// `resume()`.
    Resume,
    /// `suspend()`.
    Suspend,
    /// `cancel()`.
    Cancel,
    /// `cancel(byProducingResumeData:)`.
    CancelByProducingResumeData,
    /// `taskDescription = …`.
    SetTaskDescription(String),
    /// `priority = …`, in thousandths.
    SetPriority(u16),
    /// `earliestBeginDate = …`.
    SetEarliestBeginDate(Time),
    /// `getAllTasks`.
    GetAllTasks,
    /// The configuration object that the session was made with is changed.
    EditConfiguration,
    /// `finishTasksAndInvalidate()`.
    FinishTasksAndInvalidate,
    /// `invalidateAndCancel()`.
    InvalidateAndCancel,
}

impl ApiCall {
    /// Returns whether it makes a task.
    pub fn creates_task(&self) -> bool {
        match self {
            ApiCall::DataTask { .. }
            | ApiCall::DownloadTask { .. }
            | ApiCall::DownloadTaskWithResumeData { .. }
            | ApiCall::UploadTaskFromFile { .. }
            | ApiCall::UploadTaskFromData { .. } => true,
            ApiCall::CreateSession { .. }
            | ApiCall::Resume
            | ApiCall::Suspend
            | ApiCall::Cancel
            | ApiCall::CancelByProducingResumeData
            | ApiCall::SetTaskDescription(_)
            | ApiCall::SetPriority(_)
            | ApiCall::SetEarliestBeginDate(_)
            | ApiCall::GetAllTasks
            | ApiCall::EditConfiguration
            | ApiCall::FinishTasksAndInvalidate
            | ApiCall::InvalidateAndCancel => false,
        }
    }
}

/// What the bytes of a file are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// Exactly one whole version of one file of the origin.
    Version {
        /// Host and path.
        file: Arc<str>,
        /// Which version, counted from 1.
        version: u32,
    },
    /// A part of one version, from its start.
    Part {
        /// Host and path.
        file: Arc<str>,
        /// Which version.
        version: u32,
        /// The length of the whole.
        whole: u64,
    },
    /// Not a prefix of one version: told piece by piece.
    Mixed(String),
    /// Bytes that no version has: a page, an echo; by their SHA-256 in hexadecimal.
    Literal(String),
    /// The file is not there.
    Missing,
}

/// How an item of the app stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemState {
    /// Wanted, or given to the session.
    Queued,
    /// The app has it.
    Done,
    /// The app gave up.
    Failed,
}

/// What happened. The first word of the serialized form is the kind; families (witnesses) are:
/// `calls` (what the app calls and is told), `os`, `daemon`, `wire`, `files`, `items`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "fact")]
pub enum Fact {
    /// The user acts. Family `os`.
    User {
        /// How.
        act: UserAct,
    },
    /// The OS launches the app. Family `os`.
    Launches {
        /// The new process.
        process: u32,
        /// In which state it starts.
        state: ProcessState,
        /// Why.
        cause: Cause,
    },
    /// A process changes its state. Family `os`.
    Moves {
        /// Which.
        process: u32,
        /// To what.
        state: ProcessState,
        /// Why.
        cause: Cause,
    },
    /// A process ends. Family `os`.
    Kills {
        /// Which.
        process: u32,
        /// How.
        death: Death,
    },
    /// The OS calls `handleEventsForBackgroundURLSession`. Family `os`.
    HandlesEvents {
        /// The process.
        process: u32,
        /// The session.
        session: Arc<str>,
    },
    /// The OS takes the app's picture. Family `os`.
    Snapshots {
        /// Of which process.
        process: u32,
    },
    /// The device starts again. Family `os`.
    Boots {
        /// What ended its last run: `Reboot` or `PowerCut`.
        after: Death,
    },
    /// The path changes. Family `os`.
    PathChanges {
        /// To what.
        path: Path,
    },
    /// External power comes or goes. Family `os`.
    PowerChanges {
        /// Whether it is there.
        external: bool,
    },
    /// The radio stops carrying anything, or goes on, while the path is told as before.
    Outage {
        /// Whether it is on.
        begins: bool,
    },
    /// The origin's script changes something.
    OriginActs {
        /// The host.
        host: Arc<str>,
        /// What, in words.
        what: String,
    },
    /// The app calls the API. Family `calls`.
    Calls {
        /// Which process.
        process: u32,
        /// The session.
        session: Arc<str>,
        /// The task, if of one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task: Option<u32>,
        /// What.
        call: ApiCall,
        /// The exception, if it ended in one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        misuse: Option<String>,
    },
    /// The app calls the handler it got with `handleEventsForBackgroundURLSession`. Family `calls`.
    CallsHandler {
        /// Which process.
        process: u32,
        /// For which session.
        session: Arc<str>,
    },
    /// The app moves the temporary file of a download. Family `files`.
    Claims {
        /// Which process.
        process: u32,
        /// The task it came with.
        task: TaskName,
        /// Whether the file was still there.
        found: bool,
    },
    /// The app deletes one of its own files. Family `files`.
    Deletes {
        /// Which process.
        process: u32,
        /// The file's name.
        file: Arc<str>,
    },
    /// The app notes how one of its items stands. Family `items`.
    Marks {
        /// Which process.
        process: u32,
        /// The item.
        item: Arc<str>,
        /// The task that served it, if one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task: Option<TaskName>,
        /// How it stands.
        state: ItemState,
        /// The HTTP status that the app went by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
    },
    /// A task is known to the scheduler. Family `daemon`.
    Enqueues {
        /// The task.
        task: TaskName,
        /// Whether it is discretionary.
        discretionary: bool,
    },
    /// A task cannot start yet. Family `daemon`.
    Waits {
        /// The task.
        task: TaskName,
        /// For what.
        why: Why,
        /// Until when, if known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Time>,
    },
    /// A task is held no more, or is discretionary no more. Family `daemon`.
    Releases {
        /// The task.
        task: TaskName,
        /// What held it.
        why: Why,
    },
    /// A request goes on the wire. Family `daemon`.
    Starts {
        /// The task.
        task: TaskName,
        /// The attempt's number.
        attempt: u32,
        /// The HTTP method.
        method: String,
        /// The URL.
        url: String,
        /// The first byte asked for, if a range is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<u64>,
        /// The connection that carries it.
        connection: u64,
    },
    /// The head of a response came. Family `wire`.
    Head {
        /// The task.
        task: TaskName,
        /// The attempt's number.
        attempt: u32,
        /// The HTTP status.
        status: u16,
        /// The length of the body.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        length: Option<u64>,
        /// The first byte of a 206.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<u64>,
    },
    /// Bytes came. Family `wire`.
    Receives {
        /// The task.
        task: TaskName,
        /// The attempt's number.
        attempt: u32,
        /// In all, as the file holds them.
        total: u64,
        /// Of so many, if known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected: Option<u64>,
    },
    /// Bytes of a body went. Family `wire`.
    Sends {
        /// The task.
        task: TaskName,
        /// The attempt's number.
        attempt: u32,
        /// In all.
        total: u64,
        /// Of so many.
        expected: u64,
    },
    /// An attempt's response is complete. Family `daemon`.
    Ends {
        /// The task.
        task: TaskName,
        /// The attempt's number.
        attempt: u32,
        /// Bytes received in all.
        total: u64,
    },
    /// An attempt was broken off. Family `daemon`.
    Stops {
        /// The task.
        task: TaskName,
        /// The attempt's number.
        attempt: u32,
        /// Why.
        why: Why,
        /// Bytes received, or sent, in all.
        total: u64,
    },
    /// A task will be tried again. Family `daemon`.
    Retries {
        /// The task.
        task: TaskName,
        /// Not before.
        until: Time,
        /// Why.
        why: Why,
    },
    /// The daemon is done with a task. Family `daemon`.
    Finishes {
        /// The task.
        task: TaskName,
        /// The code, if it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<ErrorCode>,
    },
    /// The limiter's delay changed. Family `daemon`.
    Delays {
        /// The delay in force.
        delay: Duration,
        /// Why.
        why: DelayChange,
    },
    /// A connection is open. Family `wire`.
    Opens {
        /// Its number.
        connection: u64,
        /// The session it belongs to.
        session: Arc<str>,
        /// The host.
        host: Arc<str>,
    },
    /// A connection is gone. Family `wire`.
    Closes {
        /// Its number.
        connection: u64,
        /// The session it belonged to.
        session: Arc<str>,
        /// The host.
        host: Arc<str>,
    },
    /// A console warning. Family `calls`.
    Warns {
        /// The session.
        session: Arc<str>,
        /// What about.
        what: sleepwalker_core::Warning,
    },
    /// A delegate method is called. Family `calls`.
    Delivers {
        /// In which process.
        process: u32,
        /// The session whose delegate it is.
        session: Arc<str>,
        /// The task, if of one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task: Option<u32>,
        /// The callback's number, which its return names.
        callback: u64,
        /// Which method.
        #[serde(flatten)]
        method: Method,
        /// What the file or the data is, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<Content>,
    },
    /// A delegate method has returned. Family `calls`.
    Returns {
        /// In which process.
        process: u32,
        /// The session.
        session: Arc<str>,
        /// The callback.
        callback: u64,
        /// How a gate was answered, in words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer: Option<String>,
    },
    /// A request arrived at the origin, body included. Family `wire`.
    Arrives {
        /// The host.
        host: Arc<str>,
        /// The HTTP method.
        method: String,
        /// Path and query.
        target: String,
        /// Bytes of its body.
        length: u64,
        /// SHA-256 of its body in hexadecimal, if there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<String>,
    },
}
