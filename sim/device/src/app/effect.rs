//! What the scripted app does.

use std::sync::Arc;

use sleepwalker_core::{Call, CallbackId, FileId, GateAnswer, Request, SessionId};
use sleepwalker_judge::{ItemState, TaskName};

/// One thing that the app does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppEffect {
    /// Calls the API; give the answer to [`crate::App::answered`] before the next poll.
    Call(Call),
    /// Calls the API with a file of the app's as body, which the shell copies or reads first; give the
    /// answer to [`crate::App::answered`] before the next poll.
    Upload {
        /// The session that shall own the task.
        session: SessionId,
        /// Where to send it.
        request: Arc<Request>,
        /// Which of the app's files.
        file: Arc<str>,
        /// `uploadTask(with:from:)`, not `fromFile`.
        from_data: bool,
    },
    /// Answers a gate.
    Answer(CallbackId, GateAnswer),
    /// A delegate method returns.
    Return(CallbackId),
    /// Calls the handler that came with handleEvents.
    CallHandler {
        /// The session that the handler was given for.
        session: Arc<str>,
    },
    /// Moves the temporary file of a download to where the item belongs; tell [`crate::App::claimed`]
    /// whether it was still there before the next poll.
    Claim {
        /// The temporary file.
        file: FileId,
        /// The task it came with.
        task: TaskName,
        /// The item.
        item: Arc<str>,
    },
    /// Deletes one of the app's own files.
    DeleteFile {
        /// Which.
        file: Arc<str>,
    },
    /// Notes how an item stands.
    Mark {
        /// The item.
        item: Arc<str>,
        /// The task that served it, if one did.
        task: Option<TaskName>,
        /// How it stands.
        state: ItemState,
        /// The HTTP status that the task's response showed.
        status: Option<u16>,
    },
}
