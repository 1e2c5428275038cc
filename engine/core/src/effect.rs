//! What leaves the core: callbacks, orders, asks, batches to store, and notes for the trace.

use std::{borrow::Cow, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    AttemptId, Batch, BodyFile, Callback, ChunkId, ConnectionId, ErrorCode, FileId, Request, Rule,
    SessionId, TaskKey, Time,
};

/// One thing that leaves the core, with the rule that decided it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Why.
    pub rule: Rule,
    /// What.
    pub what: What,
}

/// The kinds of effects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A delegate call for a process to run.
    Callback(Callback),
    /// Work for the driver.
    Order(Order),
    /// A request to the OS.
    Ask(Ask),
    /// Rows to make durable; nothing more leaves the core before [`crate::Input::Stored`].
    Store(Batch),
    /// A fact about the daemon, for the trace only.
    Note(Note),
}

/// Where a connection leads: HTTP's origin.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Host {
    /// TLS or not.
    pub secure: bool,
    /// The host's name.
    pub name: Arc<str>,
    /// The port.
    pub port: u16,
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        let usual = if self.secure { 443 } else { 80 };
        if self.port != usual {
            write!(f, ":{}", self.port)?;
        }
        Ok(())
    }
}

/// A header field: its name in small letters, and its value.
pub type Field = (Cow<'static, str>, String);

/// The head of a request as it goes on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHead {
    /// The HTTP method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// All fields in order, names in lower case; `host` included, but nothing that frames the message.
    pub headers: Vec<Field>,
}

/// Where the driver puts the body of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Into {
    /// Into a file from this length on; what stands behind it is cut off first.
    File {
        /// The file, made if it is not there.
        file: FileId,
        /// Where the body begins, in bytes.
        at: u64,
    },
    /// Into chunks, each reported; at most 256 KiB wait unfreed.
    Chunks,
    /// Nowhere.
    Nowhere,
}

/// Work for the driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Opens a connection.
    Open(ConnectionId, Host),
    /// Sends a request on an open, idle connection.
    Send {
        /// The attempt that it begins.
        attempt: AttemptId,
        /// The connection that carries it.
        connection: ConnectionId,
        /// The head.
        head: RequestHead,
        /// The body, streamed from a file.
        body: Option<BodyFile>,
    },
    /// Reads the body of the response.
    Receive(AttemptId, Into),
    /// A chunk is not needed any more.
    Free(AttemptId, ChunkId),
    /// Stops reading and sending until [`Order::Continue`]: the process is frozen or the task suspended.
    Hold(AttemptId),
    /// Goes on.
    Continue(AttemptId),
    /// Breaks an attempt off and drops its connection, without a report.
    Cut(AttemptId),
    /// Closes a connection that is idle or still being opened, without a report.
    Close(ConnectionId),
    /// Makes what a file holds durable; answered by `Synced`.
    Sync(FileId),
    /// Syncs a complete file, gives it its final name, syncs the folder; answered by `Settled`.
    Settle(FileId),
    /// Deletes a file, if it is there.
    Remove(FileId),
}

/// A request to the OS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Resume or launch the app and hand it the events of this session (BG-LIFE-03).
    Wake {
        /// The identifier.
        session: String,
    },
}

/// Why an attempt stopped before its end, or a task does not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// No path, or none that the task may use.
    Path,
    /// A discretionary task waits for better conditions.
    Discretionary,
    /// The resume rate limiter holds a task that was resumed in the background.
    Limiter,
    /// Too many transfers run.
    Cap,
    /// The time of `earliestBeginDate` has not come.
    Date,
    /// The delegate has not answered `willBeginDelayedRequest`.
    Delegate,
    /// The device has not been unlocked since it started.
    Locked,
    /// Below the throughput floor.
    Slow,
    /// No bytes for the request timeout.
    Idle,
    /// A transport error, by its code.
    Failed(ErrorCode),
    /// The app suspended the task.
    Suspended,
    /// The task was cancelled.
    Cancelled,
    /// The resource timeout passed.
    TimedOut,
    /// The process that ran it froze or ended.
    Process,
    /// The response redirects.
    Redirected,
    /// The resource is another one: the bytes held are thrown away.
    Changed,
    /// The origin's answer does not fit the request.
    BadResponse,
}

/// A fact about the daemon, for the trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A task was resumed and is known to the scheduler.
    Enqueued {
        /// The task.
        task: TaskKey,
        /// It is discretionary, by its session or because the app was in the background.
        discretionary: bool,
    },
    /// A task cannot start yet: the first thing that is in its way when it enters the queue.
    Waits {
        /// The task.
        task: TaskKey,
        /// For what.
        why: Why,
        /// Until when, if that is known.
        until: Option<Time>,
    },
    /// An attempt begins: the request goes on the wire.
    Started {
        /// The attempt.
        attempt: AttemptId,
        /// The request: the task's own, or where a redirect leads.
        request: Arc<Request>,
        /// The first byte asked for, if a range is.
        from: Option<u64>,
        /// The connection.
        connection: ConnectionId,
    },
    /// The head of a response has come.
    Head {
        /// The attempt.
        attempt: AttemptId,
        /// The HTTP status.
        status: u16,
        /// The length of what follows.
        length: Option<u64>,
        /// The first byte of what follows, for 206.
        from: Option<u64>,
    },
    /// So many bytes were received in all, of so many expected; told in steps of the knob.
    Received {
        /// The attempt.
        attempt: AttemptId,
        /// In the file or delivered, in all.
        total: u64,
        /// The whole length, if known.
        expected: Option<u64>,
    },
    /// So many bytes of the body were sent in all, of so many; told in steps of the knob.
    Sent {
        /// The attempt.
        attempt: AttemptId,
        /// In all.
        total: u64,
        /// The body's length.
        expected: u64,
    },
    /// An attempt ended with its response complete.
    Ended {
        /// The attempt.
        attempt: AttemptId,
        /// Bytes received in all.
        total: u64,
    },
    /// An attempt was broken off.
    Stopped {
        /// The attempt.
        attempt: AttemptId,
        /// Why.
        why: Why,
        /// Bytes received in all; of an upload, sent.
        total: u64,
    },
    /// A task will be tried again, not before this time.
    Retries {
        /// The task.
        task: TaskKey,
        /// When.
        at: Time,
        /// Why.
        why: Why,
    },
    /// A task is over for the daemon; its result waits for delivery.
    Finished {
        /// The task.
        task: TaskKey,
        /// The code, if it failed.
        error: Option<ErrorCode>,
    },
    /// A task that the limiter or a date held, or that was discretionary, is so no more.
    Released {
        /// The task.
        task: TaskKey,
        /// What held it.
        why: Why,
    },
    /// The resume rate limiter's delay changed.
    Delay {
        /// The delay in force; zero: none.
        delay: Duration,
        /// Why it changed.
        why: DelayChange,
    },
    /// A connection was opened.
    Opened {
        /// Which.
        connection: ConnectionId,
        /// For which session.
        session: SessionId,
        /// To where.
        host: Host,
    },
    /// A connection is gone.
    Closed {
        /// Which.
        connection: ConnectionId,
        /// For which session.
        session: SessionId,
        /// To where.
        host: Host,
    },
    /// Something that Apple prints a console warning for.
    Warned {
        /// The session.
        session: SessionId,
        /// What about.
        warning: Warning,
    },
}

/// Why the limiter's delay changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DelayChange {
    /// The daemon resumed or relaunched the app.
    Wake,
    /// The user brought the app to the front.
    Foreground,
    /// It ran out with no task held.
    Lapse,
    /// The device restarted.
    Reboot,
}

/// Console warnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Warning {
    /// A background session with this identifier exists in this process already (BG-CFG-04).
    DuplicateIdentifier,
}
