//! What the core tells a process: delegate calls.

use serde::{Deserialize, Serialize};

use crate::{
    CallbackId, ChunkId, FileId, ProcessId, Request, ResumeData, SessionId, TaskError, TaskId,
    TaskKey,
};

/// One delegate call. Of one session, the next comes only when this one has returned (BG-ORD-01).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// By which its return, and its answer if it is a gate, are told.
    pub id: CallbackId,
    /// The process that runs it.
    pub process: ProcessId,
    /// The session whose delegate is called.
    pub session: SessionId,
    /// The task it speaks of, if of one.
    pub task: Option<TaskId>,
    /// Which method, with its arguments.
    pub method: Method,
}

/// Where the bytes of `didReceive data` lie until the callback has returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Data {
    /// With the driver.
    Chunk(ChunkId),
    /// In a spooled response.
    Spool {
        /// The file.
        file: FileId,
        /// Where the piece begins in it, in bytes.
        at: u64,
    },
}

/// A delegate method with its arguments. Lengths and counts are bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "method")]
pub enum Method {
    /// `urlSession(_:didCreateTask:)`: inside the creating call, not on the queue (BG-ORD-04).
    DidCreateTask,
    /// `urlSession(_:dataTask:didReceive:completionHandler:)` with a response; a gate.
    DidReceiveResponse {
        /// The HTTP status.
        status: u16,
        /// The length that the origin announced.
        expected: Option<u64>,
    },
    /// `urlSession(_:dataTask:didReceive:)` with data.
    DidReceiveData {
        /// Where the bytes are.
        data: Data,
        /// How many.
        length: u64,
    },
    /// `urlSession(_:dataTask:didBecome:)` with a download task.
    DidBecomeDownloadTask {
        /// The task that goes on.
        new: TaskId,
    },
    /// `urlSession(_:task:willPerformHTTPRedirection:newRequest:completionHandler:)`; a gate.
    WillPerformRedirection {
        /// The status of the redirecting response.
        status: u16,
        /// The request that would follow.
        to: std::sync::Arc<Request>,
    },
    /// `urlSession(_:dataTask:willCacheResponse:completionHandler:)`; a gate.
    WillCacheResponse,
    /// `urlSession(_:task:willBeginDelayedRequest:completionHandler:)`; a gate of the task.
    WillBeginDelayedRequest,
    /// `urlSession(_:taskIsWaitingForConnectivity:)`.
    TaskIsWaitingForConnectivity,
    /// `urlSession(_:task:didSendBodyData:totalBytesSent:totalBytesExpectedToSend:)`.
    DidSendBodyData {
        /// Since the last such call.
        sent: u64,
        /// In all of this attempt.
        total: u64,
        /// The body's length.
        expected: u64,
    },
    /// `urlSession(_:downloadTask:didWriteData:totalBytesWritten:totalBytesExpectedToWrite:)`.
    DidWriteData {
        /// Since the last such call.
        written: u64,
        /// In all.
        total: u64,
        /// The whole length; none is Apple's -1.
        expected: Option<u64>,
    },
    /// `urlSession(_:downloadTask:didResumeAtOffset:expectedTotalBytes:)`.
    DidResumeAtOffset {
        /// Where it goes on.
        offset: u64,
        /// The whole length.
        expected: Option<u64>,
    },
    /// `urlSession(_:downloadTask:didFinishDownloadingTo:)`; the file lives until it returns.
    DidFinishDownloadingTo {
        /// The temporary file.
        file: FileId,
        /// Its length.
        length: u64,
        /// The HTTP status that `task.response` shows (BG-DL-03).
        status: u16,
    },
    /// `urlSession(_:task:didFinishCollecting:)` with metrics.
    DidFinishCollecting {
        /// Requests on the wire, redirects included (BG-REDIR-06).
        transactions: u32,
        /// `redirectCount`.
        redirects: u32,
    },
    /// `urlSession(_:task:didCompleteWithError:)`.
    DidComplete {
        /// None: success for the system, whatever the status (BG-NET-11).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<TaskError>,
        /// The HTTP status that `task.response` shows, if a response came.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
    },
    /// `urlSessionDidFinishEvents(forBackgroundURLSession:)`.
    DidFinishEvents,
    /// `urlSession(_:didBecomeInvalidWithError:)`.
    DidBecomeInvalid {
        /// None after explicit invalidation (BG-INV-03).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<TaskError>,
    },
    /// The completion handler of `getAllTasks`.
    AllTasks {
        /// The unfinished ones (BG-LIFE-20).
        tasks: Vec<TaskId>,
    },
    /// The completion handler of `cancel(byProducingResumeData:)`.
    ResumeData {
        /// None: the conditions did not hold.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<ResumeData>,
    },
}

impl Method {
    /// Returns whether the call holds its task until it is answered (BG-ORD-07).
    pub fn is_gate(&self) -> bool {
        match self {
            Method::DidReceiveResponse { .. }
            | Method::WillPerformRedirection { .. }
            | Method::WillCacheResponse
            | Method::WillBeginDelayedRequest => true,
            Method::DidCreateTask
            | Method::DidReceiveData { .. }
            | Method::DidBecomeDownloadTask { .. }
            | Method::TaskIsWaitingForConnectivity
            | Method::DidSendBodyData { .. }
            | Method::DidWriteData { .. }
            | Method::DidResumeAtOffset { .. }
            | Method::DidFinishDownloadingTo { .. }
            | Method::DidFinishCollecting { .. }
            | Method::DidComplete { .. }
            | Method::DidFinishEvents
            | Method::DidBecomeInvalid { .. }
            | Method::AllTasks { .. }
            | Method::ResumeData { .. } => false,
        }
    }

    /// Returns the short name by which scenarios, traces' readers and timelines call it.
    pub fn short_name(&self) -> &'static str {
        match self {
            Method::DidCreateTask => "didCreateTask",
            Method::DidReceiveResponse { .. } => "didReceiveResponse",
            Method::DidReceiveData { .. } => "didReceiveData",
            Method::DidBecomeDownloadTask { .. } => "didBecomeDownloadTask",
            Method::WillPerformRedirection { .. } => "willPerformHTTPRedirection",
            Method::WillCacheResponse => "willCacheResponse",
            Method::WillBeginDelayedRequest => "willBeginDelayedRequest",
            Method::TaskIsWaitingForConnectivity => "taskIsWaitingForConnectivity",
            Method::DidSendBodyData { .. } => "didSendBodyData",
            Method::DidWriteData { .. } => "didWriteData",
            Method::DidResumeAtOffset { .. } => "didResumeAtOffset",
            Method::DidFinishDownloadingTo { .. } => "didFinishDownloadingTo",
            Method::DidFinishCollecting { .. } => "didFinishCollecting",
            Method::DidComplete { .. } => "didComplete",
            Method::DidFinishEvents => "didFinishEvents",
            Method::DidBecomeInvalid { .. } => "didBecomeInvalid",
            Method::AllTasks { .. } => "getAllTasks",
            Method::ResumeData { .. } => "resumeData",
        }
    }

    /// Returns the method in Swift's spelling.
    pub fn swift_name(&self) -> &'static str {
        match self {
            Method::DidCreateTask => "urlSession(_:didCreateTask:)",
            Method::DidReceiveResponse { .. } => {
                "urlSession(_:dataTask:didReceive:completionHandler:)"
            }
            Method::DidReceiveData { .. } => "urlSession(_:dataTask:didReceive:)",
            Method::DidBecomeDownloadTask { .. } => "urlSession(_:dataTask:didBecome:)",
            Method::WillPerformRedirection { .. } => {
                "urlSession(_:task:willPerformHTTPRedirection:newRequest:completionHandler:)"
            }
            Method::WillCacheResponse => {
                "urlSession(_:dataTask:willCacheResponse:completionHandler:)"
            }
            Method::WillBeginDelayedRequest => {
                "urlSession(_:task:willBeginDelayedRequest:completionHandler:)"
            }
            Method::TaskIsWaitingForConnectivity => "urlSession(_:taskIsWaitingForConnectivity:)",
            Method::DidSendBodyData { .. } => {
                "urlSession(_:task:didSendBodyData:totalBytesSent:totalBytesExpectedToSend:)"
            }
            Method::DidWriteData { .. } => {
                "urlSession(_:downloadTask:didWriteData:totalBytesWritten:totalBytesExpectedToWrite:)"
            }
            Method::DidResumeAtOffset { .. } => {
                "urlSession(_:downloadTask:didResumeAtOffset:expectedTotalBytes:)"
            }
            Method::DidFinishDownloadingTo { .. } => {
                "urlSession(_:downloadTask:didFinishDownloadingTo:)"
            }
            Method::DidFinishCollecting { .. } => "urlSession(_:task:didFinishCollecting:)",
            Method::DidComplete { .. } => "urlSession(_:task:didCompleteWithError:)",
            Method::DidFinishEvents => "urlSessionDidFinishEvents(forBackgroundURLSession:)",
            Method::DidBecomeInvalid { .. } => "urlSession(_:didBecomeInvalidWithError:)",
            Method::AllTasks { .. } => "getAllTasks(completionHandler:)",
            Method::ResumeData { .. } => "cancel(byProducingResumeData:)",
        }
    }
}

/// The answer to a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GateAnswer {
    /// `.allow`, follow the redirect, cache, continue loading.
    Allow,
    /// `.cancel`.
    Cancel,
    /// `.becomeDownload`; for the response gate of data tasks.
    BecomeDownload,
    /// Refuses a redirect: the 3xx response is the result. For `willCacheResponse`: do not cache.
    Refuse,
    /// Goes on with another request: of a redirect or of a delayed one.
    Use(std::sync::Arc<Request>),
}

/// A task as `getAllTasks` or a panel shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskInfo {
    /// Which task.
    pub key: TaskKey,
    /// `taskDescription`.
    pub description: Option<String>,
    /// `originalRequest`.
    pub request: std::sync::Arc<Request>,
    /// `countOfBytesReceived` or, for uploads, `countOfBytesSent`.
    pub bytes: u64,
    /// What is expected in all.
    pub expected: Option<u64>,
    /// Whether a broken download would go on behind what it has: its origin told what proves that the
    /// resource is still the same (BG-RES-01).
    pub resumable: bool,
}
