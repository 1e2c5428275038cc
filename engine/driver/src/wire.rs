//! The stream of a connection, behind its gate, counting what it carries.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use sleepwalker_core::Report;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{BoxStream, gate::Gate, table::Shared};

/// A stream that moves bytes only while its gate is open.
pub(crate) struct Wire {
    stream: BoxStream,
    gate: Arc<Gate>,
    shared: Arc<Shared>,
}

impl Wire {
    pub(crate) fn new(stream: BoxStream, gate: Arc<Gate>, shared: Arc<Shared>) -> Wire {
        Wire { stream, gate, shared }
    }

    fn count(&self, bytes: &[u8]) {
        if let Some((attempt, carried)) = self.gate.carried(bytes) {
            self.shared.tell(attempt, Report::Sent(attempt, carried));
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.gate.poll_open(cx));
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.gate.poll_open(cx));
        let taken = ready!(Pin::new(&mut self.stream).poll_write(cx, buf))?;
        self.count(&buf[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.gate.poll_open(cx));
        let taken = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, bufs))?;
        let mut left = taken;
        for buf in bufs {
            let part = left.min(buf.len());
            self.count(&buf[..part]);
            left -= part;
        }
        Poll::Ready(Ok(taken))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
