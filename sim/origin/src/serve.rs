//! The origin on a real port.

use std::{io, time::Duration};

use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, task::JoinSet};

use crate::{Clock, Origin, RealClock};

/// Serves every connection that `listener` accepts, until this future is dropped; then all of them
/// break. Must run inside a tokio runtime. Returns only if the listener itself fails.
pub async fn serve(listener: TcpListener, origin: Origin) -> io::Result<()> {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let connection = origin.serve_connection(TokioIo::new(stream));
                    spawn(&mut connections, connection);
                }
                Err(error) if is_passing(&error) => RealClock.sleep(Duration::from_millis(50)).await,
                Err(error) => return Err(error),
            },
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a real port is no world: nothing counts its tasks")]
fn spawn<F: Future<Output: Send> + Send + 'static>(to: &mut JoinSet<F::Output>, connection: F) {
    to.spawn(connection);
}

/// Returns whether an error of `accept` is about one connection, or about too many at once.
fn is_passing(error: &io::Error) -> bool {
    const TOO_MANY_FILES: [i32; 2] = [23, 24];
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    ) || error.raw_os_error().is_some_and(|code| TOO_MANY_FILES.contains(&code))
}
