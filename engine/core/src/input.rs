//! What enters the core beside calls: signals of the OS, reports of the driver, answers, returns.

use serde::{Deserialize, Serialize};

use crate::{
    AttemptId, BatchId, CallbackId, ChunkId, ConnectionId, ErrorCode, FileId, GateAnswer, ProcessId,
};

/// Anything that enters the core and is not a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The OS tells a fact.
    Signal(Signal),
    /// The driver tells a fact.
    Report(Report),
    /// The app answers a gate; before or after the callback returned.
    Answered(CallbackId, GateAnswer),
    /// A delegate method has returned.
    Returned(CallbackId),
    /// A batch of rows is durable.
    Stored(BatchId),
    /// The time that [`crate::Core::next_wakeup`] named has come.
    Due,
}

/// What a process is doing, as the OS sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProcessState {
    /// In front of the user.
    Foreground,
    /// Running, not in front: leaving, woken, or launched in the background.
    Background,
    /// Frozen in memory.
    Suspended,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Death {
    /// The system wanted its memory.
    Memory,
    /// It crashed.
    Crash,
    /// The user removed it in the app switcher.
    ForceQuit,
    /// It overran its wake window.
    Watchdog,
    /// The device restarted.
    Reboot,
    /// The device lost its power.
    PowerCut,
}

/// A kind of network path.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// No usable path.
    #[default]
    None,
    /// Wi-Fi.
    Wifi,
    /// Cellular.
    Cellular,
}

/// The network path as the system sees it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Path {
    /// The link.
    pub link: Link,
    /// Most cellular links and personal hotspots (BG-CFG-17).
    pub expensive: bool,
    /// Low Data Mode (BG-CFG-17).
    pub constrained: bool,
}

/// A fact that the OS tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A process was launched and runs in the given state.
    Launched(ProcessId, ProcessState),
    /// A process changed its state.
    Changed(ProcessId, ProcessState),
    /// A process ended.
    Died(ProcessId, Death),
    /// The OS called `application(_:handleEventsForBackgroundURLSession:completionHandler:)` for the
    /// session of this identifier; it answers a [`crate::Ask::Wake`].
    HandledEvents(ProcessId, String),
    /// The path changed.
    Path(Path),
    /// External power came or went.
    Power(bool),
    /// The user unlocked the device for the first time since it started (BG-QUIT-09).
    Unlocked,
}

/// The head of a response, reduced to what is acted on or shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseHead {
    /// The HTTP status.
    pub status: u16,
    /// `Content-Length`, if the body's length is known.
    pub length: Option<u64>,
    /// All fields in order, names in lower case.
    pub headers: Vec<(String, String)>,
}

impl ResponseHead {
    /// Returns the first value of a field; `name` in lower case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

/// A fact that the driver tells. Reports on an attempt or a connection that the core has cut or closed
/// are ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// A connection is open.
    Opened(ConnectionId),
    /// A connection could not be opened.
    OpenFailed(ConnectionId, ErrorCode),
    /// An idle connection was closed by the other side.
    Closed(ConnectionId),
    /// So many bytes of the request's body were carried by the stream, in all.
    Sent(AttemptId, u64),
    /// The head of the response has come; its body is not read before an order.
    Head(AttemptId, ResponseHead),
    /// So many bytes stand in the file that the body goes to, or were discarded, in all.
    Received(AttemptId, u64),
    /// A piece of the body waits for its callback.
    Chunk(AttemptId, ChunkId, u64),
    /// The response is complete. `reusable` tells that the connection may carry another request.
    Ended(AttemptId, bool),
    /// The attempt broke; its connection is gone.
    Failed(AttemptId, ErrorCode),
    /// The first so many bytes of a file are durable.
    Synced(FileId, u64),
    /// A file is complete, durable and has its final name.
    Settled(FileId),
    /// A file could not be made, written or settled.
    FileFailed(FileId, ErrorCode),
    /// After a restore: a file holds fewer bytes than its row says, or is gone.
    Short(FileId),
}
