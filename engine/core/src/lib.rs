//! The sans-I/O state machine behind background transfer sessions: the daemon's logic and that of the
//! sessions inside each process.
//!
//! Inputs go in, effects come out, `now` is an argument. On purpose there are no sockets, files, clocks,
//! threads, randomness or hash iteration here, and no bytes: bodies stay with the driver.

mod body;
mod call;
mod callback;
mod calls;
mod connections;
mod convert;
mod core;
mod deliver;
mod effect;
mod error;
mod exchange;
mod finish;
mod head;
mod id;
mod input;
mod knobs;
mod lanes;
mod limiter;
pub mod phases;
mod request;
mod restore;
mod row;
mod rule;
mod schedule;
mod session;
mod sessions;
mod signals;
mod task;
mod tasks;
mod time;
mod timers;
mod volatile;
mod wake;

pub use call::{Answer, Call};
pub use callback::{Callback, Data, GateAnswer, Method, TaskInfo};
pub use core::Core;
pub use effect::{
    Ask, DelayChange, Effect, Field, Host, Into, Note, Order, RequestHead, Warning, What, Why,
};
pub use error::{CancelReason, ErrorCode, Misuse, TaskError};
pub use id::{
    AttemptId, BatchId, CallbackId, ChunkId, ConnectionId, FileId, ProcessId, SessionId, TaskId,
    TaskKey,
};
pub use input::{Death, Input, Link, Path, ProcessState, Report, ResponseHead, Signal};
pub use knobs::{Knobs, LimiterReset, span};
pub use request::{BodyFile, Request, ResumeData, Validator};
pub use restore::RestoreError;
pub use row::{
    Batch, Change, LimiterRow, Partial, Row, RowKey, SessionRow, TaskKind, TaskResult, TaskRow,
};
pub use rule::{Faults, Rule};
pub use session::{Configuration, Implements, SessionKind};
pub use time::Time;
pub use timers::Wakeup;
