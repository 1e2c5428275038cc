//! How a run can fail by itself, before any rule is judged.

use sleepwalker_core::Time;

/// A run that could not go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A step of the script that cannot be done as things stand.
    #[error("line {line}: at {at} this step cannot be done: {why}")]
    Impossible {
        /// When.
        at: Time,
        /// The step's line.
        line: usize,
        /// Why not.
        why: String,
    },
    /// Nothing can happen any more, and a step still waits for its trigger.
    #[error("line {line}: this step's trigger never fired: {trigger}")]
    NeverFired {
        /// When the world came to rest.
        at: Time,
        /// The step's line.
        line: usize,
        /// The trigger in words.
        trigger: String,
    },
    /// The scenario used more than it may.
    #[error("at {at} the scenario passed its budget of {most} {what}, set by {place}")]
    Budget {
        /// When.
        at: Time,
        /// Of what.
        what: &'static str,
        /// The most that is allowed.
        most: String,
        /// The line that allows it, counted from 1; none: the default.
        line: Option<usize>,
        /// The same in words.
        place: String,
    },
    /// Jobs kept each other busy while the clock stood.
    #[error(
        "{at}: the instant does not end after {steps} steps; last woken: {}",
        .woken.join(", ")
    )]
    Endless {
        /// When.
        at: Time,
        /// Steps taken in that instant.
        steps: u64,
        /// The jobs woken last.
        woken: Vec<&'static str>,
    },
    /// Somebody still waits, and nothing is under way that could end it.
    #[error("{at}: nothing can ever happen any more; last woken: {}", .woken.join(", "))]
    Dead {
        /// When.
        at: Time,
        /// The jobs woken last.
        woken: Vec<&'static str>,
    },
    /// A job panicked: a bug of the engine or of the bench.
    #[error("{at}: job \"{job}\" panicked: {message}")]
    Panicked {
        /// When.
        at: Time,
        /// Its name.
        job: &'static str,
        /// What it said.
        message: String,
    },
    /// The rows that were stored make no core, or another one than the one that stored them.
    #[error("{at}: after batch {batch} the stored rows do not stand for the core: {why}")]
    Rows {
        /// When.
        at: Time,
        /// The number of the batch stored last, counted from 1.
        batch: u64,
        /// What differs.
        why: String,
    },
    /// The store refused.
    #[error("{at}: {message}")]
    Store {
        /// When.
        at: Time,
        /// What it said.
        message: String,
    },
    /// turmoil gave up.
    #[error("{at}: {message}")]
    Machine {
        /// When.
        at: Time,
        /// What it said.
        message: String,
    },
}
