//! How a body moves: its rate, its stalls and where it is cut. The same for bodies that go and come.

use std::{
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use crate::{
    PIECE, Stall, Wait,
    line::Line,
    origin::Shared,
    state::{FileName, Flow},
};

/// A slowed body moves a piece at least this often; a fast one as often as it has a [`PIECE`].
const PERIOD: Duration = Duration::from_secs(1);

/// The pace of one body.
pub(crate) struct Pace {
    shared: Arc<Shared>,
    file: FileName,
    response: u64,
    /// Bytes moved.
    moved: u64,
    /// Where the body begins in the file.
    start: u64,
    cut: Option<u64>,
    stall: Option<Stall>,
    wait: Option<Wait>,
    /// What may move when the wait is over.
    granted: Option<u64>,
}

/// What a body may do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Move so many bytes, at least one.
    Move(u64),
    /// Break the connection.
    Cut,
}

impl Pace {
    /// Makes the pace of a body that begins now and is the bytes of `file` from `start` to before `end`.
    pub(crate) fn new(shared: Arc<Shared>, file: FileName, start: u64, end: u64) -> Pace {
        let mut state = shared.state();
        let response = state.number();
        let (cut, stall) = state
            .file(&file)
            .map_or((None, None), |file| (file.take_cut(end - start), file.take_stall(start, end)));
        drop(state);
        Pace { shared, file, response, moved: 0, start, cut, stall, wait: None, granted: None }
    }

    /// Returns what the body, of which `left` bytes are left, may do next.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, left: u64) -> Poll<Step> {
        loop {
            if let Some(wait) = &mut self.wait {
                ready!(wait.as_mut().poll(cx));
                self.wait = None;
                if let Some(bytes) = self.granted.take() {
                    return Poll::Ready(self.moves(bytes));
                }
            }
            if self.cut == Some(self.moved) {
                return Poll::Ready(Step::Cut);
            }
            if let Some(stall) = self.stall.take_if(|stall| stall.at.0 <= self.start + self.moved) {
                self.wait = Some(self.shared.clock.sleep(stall.lasts.0));
                continue;
            }
            let bytes = self.fits(left);
            let flow = self.shared.state().flow(&self.file, self.response, cx.waker());
            match flow {
                Flow::Still => return Poll::Pending,
                Flow::Free => return Poll::Ready(self.moves(bytes)),
                Flow::At(rate) => {
                    // The bytes move at the end of the time they take: never faster than the rate.
                    let bytes = bytes.min(rate.bytes(PERIOD).max(1));
                    self.granted = Some(bytes);
                    self.wait = Some(self.shared.clock.sleep(rate.span(bytes)));
                }
            }
        }
    }

    /// Returns how many bytes lie before the next thing that happens.
    fn fits(&self, left: u64) -> u64 {
        let cut = self.cut.map_or(u64::MAX, |cut| cut - self.moved);
        let stall = self.stall.map_or(u64::MAX, |stall| stall.at.0 - self.start - self.moved);
        left.min(PIECE as u64).min(cut).min(stall)
    }

    fn moves(&mut self, bytes: u64) -> Step {
        self.moved += bytes;
        Step::Move(bytes)
    }

    /// Moves `bytes` bytes of a body that comes in; breaks the line and never returns where it is cut.
    pub(crate) async fn take(&mut self, bytes: u64, line: &Line) {
        let mut left = bytes;
        while left > 0 {
            match std::future::poll_fn(|cx| self.poll(cx, left)).await {
                Step::Move(bytes) => left -= bytes,
                Step::Cut => {
                    line.cut();
                    return std::future::pending().await;
                }
            }
        }
    }
}

impl Drop for Pace {
    fn drop(&mut self) {
        self.shared.state().forget(self.response);
    }
}
