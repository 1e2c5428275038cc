//! Everything that waits for a time.

use std::collections::BTreeSet;

use crate::{AttemptId, ConnectionId, Rule, TaskKey, Time};

/// Why a timer is armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wakeup {
    /// The limiter's delay ends.
    Limiter,
    /// A task's resource timeout.
    Resource(TaskKey),
    /// A task's request timeout, if nothing came meanwhile.
    Idle(AttemptId),
    /// A connection's opening takes as long as the request timeout.
    Opening(ConnectionId),
    /// The end of a window over which throughput is taken.
    Throughput(AttemptId),
    /// The next try of a task.
    Retry(TaskKey),
    /// A task's `earliestBeginDate`.
    Date(TaskKey),
    /// A discretionary task becomes less choosy.
    Urgency(TaskKey),
    /// An idle connection is closed.
    Connection(ConnectionId),
}

impl Wakeup {
    /// Returns the rule that arms the timer.
    pub fn rule(self) -> Rule {
        match self {
            Wakeup::Limiter => Rule::BG_RATE_07,
            Wakeup::Resource(_) => Rule::BG_NET_06,
            Wakeup::Idle(_) | Wakeup::Opening(_) => Rule::BG_NET_07,
            Wakeup::Throughput(_) => Rule::BG_NET_10,
            Wakeup::Retry(_) => Rule::BG_NET_03,
            Wakeup::Date(_) => Rule::BG_SCHED_17,
            Wakeup::Urgency(_) => Rule::BG_SCHED_04,
            Wakeup::Connection(_) => Rule::SW_CONN_01,
        }
    }
}

/// Timers in order of time. Whoever arms one remembers its time, to disarm it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Timers {
    armed: BTreeSet<(Time, Wakeup)>,
    operations: u64,
}

impl Timers {
    pub(crate) fn arm(&mut self, at: Time, wakeup: Wakeup) {
        self.operations += 1;
        self.armed.insert((at, wakeup));
    }

    pub(crate) fn disarm(&mut self, at: Time, wakeup: Wakeup) {
        self.operations += 1;
        self.armed.remove(&(at, wakeup));
    }

    pub(crate) fn next(&self) -> Option<(Time, Wakeup)> {
        self.armed.first().copied()
    }

    pub(crate) fn pop_due(&mut self, now: Time) -> Option<Wakeup> {
        if self.armed.first()?.0 > now {
            return None;
        }
        self.operations += 1;
        self.armed.pop_first().map(|(_, wakeup)| wakeup)
    }

    pub(crate) fn operations(&self) -> u64 {
        self.operations
    }
}
