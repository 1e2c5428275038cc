//! The numbers by which app, core and driver name the same thing.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// One life of the app, from launch to death; counted from 1 and never used again.
    ProcessId(u32)
}
number! {
    /// A session: for a background session the daemon's record of it, which outlives processes; for
    /// an in-process session the one object. Never used again.
    SessionId(u32)
}
number! {
    /// A `taskIdentifier`: unique inside its session only (BG-TASK-02), counted up and never
    /// restarted (BG-TASK-03).
    TaskId(u32)
}
number! {
    /// A transport connection.
    ConnectionId(u64)
}
number! {
    /// A file that the engine owns: a partial download, a finished one, an upload's copied body or a
    /// spooled response. Never used again while the record that names it lives.
    FileId(u64)
}
number! {
    /// One delegate callback.
    CallbackId(u64)
}
number! {
    /// One atomic change of the durable rows.
    BatchId(u64)
}
number! {
    /// A piece of a response body that the driver keeps until its callback has returned.
    ChunkId(u64)
}

/// A task of a session, written `session/task`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskKey {
    /// The session that owns the task.
    pub session: SessionId,
    /// The task inside it.
    pub task: TaskId,
}

impl fmt::Display for TaskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.session, self.task)
    }
}

/// One request of a task on the wire, written `session/task.number`; numbers count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AttemptId {
    /// The task that asks.
    pub task: TaskKey,
    /// The how-manieth request of that task in the life of this core.
    pub number: u32,
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.task, self.number)
    }
}
