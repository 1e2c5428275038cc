//! What came of one scenario, with what the command adds to it.

use std::time::Duration;

use sleepwalker_judge::{Difference, Ledger, Trace, Verdict};
use sleepwalker_scenarios as suite;

use crate::{
    Exit,
    page::{Chapter, Mark, MarkKind, words},
};

/// What came of one scenario.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// How it was asked for: a name or a file.
    pub(crate) asked: String,
    /// Its title.
    pub(crate) title: String,
    /// The run.
    pub(crate) first: suite::Outcome,
    /// Where a second run differs, if it was asked for and does.
    pub(crate) second: Option<Difference>,
    /// How long it took.
    pub(crate) wall: Duration,
}

impl Outcome {
    /// Returns the scenario's name.
    pub(crate) fn name(&self) -> &str {
        &self.first.name
    }

    /// Returns what happened.
    pub(crate) fn trace(&self) -> &Trace {
        &self.first.trace
    }

    /// Returns what the judge says.
    pub(crate) fn verdict(&self) -> &Verdict {
        &self.first.verdict
    }

    /// Returns whether everything did as expected.
    pub(crate) fn passed(&self) -> bool {
        self.exit() == Exit::AsExpected
    }

    /// Returns the code that it alone would end with.
    pub(crate) fn exit(&self) -> Exit {
        if self.second.is_some() {
            Exit::TwoTraces
        } else if self.first.is_unusable() {
            Exit::Unusable
        } else if self.first.passed() {
            Exit::AsExpected
        } else {
            Exit::Broken
        }
    }

    /// Returns the simulated time.
    pub(crate) fn simulated(&self) -> Duration {
        self.first.time.since_origin()
    }

    /// Returns the one command that replays it.
    pub(crate) fn replay(&self) -> String {
        self.first.replay(&self.asked)
    }

    /// Returns it as the page tells it.
    pub(crate) fn chapter(&self) -> Chapter {
        let (seed, profile) = self.first.seed_and_profile();
        let span = words::span(self.simulated());
        let events = &self.trace().events;
        Chapter {
            name: self.name().to_owned(),
            title: self.title.clone(),
            about: format!("profile {profile}, seed {seed}, {span} simulated · {}", self.replay()),
            passed: self.passed(),
            events: events.clone(),
            lines: events.iter().map(ToString::to_string).collect(),
            marks: self.marks(),
        }
    }

    /// What the judge found, what was expected in vain and what ended the run, in order of the trace.
    fn marks(&self) -> Vec<Mark> {
        let last = self.trace().events.len().saturating_sub(1);
        let of = |kind, rule: &str, event, detail: &str, fix: &str| Mark {
            event,
            kind,
            rule: rule.to_owned(),
            statement: Ledger::get(rule).map_or("", |entry| entry.statement()).to_owned(),
            detail: detail.to_owned(),
            fix: fix.to_owned(),
        };
        let expectation = |event: Option<usize>, detail: &str| Mark {
            event: event.unwrap_or(last),
            kind: MarkKind::Expectation,
            rule: "expected".to_owned(),
            statement: "The scenario expects something else.".to_owned(),
            detail: detail.to_owned(),
            fix: String::new(),
        };
        let mut marks: Vec<Mark> = Vec::new();
        for it in self.first.violations() {
            marks.push(of(MarkKind::Violation, it.rule, it.index, &it.detail, ""));
        }
        for it in self.first.findings() {
            marks.push(of(MarkKind::Finding, it.rule, it.index, &it.detail, it.fix));
        }
        for failure in &self.first.failures {
            marks.push(expectation(failure.event, &failure.to_string()));
        }
        if let Some(error) = &self.first.error {
            marks.push(expectation(None, &error.to_string()));
        }
        marks.sort_by_key(|mark| mark.event);
        marks
    }
}

#[cfg(test)]
mod tests {
    use sleepwalker_scenarios::{Failure, Options};

    use super::*;

    fn outcome() -> Outcome {
        let scenario = suite::load("all-in-foreground").expect("the catalogue has it");
        let first = suite::run(&scenario, &Options::default()).expect("the profile is there");
        let (asked, title) = (scenario.name.clone(), scenario.title);
        Outcome { asked, title, first, second: None, wall: Duration::ZERO }
    }

    #[test]
    fn two_traces_of_one_seed_are_worse_than_a_broken_expectation() {
        let mut outcome = outcome();
        assert_eq!(outcome.exit(), Exit::AsExpected);
        let failure = Failure { line: 1, detail: "expected more".to_owned(), event: None };
        outcome.first.failures.push(failure);
        assert_eq!(outcome.exit(), Exit::Broken);
        outcome.second = Some(Difference { line: 9, left: None, right: None });
        assert_eq!(outcome.exit(), Exit::TwoTraces);
        let text = outcome.marks();
        assert_eq!(text.len(), 1, "{text:?}");
    }
}
