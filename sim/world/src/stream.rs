//! A connection's end: turmoil's stream, with the counters that the switch goes by.

use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use turmoil::net::{TcpListener, TcpStream};

use crate::{
    clock::Clock,
    link::Way,
    radio::{Counters, Flow, Radio},
};

/// The one port on which the origin listens; HTTP's host names are told apart by the `host` field.
const PORT: u16 = 80;

/// One end of a connection of the world.
#[derive(Debug)]
pub struct Stream {
    inner: TcpStream,
    radio: Radio,
    way: Way,
    reads: (Flow, Arc<Counters>),
    writes: (Flow, Arc<Counters>),
    written: u64,
}

impl Stream {
    fn new(inner: TcpStream, radio: &Radio, way: Way) -> io::Result<Stream> {
        let (local, peer): (SocketAddr, SocketAddr) = (inner.local_addr()?, inner.peer_addr()?);
        let flow = |from, to| ((from, to), radio.enter((from, to)));
        Ok(Stream {
            inner,
            radio: radio.clone(),
            way,
            reads: flow(peer, local),
            writes: flow(local, peer),
            written: 0,
        })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.reads.1.reader_gone.store(true, Relaxed);
        self.radio.leave(self.reads.0, &self.reads.1);
        self.radio.leave(self.writes.0, &self.writes.1);
    }
}

/// Connects the device to the origin.
pub(crate) async fn connect(clock: &Clock, radio: &Radio) -> io::Result<Stream> {
    let inner = TcpStream::connect((crate::stage::ORIGIN, PORT)).await?;
    let stream = Stream::new(inner, radio, Way::Up)?;
    // turmoil's SYN-ACK takes no time, and no radio.
    clock.sleep(radio.quality().latency).await;
    poll_fn(|cx| radio.poll_up(cx)).await;
    Ok(stream)
}

/// Listens on the origin.
#[derive(Debug)]
pub(crate) struct Listener {
    inner: Inner,
    radio: Radio,
}

struct Inner(TcpListener);

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TcpListener").field(&self.0.local_addr().ok()).finish()
    }
}

impl Listener {
    pub(crate) async fn bind(radio: &Radio) -> io::Result<Listener> {
        Ok(Listener {
            inner: Inner(TcpListener::bind(("0.0.0.0", PORT)).await?),
            radio: radio.clone(),
        })
    }

    pub(crate) async fn accept(&self) -> io::Result<Stream> {
        let (stream, _) = self.inner.0.accept().await?;
        Stream::new(stream, &self.radio, Way::Down)
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.reads.1.is_lost() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.inner).poll_read(cx, buffer);
        let taken = buffer.filled().len() - before;
        self.reads.1.taken.fetch_add(taken as u64, Relaxed);
        result
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.writes.1.is_lost() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let (segment, room) = self.radio.bounds(self.way);
        ready!(self.writes.1.poll_room(self.written, room, cx));
        let piece = &bytes[..bytes.len().min(segment)];
        let Poll::Ready(written) = Pin::new(&mut self.inner).poll_write(cx, piece) else {
            self.writes.1.wait(u64::MAX, cx);
            return Poll::Pending;
        };
        let written = written?;
        self.written += written as u64;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
