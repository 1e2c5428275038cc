//! Rules on which sources disagree: what a trace says about them when its knobs are not known.

use std::{collections::BTreeSet, fmt};

use serde::Serialize;
use sleepwalker_core::{Knobs, LimiterReset};

use crate::{Checker, Event, Witness, check, checkers};

/// A disputed rule and its sides.
struct Disputed {
    rule: &'static str,
    sides: [Side; 2],
}

/// What a side says, and how it sets the knobs.
type Side = (&'static str, fn(&mut Knobs));

const DISPUTED: &[Disputed] = &[
    Disputed {
        rule: "BG-RATE-10",
        sides: [
            ("the delay lapses unless it holds a task", |knobs| {
                knobs.limiter_reset = LimiterReset::LapseUnlessHeld;
            }),
            ("the delay lapses whenever it runs out", |knobs| {
                knobs.limiter_reset = LimiterReset::Lapse;
            }),
        ],
    },
    Disputed {
        rule: "BG-LIFE-11",
        sides: [
            ("an app that runs in the background gets its results directly", |knobs| {
                knobs.deliver_directly_in_background = true;
            }),
            ("an app that runs in the background gets its results by handleEvents", |knobs| {
                knobs.deliver_directly_in_background = false;
            }),
        ],
    },
    Disputed {
        rule: "BG-LIFE-04",
        sides: [
            ("tasks that the app suspended keep a session unfinished", |knobs| {
                knobs.suspended_tasks_block_wake = true;
            }),
            ("tasks that the app suspended do not count", |knobs| {
                knobs.suspended_tasks_block_wake = false;
            }),
        ],
    },
    Disputed {
        rule: "BG-DL-12",
        sides: [
            ("a call whose process died in it is not repeated", |knobs| {
                knobs.repeat_interrupted_callbacks = false;
            }),
            ("a call whose process died in it is repeated", |knobs| {
                knobs.repeat_interrupted_callbacks = true;
            }),
        ],
    },
];

/// What a trace says about a disputed rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dispute {
    /// The rule.
    pub rule: &'static str,
    /// The sides that the trace is consistent with, in words.
    pub consistent: Vec<&'static str>,
    /// What the trace lacks, where it could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<String>,
}

impl fmt::Display for Dispute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.rule)?;
        if let Some(needs) = &self.needs {
            return write!(f, "not judged: needs {needs}");
        }
        match &self.consistent[..] {
            [] => f.write_str("consistent with neither side"),
            [side] => write!(f, "consistent with: {side}"),
            _ => f.write_str("consistent with both sides"),
        }
    }
}

/// Asks a trace about every disputed rule, side by side.
pub fn disputes(witnesses: &BTreeSet<Witness>, events: &[Event]) -> Vec<Dispute> {
    DISPUTED.iter().map(|disputed| ask(disputed, witnesses, events)).collect()
}

fn ask(disputed: &Disputed, witnesses: &BTreeSet<Witness>, events: &[Event]) -> Dispute {
    let rule = disputed.rule;
    let judges: Vec<&Checker> =
        checkers().into_iter().filter(|checker| checker.rules.contains(&rule)).collect();
    let needs: BTreeSet<Witness> =
        judges.iter().flat_map(|checker| checker.needs.iter().copied()).collect();
    let missing: Vec<&str> = needs.difference(witnesses).map(|need| need.word()).collect();
    if !missing.is_empty() {
        return Dispute { rule, consistent: Vec::new(), needs: Some(missing.join(" ")) };
    }
    let fits = |side: &fn(&mut Knobs)| {
        let mut knobs = Knobs::default();
        side(&mut knobs);
        let found = check::run(&judges, &knobs, events, check::End::Cut);
        found.iter().flat_map(|out| &out.breaches).all(|breach| breach.rule != rule)
    };
    let consistent =
        disputed.sides.iter().filter(|(_, side)| fits(side)).map(|(words, _)| *words).collect();
    Dispute { rule, consistent, needs: None }
}

#[cfg(test)]
mod tests {
    use sleepwalker_core::{Death, ProcessState};

    use super::*;
    use crate::{Cause, check::Script};

    fn about(rule: &str, script: fn(&mut Script)) -> String {
        let all = disputes(&Witness::ALL.into(), &Script::events(script));
        let found = all.into_iter().find(|dispute| dispute.rule == rule);
        found.expect("it is disputed").to_string()
    }

    #[test]
    fn a_trace_that_does_not_touch_a_dispute_is_consistent_with_both_sides() {
        for dispute in disputes(&Witness::ALL.into(), &Script::events(|it| it.download(1))) {
            assert_eq!(dispute.consistent.len(), 2, "{dispute}");
        }
    }

    #[test]
    fn a_delivery_in_the_background_takes_a_side() {
        let told = about("BG-LIFE-11", |it| {
            it.download(1);
            it.moves(ProcessState::Background, Cause::User);
            it.transfers(1);
            it.delivers(1);
        });
        assert!(told.ends_with("gets its results directly"), "{told}");
    }

    #[test]
    fn a_repeated_call_takes_a_side() {
        let told = about("BG-DL-12", |it| {
            it.download(1);
            it.begin_file(1, 200);
            it.kill(Death::Crash);
            it.launch(ProcessState::Foreground, Cause::User);
            it.reconnect();
            it.file(1);
            it.done(1, None);
        });
        assert!(told.ends_with("is repeated"), "{told}");
    }

    #[test]
    fn without_witnesses_a_dispute_is_not_judged() {
        let all = disputes(&BTreeSet::new(), &[]);
        assert!(all.iter().all(|dispute| dispute.needs.is_some()), "{all:?}");
    }
}
