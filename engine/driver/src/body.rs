//! The body of a request, streamed from a file.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use sleepwalker_core::{BodyFile, FileId};

use crate::Files;

/// How much is read from the file at once.
const PIECE: u64 = 64 << 10;

/// A body that stands in a file, or no body at all.
pub(crate) struct RequestBody {
    files: Arc<dyn Files>,
    file: FileId,
    at: u64,
    length: u64,
}

/// The file of a body could not be read to its end.
#[derive(Debug, thiserror::Error)]
#[error("the body in file {file} cannot be read")]
pub(crate) struct BodyLost {
    pub(crate) file: FileId,
    source: io::Error,
}

impl RequestBody {
    pub(crate) fn new(files: Arc<dyn Files>, body: Option<BodyFile>) -> RequestBody {
        let body = body.unwrap_or(BodyFile { file: FileId(0), length: 0 });
        RequestBody { files, file: body.file, at: 0, length: body.length }
    }

    fn left(&self) -> u64 {
        self.length - self.at
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyLost;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyLost>>> {
        if self.left() == 0 {
            return Poll::Ready(None);
        }
        let piece = usize::try_from(self.left().min(PIECE)).expect("a piece fits into memory");
        let read = self.files.read(self.file, self.at, piece).and_then(|bytes| {
            if bytes.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Ok(bytes)
        });
        Poll::Ready(Some(match read {
            Ok(bytes) => {
                self.at += bytes.len() as u64;
                Ok(Frame::data(bytes))
            }
            Err(source) => Err(BodyLost { file: self.file, source }),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.left() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left())
    }
}
