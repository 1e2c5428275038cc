//! How much a scenario may use before it is given up.

use std::time::Duration;

/// One bound, and where the file sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit<T> {
    /// The most that is allowed.
    pub most: T,
    /// The line that sets it; none: the default.
    pub line: Option<usize>,
}

impl<T> Limit<T> {
    /// A bound that no line sets.
    pub const fn default_of(most: T) -> Limit<T> {
        Limit { most, line: None }
    }

    /// Returns where the bound comes from, for a message: `line 12`, or `the default`.
    pub fn place(&self) -> String {
        match self.line {
            Some(line) => format!("line {line}"),
            None => "the default".to_owned(),
        }
    }
}

/// The bounds of a scenario. Passing one is no verdict: the run is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Steps performed, reactions of the app included.
    pub steps: Limit<u64>,
    /// Events in the trace.
    pub events: Limit<u64>,
    /// Simulated time.
    pub time: Limit<Duration>,
    /// Bytes carried between device and origin, both ways.
    pub bytes: Limit<u64>,
    /// Files of the origin and of the app.
    pub files: Limit<u64>,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget {
            steps: Limit::default_of(10_000),
            events: Limit::default_of(1_000_000),
            time: Limit::default_of(Duration::from_secs(60 * 86_400)),
            bytes: Limit::default_of(100_000_000_000),
            files: Limit::default_of(10_000),
        }
    }
}
