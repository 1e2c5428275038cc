//! Pieces of a response's body, to its true end.

use std::{future::poll_fn, pin::Pin};

use bytes::Bytes;
use http_body::Body;
use hyper::body::Incoming;
use sleepwalker_core::ErrorCode;

use crate::{failure::Failure, gate::Gate};

/// Returns the next piece of a body, or nothing at its end. A body that ends before its announced
/// length is broken, whoever lost the rest.
pub(crate) async fn next_data(
    body: &mut Incoming,
    gate: &Gate,
    expected: Option<u64>,
    received: &mut u64,
) -> Result<Option<Bytes>, Failure> {
    loop {
        gate.open().await;
        let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await;
        let Some(frame) = frame.transpose()? else {
            return match expected {
                Some(expected) if *received < expected => {
                    Err(Failure::Wire(ErrorCode::NETWORK_CONNECTION_LOST))
                }
                Some(_) | None => Ok(None),
            };
        };
        // Trailers say nothing that is acted on.
        if let Ok(bytes) = frame.into_data()
            && !bytes.is_empty()
        {
            *received += bytes.len() as u64;
            // What arrived before the gate fell waits behind it.
            gate.open().await;
            return Ok(Some(bytes));
        }
    }
}
