//! What the two ends of a stream and the switch know together: how much the radio has carried and how
//! much the reader has taken.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
};

use crate::link::{LinkQuality, Way};

/// One direction of one connection: from, to.
pub(crate) type Flow = (SocketAddr, SocketAddr);

/// The counters of one flow.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Bytes that the reader took.
    pub(crate) taken: AtomicU64,
    /// Bytes that the radio took on.
    pub(crate) carried: AtomicU64,
    /// The reader's end was dropped.
    pub(crate) reader_gone: AtomicBool,
    /// The writer was told that the connection is lost.
    reset: AtomicBool,
    /// Whatever is on its way went with the path, and nothing will follow.
    lost: AtomicBool,
    /// Stream ends that know the flow.
    ends: AtomicU8,
    /// Who waits until how much is carried.
    writer: Mutex<Option<(u64, Waker)>>,
}

impl Counters {
    /// Returns whether the writer may write, having written so much; if not, it will be woken.
    pub(crate) fn poll_room(&self, written: u64, room: u64, cx: &mut Context<'_>) -> Poll<()> {
        if written - self.carried.load(Relaxed) < room || self.is_reset() {
            return Poll::Ready(());
        }
        // Not for every message that leaves: a writer that writes several at a time costs less.
        self.wait(written.saturating_sub(room - room / 4), cx);
        Poll::Pending
    }

    /// Wakes the caller when the radio has carried so much, or the connection is lost.
    pub(crate) fn wait(&self, carried: u64, cx: &mut Context<'_>) {
        *lock(&self.writer) = Some((carried, cx.waker().clone()));
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Relaxed)
    }

    pub(crate) fn is_reset(&self) -> bool {
        self.reset.load(Relaxed)
    }

    /// The connection is lost: the writer shall find out, for no reader will make room any more.
    pub(crate) fn reset(&self) {
        self.reset.store(true, Relaxed);
        let woken = lock(&self.writer).take();
        woken.into_iter().for_each(|(_, waker)| waker.wake());
    }

    pub(crate) fn carry(&self, bytes: u64) {
        let carried = self.carried.fetch_add(bytes, Relaxed) + bytes;
        let mut writer = lock(&self.writer);
        if writer.as_ref().is_some_and(|(wanted, _)| *wanted <= carried) {
            let woken = writer.take();
            drop(writer);
            woken.into_iter().for_each(|(_, waker)| waker.wake());
        }
    }

    pub(crate) fn is_unused(&self) -> bool {
        self.ends.load(Relaxed) == 0
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The radio as the streams see it. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Radio(Arc<Mutex<Shared>>);

#[derive(Debug)]
struct Shared {
    quality: LinkQuality,
    up: bool,
    waiting: Vec<Waker>,
    flows: BTreeMap<Flow, Arc<Counters>>,
    left: Vec<Flow>,
}

impl Radio {
    pub(crate) fn new(quality: LinkQuality) -> Radio {
        Radio(Arc::new(Mutex::new(Shared {
            quality,
            up: true,
            waiting: Vec::new(),
            flows: BTreeMap::new(),
            left: Vec::new(),
        })))
    }

    pub(crate) fn quality(&self) -> LinkQuality {
        lock(&self.0).quality
    }

    pub(crate) fn set_quality(&self, quality: LinkQuality) {
        lock(&self.0).quality = quality;
    }

    pub(crate) fn is_up(&self) -> bool {
        lock(&self.0).up
    }

    pub(crate) fn set_up(&self, up: bool) {
        let mut shared = lock(&self.0);
        shared.up = up;
        let waiting = if up { std::mem::take(&mut shared.waiting) } else { Vec::new() };
        drop(shared);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Waits until the radio carries anything.
    pub(crate) fn poll_up(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut shared = lock(&self.0);
        if shared.up {
            return Poll::Ready(());
        }
        shared.waiting.push(cx.waker().clone());
        Poll::Pending
    }

    /// Every connection there is loses what is on its way: its ends fail when they next move.
    pub(crate) fn lose_all(&self) {
        for counters in lock(&self.0).flows.values() {
            counters.lost.store(true, Relaxed);
        }
    }

    pub(crate) fn counters(&self, flow: Flow) -> Arc<Counters> {
        lock(&self.0).flows.entry(flow).or_default().clone()
    }

    pub(crate) fn find(&self, flow: Flow) -> Option<Arc<Counters>> {
        lock(&self.0).flows.get(&flow).cloned()
    }

    /// A stream's end begins to use a flow.
    pub(crate) fn enter(&self, flow: Flow) -> Arc<Counters> {
        let counters = self.counters(flow);
        counters.ends.fetch_add(1, Relaxed);
        counters
    }

    /// A stream's end is dropped.
    pub(crate) fn leave(&self, flow: Flow, counters: &Counters) {
        counters.ends.fetch_sub(1, Relaxed);
        lock(&self.0).left.push(flow);
    }

    /// Returns the flows that an end has left since the last call.
    pub(crate) fn take_left(&self) -> Vec<Flow> {
        std::mem::take(&mut lock(&self.0).left)
    }

    pub(crate) fn forget(&self, flow: Flow) {
        lock(&self.0).flows.remove(&flow);
    }

    pub(crate) fn flows(&self) -> usize {
        lock(&self.0).flows.len()
    }

    /// Returns the most that one message carries this way, and how far a writer may be ahead.
    pub(crate) fn bounds(&self, way: Way) -> (usize, u64) {
        let rate = lock(&self.0).quality.rate(way);
        (usize::try_from(rate.segment()).unwrap_or(usize::MAX), rate.room())
    }
}
