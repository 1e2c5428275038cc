//! What an app can meet: `NSURLErrorDomain` codes, and misuse that Apple answers with an exception.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ResumeData;

/// A code of `NSURLErrorDomain`. The values stand in `NSURLError.h` (HDRE).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ErrorCode(pub i32);

impl ErrorCode {
    /// `NSURLErrorCancelled`.
    pub const CANCELLED: ErrorCode = ErrorCode(-999);
    /// `NSURLErrorTimedOut`.
    pub const TIMED_OUT: ErrorCode = ErrorCode(-1001);
    /// `NSURLErrorUnsupportedURL`.
    pub const UNSUPPORTED_URL: ErrorCode = ErrorCode(-1002);
    /// `NSURLErrorCannotFindHost`.
    pub const CANNOT_FIND_HOST: ErrorCode = ErrorCode(-1003);
    /// `NSURLErrorCannotConnectToHost`.
    pub const CANNOT_CONNECT_TO_HOST: ErrorCode = ErrorCode(-1004);
    /// `NSURLErrorNetworkConnectionLost`.
    pub const NETWORK_CONNECTION_LOST: ErrorCode = ErrorCode(-1005);
    /// `NSURLErrorHTTPTooManyRedirects`.
    pub const TOO_MANY_REDIRECTS: ErrorCode = ErrorCode(-1007);
    /// `NSURLErrorNotConnectedToInternet`.
    pub const NOT_CONNECTED: ErrorCode = ErrorCode(-1009);
    /// `NSURLErrorRedirectToNonExistentLocation`.
    pub const REDIRECT_WITHOUT_LOCATION: ErrorCode = ErrorCode(-1010);
    /// `NSURLErrorBadServerResponse`.
    pub const BAD_SERVER_RESPONSE: ErrorCode = ErrorCode(-1011);
    /// `NSURLErrorCannotParseResponse`.
    pub const CANNOT_PARSE_RESPONSE: ErrorCode = ErrorCode(-1017);
    /// `NSURLErrorFileDoesNotExist`.
    pub const FILE_DOES_NOT_EXIST: ErrorCode = ErrorCode(-1100);
    /// `NSURLErrorSecureConnectionFailed`.
    pub const SECURE_CONNECTION_FAILED: ErrorCode = ErrorCode(-1200);
    /// `NSURLErrorServerCertificateHasBadDate`.
    pub const CERTIFICATE_BAD_DATE: ErrorCode = ErrorCode(-1201);
    /// `NSURLErrorServerCertificateUntrusted`.
    pub const CERTIFICATE_UNTRUSTED: ErrorCode = ErrorCode(-1202);
    /// `NSURLErrorServerCertificateHasUnknownRoot`.
    pub const CERTIFICATE_UNKNOWN_ROOT: ErrorCode = ErrorCode(-1203);
    /// `NSURLErrorServerCertificateNotYetValid`.
    pub const CERTIFICATE_NOT_YET_VALID: ErrorCode = ErrorCode(-1204);
    /// `NSURLErrorCannotCreateFile`.
    pub const CANNOT_CREATE_FILE: ErrorCode = ErrorCode(-3000);
    /// `NSURLErrorCannotOpenFile`.
    pub const CANNOT_OPEN_FILE: ErrorCode = ErrorCode(-3001);
    /// `NSURLErrorCannotWriteToFile`.
    pub const CANNOT_WRITE_FILE: ErrorCode = ErrorCode(-3003);
    /// `NSURLErrorCannotMoveFile`.
    pub const CANNOT_MOVE_FILE: ErrorCode = ErrorCode(-3005);
    /// `NSURLErrorBackgroundSessionWasDisconnected`.
    pub const BACKGROUND_SESSION_DISCONNECTED: ErrorCode = ErrorCode(-997);
    /// `NSURLErrorBackgroundSessionInUseByAnotherProcess`.
    pub const BACKGROUND_SESSION_IN_USE: ErrorCode = ErrorCode(-996);

    /// Returns the name that `NSURLError.h` gives the code, without its prefix.
    pub fn name(self) -> &'static str {
        match self.0 {
            -995 => "BackgroundSessionRequiresSharedContainer",
            -996 => "BackgroundSessionInUseByAnotherProcess",
            -997 => "BackgroundSessionWasDisconnected",
            -999 => "Cancelled",
            -1001 => "TimedOut",
            -1002 => "UnsupportedURL",
            -1003 => "CannotFindHost",
            -1004 => "CannotConnectToHost",
            -1005 => "NetworkConnectionLost",
            -1007 => "HTTPTooManyRedirects",
            -1009 => "NotConnectedToInternet",
            -1010 => "RedirectToNonExistentLocation",
            -1011 => "BadServerResponse",
            -1017 => "CannotParseResponse",
            -1100 => "FileDoesNotExist",
            -1200 => "SecureConnectionFailed",
            -1201 => "ServerCertificateHasBadDate",
            -1202 => "ServerCertificateUntrusted",
            -1203 => "ServerCertificateHasUnknownRoot",
            -1204 => "ServerCertificateNotYetValid",
            -3000 => "CannotCreateFile",
            -3001 => "CannotOpenFile",
            -3003 => "CannotWriteToFile",
            -3005 => "CannotMoveFile",
            _ => "Unknown",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NSURLErrorDomain {}", self.0)
    }
}

/// Why the system cancelled a background task: `NSURLErrorBackgroundTaskCancelledReasonKey`
/// (BG-ERR-02).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CancelReason {
    /// 0: the user removed the app in the app switcher.
    UserForceQuit,
    /// 1: background tasks are disabled.
    BackgroundUpdatesDisabled,
    /// 2: battery, heat, data plan and the like.
    InsufficientSystemResources,
}

impl CancelReason {
    /// Returns Apple's number for the reason.
    pub fn number(self) -> u8 {
        match self {
            CancelReason::UserForceQuit => 0,
            CancelReason::BackgroundUpdatesDisabled => 1,
            CancelReason::InsufficientSystemResources => 2,
        }
    }
}

/// The error of a completed task, as `didCompleteWithError` carries it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TaskError {
    /// The code in `NSURLErrorDomain`.
    pub code: ErrorCode,
    /// Who cancelled, if the system did; only with -999 and background tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<CancelReason>,
    /// `NSURLSessionDownloadTaskResumeData`, where the conditions of BG-RES-01 held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume_data: Option<ResumeData>,
}

impl From<ErrorCode> for TaskError {
    fn from(code: ErrorCode) -> TaskError {
        TaskError { code, reason: None, resume_data: None }
    }
}

/// `NSURLErrorDomain -999 reason 0, resume data`.
impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(reason) = self.reason {
            write!(f, " reason {}", reason.number())?;
        }
        if self.resume_data.is_some() {
            f.write_str(", resume data")?;
        }
        Ok(())
    }
}

/// A call that Apple answers with an exception, or that cannot mean anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// A background session was asked for without an identifier (BG-CFG-01).
    #[error("a background session needs a non-empty identifier")]
    EmptyIdentifier,
    /// A background session was asked for without a delegate (BG-CFG-07).
    #[error("a background session needs a delegate")]
    NoDelegate,
    /// The process that calls is not running.
    #[error("process {0} is not running")]
    NoProcess(crate::ProcessId),
    /// The session is not known to the calling process.
    #[error("session {0} is not connected to this process")]
    UnknownSession(crate::SessionId),
    /// The task is not known, or over.
    #[error("task {0} is not known")]
    UnknownTask(crate::TaskKey),
    /// A task was created in a session that has been invalidated (BG-KIND-14).
    #[error("task created in a session that has been invalidated")]
    Invalidated,
    /// An upload from data in a background session (BG-KIND-02).
    #[error("upload tasks from NSData are not supported in background sessions")]
    UploadFromData,
    /// A session with this identifier is being invalidated (BG-INV-04).
    #[error("the session with this identifier has not become invalid yet")]
    StillInvalidating,
    /// A method that only download tasks have.
    #[error("task {0} is not a download task")]
    NotADownload(crate::TaskKey),
    /// A callback was answered or returned that is not waiting for that.
    #[error("callback {0} does not wait for this answer")]
    NotWaiting(crate::CallbackId),
}
