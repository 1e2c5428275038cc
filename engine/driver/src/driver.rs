//! The driver: takes orders, starts jobs.

use std::sync::Arc;

use bytes::Bytes;
use sleepwalker_core::{
    AttemptId, BodyFile, ChunkId, ConnectionId, ErrorCode, FileId, Host, Into, Order, Report,
    RequestHead,
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    Providers, attempt, connection,
    gate::Gate,
    table::{Attempt, Command, Connection, Pen, Phase, Shared},
};

/// Turns orders into HTTP and tells what happened. One job runs for each connection and for each
/// attempt; dropping the driver ends them all.
pub struct Driver {
    shared: Arc<Shared>,
}

impl Driver {
    /// Makes a driver that has nothing to do.
    pub fn new(providers: Providers) -> Driver {
        Driver { shared: Arc::new(Shared::new(providers)) }
    }

    /// Takes an order. Never waits for the network; reports may be told before it returns.
    pub fn order(&self, order: Order) {
        tracing::trace!(?order);
        match order {
            Order::Open(connection, host) => self.open(connection, host),
            Order::Send { attempt, connection, head, body } => {
                self.send(attempt, connection, &head, body)
            }
            Order::Receive(attempt, into) => self.receive(attempt, into),
            Order::Free(attempt, chunk) => self.free(attempt, chunk),
            Order::Hold(attempt) => {
                if let Some(gate) = self.gate(attempt) {
                    gate.hold();
                }
            }
            Order::Continue(attempt) => {
                if let Some(gate) = self.gate(attempt) {
                    gate.release();
                }
            }
            Order::Cut(attempt) => self.cut(attempt),
            Order::Close(connection) => {
                let entry = self.shared.table().connections.remove(&connection);
                drop(entry);
            }
            Order::Sync(file) => self.sync(file),
            Order::Settle(file) => self.settle(file),
            Order::Remove(file) => {
                if let Err(error) = self.shared.providers.files.remove(file) {
                    tracing::warn!(%file, %error, "cannot be removed");
                }
            }
        }
    }

    /// Returns a chunk that has not been freed.
    pub fn chunk(&self, chunk: ChunkId) -> Option<Bytes> {
        self.shared.table().chunks.get(&chunk).cloned()
    }

    fn open(&self, connection: ConnectionId, host: Host) {
        let gate = Arc::new(Gate::default());
        let (alive, dropped) = oneshot::channel();
        let known = self.shared.table().connections.insert(
            connection,
            Connection { phase: Phase::Opening, gate: Arc::clone(&gate), _alive: alive },
        );
        assert!(known.is_none(), "connection {connection} was opened twice");
        let job = connection::run(Arc::clone(&self.shared), connection, host, gate, dropped);
        self.shared.providers.spawn.spawn("connection", Box::pin(job));
    }

    fn send(
        &self,
        attempt: AttemptId,
        connection: ConnectionId,
        head: &RequestHead,
        body: Option<BodyFile>,
    ) {
        let mut table = self.shared.table();
        let (alive, dropped) = oneshot::channel();
        let (commands, orders) = mpsc::unbounded_channel();
        let pen = Arc::new(Pen::default());
        table.attempts.insert(
            attempt,
            Attempt { connection, commands, pen: Arc::clone(&pen), _alive: alive },
        );
        // The other side may have closed it since: the report is on its way.
        let Some(entry) = table.connections.get_mut(&connection) else {
            drop(table);
            let lost = ErrorCode::NETWORK_CONNECTION_LOST;
            return self.shared.failed(attempt, connection, lost);
        };
        let gate = Arc::clone(&entry.gate);
        let sender = match std::mem::replace(&mut entry.phase, Phase::Busy) {
            Phase::Idle(sender) => sender,
            Phase::Opening => panic!("{attempt} was sent on connection {connection}, not open"),
            Phase::Busy => panic!("{attempt} was sent on connection {connection}, not idle"),
        };
        drop(table);
        let request = match attempt::request(head, body, &self.shared) {
            Ok(request) => request,
            Err(error) => {
                tracing::debug!(%error, "cannot be a request");
                let bad = ErrorCode::UNSUPPORTED_URL;
                return self.shared.failed(attempt, connection, bad);
            }
        };
        gate.begin(attempt, body.map_or(0, |body| body.length));
        let job = attempt::Job {
            shared: Arc::clone(&self.shared),
            attempt,
            connection,
            gate,
            pen,
            commands: orders,
        };
        let job = attempt::run(job, sender, request, dropped);
        self.shared.providers.spawn.spawn("attempt", Box::pin(job));
    }

    fn receive(&self, attempt: AttemptId, into: Into) {
        if let Some(entry) = self.shared.table().attempts.get(&attempt) {
            // The job takes commands for as long as its entry stands.
            let _ = entry.commands.send(Command::Receive(into));
        }
    }

    fn free(&self, attempt: AttemptId, chunk: ChunkId) {
        let mut table = self.shared.table();
        let freed = table.chunks.remove(&chunk);
        if let (Some(bytes), Some(entry)) = (freed, table.attempts.get(&attempt)) {
            let _ = entry.commands.send(Command::Freed(bytes.len()));
        }
    }

    fn gate(&self, attempt: AttemptId) -> Option<Arc<Gate>> {
        let table = self.shared.table();
        let connection = table.attempts.get(&attempt)?.connection;
        Some(Arc::clone(&table.connections.get(&connection)?.gate))
    }

    fn cut(&self, attempt: AttemptId) {
        let mut table = self.shared.table();
        let entry = table.attempts.remove(&attempt);
        let connection =
            entry.as_ref().and_then(|entry| table.connections.remove(&entry.connection));
        drop(table);
        drop(connection);
        if let Some(entry) = entry {
            entry.pen.take_away();
        }
    }

    fn sync(&self, file: FileId) {
        let report = match self.shared.providers.files.sync(file) {
            Ok(length) => Report::Synced(file, length),
            Err(error) => {
                tracing::warn!(%file, %error, "cannot be synced");
                Report::FileFailed(file, ErrorCode::CANNOT_WRITE_FILE)
            }
        };
        self.shared.tell_of_file(report);
    }

    fn settle(&self, file: FileId) {
        let report = match self.shared.providers.files.settle(file) {
            Ok(()) => Report::Settled(file),
            Err(error) => {
                tracing::warn!(%file, %error, "cannot be settled");
                Report::FileFailed(file, ErrorCode::CANNOT_MOVE_FILE)
            }
        };
        self.shared.tell_of_file(report);
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let mut table = self.shared.table();
        let attempts = std::mem::take(&mut table.attempts);
        let connections = std::mem::take(&mut table.connections);
        table.chunks.clear();
        drop(table);
        drop(connections);
        for entry in attempts.into_values() {
            entry.pen.take_away();
        }
    }
}
