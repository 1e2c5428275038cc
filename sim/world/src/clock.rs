//! The world's clock: a number that only the world moves, and everything that waits for it.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use sleepwalker_core::Time;

/// hyper counts in `Instant`s; this one stands for the world's origin. Its value never shows.
#[expect(
    clippy::disallowed_methods,
    reason = "an origin for hyper's arithmetic, the only one there is"
)]
static ANCHOR: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The clock. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<Mutex<Queue>>);

#[derive(Debug, Default)]
struct Queue {
    now: Time,
    /// Numbers the waits, so that of one instant the first armed is woken first.
    armed: u64,
    waits: BTreeMap<(Time, u64), Waker>,
}

impl Clock {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what the time is.
    pub fn now(&self) -> Time {
        self.queue().now
    }

    /// Returns a future that ends after `span`.
    pub fn sleep(&self, span: Duration) -> Sleep {
        self.sleep_until(self.now() + span)
    }

    /// Returns a future that ends at `at`.
    pub fn sleep_until(&self, at: Time) -> Sleep {
        Sleep { clock: self.clone(), at, armed: None }
    }

    /// Returns the earliest time that anybody waits for.
    pub fn next(&self) -> Option<Time> {
        self.queue().waits.first_key_value().map(|((at, _), _)| *at)
    }

    /// Moves the clock and wakes all that is due, in order of time and then of arming. The world alone
    /// calls it, between two steps.
    pub(crate) fn advance(&self, to: Time) {
        let mut due = Vec::new();
        {
            let mut queue = self.queue();
            assert!(to >= queue.now, "the clock went from {} to {to}", queue.now);
            queue.now = to;
            while let Some(first) = queue.waits.first_entry() {
                if first.key().0 > to {
                    break;
                }
                due.push(first.remove());
            }
        }
        // Outside the lock: a waker may run code that asks for the time.
        due.into_iter().for_each(Waker::wake);
    }
}

/// A wait for the clock.
#[derive(Debug)]
pub struct Sleep {
    clock: Clock,
    at: Time,
    armed: Option<u64>,
}

impl Sleep {
    /// Makes the wait end at another time.
    pub fn reset(&mut self, at: Time) {
        self.disarm();
        self.at = at;
    }

    fn disarm(&mut self) {
        if let Some(number) = self.armed.take() {
            self.clock.queue().waits.remove(&(self.at, number));
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.disarm();
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let clock = self.clock.clone();
        let mut queue = clock.queue();
        if queue.now >= self.at {
            if let Some(number) = self.armed.take() {
                queue.waits.remove(&(self.at, number));
            }
            return Poll::Ready(());
        }
        let number = self.armed.unwrap_or_else(|| {
            queue.armed += 1;
            queue.armed
        });
        self.armed = Some(number);
        queue.waits.insert((self.at, number), cx.waker().clone());
        Poll::Pending
    }
}

impl hyper::rt::Sleep for Sleep {}

fn from_instant(instant: Instant) -> Time {
    Time::ZERO + instant.saturating_duration_since(*ANCHOR)
}

impl hyper::rt::Timer for Clock {
    fn sleep(&self, span: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(Clock::sleep(self, span))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(Clock::sleep_until(self, from_instant(deadline)))
    }

    // The trait's own `now` reads the machine's clock.
    fn now(&self) -> Instant {
        *ANCHOR + Clock::now(self).since_origin()
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn hyper::rt::Sleep>>, deadline: Instant) {
        match sleep.as_mut().downcast_mut_pin::<Sleep>() {
            Some(own) => own.get_mut().reset(from_instant(deadline)),
            None => *sleep = hyper::rt::Timer::sleep_until(self, deadline),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn poll(sleep: &mut Sleep, count: &Arc<Count>) -> Poll<()> {
        let waker = Waker::from(count.clone());
        Pin::new(sleep).poll(&mut Context::from_waker(&waker))
    }

    #[test]
    fn a_sleep_ends_at_its_time_and_not_a_nanosecond_before() {
        let (clock, count) = (Clock::default(), Arc::new(Count::default()));
        let mut sleep = clock.sleep(Duration::from_millis(5));
        assert!(poll(&mut sleep, &count).is_pending());
        assert_eq!(clock.next(), Some(Time::from_millis(5)));
        clock.advance(Time::from_nanos(4_999_999));
        assert!(poll(&mut sleep, &count).is_pending());
        assert_eq!(count.0.load(Ordering::Relaxed), 0);
        clock.advance(Time::from_millis(5));
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
        assert!(poll(&mut sleep, &count).is_ready());
    }

    #[test]
    fn a_dropped_or_reset_sleep_leaves_nothing_armed() {
        let (clock, count) = (Clock::default(), Arc::new(Count::default()));
        let mut sleep = clock.sleep(Duration::from_secs(1));
        assert!(poll(&mut sleep, &count).is_pending());
        sleep.reset(Time::from_secs(3));
        assert_eq!(clock.next(), None);
        assert!(poll(&mut sleep, &count).is_pending());
        assert_eq!(clock.next(), Some(Time::from_secs(3)));
        drop(sleep);
        assert_eq!(clock.next(), None);
    }

    #[test]
    fn hypers_timer_tells_the_worlds_time() {
        let clock = Clock::default();
        let before = hyper::rt::Timer::now(&clock);
        clock.advance(Time::from_secs(86_400));
        let after = hyper::rt::Timer::now(&clock);
        assert_eq!(after - before, Duration::from_secs(86_400));
        assert_eq!(from_instant(after), Time::from_secs(86_400));
    }
}
