//! The table of connections, attempts and chunks that the jobs share, and the one door for reports.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use hyper::client::conn::http1::SendRequest;
use sleepwalker_core::{AttemptId, ChunkId, ConnectionId, ErrorCode, Into, Report};
use tokio::sync::{mpsc, oneshot};

use crate::{Providers, body::RequestBody, gate::Gate};

/// What all jobs share.
pub(crate) struct Shared {
    pub(crate) providers: Providers,
    table: Mutex<Table>,
}

/// Everything that is under way. Dropping an entry ends its job.
#[derive(Default)]
pub(crate) struct Table {
    pub(crate) connections: BTreeMap<ConnectionId, Connection>,
    pub(crate) attempts: BTreeMap<AttemptId, Attempt>,
    pub(crate) chunks: BTreeMap<ChunkId, Bytes>,
    last_chunk: u64,
}

/// A connection in the table.
pub(crate) struct Connection {
    pub(crate) phase: Phase,
    pub(crate) gate: Arc<Gate>,
    pub(crate) _alive: oneshot::Sender<()>,
}

/// What a connection is doing.
pub(crate) enum Phase {
    Opening,
    Idle(SendRequest<RequestBody>),
    Busy,
}

/// An attempt in the table.
pub(crate) struct Attempt {
    pub(crate) connection: ConnectionId,
    pub(crate) commands: mpsc::UnboundedSender<Command>,
    pub(crate) pen: Arc<Pen>,
    pub(crate) _alive: oneshot::Sender<()>,
}

/// What an attempt's job is told while it runs.
pub(crate) enum Command {
    Receive(Into),
    Freed(usize),
}

/// Leave to write to a file: taken away when the attempt is cut, so that nothing is written after.
#[derive(Default)]
pub(crate) struct Pen(Mutex<bool>);

impl Pen {
    /// Runs a write unless the attempt has been cut; waits are as short as one write.
    pub(crate) fn write<T>(&self, write: impl FnOnce() -> T) -> Option<T> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (!*taken).then(write)
    }

    pub(crate) fn take_away(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }
}

impl Shared {
    pub(crate) fn new(providers: Providers) -> Shared {
        Shared { providers, table: Mutex::default() }
    }

    pub(crate) fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn report(&self, report: Report) {
        (self.providers.reports)(report);
    }

    /// Tells a fact that belongs to no attempt or connection.
    pub(crate) fn tell_of_file(&self, report: Report) {
        let _table = self.table();
        self.report(report);
    }

    /// Tells a fact about an attempt, unless it has been cut.
    pub(crate) fn tell(&self, attempt: AttemptId, report: Report) {
        let table = self.table();
        if table.attempts.contains_key(&attempt) {
            self.report(report);
        }
    }

    /// Keeps a piece of a body and tells it, unless the attempt has been cut.
    pub(crate) fn tell_chunk(&self, attempt: AttemptId, bytes: Bytes) {
        let mut table = self.table();
        if table.attempts.contains_key(&attempt) {
            table.last_chunk += 1;
            let chunk = ChunkId(table.last_chunk);
            let length = bytes.len() as u64;
            table.chunks.insert(chunk, bytes);
            self.report(Report::Chunk(attempt, chunk, length));
        }
    }

    /// A connection can carry requests now.
    pub(crate) fn opened(&self, connection: ConnectionId, sender: SendRequest<RequestBody>) {
        let mut table = self.table();
        if let Some(entry) = table.connections.get_mut(&connection) {
            entry.phase = Phase::Idle(sender);
            self.report(Report::Opened(connection));
        }
    }

    /// A connection could not be opened.
    pub(crate) fn open_failed(&self, connection: ConnectionId, code: ErrorCode) {
        if self.table().connections.remove(&connection).is_some() {
            self.report(Report::OpenFailed(connection, code));
        }
    }

    /// A connection is gone; if an attempt was on it, the attempt's job tells.
    pub(crate) fn closed(&self, connection: ConnectionId) {
        let mut table = self.table();
        if let Some(entry) = table.connections.remove(&connection) {
            match entry.phase {
                Phase::Opening | Phase::Busy => {}
                Phase::Idle(_) => self.report(Report::Closed(connection)),
            }
        }
    }

    /// A response is complete. With a sender the connection can carry another request, if it is still
    /// there.
    pub(crate) fn ended(
        &self,
        attempt: AttemptId,
        connection: ConnectionId,
        sender: Option<SendRequest<RequestBody>>,
    ) {
        let mut table = self.table();
        if table.attempts.remove(&attempt).is_none() {
            return;
        }
        let reusable = match (sender, table.connections.get_mut(&connection)) {
            (Some(sender), Some(entry)) => {
                entry.phase = Phase::Idle(sender);
                true
            }
            (None, _) | (_, None) => {
                table.connections.remove(&connection);
                false
            }
        };
        self.report(Report::Ended(attempt, reusable));
    }

    /// An attempt broke; its connection goes with it.
    pub(crate) fn failed(&self, attempt: AttemptId, connection: ConnectionId, code: ErrorCode) {
        let mut table = self.table();
        if table.attempts.remove(&attempt).is_some() {
            table.connections.remove(&connection);
            self.report(Report::Failed(attempt, code));
        }
    }
}
