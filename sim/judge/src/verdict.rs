//! What a trace shows: rules that broke, findings for the app, and what could not be judged.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::Serialize;
use sleepwalker_core::{Knobs, Time};

use crate::{
    Breach, Checker, Event, Ledger, Witness,
    check::{self, End},
    checkers,
    ledger::{App, Entry},
    line::line_number,
};

/// How many lines of the trace are shown around a bad event.
const AROUND: usize = 15;

/// A rule of the system that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The rule.
    pub rule: &'static str,
    /// When.
    pub at: Time,
    /// The event, counted from 0.
    pub index: usize,
    /// The line of the trace, its header being line 1.
    pub line: usize,
    /// What is wrong there.
    pub detail: String,
}

/// A rule of the app that does not hold, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule.
    pub rule: &'static str,
    /// When.
    pub at: Time,
    /// The event, counted from 0.
    pub index: usize,
    /// The line of the trace, its header being line 1.
    pub line: usize,
    /// What is wrong there.
    pub detail: String,
    /// What to do.
    pub fix: &'static str,
    /// Where it was seen in the wild, as `owner/repository#number`.
    pub seen: Vec<&'static str>,
}

/// A checker that could not judge, and what it lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotJudged {
    /// The checker's name.
    pub checker: &'static str,
    /// The rules that it stands for.
    pub rules: Vec<&'static str>,
    /// What would be needed, in words.
    pub needs: String,
}

impl fmt::Display for NotJudged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}) not judged: needs {}", self.checker, self.rules.join(" "), self.needs)
    }
}

/// What a trace shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The version of this form.
    pub version: u32,
    /// Rules of the system that broke, in order of the trace. In a world: a bug of ours.
    pub violations: Vec<Violation>,
    /// Rules of the app that broke, in order of the trace.
    pub findings: Vec<Finding>,
    /// What could not be judged.
    pub not_judged: Vec<NotJudged>,
}

/// Holds a trace against every rule. The trace must be one that has come to rest: nothing more would
/// happen by itself.
pub fn judge(knobs: &Knobs, witnesses: &BTreeSet<Witness>, events: &[Event]) -> Verdict {
    judge_by(&checkers(), knobs, witnesses, events, End::Rest)
}

/// Holds a trace against every rule that was cut before it came to rest: what is owed at its end may
/// still have come.
pub fn judge_cut(knobs: &Knobs, witnesses: &BTreeSet<Witness>, events: &[Event]) -> Verdict {
    judge_by(&checkers(), knobs, witnesses, events, End::Cut)
}

fn judge_by(
    checkers: &[&Checker],
    knobs: &Knobs,
    witnesses: &BTreeSet<Witness>,
    events: &[Event],
    end: End,
) -> Verdict {
    let mut verdict = Verdict { version: 1, ..Verdict::default() };
    let mut able: Vec<&Checker> = Vec::new();
    for checker in checkers {
        let missing: Vec<&str> = checker
            .needs
            .iter()
            .filter(|need| !witnesses.contains(need))
            .map(|need| need.word())
            .collect();
        if missing.is_empty() {
            able.push(checker);
        } else {
            verdict.not_judged.push(not_judged(checker, missing.join(" ")));
        }
    }
    for (checker, out) in able.iter().zip(check::run(&able, knobs, events, end)) {
        verdict.not_judged.extend(out.lacks.map(|lacks| not_judged(checker, lacks.to_owned())));
        for breach in out.breaches {
            verdict.add(breach);
        }
    }
    verdict.violations.sort_by_key(|it| it.index);
    verdict.findings.sort_by_key(|it| it.index);
    verdict
}

fn not_judged(checker: &Checker, needs: String) -> NotJudged {
    NotJudged { checker: checker.name, rules: checker.rules.to_vec(), needs }
}

fn app_rule(rule: &str) -> Option<&'static App> {
    match Ledger::get(rule) {
        Some(Entry::App(app)) => Some(app),
        _ => None,
    }
}

impl Verdict {
    /// Returns whether no rule broke.
    pub fn is_clean(&self) -> bool {
        self.violations.is_empty() && self.findings.is_empty()
    }

    fn add(&mut self, breach: Breach) {
        let Breach { rule, at, index, detail } = breach;
        let line = line_number(index);
        match app_rule(rule) {
            Some(app) => self.findings.push(Finding {
                rule,
                at,
                index,
                line,
                detail,
                fix: &app.fix,
                seen: app.seen.iter().map(String::as_str).collect(),
            }),
            None => self.violations.push(Violation { rule, at, index, line, detail }),
        }
    }

    /// Returns the verdict as text: what broke, the rule, the lines around the first bad event of each
    /// rule, and what to do.
    pub fn text(&self, events: &[Event]) -> String {
        let mut text = String::new();
        let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
        let mut order = Vec::new();
        let violations = self.violations.iter().map(|it| (it.rule, it.at, it.index, &it.detail));
        let findings = self.findings.iter().map(|it| (it.rule, it.at, it.index, &it.detail));
        for (rule, at, index, detail) in violations.chain(findings) {
            let count = shown.entry(rule).or_default();
            *count += 1;
            if *count == 1 {
                order.push((rule, at, index, detail));
            }
        }
        for (rule, at, index, detail) in order {
            text.push_str(&section(rule, at, index, detail, shown[rule] - 1, events));
            text.push('\n');
        }
        for gap in &self.not_judged {
            text.push_str(&format!("{gap}\n"));
        }
        if self.is_clean() {
            text.push_str("no rule broke\n");
        }
        text
    }
}

fn section(
    rule: &str,
    at: Time,
    index: usize,
    detail: &str,
    more: usize,
    events: &[Event],
) -> String {
    let mut text = format!("{rule} broke at {at}, line {}: {detail}\n", line_number(index));
    let entry = Ledger::get(rule);
    match entry {
        Some(Entry::System(entry)) => {
            text.push_str(&format!("  rule: {}\n", entry.statement));
            let source = entry.source.as_deref().unwrap_or("none");
            text.push_str(&format!("  standing: {}, source: {source}\n", entry.standing));
        }
        Some(entry) => text.push_str(&format!("  rule: {}\n", entry.statement())),
        None => {}
    }
    text.push_str(&excerpt(events, index));
    if let Some(app) = app_rule(rule) {
        text.push_str(&format!("  fix: {}\n", app.fix));
        if let Some(swift) = &app.swift {
            text.push_str(&format!("  swift: {swift}\n"));
        }
        text.push_str(&format!("  seen: {}\n", app.seen.join(", ")));
    }
    if more > 0 {
        text.push_str(&format!("  and {more} more of {rule}\n"));
    }
    text
}

/// Returns up to 15 lines of a trace around an event, numbered as in its file, the event itself marked.
pub fn excerpt(events: &[Event], index: usize) -> String {
    let mut first = index.saturating_sub(AROUND / 2);
    let last = events.len().min(first + AROUND);
    first = first.min(last.saturating_sub(AROUND));
    let width = line_number(last).to_string().len();
    let mut text = String::new();
    for (offset, event) in events[first..last].iter().enumerate() {
        let place = first + offset;
        let mark = if place == index { '>' } else { ' ' };
        text.push_str(&format!("{mark} {:>width$}  {event}\n", line_number(place)));
    }
    text
}

/// Returns every text that a verdict can hold: each case of each checker, under its label, and one
/// trace without witnesses.
pub fn every_verdict() -> String {
    let knobs = Knobs::default();
    let all: BTreeSet<Witness> = Witness::ALL.into();
    let mut page = String::new();
    for checker in checkers() {
        for case in checker.cases {
            let events = check::Script::events(case.wrong);
            let verdict = judge_by(&[checker], &knobs, &all, &events, End::Rest);
            page.push_str(&format!(
                "# {} {}\n{}\n",
                checker.name,
                case.rule,
                verdict.text(&events)
            ));
        }
    }
    let nothing = judge(&knobs, &BTreeSet::new(), &[]);
    page.push_str(&format!("# without witnesses\n{}\n", nothing.text(&[])));
    let clean = judge(&knobs, &all, &[]);
    page.push_str(&format!("# clean\n{}", clean.text(&[])));
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_tells_rule_lines_fix_and_where_it_was_seen() {
        let page = every_verdict();
        let from = page.find("# claim R06").expect("its label");
        let text = &page[from..page[from..].find("\n\n").expect("its end") + from];
        assert!(text.contains("R06 broke at "), "{text}");
        assert!(text.contains("the file of photos/1 too late"), "{text}");
        assert!(text.contains("\n> "), "{text}");
        assert!(text.contains("fix: Move the file inside the call"), "{text}");
        assert!(text.contains("seen: FuJacob/cotabby#30"), "{text}");
    }

    #[test]
    fn a_missing_witness_is_not_judged_rather_than_fine() {
        let some: BTreeSet<Witness> = [Witness::Items].into();
        let verdict = judge(&Knobs::default(), &some, &[]);
        assert!(verdict.is_clean());
        assert_eq!(verdict.not_judged.len(), checkers().len() - 1);
        let handler = verdict.not_judged.iter().find(|gap| gap.checker == "handler");
        let told = handler.expect("it needs calls").to_string();
        assert_eq!(told, "handler (R01) not judged: needs calls os");
    }

    #[test]
    fn what_is_owed_at_the_end_of_a_cut_trace_may_still_come() {
        let events = check::Script::events(|it| it.download(1));
        let (knobs, all) = (Knobs::default(), Witness::ALL.into());
        assert_eq!(judge(&knobs, &all, &events).violations.len(), 1);
        assert!(judge_cut(&knobs, &all, &events).is_clean());
    }

    #[test]
    fn only_fifteen_lines_are_shown_wherever_the_event_stands() {
        let events = check::Script::events(|it| (1..=40).for_each(|task| it.create_upload(task)));
        for index in [0, 7, 20, events.len() - 1] {
            let text = excerpt(&events, index);
            assert_eq!(text.lines().count(), AROUND);
            assert_eq!(text.lines().filter(|line| line.starts_with('>')).count(), 1);
        }
        assert_eq!(excerpt(&events[..3], 1).lines().count(), 3);
        assert_eq!(excerpt(&[], 3), "");
    }
}
