//! Two traces that should be one: the first two lines that differ.

use std::fmt;

use crate::{Trace, line::line_number};

/// Where two traces part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The line, the header being line 1.
    pub line: usize,
    /// What the first one has there; none: it ended before.
    pub left: Option<String>,
    /// What the second one has there.
    pub right: Option<String>,
}

/// Returns the first difference of two traces' texts, or of their data where the texts are alike.
pub fn diff(left: &Trace, right: &Trace) -> Option<Difference> {
    if left.header != right.header {
        return Some(tell(1, Some(&left.header), Some(&right.header)));
    }
    let most = left.events.len().max(right.events.len());
    for index in 0..most {
        let (a, b) = (left.events.get(index), right.events.get(index));
        if a != b {
            return Some(tell(line_number(index), a, b));
        }
    }
    None
}

/// Two lines may differ in what the text leaves out: then they are told as JSON.
fn tell<T>(line: usize, left: Option<&T>, right: Option<&T>) -> Difference
where
    T: fmt::Display + serde::Serialize,
{
    let text = |side: Option<&T>| side.map(ToString::to_string);
    if text(left) != text(right) {
        return Difference { line, left: text(left), right: text(right) };
    }
    let json = |side: Option<&T>| {
        side.map(|side| serde_json::to_string(side).expect("events and headers are JSON"))
    };
    Difference { line, left: json(left), right: json(right) }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = "(the trace ends)";
        writeln!(f, "line {} differs:", self.line)?;
        writeln!(f, "- {}", self.left.as_deref().unwrap_or(end))?;
        write!(f, "+ {}", self.right.as_deref().unwrap_or(end))
    }
}
