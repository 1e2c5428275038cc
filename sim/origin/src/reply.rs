//! The body of a response.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::{
    Version,
    line::Line,
    pace::{Pace, Step},
};

/// What a response carries.
pub(crate) enum Reply {
    /// Some bytes in one frame; none left when it is sent.
    Page(Bytes),
    /// A part of a file, piece by piece.
    File(FilePart),
}

/// The bytes of a version from `at` to before `end`.
pub(crate) struct FilePart {
    pub(crate) version: Arc<Version>,
    pub(crate) at: u64,
    pub(crate) end: u64,
    /// Whether the length is told; if not, the body is chunked.
    pub(crate) told: bool,
    pub(crate) pace: Pace,
    pub(crate) line: Arc<Line>,
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = match &mut *self {
            Reply::Page(bytes) => std::mem::take(bytes),
            Reply::File(part) if part.at == part.end => Bytes::new(),
            Reply::File(part) => ready!(part.poll(cx)),
        };
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Reply::Page(bytes) => bytes.is_empty(),
            Reply::File(part) => part.at == part.end,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Reply::Page(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Reply::File(part) if part.told => SizeHint::with_exact(part.end - part.at),
            Reply::File(_) => SizeHint::default(),
        }
    }
}

impl FilePart {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Bytes> {
        match ready!(self.pace.poll(cx, self.end - self.at)) {
            Step::Move(length) => {
                let length = usize::try_from(length).expect("at most a piece");
                let bytes = self.version.bytes(self.at, length);
                self.at += bytes.len() as u64;
                Poll::Ready(bytes)
            }
            Step::Cut => {
                self.line.cut_after_flush();
                Poll::Pending
            }
        }
    }
}
