//! What one connection shares with the attempt on it: may bytes move, and how many of a body did.

use std::{
    future::poll_fn,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use sleepwalker_core::AttemptId;

/// The gate of a connection and the count of what it carried.
#[derive(Debug, Default)]
pub(crate) struct Gate(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    held: bool,
    waiting: Vec<Waker>,
    sending: Option<Sending>,
}

/// A request on its way out.
#[derive(Debug)]
struct Sending {
    attempt: AttemptId,
    /// How much of the blank line that ends a head was seen; 4: the body follows.
    blank: usize,
    carried: u64,
    length: u64,
}

const BLANK: &[u8; 4] = b"\r\n\r\n";

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the gate for a new request whose body has this length.
    pub(crate) fn begin(&self, attempt: AttemptId, length: u64) {
        let mut state = self.state();
        state.held = false;
        state.sending = Some(Sending { attempt, blank: 0, carried: 0, length });
    }

    /// Stops all movement.
    pub(crate) fn hold(&self) {
        self.state().held = true;
    }

    /// Lets bytes move again.
    pub(crate) fn release(&self) {
        let mut state = self.state();
        state.held = false;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        for waker in waiting {
            waker.wake();
        }
    }

    /// Ready while bytes may move.
    pub(crate) fn poll_open(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if !state.held {
            return Poll::Ready(());
        }
        if !state.waiting.iter().any(|known| known.will_wake(cx.waker())) {
            state.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Waits until bytes may move.
    pub(crate) async fn open(&self) {
        poll_fn(|cx| self.poll_open(cx)).await;
    }

    /// Counts bytes that the stream took; tells the body's progress if there was some.
    pub(crate) fn carried(&self, mut bytes: &[u8]) -> Option<(AttemptId, u64)> {
        let mut state = self.state();
        let sending = state.sending.as_mut()?;
        while sending.blank < BLANK.len() {
            let (&byte, rest) = bytes.split_first()?;
            bytes = rest;
            sending.blank = if byte == BLANK[sending.blank] {
                sending.blank + 1
            } else {
                usize::from(byte == BLANK[0])
            };
        }
        if bytes.is_empty() {
            return None;
        }
        sending.carried += bytes.len() as u64;
        Some((sending.attempt, sending.carried))
    }

    /// Returns whether the stream took the whole request.
    pub(crate) fn through(&self) -> bool {
        self.state().sending.as_ref().is_some_and(|sending| {
            sending.blank == BLANK.len() && sending.carried == sending.length
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_body_counts_however_the_head_is_cut() {
        let whole = b"PUT /a HTTP/1.1\r\nhost: a\r\r\n\r\nbody";
        for cut in 0..=whole.len() {
            let gate = Gate::default();
            gate.begin(attempt(), 4);
            let first = gate.carried(&whole[..cut]);
            let second = gate.carried(&whole[cut..]);
            let last = second.or(first).map(|(_, carried)| carried);
            assert_eq!(last, Some(4), "cut at {cut}");
            assert!(gate.through(), "cut at {cut}");
        }
    }

    #[test]
    fn a_request_is_not_through_one_byte_before_its_end() {
        let gate = Gate::default();
        gate.begin(attempt(), 4);
        gate.carried(b"PUT / HTTP/1.1\r\n\r\nbod");
        assert!(!gate.through());
        gate.carried(b"y");
        assert!(gate.through());
    }

    fn attempt() -> AttemptId {
        AttemptId {
            task: sleepwalker_core::TaskKey {
                session: sleepwalker_core::SessionId(1),
                task: sleepwalker_core::TaskId(1),
            },
            number: 1,
        }
    }
}
