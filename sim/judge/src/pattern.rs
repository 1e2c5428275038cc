//! The small language in which scenarios speak of events: the triggers of `when`, and `expect.order`.
//!
//! A pattern is one of these phrases, and may end in a count such as `x2`:
//!
//! - `handleEvents [SESSION]`: the OS hands the app the events of a session.
//! - `handler called [SESSION]`: the app calls the handler that came with them.
//! - `didFinishDownloadingTo [SESSION or TASK]`, and so every delegate method by its short name: the
//!   method is called.
//! - `didComplete [ok or CODE] [SESSION or TASK]`: the same, with or without an error: `didComplete -999`.
//! - `task TASK received AMOUNT`, `task TASK sent AMOUNT`: so much was carried: `50 %`, `64 kB`, `3 MiB`.
//! - `task TASK` with `starts`, `stops`, `retries`, `waits`, `ends`, `finishes`, `answered [STATUS]`,
//!   `resumed` or `cancelled`: the daemon or the app does that with the task.
//! - `app launched`, `app suspended`, `app in front`, `app in background`, `app killed`.
//! - `item ITEM done`, `item ITEM failed`, `item ITEM queued`: the app marks one of its items.
//! - `claims file [SESSION or TASK]`: the app takes a downloaded file in time.
//! - `limiter SPAN`, `limiter none`: the delay of the limiter becomes that.
//! - `connection opens [HOST]`, `connection closes [HOST]`.
//! - `request arrives [HOST]`: a request has reached the origin.
//! - `path none`, `path wifi`, `path cellular`, `outage begins`, `outage ends`, `device boots`,
//!   `snapshot`: the device does that.
//!
//! TASK is a `taskIdentifier`, as in `task 1`, which any session may own, or `photos/1`. An amount in
//! percent matches only where the whole length is known. Whoever uses a session named like a count
//! writes the count out: `handleEvents x2 x1`.

mod amount;
mod parse;
#[cfg(test)]
mod tests;

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use sleepwalker_core::{ErrorCode, Link, ProcessState};

pub use amount::Amount;

use crate::{ApiCall, Event, Fact, ItemState, TaskName};

/// A phrase and how often it shall match. Written as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    phrase: Phrase,
    times: u32,
}

/// What was expected in a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found} in pattern \"{pattern}\"")]
pub struct PatternError {
    /// The whole pattern.
    pub pattern: String,
    /// What would have been right.
    pub expected: String,
    /// What stands there.
    pub found: String,
}

/// A task by its number in any session, or by its full name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum TaskRef {
    Number(u32),
    Named(TaskName),
}

/// Whose a callback is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Whose {
    Anyone,
    Session(Arc<str>),
    Task(TaskName),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TaskVerb {
    Received(Amount),
    Sent(Amount),
    Starts,
    Stops,
    Retries,
    Waits,
    Ends,
    Finishes,
    Answered(Option<u16>),
    Resumed,
    Cancelled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Any,
    Ok,
    Code(ErrorCode),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AppVerb {
    Launched,
    Killed,
    In(ProcessState),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phrase {
    HandleEvents(Option<Arc<str>>),
    HandlerCalled(Option<Arc<str>>),
    Method { name: &'static str, outcome: Outcome, whose: Whose },
    Task(TaskRef, TaskVerb),
    App(AppVerb),
    Item(Arc<str>, ItemState),
    Claims(Whose),
    Limiter(Duration),
    Connection { opens: bool, host: Option<Arc<str>> },
    Arrives(Option<Arc<str>>),
    Path(Link),
    Outage(bool),
    Boots,
    Snapshot,
}

impl Pattern {
    /// Reads a pattern; the error says what was expected and lists the words.
    pub fn parse(text: &str) -> Result<Pattern, PatternError> {
        parse::pattern(text)
    }

    /// Returns how often the phrase shall match: the count behind `x`, else 1.
    pub fn times(&self) -> u32 {
        self.times
    }

    /// Returns whether one event fits the phrase. The count is left to [`Counter`] and [`in_order`].
    pub fn matches(&self, event: &Event) -> bool {
        self.phrase.matches(&event.fact)
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Pattern, PatternError> {
        Pattern::parse(text)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// Counts the matches of a trigger.
#[derive(Clone, Debug)]
pub struct Counter {
    pattern: Pattern,
    seen: u32,
}

impl Counter {
    /// Begins to count.
    pub fn new(pattern: Pattern) -> Counter {
        Counter { pattern, seen: 0 }
    }

    /// Takes the next event; true for the one with which the count is full, and never again.
    pub fn fires(&mut self, event: &Event) -> bool {
        if self.seen >= self.pattern.times || !self.pattern.matches(event) {
            return false;
        }
        self.seen += 1;
        self.seen == self.pattern.times
    }

    /// Returns the pattern.
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }
}

/// The first pattern of an expected order that did not come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutOfOrder {
    /// Which one, counted from 0.
    pub pattern: usize,
    /// Its text.
    pub text: String,
    /// How many of its matches came.
    pub seen: u32,
    /// How many were wanted.
    pub wanted: u32,
    /// The event of the last match, its own or an earlier pattern's: what was sought stands behind it.
    pub after: Option<usize>,
}

impl fmt::Display for OutOfOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected \"{}\"", self.text)?;
        if self.wanted > 1 {
            write!(f, " (seen {} of {})", self.seen, self.wanted)?;
        }
        match self.after {
            Some(index) => write!(f, " after line {}", crate::line_number(index)),
            None => f.write_str(" anywhere in the trace"),
        }
    }
}

/// Finds the patterns in the events, one after the other and in this order; anything may stand
/// between. A count wants that many matches before the next pattern is looked for. Returns the events
/// of the matches.
pub fn in_order(patterns: &[Pattern], events: &[Event]) -> Result<Vec<usize>, OutOfOrder> {
    let mut found = Vec::new();
    let mut next = 0;
    for (index, pattern) in patterns.iter().enumerate() {
        for seen in 0..pattern.times {
            let rest = &events[next..];
            let Some(offset) = rest.iter().position(|event| pattern.matches(event)) else {
                return Err(OutOfOrder {
                    pattern: index,
                    text: pattern.text.clone(),
                    seen,
                    wanted: pattern.times,
                    after: found.last().copied(),
                });
            };
            found.push(next + offset);
            next += offset + 1;
        }
    }
    Ok(found)
}

impl TaskRef {
    fn is(&self, name: &TaskName) -> bool {
        match self {
            TaskRef::Number(number) => name.task == *number,
            TaskRef::Named(wanted) => wanted == name,
        }
    }

    fn is_of(&self, session: &str, task: u32) -> bool {
        match self {
            TaskRef::Number(number) => task == *number,
            TaskRef::Named(wanted) => *wanted.session == *session && wanted.task == task,
        }
    }
}

impl Whose {
    fn is(&self, session: &str, task: Option<u32>) -> bool {
        match self {
            Whose::Anyone => true,
            Whose::Session(wanted) => **wanted == *session,
            Whose::Task(wanted) => *wanted.session == *session && Some(wanted.task) == task,
        }
    }
}

fn fits(wanted: &Option<Arc<str>>, found: &str) -> bool {
    wanted.as_ref().is_none_or(|wanted| **wanted == *found)
}

impl Phrase {
    fn matches(&self, fact: &Fact) -> bool {
        use sleepwalker_core::Method;
        match (self, fact) {
            (Phrase::HandleEvents(wanted), Fact::HandlesEvents { session, .. })
            | (Phrase::HandlerCalled(wanted), Fact::CallsHandler { session, .. }) => {
                fits(wanted, session)
            }
            (
                Phrase::Method { name, outcome, whose },
                Fact::Delivers { session, task, method, .. },
            ) => {
                let fits = match (outcome, method) {
                    (Outcome::Any, _) => true,
                    (Outcome::Ok, Method::DidComplete { error, .. }) => error.is_none(),
                    (Outcome::Code(code), Method::DidComplete { error: Some(error), .. }) => {
                        error.code == *code
                    }
                    (Outcome::Ok | Outcome::Code(_), _) => false,
                };
                fits && *name == method.short_name() && whose.is(session, *task)
            }
            (Phrase::Task(task, verb), fact) => verb.matches(task, fact),
            (Phrase::App(AppVerb::Launched), Fact::Launches { .. })
            | (Phrase::App(AppVerb::Killed), Fact::Kills { .. })
            | (Phrase::Boots, Fact::Boots { .. })
            | (Phrase::Snapshot, Fact::Snapshots { .. }) => true,
            (
                Phrase::App(AppVerb::In(wanted)),
                Fact::Launches { state, .. } | Fact::Moves { state, .. },
            ) => state == wanted,
            (Phrase::Item(wanted, wanted_state), Fact::Marks { item, state, .. }) => {
                item == wanted && state == wanted_state
            }
            (Phrase::Claims(whose), Fact::Claims { task, found, .. }) => {
                *found && whose.is(&task.session, Some(task.task))
            }
            (Phrase::Limiter(wanted), Fact::Delays { delay, .. }) => delay == wanted,
            (Phrase::Connection { opens: true, host: wanted }, Fact::Opens { host, .. })
            | (Phrase::Connection { opens: false, host: wanted }, Fact::Closes { host, .. })
            | (Phrase::Arrives(wanted), Fact::Arrives { host, .. }) => fits(wanted, host),
            (Phrase::Path(link), Fact::PathChanges { path }) => path.link == *link,
            (Phrase::Outage(wanted), Fact::Outage { begins }) => begins == wanted,
            _ => false,
        }
    }
}

impl TaskVerb {
    fn matches(self, wanted: &TaskRef, fact: &Fact) -> bool {
        match (self, fact) {
            (TaskVerb::Received(amount), Fact::Receives { task, total, expected, .. }) => {
                wanted.is(task) && amount.reached(*total, *expected)
            }
            (TaskVerb::Sent(amount), Fact::Sends { task, total, expected, .. }) => {
                wanted.is(task) && amount.reached(*total, Some(*expected))
            }
            (TaskVerb::Starts, Fact::Starts { task, .. })
            | (TaskVerb::Stops, Fact::Stops { task, .. })
            | (TaskVerb::Retries, Fact::Retries { task, .. })
            | (TaskVerb::Waits, Fact::Waits { task, .. })
            | (TaskVerb::Ends, Fact::Ends { task, .. })
            | (TaskVerb::Finishes, Fact::Finishes { task, .. }) => wanted.is(task),
            (TaskVerb::Answered(code), Fact::Head { task, status, .. }) => {
                wanted.is(task) && code.is_none_or(|code| code == *status)
            }
            (
                TaskVerb::Resumed | TaskVerb::Cancelled,
                Fact::Calls { session, task: Some(task), call, misuse: None, .. },
            ) => {
                let called = match call {
                    ApiCall::Resume => self == TaskVerb::Resumed,
                    ApiCall::Cancel | ApiCall::CancelByProducingResumeData => {
                        self == TaskVerb::Cancelled
                    }
                    _ => false,
                };
                called && wanted.is_of(session, *task)
            }
            _ => false,
        }
    }
}
