//! What becomes a line of the trace: calls, notes, arrivals, with the names that people gave.

use std::sync::Arc;

use sleepwalker_core::{
    Answer, AttemptId, Call, Core, GateAnswer, Host, Misuse, Note, ProcessId, Request, SessionId,
    TaskKey,
};
use sleepwalker_judge::{ApiCall, Fact, TaskName};
use sleepwalker_origin::Arrival;

/// Returns the name of a session: its identifier, or its label.
pub(crate) fn session(core: &Core, id: SessionId) -> Arc<str> {
    core.session_name(id).cloned().unwrap_or_else(|| id.to_string().into())
}

/// Returns the name of a task.
pub(crate) fn task(core: &Core, key: TaskKey) -> TaskName {
    TaskName { session: session(core, key.session), task: key.task.0 }
}

fn host(host: &Host) -> Arc<str> {
    host.to_string().into()
}

/// Returns the line of a note.
pub(crate) fn note(core: &Core, note: Note) -> Fact {
    let of = |attempt: AttemptId| (task(core, attempt.task), attempt.number);
    match note {
        Note::Enqueued { task: key, discretionary } => {
            Fact::Enqueues { task: task(core, key), discretionary }
        }
        Note::Waits { task: key, why, until } => Fact::Waits { task: task(core, key), why, until },
        Note::Released { task: key, why } => Fact::Releases { task: task(core, key), why },
        Note::Started { attempt, request, from, connection } => {
            let ((task, attempt), connection) = (of(attempt), connection.0);
            let (method, url) = (request.method.clone(), request.url.to_string());
            Fact::Starts { task, attempt, method, url, from, connection }
        }
        Note::Head { attempt, status, length, from } => {
            let (task, attempt) = of(attempt);
            Fact::Head { task, attempt, status, length, from }
        }
        Note::Received { attempt, total, expected } => {
            let (task, attempt) = of(attempt);
            Fact::Receives { task, attempt, total, expected }
        }
        Note::Sent { attempt, total, expected } => {
            let (task, attempt) = of(attempt);
            Fact::Sends { task, attempt, total, expected }
        }
        Note::Ended { attempt, total } => {
            let (task, attempt) = of(attempt);
            Fact::Ends { task, attempt, total }
        }
        Note::Stopped { attempt, why, total } => {
            let (task, attempt) = of(attempt);
            Fact::Stops { task, attempt, why, total }
        }
        Note::Retries { task: key, at, why } => {
            Fact::Retries { task: task(core, key), until: at, why }
        }
        Note::Finished { task: key, error } => Fact::Finishes { task: task(core, key), error },
        Note::Delay { delay, why } => Fact::Delays { delay, why },
        Note::Opened { connection, session: id, host: to } => {
            Fact::Opens { connection: connection.0, session: session(core, id), host: host(&to) }
        }
        Note::Closed { connection, session: id, host: to } => {
            Fact::Closes { connection: connection.0, session: session(core, id), host: host(&to) }
        }
        Note::Warned { session: id, warning } => {
            Fact::Warns { session: session(core, id), what: warning }
        }
    }
}

/// Returns the line of a call that was answered.
pub(crate) fn call(
    core: &Core,
    process: ProcessId,
    call: &Call,
    answer: &Result<Answer, Misuse>,
) -> Fact {
    let (session, known) = whose(core, call);
    let made = match answer {
        Ok(Answer::Task(key)) => Some(key.task.0),
        Ok(Answer::Session { .. } | Answer::Done) | Err(_) => None,
    };
    Fact::Calls {
        process: process.0,
        session,
        task: made.or(known),
        call: api_call(call, matches!(answer, Ok(Answer::Session { existed: true, .. }))),
        misuse: answer.as_ref().err().map(ToString::to_string),
    }
}

/// Returns the session that a call speaks of, and the task, if of one that is there already.
fn whose(core: &Core, call: &Call) -> (Arc<str>, Option<u32>) {
    match call {
        Call::CreateSession { name, .. } => (name.as_str().into(), None),
        Call::DataTask { session: id, .. }
        | Call::DownloadTask { session: id, .. }
        | Call::DownloadTaskWithResumeData { session: id, .. }
        | Call::UploadTaskFromFile { session: id, .. }
        | Call::UploadTaskFromData { session: id, .. }
        | Call::GetAllTasks(id)
        | Call::EditConfiguration { session: id, .. }
        | Call::FinishTasksAndInvalidate(id)
        | Call::InvalidateAndCancel(id) => (session(core, *id), None),
        Call::Resume(key)
        | Call::Suspend(key)
        | Call::Cancel(key)
        | Call::CancelByProducingResumeData(key)
        | Call::SetTaskDescription(key, _)
        | Call::SetPriority(key, _)
        | Call::SetEarliestBeginDate(key, _) => (session(core, key.session), Some(key.task.0)),
    }
}

fn api_call(call: &Call, existed: bool) -> ApiCall {
    let words = |request: &Request| format!("{} {}", request.method, request.url);
    match call {
        Call::CreateSession { kind, configuration, .. } => ApiCall::CreateSession {
            kind: *kind,
            existed,
            max_connections_per_host: configuration.max_connections_per_host,
            timeout_for_resource: configuration.timeout_for_resource,
            no_launch_events: !configuration.sends_launch_events,
        },
        Call::DataTask { request, .. } => ApiCall::DataTask { request: words(request) },
        Call::DownloadTask { request, .. } => ApiCall::DownloadTask { request: words(request) },
        Call::DownloadTaskWithResumeData { resume_data, .. } => {
            ApiCall::DownloadTaskWithResumeData { offset: resume_data.length }
        }
        Call::UploadTaskFromFile { request, body, .. } => ApiCall::UploadTaskFromFile {
            request: words(request),
            length: body.as_ref().map_or(0, |body| body.length),
        },
        Call::UploadTaskFromData { request, body, .. } => {
            ApiCall::UploadTaskFromData { request: words(request), length: body.length }
        }
        Call::Resume(_) => ApiCall::Resume,
        Call::Suspend(_) => ApiCall::Suspend,
        Call::Cancel(_) => ApiCall::Cancel,
        Call::CancelByProducingResumeData(_) => ApiCall::CancelByProducingResumeData,
        Call::SetTaskDescription(_, text) => ApiCall::SetTaskDescription(text.clone()),
        Call::SetPriority(_, priority) => ApiCall::SetPriority(*priority),
        Call::SetEarliestBeginDate(_, at) => ApiCall::SetEarliestBeginDate(*at),
        Call::GetAllTasks(_) => ApiCall::GetAllTasks,
        Call::EditConfiguration { .. } => ApiCall::EditConfiguration,
        Call::FinishTasksAndInvalidate(_) => ApiCall::FinishTasksAndInvalidate,
        Call::InvalidateAndCancel(_) => ApiCall::InvalidateAndCancel,
    }
}

/// Returns how a gate was answered, in words.
pub(crate) fn answer_words(answer: &GateAnswer) -> String {
    match answer {
        GateAnswer::Allow => "allow".to_owned(),
        GateAnswer::Cancel => "cancel".to_owned(),
        GateAnswer::BecomeDownload => "become download".to_owned(),
        GateAnswer::Refuse => "refuse".to_owned(),
        GateAnswer::Use(request) => format!("{} {}", request.method, request.url),
    }
}

/// Returns the line of a request that reached the origin.
pub(crate) fn arrival(arrival: Arrival) -> Fact {
    Fact::Arrives {
        host: arrival.host,
        method: arrival.method,
        target: arrival.target,
        length: arrival.length,
        digest: arrival.digest,
    }
}
