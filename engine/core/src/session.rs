//! The configuration of a session and what its delegate implements.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Whose a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionKind {
    /// The daemon's: it outlives the process that made it.
    Background,
    /// The process's: it freezes and dies with it.
    InProcess,
}

/// `URLSessionConfiguration`, as far as it is acted on. Copied at creation (BG-CFG-05).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Configuration {
    /// `isDiscretionary` (BG-CFG-09).
    pub discretionary: bool,
    /// `sessionSendsLaunchEvents` (BG-CFG-10).
    pub sends_launch_events: bool,
    /// `waitsForConnectivity`; background sessions always wait (BG-CFG-11).
    pub waits_for_connectivity: bool,
    /// `timeoutIntervalForRequest` (BG-CFG-12).
    pub timeout_for_request: Duration,
    /// `timeoutIntervalForResource` (BG-CFG-12).
    pub timeout_for_resource: Duration,
    /// `httpMaximumConnectionsPerHost`; none: the profile's (BG-CFG-13).
    pub max_connections_per_host: Option<u32>,
    /// `allowsCellularAccess` (BG-CFG-17).
    pub allows_cellular: bool,
    /// `allowsExpensiveNetworkAccess` (BG-CFG-17).
    pub allows_expensive: bool,
    /// `allowsConstrainedNetworkAccess` (BG-CFG-17).
    pub allows_constrained: bool,
    /// `httpAdditionalHeaders`, added where the request lacks the field (BG-CFG-18).
    pub additional_headers: Vec<(String, String)>,
}

impl Default for Configuration {
    fn default() -> Configuration {
        Configuration {
            discretionary: false,
            sends_launch_events: true,
            waits_for_connectivity: false,
            timeout_for_request: Duration::from_secs(60),
            timeout_for_resource: Duration::from_secs(604_800),
            max_connections_per_host: None,
            allows_cellular: true,
            allows_expensive: true,
            allows_constrained: true,
            additional_headers: Vec::new(),
        }
    }
}

/// Which optional delegate methods exist. `didFinishDownloadingTo`, `didCompleteWithError`, progress,
/// data and the session's own messages always do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Implements {
    /// `urlSession(_:didCreateTask:)`.
    pub did_create_task: bool,
    /// `urlSession(_:dataTask:didReceive:completionHandler:)`, the response gate.
    pub did_receive_response: bool,
    /// `urlSession(_:task:willPerformHTTPRedirection:newRequest:completionHandler:)`.
    pub will_perform_redirection: bool,
    /// `urlSession(_:dataTask:willCacheResponse:completionHandler:)`.
    pub will_cache_response: bool,
    /// `urlSession(_:task:willBeginDelayedRequest:completionHandler:)`.
    pub will_begin_delayed_request: bool,
    /// `urlSession(_:task:didFinishCollecting:)`.
    pub did_finish_collecting: bool,
}
