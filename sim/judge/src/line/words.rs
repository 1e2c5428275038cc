//! The small vocabularies of a trace line.

use sleepwalker_core::{
    Death, DelayChange, Link, Method, Path, ProcessState, SessionKind, Warning, Why, span,
};

use crate::{ApiCall, Cause, Content};

/// Returns a URL without `http://` or `https://`.
pub(crate) fn strip_scheme(url: &str) -> &str {
    url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or(url)
}

/// Returns a request as lines show it: GET is not said.
fn request_words(request: &str) -> String {
    match request.split_once(' ') {
        Some(("GET", url)) => strip_scheme(url).to_owned(),
        Some((method, url)) => format!("{method} {}", strip_scheme(url)),
        None => strip_scheme(request).to_owned(),
    }
}

/// Returns why a task waits, stopped or retries.
pub fn why_words(why: Why) -> String {
    match why {
        Why::Path => "the path".into(),
        Why::Discretionary => "better conditions".into(),
        Why::Limiter => "the limiter".into(),
        Why::Cap => "the cap".into(),
        Why::Date => "its date".into(),
        Why::Delegate => "the delegate".into(),
        Why::Locked => "the first unlock".into(),
        Why::Slow => "low throughput".into(),
        Why::Idle => "the idle timeout".into(),
        Why::Failed(code) => code.to_string(),
        Why::Suspended => "suspend()".into(),
        Why::Cancelled => "cancel()".into(),
        Why::TimedOut => "the resource timeout".into(),
        Why::Process => "the process".into(),
        Why::Redirected => "a redirect".into(),
        Why::Changed => "a changed resource".into(),
        Why::BadResponse => "a bad response".into(),
    }
}

/// Returns a process state in the words of scenarios.
pub fn state_words(state: ProcessState) -> &'static str {
    match state {
        ProcessState::Foreground => "in front",
        ProcessState::Background => "in background",
        ProcessState::Suspended => "suspended",
    }
}

/// Returns how a process ended.
pub fn death_word(death: Death) -> &'static str {
    match death {
        Death::Memory => "memory",
        Death::Crash => "crash",
        Death::ForceQuit => "force quit",
        Death::Watchdog => "watchdog",
        Death::Reboot => "reboot",
        Death::PowerCut => "power cut",
    }
}

/// Returns what made the OS act.
pub(crate) fn cause_words(cause: &Cause) -> String {
    match cause {
        Cause::User => "by the user".into(),
        Cause::Session(session) => format!("for the events of {session}"),
        Cause::System => "by the system".into(),
    }
}

/// Returns a network path.
pub fn path_words(path: Path) -> String {
    let mut text = String::from(match path.link {
        Link::None => "none",
        Link::Wifi => "wifi",
        Link::Cellular => "cellular",
    });
    if path.expensive {
        text.push_str(", expensive");
    }
    if path.constrained {
        text.push_str(", constrained");
    }
    text
}

/// Returns why the limiter's delay changed.
pub(crate) fn change_words(why: DelayChange) -> &'static str {
    match why {
        DelayChange::Wake => "after a wake",
        DelayChange::Foreground => "the app came to the front",
        DelayChange::Lapse => "it ran out",
        DelayChange::Reboot => "the device restarted",
    }
}

/// Returns what a console warning says.
pub(crate) fn warning_words(what: Warning) -> &'static str {
    match what {
        Warning::DuplicateIdentifier => "a background session with this identifier exists already",
    }
}

/// Returns an API call in Swift's spelling.
pub(crate) fn call_words(call: &ApiCall) -> String {
    match call {
        ApiCall::CreateSession {
            kind,
            existed,
            max_connections_per_host,
            timeout_for_resource,
            no_launch_events,
        } => {
            let mut text = String::from(match kind {
                SessionKind::Background => "URLSession(background)",
                SessionKind::InProcess => "URLSession(in process)",
            });
            text.push_str(if *existed { ", known already" } else { ", new" });
            if let Some(most) = max_connections_per_host {
                text.push_str(&format!(", {most} connections a host"));
            }
            text.push_str(&format!(", {} for a resource", span::text(timeout_for_resource)));
            if *no_launch_events {
                text.push_str(", no launch events");
            }
            text
        }
        ApiCall::DataTask { request } => format!("dataTask(with: {})", request_words(request)),
        ApiCall::DownloadTask { request } => {
            format!("downloadTask(with: {})", request_words(request))
        }
        ApiCall::DownloadTaskWithResumeData { offset } => {
            format!("downloadTask(withResumeData: {offset} B held)")
        }
        ApiCall::UploadTaskFromFile { request, length } => {
            format!("uploadTask(with: {}, fromFile: {length} B)", request_words(request))
        }
        ApiCall::UploadTaskFromData { request, length } => {
            format!("uploadTask(with: {}, from: {length} B)", request_words(request))
        }
        ApiCall::Resume => "resume()".into(),
        ApiCall::Suspend => "suspend()".into(),
        ApiCall::Cancel => "cancel()".into(),
        ApiCall::CancelByProducingResumeData => "cancel(byProducingResumeData:)".into(),
        ApiCall::SetTaskDescription(text) => format!("taskDescription = \"{text}\""),
        ApiCall::SetPriority(thousandths) => {
            format!("priority = {}.{:03}", thousandths / 1000, thousandths % 1000)
        }
        ApiCall::SetEarliestBeginDate(date) => format!("earliestBeginDate = {date}"),
        ApiCall::GetAllTasks => "getAllTasks()".into(),
        ApiCall::EditConfiguration => "configuration, changed after it was copied".into(),
        ApiCall::FinishTasksAndInvalidate => "finishTasksAndInvalidate()".into(),
        ApiCall::InvalidateAndCancel => "invalidateAndCancel()".into(),
    }
}

/// Returns what the bytes of a file are.
pub(crate) fn content_words(content: &Content) -> String {
    match content {
        Content::Version { version, .. } => format!("version {version}"),
        Content::Part { version, whole, .. } => format!("a part of version {version} of {whole} B"),
        Content::Mixed(pieces) => format!("mixed: {pieces}"),
        Content::Literal(digest) => {
            format!("literal {}", digest.get(..12).unwrap_or(digest))
        }
        Content::Missing => "missing".into(),
    }
}

/// Returns the arguments of a delegate method, if it has any to show.
pub fn method_detail(method: &Method) -> Option<String> {
    match method {
        Method::DidReceiveResponse { status, expected } => Some(match expected {
            Some(expected) => format!("{status}, {expected} B expected"),
            None => status.to_string(),
        }),
        Method::DidReceiveData { length, .. } => Some(format!("{length} B")),
        Method::DidBecomeDownloadTask { new } => Some(format!("task {new}")),
        Method::WillPerformRedirection { status, to } => {
            Some(format!("{status} to {}", strip_scheme(to.url.as_str())))
        }
        Method::DidSendBodyData { total, expected, .. } => Some(format!("{total} of {expected} B")),
        Method::DidWriteData { total, expected, .. } => Some(match expected {
            Some(expected) => format!("{total} of {expected} B"),
            None => format!("{total} B"),
        }),
        Method::DidResumeAtOffset { offset, expected } => Some(match expected {
            Some(expected) => format!("{offset} of {expected} B"),
            None => format!("{offset} B"),
        }),
        Method::DidFinishDownloadingTo { length, status, .. } => Some(match status {
            200 | 206 => format!("{length} B"),
            other => format!("{length} B, status {other}"),
        }),
        Method::DidFinishCollecting { transactions, redirects } => {
            Some(format!("{transactions} transactions, {redirects} redirects"))
        }
        Method::DidComplete { error, status } => Some(match (error, status) {
            (Some(error), _) => error.to_string(),
            (None, Some(status)) => format!("nil, status {status}"),
            (None, None) => "nil".into(),
        }),
        Method::DidBecomeInvalid { error } => {
            Some(error.as_ref().map_or_else(|| "nil".into(), ToString::to_string))
        }
        Method::AllTasks { tasks } => {
            if tasks.is_empty() {
                return Some("none".into());
            }
            let ids: Vec<String> = tasks.iter().map(ToString::to_string).collect();
            Some(format!("tasks {}", ids.join(" ")))
        }
        Method::ResumeData { data } => Some(match data {
            Some(data) => format!("{} B held", data.length),
            None => "nil".into(),
        }),
        Method::DidCreateTask
        | Method::WillCacheResponse
        | Method::WillBeginDelayedRequest
        | Method::TaskIsWaitingForConnectivity
        | Method::DidFinishEvents => None,
    }
}
