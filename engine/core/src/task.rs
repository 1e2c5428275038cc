//! A task: what is durable of it, and the phase that it is in.

use std::{cmp::Reverse, sync::Arc};

use crate::{
    AttemptId, BodyFile, ConnectionId, FileId, Method, Request, TaskKind, TaskRow, Time,
    lanes::{Lane, Place},
};

/// One request on the wire and what came back so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exchange {
    pub(crate) attempt: AttemptId,
    pub(crate) connection: ConnectionId,
    /// The connection had carried another attempt before.
    pub(crate) reused: bool,
    /// The first byte asked for.
    pub(crate) from: Option<u64>,
    /// The response's status, once its head is there.
    pub(crate) status: Option<u16>,
    /// The whole length of what is received, if known.
    pub(crate) expected: Option<u64>,
    /// What the response offers to resume with.
    pub(crate) validator: Option<crate::Validator>,
    /// Where the body of an upload's response goes.
    pub(crate) spool: Option<FileId>,
    /// When bytes last moved.
    pub(crate) active_at: Time,
    /// When the armed idle timer ends.
    pub(crate) idle_at: Option<Time>,
    /// When the armed throughput window ends, and the bytes at its start.
    pub(crate) window: Option<(Time, u64)>,
    /// The driver was told to hold it.
    pub(crate) held: bool,
}

/// Where a task stands. The data lives in the phase that needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Not resumed, or suspended by the app.
    Suspended,
    /// Held by its date, the limiter, or for the first unlock.
    Held,
    /// `willBeginDelayedRequest` waits for its answer.
    Asking,
    /// Waits for its turn.
    Waiting(Lane),
    /// A try has failed; waits for the next.
    Backoff(Time),
    /// Its connection is being opened.
    Connecting(ConnectionId),
    /// The request is out.
    Requesting(Exchange),
    /// The response or redirect gate waits for its answer.
    Deciding(Exchange, Decision),
    /// The body of a redirecting response is read away.
    Redirecting(Exchange, Arc<Request>),
    /// The body comes.
    Receiving(Exchange),
    /// The body is there; the cache gate waits for its answer.
    Caching(Option<u16>),
    /// The complete file is made durable.
    Settling {
        /// The file.
        file: FileId,
        /// The response's status.
        status: Option<u16>,
    },
    /// Over; the result waits for delivery.
    Finished,
}

/// What a gate of an attempt decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// What becomes of the response.
    Response,
    /// Whether the redirect is followed, to this request.
    Redirect(Arc<Request>),
}

impl Phase {
    pub(crate) fn exchange(&self) -> Option<&Exchange> {
        match self {
            Phase::Requesting(exchange)
            | Phase::Deciding(exchange, _)
            | Phase::Redirecting(exchange, _)
            | Phase::Receiving(exchange) => Some(exchange),
            Phase::Suspended
            | Phase::Held
            | Phase::Asking
            | Phase::Waiting(_)
            | Phase::Backoff(_)
            | Phase::Connecting(_)
            | Phase::Caching(_)
            | Phase::Settling { .. }
            | Phase::Finished => None,
        }
    }

    /// Takes the exchange out, for another phase of the same attempt.
    pub(crate) fn into_exchange(self) -> Option<Exchange> {
        match self {
            Phase::Requesting(exchange)
            | Phase::Deciding(exchange, _)
            | Phase::Redirecting(exchange, _)
            | Phase::Receiving(exchange) => Some(exchange),
            Phase::Suspended
            | Phase::Held
            | Phase::Asking
            | Phase::Waiting(_)
            | Phase::Backoff(_)
            | Phase::Connecting(_)
            | Phase::Caching(_)
            | Phase::Settling { .. }
            | Phase::Finished => None,
        }
    }

    pub(crate) fn exchange_mut(&mut self) -> Option<&mut Exchange> {
        match self {
            Phase::Requesting(exchange)
            | Phase::Deciding(exchange, _)
            | Phase::Redirecting(exchange, _)
            | Phase::Receiving(exchange) => Some(exchange),
            Phase::Suspended
            | Phase::Held
            | Phase::Asking
            | Phase::Waiting(_)
            | Phase::Backoff(_)
            | Phase::Connecting(_)
            | Phase::Caching(_)
            | Phase::Settling { .. }
            | Phase::Finished => None,
        }
    }

    /// Whether the task holds one of the places that the cap counts.
    pub(crate) fn is_running(&self) -> bool {
        matches!(self, Phase::Connecting(_)) || self.exchange().is_some()
    }

    /// The phase's name in tables and graphs.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Phase::Suspended => "suspended",
            Phase::Held => "held",
            Phase::Asking => "asking",
            Phase::Waiting(_) => "waiting",
            Phase::Backoff(_) => "backoff",
            Phase::Connecting(_) => "connecting",
            Phase::Requesting(_) => "requesting",
            Phase::Deciding(..) => "deciding",
            Phase::Redirecting(..) => "redirecting",
            Phase::Receiving(_) => "receiving",
            Phase::Caching(_) => "caching",
            Phase::Settling { .. } => "settling",
            Phase::Finished => "finished",
        }
    }
}

/// A task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    /// What is stored, if the session is a background session.
    pub(crate) row: Arc<TaskRow>,
    pub(crate) phase: Phase,
    /// Requests so far: the next attempt's number is one more.
    pub(crate) attempts: u32,
    /// Failures in a row, without a byte between.
    pub(crate) failures: u32,
    /// Bad responses or failed handshakes so far (ERRORS.md, class B).
    pub(crate) bad_tries: u32,
    pub(crate) redirects: u32,
    /// The request that a redirect leads to.
    pub(crate) hop: Option<Arc<Request>>,
    /// Bytes of the file, or of the data delivered.
    pub(crate) received: u64,
    /// Bytes of the body sent in this attempt.
    pub(crate) sent: u64,
    /// Totals at the last progress callback, and when that was.
    pub(crate) told: (u64, u64, Time),
    /// A progress callback waits in the queue.
    pub(crate) tells: bool,
    /// The total at the last note.
    pub(crate) noted: u64,
    /// A sync of the partial file is under way.
    pub(crate) syncing: bool,
    /// When `resAt` is due: the task was made from resume data.
    pub(crate) tells_offset: bool,
    /// `taskIsWaitingForConnectivity` was told.
    pub(crate) told_waiting: bool,
    /// The status of the last response.
    pub(crate) status_seen: Option<u16>,
    /// The completion was handed over: nothing of it is stored any more.
    pub(crate) delivered: bool,
    /// When the armed timer of urgency or date ends.
    pub(crate) timer: Option<Time>,
}

impl Task {
    pub(crate) fn new(row: Arc<TaskRow>) -> Task {
        Task {
            row,
            phase: Phase::Suspended,
            attempts: 0,
            failures: 0,
            bad_tries: 0,
            redirects: 0,
            hop: None,
            received: 0,
            sent: 0,
            told: (0, 0, Time::ZERO),
            tells: false,
            noted: 0,
            syncing: false,
            tells_offset: false,
            told_waiting: false,
            status_seen: None,
            delivered: false,
            timer: None,
        }
    }

    /// The row, to be changed; a batch that still holds the old one keeps it.
    pub(crate) fn row_mut(&mut self) -> &mut TaskRow {
        Arc::make_mut(&mut self.row)
    }

    pub(crate) fn is_unfinished(&self) -> bool {
        !matches!(self.phase, Phase::Finished)
    }

    pub(crate) fn is_download(&self) -> bool {
        matches!(self.row.kind, TaskKind::Download)
    }

    pub(crate) fn is_data(&self) -> bool {
        matches!(self.row.kind, TaskKind::Data)
    }

    pub(crate) fn body(&self) -> Option<BodyFile> {
        match self.row.kind {
            TaskKind::Upload(body) => Some(body),
            TaskKind::Data | TaskKind::Download => None,
        }
    }

    /// The files that the task still needs, each with the length that must be there: what it holds of
    /// its download, its body while it is not over, its result until that is handed over.
    pub(crate) fn files(&self) -> impl Iterator<Item = (FileId, u64)> {
        let row = &self.row;
        let part = row.partial.as_ref().map(|part| (part.file, part.length));
        let body = self.body().filter(|_| row.result.is_none());
        let body = body.map(|body| (body.file, body.length));
        let result = row.result.as_ref().filter(|result| !result.handed_over);
        part.into_iter().chain(body).chain(result.and_then(|result| result.file))
    }

    pub(crate) fn is_discretionary(&self) -> bool {
        self.row.configuration.discretionary || self.row.auto_discretionary
    }

    pub(crate) fn place(&self) -> Place {
        (Reverse(self.row.priority), self.row.order)
    }

    /// The request of the next attempt: a redirect's, a delayed request's, or the original.
    pub(crate) fn next_request(&self) -> &Arc<Request> {
        self.hop.as_ref().or(self.row.replacement.as_ref()).unwrap_or(&self.row.request)
    }

    /// Makes the progress call of this moment, and notes what it tells.
    pub(crate) fn tell(&mut self, now: Time) -> Method {
        let method = match self.body() {
            Some(body) => {
                let (sent, total) = (self.sent - self.told.0, self.sent);
                self.told.0 = total;
                Method::DidSendBodyData { sent, total, expected: body.length }
            }
            None => {
                let (written, total) =
                    (self.received - self.told.1.min(self.received), self.received);
                let expected = self.row.partial.as_ref().and_then(|part| part.expected);
                self.told.1 = total;
                Method::DidWriteData { written, total, expected }
            }
        };
        self.told.2 = now;
        method
    }

    /// When the resource timeout ends, counted from the first resume (BG-SCHED-18).
    pub(crate) fn resource_deadline(&self) -> Option<Time> {
        let resumed_at = self.row.resumed_at?;
        Some(resumed_at + self.row.configuration.timeout_for_resource)
    }
}
