//! A connection as the origin sees it: what it can break, and when.

use std::{
    collections::BTreeMap,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use hyper::rt::{Read, ReadBufCursor, Write};

use crate::Target;

/// What both ends of a connection's service share.
#[derive(Debug, Default)]
pub(crate) struct Line(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    /// What it was last asked for: a host, and a path.
    asked: Option<(Arc<str>, Arc<str>)>,
    fate: Fate,
    waker: Option<Waker>,
}

/// How long a connection has to live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Fate {
    #[default]
    Lives,
    /// It breaks when what was written so far has left.
    Flushes,
    Broken,
}

impl Line {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what a request on it asks for.
    pub(crate) fn asks(&self, host: &Arc<str>, path: &str) {
        self.inside().asked = Some((host.clone(), path.into()));
    }

    /// Breaks it now.
    pub(crate) fn cut(&self) {
        let waker = {
            let mut inside = self.inside();
            inside.fate = Fate::Broken;
            inside.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Breaks it once the bytes that the service has handed over so far are written, not one less. To
    /// be called from within a poll of the connection, which flushes before it returns.
    pub(crate) fn cut_after_flush(&self) {
        let mut inside = self.inside();
        if inside.fate == Fate::Lives {
            inside.fate = Fate::Flushes;
        }
    }

    /// Notes that all that was handed over is written.
    fn flushed(&self) {
        let mut inside = self.inside();
        if inside.fate == Fate::Flushes {
            inside.fate = Fate::Broken;
        }
    }

    /// Returns whether it is broken; if not, `waker` is woken when it is cut.
    pub(crate) fn is_broken(&self, waker: &Waker) -> bool {
        let mut inside = self.inside();
        match &mut inside.waker {
            Some(kept) => kept.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        inside.fate == Fate::Broken
    }

    fn is_about(&self, target: &Target) -> bool {
        let inside = self.inside();
        let Some((host, path)) = &inside.asked else { return false };
        **host == *target.host && target.path.as_deref().is_none_or(|wanted| wanted == &**path)
    }
}

/// The open connections, in the order in which they were opened.
#[derive(Debug, Default)]
pub(crate) struct Lines(Mutex<(u64, BTreeMap<u64, Arc<Line>>)>);

impl Lines {
    fn all(&self) -> MutexGuard<'_, (u64, BTreeMap<u64, Arc<Line>>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection until the guard is dropped.
    pub(crate) fn open(self: &Arc<Self>) -> OpenLine {
        let mut all = self.all();
        all.0 += 1;
        let number = all.0;
        let line = Arc::new(Line::default());
        all.1.insert(number, line.clone());
        drop(all);
        OpenLine { lines: self.clone(), number, line }
    }

    /// Returns how many there are.
    pub(crate) fn count(&self) -> usize {
        self.all().1.len()
    }

    /// Breaks those that were last asked for `target`.
    pub(crate) fn cut(&self, target: &Target) {
        let about: Vec<_> =
            self.all().1.values().filter(|line| line.is_about(target)).cloned().collect();
        for line in about {
            line.cut();
        }
    }
}

/// A connection that is counted as long as this lives.
pub(crate) struct OpenLine {
    lines: Arc<Lines>,
    number: u64,
    pub(crate) line: Arc<Line>,
}

impl Drop for OpenLine {
    fn drop(&mut self) {
        self.lines.all().1.remove(&self.number);
    }
}

/// An I/O object that tells its line when it has been flushed.
pub(crate) struct Wire<I> {
    pub(crate) io: I,
    pub(crate) line: Arc<Line>,
}

impl<I: Read + Unpin> Read for Wire<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<I: Write + Unpin> Write for Wire<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The service flushes its own buffer before it flushes us, and only from there comes this call.
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        if flushed.is_ready() {
            self.line.flushed();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
