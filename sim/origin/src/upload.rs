//! Reading the body of a request.

use std::sync::Arc;

use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use sha2::{Digest, Sha256};

use crate::{content::hex, line::Line, origin::Shared, pace::Pace, state::FileName};

/// So many bytes of a body are kept where its text matters.
pub(crate) const KEPT: usize = 1 << 20;

/// A body that came.
#[derive(Debug, Default)]
pub(crate) struct Received {
    /// Bytes that came.
    pub(crate) length: u64,
    /// Whether it came to its end.
    pub(crate) whole: bool,
    /// Its SHA-256 in hexadecimal, if it is whole and there was one.
    pub(crate) digest: Option<String>,
    /// Its beginning, if that was asked for.
    pub(crate) kept: Vec<u8>,
}

/// Reads a body to its end in bounded memory: at the pace of `file`, if it is one, and keeping the
/// first [`KEPT`] bytes if `keep` says so. Does not return if the file's plan cuts it.
pub(crate) async fn receive(
    shared: &Arc<Shared>,
    line: &Line,
    file: Option<FileName>,
    keep: bool,
    mut body: Incoming,
) -> Received {
    let mut received = Received { whole: true, ..Received::default() };
    if body.is_end_stream() {
        return received;
    }
    let length = body.size_hint().exact().unwrap_or(u64::MAX);
    let mut pace = file.map(|file| Pace::new(shared.clone(), file, 0, length));
    let mut hash = Sha256::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            received.whole = false;
            return received;
        };
        let Ok(bytes) = frame.into_data() else { continue };
        received.length += bytes.len() as u64;
        hash.update(&bytes);
        if keep {
            let room = KEPT.saturating_sub(received.kept.len()).min(bytes.len());
            received.kept.extend_from_slice(&bytes[..room]);
        }
        if let Some(pace) = &mut pace {
            pace.take(bytes.len() as u64, line).await;
        }
    }
    received.digest = Some(hex(&hash.finalize()));
    received
}
