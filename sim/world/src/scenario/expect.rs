//! What a scenario's trace must and must not hold.

use sleepwalker_judge::Pattern;

/// A pattern with the words that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// What an event must be like.
    pub pattern: Pattern,
    /// As the file says it.
    pub text: String,
    /// The file's line, counted from 1.
    pub line: usize,
}

/// How often something happens in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// What is counted.
    pub of: Expected,
    /// How often.
    pub times: u64,
}

/// What a scenario's trace must and must not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    /// Happens in this order; other events may come between.
    pub order: Vec<Expected>,
    /// Happens nowhere.
    pub never: Vec<Expected>,
    /// Happens exactly so often.
    pub count: Vec<Count>,
    /// The app rules that are found broken: all of them, and no others. Sorted.
    pub findings: Vec<String>,
    /// The system rules that are found broken, for a scenario with faults. Sorted.
    pub violations: Vec<String>,
    /// The line of `findings`, or of the section.
    pub findings_line: usize,
    /// The line of `violations`, or of the section.
    pub violations_line: usize,
}
