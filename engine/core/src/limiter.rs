//! The resume rate limiter: one delay for the whole app (BG-RATE-01).

use std::time::Duration;

use crate::{Faults, Knobs, LimiterRow, Rule, Time};

/// The delay that a task must sit out which the app resumes in the background.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limiter {
    row: LimiterRow,
}

impl Limiter {
    pub(crate) fn restore(row: LimiterRow) -> Limiter {
        Limiter { row }
    }

    pub(crate) fn row(&self) -> LimiterRow {
        self.row
    }

    pub(crate) fn is_at_rest(&self) -> bool {
        self.row == LimiterRow::default()
    }

    pub(crate) fn delay(&self) -> Duration {
        self.row.delay
    }

    /// Until when tasks are held; none while there is no delay. Counted from the last wake (BG-RATE-10).
    pub(crate) fn until(&self) -> Option<Time> {
        (self.row.delay > Duration::ZERO).then(|| self.row.last_wake + self.row.delay)
    }

    /// The daemon resumes or relaunches the app: the delay doubles (BG-RATE-02, BG-RATE-03).
    pub(crate) fn raise(&mut self, knobs: &Knobs, faults: &Faults, now: Time) {
        let factor = if faults.keep(Rule::BG_RATE_02) {
            knobs.limiter_factor
        } else {
            knobs.limiter_factor.saturating_mul(2)
        };
        self.row.delay = if self.row.delay == Duration::ZERO {
            if faults.keep(Rule::BG_RATE_03) {
                knobs.limiter_initial
            } else {
                knobs.limiter_initial / 2
            }
        } else {
            self.row.delay.saturating_mul(factor)
        };
        self.row.last_wake = now;
    }

    /// The delay is over for good: the user came (BG-RATE-05), or it lapsed (BG-RATE-06).
    pub(crate) fn reset(&mut self) {
        self.row = LimiterRow::default();
    }
}
