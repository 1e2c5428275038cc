//! The real clock as the core's number.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use sleepwalker_core::Time;

/// Nanoseconds since the Unix epoch, which never go back while the engine runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Time,
    started: Instant,
}

#[expect(clippy::disallowed_methods, reason = "this is the clock of real life")]
impl Clock {
    pub(crate) fn new() -> Clock {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Clock { start: Time::ZERO + since, started: Instant::now() }
    }

    pub(crate) fn now(&self) -> Time {
        self.start + self.started.elapsed()
    }

    /// The instant at which the clock shows this time, or now if that is past.
    pub(crate) fn instant(&self, time: Time) -> tokio::time::Instant {
        let now = self.now();
        tokio::time::Instant::now() + time.since(now)
    }
}
