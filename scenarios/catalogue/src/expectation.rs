//! Holds a trace against what its scenario expects.

use std::fmt;

use sleepwalker_judge::{Event, Pattern, excerpt, in_order};
use sleepwalker_sim::scenario::{Expect, Expected};

/// An expectation that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The line of the scenario's file that expects it, counted from 1; 0: no line does.
    pub line: usize,
    /// What was expected, and what was found.
    pub detail: String,
    /// The event at which to look, counted from 0.
    pub event: Option<usize>,
}

impl Failure {
    /// Returns the lines of the trace around the event, at most 15, that one marked.
    pub fn around(&self, events: &[Event]) -> String {
        excerpt(events, self.event.unwrap_or_else(|| events.len().saturating_sub(1)))
    }
}

/// `line 31: expected …`.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.detail),
            line => write!(f, "line {line}: {}", self.detail),
        }
    }
}

/// Returns every expectation on the events that does not hold.
pub fn failures(expect: &Expect, events: &[Event]) -> Vec<Failure> {
    let mut all = Vec::new();
    order(expect, events, &mut all);
    for never in &expect.never {
        never_happens(never, events, &mut all);
    }
    for count in &expect.count {
        let found = events.iter().filter(|event| count.of.pattern.matches(event)).count() as u64;
        if found != count.times {
            all.push(Failure {
                line: count.of.line,
                detail: format!(
                    "expected \"{}\" {}, found {}",
                    count.of.text,
                    times(count.times),
                    times(found)
                ),
                event: events.iter().rposition(|event| count.of.pattern.matches(event)),
            });
        }
    }
    all
}

fn order(expect: &Expect, events: &[Event], all: &mut Vec<Failure>) {
    let patterns: Vec<Pattern> =
        expect.order.iter().map(|expected| expected.pattern.clone()).collect();
    if let Err(missing) = in_order(&patterns, events) {
        all.push(Failure {
            line: expect.order[missing.pattern].line,
            detail: missing.to_string(),
            event: missing.after,
        });
    }
}

/// A pattern with a count must not happen so often.
fn never_happens(never: &Expected, events: &[Event], all: &mut Vec<Failure>) {
    let most = never.pattern.times() as usize;
    let mut found = events.iter().enumerate().filter(|(_, event)| never.pattern.matches(event));
    if let Some((index, event)) = found.nth(most.saturating_sub(1)) {
        all.push(Failure {
            line: never.line,
            detail: format!("expected \"{}\" never, found it at {}", never.text, event.at),
            event: Some(index),
        });
    }
}

/// Returns a failure if the rules found broken are not those expected.
pub(crate) fn rules(
    what: &str,
    line: usize,
    expected: &[String],
    found: &[(&str, usize)],
) -> Vec<Failure> {
    let mut all = Vec::new();
    for rule in expected {
        if !found.iter().any(|(name, _)| name == rule) {
            let detail = format!("expected {what} {rule}, found {}", told(found));
            all.push(Failure { line, detail, event: None });
        }
    }
    let mut seen: Vec<&str> = Vec::new();
    for (name, index) in found {
        if !expected.iter().any(|rule| rule == name) && !seen.contains(name) {
            seen.push(name);
            let detail = format!("{what} {name} is not expected");
            all.push(Failure { line, detail, event: Some(*index) });
        }
    }
    all
}

fn told(found: &[(&str, usize)]) -> String {
    let mut names: Vec<&str> = found.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    }
}

fn times(number: u64) -> String {
    match number {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        number => format!("{number} times"),
    }
}

#[cfg(test)]
mod tests {
    use sleepwalker_core::Time;
    use sleepwalker_judge::{Fact, UserAct};
    use sleepwalker_sim::scenario::Count;

    use super::*;

    fn expected(text: &str, line: usize) -> Expected {
        Expected { pattern: Pattern::parse(text).expect(text), text: text.to_owned(), line }
    }

    fn events() -> Vec<Event> {
        let wakes = (0..20).map(|second| Event {
            at: Time::from_secs(second),
            fact: match second % 10 {
                5 => Fact::HandlesEvents { process: 1, session: "photos".into() },
                _ => Fact::User { act: UserAct::Open },
            },
            rule: None,
        });
        wakes.collect()
    }

    #[test]
    fn what_holds_is_not_told() {
        let expect = Expect {
            order: vec![expected("handleEvents photos x2", 1)],
            never: vec![expected("handleEvents music", 2), expected("handleEvents x3", 3)],
            count: vec![Count { of: expected("handleEvents", 4), times: 2 }],
            ..Expect::default()
        };
        assert_eq!(Vec::<Failure>::new(), failures(&expect, &events()));
    }

    #[test]
    fn what_does_not_hold_is_told_with_the_files_line_and_the_event() {
        let expect = Expect {
            order: vec![expected("handleEvents photos x3", 1)],
            never: vec![expected("handleEvents", 2)],
            count: vec![Count { of: expected("handleEvents", 4), times: 1 }],
            ..Expect::default()
        };
        let all = failures(&expect, &events());
        let places: Vec<_> = all.iter().map(|failure| (failure.line, failure.event)).collect();
        assert_eq!(vec![(1, Some(15)), (2, Some(5)), (4, Some(15))], places);
        assert_eq!("expected \"handleEvents\" once, found 2 times", all[2].detail);
    }

    #[test]
    fn the_rules_found_are_those_expected_and_no_others() {
        let found = [("R01", 3), ("R02", 4), ("R02", 9)];
        let wanted = ["R01".to_owned(), "R06".to_owned()];
        let all = rules("finding", 8, &wanted, &found);
        assert_eq!(2, all.len());
        assert_eq!("line 8: expected finding R06, found R01, R02", all[0].to_string());
        assert_eq!(Some(4), all[1].event);
    }
}
