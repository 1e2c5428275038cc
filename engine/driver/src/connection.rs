//! The job of one connection: connect, then move bytes until it is closed.

use std::sync::Arc;

use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use sleepwalker_core::{ConnectionId, Host};
use tokio::sync::oneshot;
use tracing::Instrument;

use crate::{gate::Gate, table::Shared, wire::Wire};

/// How much hyper reads at once and how much it gathers before it writes. Measured: above 64 KiB
/// nothing is gained, and what is gathered is not yet on the stream.
const BUFFER: usize = 64 << 10;

/// How many fields a response's head may have. hyper's own bound, a hundred, refuses what other clients
/// read; the buffer bounds a head's size in any case, and this what is set aside to parse one.
const FIELDS: usize = 1024;

/// Runs a connection to its end, or until its table entry is dropped.
pub(crate) async fn run(
    shared: Arc<Shared>,
    connection: ConnectionId,
    host: Host,
    gate: Arc<Gate>,
    dropped: oneshot::Receiver<()>,
) {
    let span = tracing::debug_span!("connection", id = connection.0, %host);
    let job = carry(shared, connection, host, gate).instrument(span);
    tokio::select! {
        biased;
        _ = dropped => {}
        () = job => {}
    }
}

async fn carry(shared: Arc<Shared>, connection: ConnectionId, host: Host, gate: Arc<Gate>) {
    let stream = match shared.providers.net.connect(&host).await {
        Ok(stream) => stream,
        Err(code) => {
            tracing::debug!(%code, "cannot be opened");
            return shared.open_failed(connection, code);
        }
    };
    let io = TokioIo::new(Wire::new(stream, gate, Arc::clone(&shared)));
    // Bodies are queued, not copied: a slow stream takes them in small writes.
    let mut http = http1::Builder::new();
    http.writev(true).max_buf_size(BUFFER).max_headers(FIELDS);
    let shaken = http.handshake(io).await;
    let (sender, driving) = match shaken {
        Ok(pair) => pair,
        Err(error) => {
            tracing::debug!(%error, "cannot be opened");
            return shared
                .open_failed(connection, sleepwalker_core::ErrorCode::NETWORK_CONNECTION_LOST);
        }
    };
    tracing::debug!("open");
    shared.opened(connection, sender);
    match driving.await {
        Ok(()) => tracing::debug!("closed"),
        Err(error) => tracing::debug!(%error, "lost"),
    }
    shared.closed(connection);
}
