//! A page with every kind of trace line, each under its label.

use std::{sync::Arc, time::Duration};

use sleepwalker_core::{
    CancelReason, ChunkId, Data, Death, DelayChange, ErrorCode, FileId, Link, Method, Path,
    ProcessState, Request, ResumeData, SessionKind, TaskError, TaskId, Time, Validator, Warning,
    Why,
};

use crate::{ApiCall, Cause, Content, Event, Fact, ItemState, TaskName, UserAct};

/// Names the variants of an enum, and lists the names: a variant that is not named does not compile.
macro_rules! kinds {
    ($name:ident, $list:ident, $of:ident { $($variant:ident),* $(,)? }) => {
        fn $name(of: &$of) -> &'static str {
            match of { $($of::$variant { .. } => stringify!($variant),)* }
        }

        #[cfg(test)]
        const $list: &[&str] = &[$(stringify!($variant),)*];
    };
}

kinds!(
    fact_kind,
    FACTS,
    Fact {
        User,
        Launches,
        Moves,
        Kills,
        HandlesEvents,
        Snapshots,
        Boots,
        PathChanges,
        PowerChanges,
        Outage,
        OriginActs,
        Calls,
        CallsHandler,
        Claims,
        Deletes,
        Marks,
        Enqueues,
        Waits,
        Releases,
        Starts,
        Head,
        Receives,
        Sends,
        Ends,
        Stops,
        Retries,
        Finishes,
        Delays,
        Opens,
        Closes,
        Warns,
        Delivers,
        Returns,
        Arrives,
    }
);
kinds!(
    call_kind,
    CALLS,
    ApiCall {
        CreateSession,
        DataTask,
        DownloadTask,
        DownloadTaskWithResumeData,
        UploadTaskFromFile,
        UploadTaskFromData,
        Resume,
        Suspend,
        Cancel,
        CancelByProducingResumeData,
        SetTaskDescription,
        SetPriority,
        SetEarliestBeginDate,
        GetAllTasks,
        EditConfiguration,
        FinishTasksAndInvalidate,
        InvalidateAndCancel,
    }
);
kinds!(
    method_kind,
    METHODS,
    Method {
        DidCreateTask,
        DidReceiveResponse,
        DidReceiveData,
        DidBecomeDownloadTask,
        WillPerformRedirection,
        WillCacheResponse,
        WillBeginDelayedRequest,
        TaskIsWaitingForConnectivity,
        DidSendBodyData,
        DidWriteData,
        DidResumeAtOffset,
        DidFinishDownloadingTo,
        DidFinishCollecting,
        DidComplete,
        DidFinishEvents,
        DidBecomeInvalid,
        AllTasks,
        ResumeData,
    }
);
kinds!(
    why_kind,
    WHYS,
    Why {
        Path,
        Discretionary,
        Limiter,
        Cap,
        Date,
        Delegate,
        Locked,
        Slow,
        Idle,
        Failed,
        Suspended,
        Cancelled,
        TimedOut,
        Process,
        Redirected,
        Changed,
        BadResponse,
    }
);
kinds!(content_kind, CONTENTS, Content { Version, Part, Mixed, Literal, Missing });

/// Returns every kind of trace line under a label, and every word that a line may carry.
pub fn every_line() -> String {
    let mut page = String::new();
    for (label, event) in labelled() {
        page.push_str(&format!("# {label}\n{event}\n\n"));
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

/// The same lines as events.
#[cfg(test)]
pub(crate) fn events() -> Vec<Event> {
    labelled().into_iter().map(|(_, event)| event).collect()
}

fn labelled() -> Vec<(String, Event)> {
    let mut page = Vec::new();
    for (number, fact) in samples().into_iter().enumerate() {
        let mut label = String::from(fact_kind(&fact));
        let more = match &fact {
            Fact::Calls { call, .. } => Some(call_kind(call)),
            Fact::Delivers { method, .. } => Some(method_kind(method)),
            Fact::Waits { why, .. } | Fact::Stops { why, .. } => Some(why_kind(why)),
            _ => None,
        };
        if let Some(more) = more {
            label.push(' ');
            label.push_str(more);
        }
        if let Fact::Delivers { content: Some(content), .. } = &fact {
            label.push(' ');
            label.push_str(content_kind(content));
        }
        let rule =
            matches!(fact, Fact::Delivers { .. } | Fact::Starts { .. } | Fact::Delays { .. })
                .then(|| "BG-ORD-01".into());
        let at = Time::from_millis(1000 + number as u64);
        page.push((label, Event { at, fact, rule }));
    }
    page
}

fn samples() -> Vec<Fact> {
    let mut all = device();
    all.extend(app());
    all.extend(calls().into_iter().map(|(task, call, misuse)| Fact::Calls {
        process: 1,
        session: photos(),
        task,
        call,
        misuse,
    }));
    all.extend(daemon());
    all.extend(wire());
    all.extend(methods().into_iter().enumerate().map(|(number, (task, method, content))| {
        Fact::Delivers {
            process: 1,
            session: photos(),
            task,
            callback: number as u64 + 1,
            method,
            content,
        }
    }));
    all
}

fn photos() -> Arc<str> {
    "photos".into()
}

fn task() -> TaskName {
    TaskName { session: photos(), task: 1 }
}

fn host() -> Arc<str> {
    "cdn.example".into()
}

fn device() -> Vec<Fact> {
    let mut all = Vec::new();
    for act in [UserAct::Open, UserAct::Home, UserAct::ForceQuit, UserAct::Unlock] {
        all.push(Fact::User { act });
    }
    let session = Cause::Session(photos());
    let (front, back) = (ProcessState::Foreground, ProcessState::Background);
    all.push(Fact::Launches { process: 1, state: front, cause: Cause::User });
    all.push(Fact::Launches { process: 2, state: back, cause: session.clone() });
    all.push(Fact::Moves { process: 1, state: back, cause: session });
    all.push(Fact::Moves { process: 1, state: ProcessState::Suspended, cause: Cause::System });
    for death in [
        Death::Memory,
        Death::Crash,
        Death::ForceQuit,
        Death::Watchdog,
        Death::Reboot,
        Death::PowerCut,
    ] {
        all.push(Fact::Kills { process: 1, death });
    }
    all.push(Fact::HandlesEvents { process: 2, session: photos() });
    all.push(Fact::Snapshots { process: 2 });
    all.push(Fact::Boots { after: Death::Reboot });
    all.push(Fact::Boots { after: Death::PowerCut });
    let path = |link, expensive, constrained| Path { link, expensive, constrained };
    all.push(Fact::PathChanges { path: path(Link::None, false, false) });
    all.push(Fact::PathChanges { path: path(Link::Wifi, false, true) });
    all.push(Fact::PathChanges { path: path(Link::Cellular, true, false) });
    all.push(Fact::PowerChanges { external: true });
    all.push(Fact::PowerChanges { external: false });
    all.push(Fact::Outage { begins: true });
    all.push(Fact::Outage { begins: false });
    all
}

fn app() -> Vec<Fact> {
    let marks =
        |state, task, status| Fact::Marks { process: 1, item: "a".into(), task, state, status };
    vec![
        Fact::CallsHandler { process: 2, session: photos() },
        Fact::Claims { process: 1, task: task(), found: true },
        Fact::Claims { process: 1, task: task(), found: false },
        Fact::Deletes { process: 1, file: "photo.jpg".into() },
        marks(ItemState::Queued, None, None),
        marks(ItemState::Done, Some(task()), Some(200)),
        marks(ItemState::Failed, Some(task()), Some(404)),
        Fact::Warns { session: photos(), what: Warning::DuplicateIdentifier },
        Fact::Returns { process: 1, session: photos(), callback: 7, answer: None },
        Fact::Returns { process: 1, session: photos(), callback: 8, answer: Some("allow".into()) },
    ]
}

fn calls() -> Vec<(Option<u32>, ApiCall, Option<String>)> {
    let request = |method: &str| format!("{method} http://cdn.example/a");
    let background = ApiCall::CreateSession {
        kind: SessionKind::Background,
        existed: true,
        max_connections_per_host: Some(2),
        timeout_for_resource: Duration::from_secs(604_800),
        no_launch_events: false,
    };
    let in_process = ApiCall::CreateSession {
        kind: SessionKind::InProcess,
        existed: false,
        max_connections_per_host: None,
        timeout_for_resource: Duration::from_secs(7200),
        no_launch_events: true,
    };
    let misuse = "upload tasks from NSData are not supported in background sessions";
    let upload = ApiCall::UploadTaskFromData { request: request("POST"), length: 3 };
    vec![
        (None, background, None),
        (None, in_process, None),
        (Some(1), ApiCall::DataTask { request: request("GET") }, None),
        (Some(1), ApiCall::DownloadTask { request: request("GET") }, None),
        (Some(2), ApiCall::DownloadTaskWithResumeData { offset: 65_536 }, None),
        (Some(3), ApiCall::UploadTaskFromFile { request: request("PUT"), length: 3 }, None),
        (Some(4), upload.clone(), None),
        (None, upload, Some(misuse.into())),
        (Some(1), ApiCall::Resume, None),
        (Some(1), ApiCall::Suspend, None),
        (Some(1), ApiCall::Cancel, None),
        (Some(1), ApiCall::CancelByProducingResumeData, None),
        (Some(1), ApiCall::SetTaskDescription("item a".into()), None),
        (Some(1), ApiCall::SetPriority(750), None),
        (Some(1), ApiCall::SetEarliestBeginDate(Time::from_secs(90_000)), None),
        (None, ApiCall::GetAllTasks, None),
        (None, ApiCall::EditConfiguration, None),
        (None, ApiCall::FinishTasksAndInvalidate, None),
        (None, ApiCall::InvalidateAndCancel, None),
    ]
}

fn daemon() -> Vec<Fact> {
    let mut all = vec![
        Fact::Enqueues { task: task(), discretionary: false },
        Fact::Enqueues { task: task(), discretionary: true },
    ];
    let until = Some(Time::from_secs(120));
    for why in [Why::Path, Why::Discretionary, Why::Limiter, Why::Cap, Why::Date, Why::Delegate] {
        let until = until.filter(|_| matches!(why, Why::Limiter | Why::Date));
        all.push(Fact::Waits { task: task(), why, until });
    }
    all.push(Fact::Waits { task: task(), why: Why::Locked, until: None });
    all.push(Fact::Releases { task: task(), why: Why::Limiter });
    for from in [None, Some(1_500_000)] {
        all.push(Fact::Starts {
            task: task(),
            attempt: 1,
            method: "GET".into(),
            url: "http://cdn.example/a".into(),
            from,
            connection: 1,
        });
    }
    all.push(Fact::Ends { task: task(), attempt: 1, total: 3_000_000 });
    for why in [
        Why::Slow,
        Why::Idle,
        Why::Failed(ErrorCode::NETWORK_CONNECTION_LOST),
        Why::Suspended,
        Why::Cancelled,
        Why::TimedOut,
        Why::Process,
        Why::Redirected,
        Why::Changed,
        Why::BadResponse,
    ] {
        all.push(Fact::Stops { task: task(), attempt: 1, why, total: 1_500_000 });
    }
    let why = Why::Failed(ErrorCode::CANNOT_CONNECT_TO_HOST);
    all.push(Fact::Retries { task: task(), until: Time::from_secs(2), why });
    all.push(Fact::Finishes { task: task(), error: None });
    all.push(Fact::Finishes { task: task(), error: Some(ErrorCode::CANCELLED) });
    for (secs, why) in [
        (60, DelayChange::Wake),
        (0, DelayChange::Foreground),
        (0, DelayChange::Lapse),
        (0, DelayChange::Reboot),
    ] {
        all.push(Fact::Delays { delay: Duration::from_secs(secs), why });
    }
    all
}

fn wire() -> Vec<Fact> {
    let digest = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
    vec![
        Fact::Head { task: task(), attempt: 1, status: 200, length: Some(3_000_000), from: None },
        Fact::Head {
            task: task(),
            attempt: 2,
            status: 206,
            length: Some(1_500_000),
            from: Some(1_500_000),
        },
        Fact::Head { task: task(), attempt: 3, status: 204, length: None, from: None },
        Fact::Receives { task: task(), attempt: 1, total: 65_536, expected: Some(3_000_000) },
        Fact::Receives { task: task(), attempt: 1, total: 65_536, expected: None },
        Fact::Sends { task: task(), attempt: 1, total: 65_536, expected: 100_000 },
        Fact::Opens { connection: 1, session: photos(), host: host() },
        Fact::Closes { connection: 1, session: photos(), host: host() },
        Fact::OriginActs { host: host(), what: "/a is version 2".into() },
        Fact::Arrives {
            host: host(),
            method: "GET".into(),
            target: "/a".into(),
            length: 0,
            digest: None,
        },
        Fact::Arrives {
            host: host(),
            method: "PUT".into(),
            target: "/up?part=1".into(),
            length: 6,
            digest: Some(digest.into()),
        },
    ]
}

fn methods() -> Vec<(Option<u32>, Method, Option<Content>)> {
    let url = "http://cdn.example/b".parse().expect("the sample's URL is one");
    let request = Arc::new(Request::get(url));
    let resume_data = ResumeData {
        request: request.clone(),
        file: FileId(3),
        length: 65_536,
        expected: Some(3_000_000),
        validator: Validator::ETag("\"1\"".into()),
    };
    let forced = TaskError {
        code: ErrorCode::CANCELLED,
        reason: Some(CancelReason::UserForceQuit),
        resume_data: Some(resume_data.clone()),
    };
    let data = |data| Method::DidReceiveData { data, length: 16_384 };
    let chunk = Data::Chunk(ChunkId(1));
    let spool = Data::Spool { file: FileId(4), at: 0 };
    let lost = TaskError::from(ErrorCode::TIMED_OUT);
    let in_use = TaskError::from(ErrorCode::BACKGROUND_SESSION_IN_USE);
    let expected = Some(3_000_000);
    let one = Some(1);
    let mut all = vec![
        (one, Method::DidCreateTask, None),
        (one, Method::DidReceiveResponse { status: 200, expected }, None),
        (one, data(chunk), None),
        (one, data(spool), Some(Content::Literal("5891b5b522d5df086d0ff0b1".into()))),
        (one, Method::DidBecomeDownloadTask { new: TaskId(2) }, None),
        (one, Method::WillPerformRedirection { status: 302, to: request }, None),
        (one, Method::WillCacheResponse, None),
        (one, Method::WillBeginDelayedRequest, None),
        (one, Method::TaskIsWaitingForConnectivity, None),
        (one, Method::DidSendBodyData { sent: 10, total: 65_536, expected: 100_000 }, None),
        (one, Method::DidWriteData { written: 10, total: 65_536, expected }, None),
        (one, Method::DidWriteData { written: 10, total: 65_536, expected: None }, None),
        (one, Method::DidResumeAtOffset { offset: 65_536, expected }, None),
        (one, Method::DidFinishCollecting { transactions: 2, redirects: 1 }, None),
        (one, Method::DidComplete { error: None, status: Some(200) }, None),
        (one, Method::DidComplete { error: Some(forced), status: None }, None),
        (one, Method::DidComplete { error: Some(lost), status: Some(200) }, None),
        (None, Method::DidFinishEvents, None),
        (None, Method::DidBecomeInvalid { error: None }, None),
        (None, Method::DidBecomeInvalid { error: Some(in_use) }, None),
        (None, Method::AllTasks { tasks: vec![TaskId(1), TaskId(3)] }, None),
        (None, Method::AllTasks { tasks: Vec::new() }, None),
        (one, Method::ResumeData { data: Some(resume_data) }, None),
        (one, Method::ResumeData { data: None }, None),
    ];
    for (status, content) in contents() {
        let method = Method::DidFinishDownloadingTo { file: FileId(3), length: 3_000_000, status };
        all.push((one, method, Some(content)));
    }
    all
}

fn contents() -> Vec<(u16, Content)> {
    let file: Arc<str> = "cdn.example/a".into();
    vec![
        (200, Content::Version { file: file.clone(), version: 1 }),
        (206, Content::Part { file, version: 1, whole: 6_000_000 }),
        (206, Content::Mixed("65536 B of version 1, the rest of version 2".into())),
        (404, Content::Literal("5891b5b522d5df086d0ff0b1".into())),
        (200, Content::Missing),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn covers(list: &[&'static str], found: BTreeSet<&'static str>) {
        let wanted: BTreeSet<&str> = list.iter().copied().collect();
        let missing: Vec<_> = wanted.difference(&found).collect();
        assert!(missing.is_empty(), "no sample of {missing:?}");
    }

    #[test]
    fn every_kind_of_line_has_a_sample() {
        let all = samples();
        covers(FACTS, all.iter().map(fact_kind).collect());
        covers(CALLS, calls().iter().map(|(_, call, _)| call_kind(call)).collect());
        covers(METHODS, methods().iter().map(|(_, method, _)| method_kind(method)).collect());
        covers(CONTENTS, contents().iter().map(|(_, content)| content_kind(content)).collect());
        let whys = all.iter().filter_map(|fact| match fact {
            Fact::Waits { why, .. } | Fact::Stops { why, .. } => Some(why_kind(why)),
            _ => None,
        });
        covers(WHYS, whys.collect());
    }

    #[test]
    fn lines_are_told_in_words_and_without_trailing_space() {
        for line in every_line().lines() {
            assert_eq!(line.trim_end(), line);
            for debug in ["Some(", " None", "{ ", "Cow", "TaskName"] {
                assert!(!line.contains(debug) || line.starts_with('#'), "{line}");
            }
        }
    }

    #[test]
    fn every_line_survives_json() {
        let header = crate::Header::foreign(crate::Witness::ALL);
        let trace = crate::Trace { header, events: events() };
        let again = crate::Trace::read_json(trace.json().as_bytes()).expect("what was written");
        assert_eq!(again, trace);
        assert_eq!(again.text(), trace.text());
    }
}
