//! Rules and worlds: what a scenario shows decides something in it, and what a checker can report it does
//! report in a world.

mod common;

use std::collections::BTreeSet;

use common::{all, nothing, outcome};
use sleepwalker_core::{Faults, Rule};
use sleepwalker_device::Habits;
use sleepwalker_judge::checkers;
use sleepwalker_scenarios::{Options, load};

#[test]
fn every_rule_that_a_scenario_shows_decides_something_in_it() {
    let mut wrong = Vec::new();
    for scenario in all() {
        let with = outcome(&scenario, &Options::default());
        for rule in &scenario.shows {
            let faults = Faults::without([*rule]);
            let without = outcome(&scenario, &Options { faults, ..Options::default() });
            let same = with.trace.events == without.trace.events;
            if same && without.error.is_none() && without.violations().is_empty() {
                wrong.push(format!("{} does not show {rule}", scenario.name));
            }
        }
    }
    nothing(&wrong);
}

#[test]
fn every_modelled_rule_is_shown_by_a_scenario() {
    let shown: std::collections::BTreeSet<_> = all().flat_map(|scenario| scenario.shows).collect();
    let missing: Vec<_> = Rule::MODELLED.iter().filter(|rule| !shown.contains(rule)).collect();
    assert!(missing.is_empty(), "modelled, but in no scenario's `shows`: {missing:?}");
}

/// The rule that is switched off, the scenario, and the rule that its checker then reports.
const FIRES: &[(&str, &str, &str)] = &[
    ("BG-KIND-01", "workflow-suspended", "BG-KIND-01"),
    ("BG-KIND-10", "upload-starts-again", "BG-KIND-10"),
    ("BG-KIND-13", "stale-connection", "BG-KIND-13"),
    ("BG-CFG-11", "offline-in-background", "BG-ORD-09"),
    ("BG-CFG-11", "seven-days", "BG-SCHED-22"),
    ("BG-CFG-14", "cache-gate", "BG-CFG-14"),
    ("BG-TASK-02", "one-at-a-time", "BG-TASK-02"),
    ("BG-TASK-06", "suspended-task-rests", "BG-TASK-06"),
    ("BG-LIFE-01", "data-task-cut", "BG-LIFE-01"),
    ("BG-LIFE-02", "workflow-suspended", "BG-LIFE-02"),
    ("BG-LIFE-03", "one-batch", "BG-LIFE-03"),
    ("BG-LIFE-04", "suspended-task-blocks", "BG-LIFE-04"),
    ("BG-LIFE-06", "workflow-terminated", "BG-LIFE-06"),
    ("BG-LIFE-12", "workflow-terminated", "BG-LIFE-07"),
    ("BG-LIFE-10", "all-in-foreground", "BG-LIFE-10"),
    ("BG-LIFE-11", "results-wait-for-a-wake", "BG-LIFE-11"),
    ("BG-LIFE-13", "workflow-terminated", "BG-LIFE-13"),
    ("BG-LIFE-15", "resource-changed", "BG-LIFE-15"),
    ("BG-WAKE-01", "handler-never-called", "BG-WAKE-01"),
    ("BG-WAKE-02", "handler-never-called", "BG-WAKE-02"),
    ("BG-WAKE-04", "two-handlers", "BG-WAKE-04"),
    ("BG-QUIT-01", "no-launch-events", "BG-QUIT-01"),
    ("BG-QUIT-02", "force-quit", "BG-QUIT-02"),
    ("BG-QUIT-03", "force-quit", "BG-QUIT-03"),
    ("BG-QUIT-09", "reboot-in-mid-body", "BG-QUIT-09"),
    ("BG-RATE-02", "foreground-resets", "BG-RATE-02"),
    ("BG-RATE-03", "one-batch", "BG-RATE-03"),
    ("BG-RATE-04", "one-batch", "BG-RATE-04"),
    ("BG-RATE-05", "foreground-resets", "BG-RATE-05"),
    ("BG-RATE-06", "lapses", "BG-RATE-06"),
    ("BG-RATE-07", "foreground-resets", "BG-RATE-07"),
    ("BG-RATE-10", "foreground-resets", "BG-RATE-10"),
    ("BG-SCHED-12", "twenty-downloads", "BG-SCHED-12"),
    ("BG-SCHED-13", "one-connection", "BG-SCHED-13"),
    ("BG-SCHED-17", "earliest-begin-date", "BG-SCHED-17"),
    ("BG-SCHED-19", "delayed-request-changed", "BG-SCHED-19"),
    ("BG-NET-01", "server-down", "BG-NET-01"),
    ("BG-NET-05", "stalled-body", "BG-NET-05"),
    ("BG-NET-06", "timeout-before-its-date", "BG-NET-06"),
    ("BG-SCHED-18", "timeout-before-its-date", "BG-NET-06"),
    ("BG-NET-11", "not-found", "BG-NET-11"),
    ("BG-NET-14", "bad-responses", "BG-NET-14"),
    ("BG-REDIR-01", "redirects", "BG-REDIR-01"),
    ("BG-DL-01", "file-claimed-late", "BG-DL-01"),
    ("BG-DL-02", "invalidated", "BG-DL-02"),
    ("BG-DL-02", "invalidated", "BG-DL-04"),
    ("BG-DL-12", "killed-in-callback", "BG-DL-12"),
    ("BG-RES-05", "wrong-range", "BG-RES-05"),
    ("BG-UP-12", "upload-starts-again", "BG-UP-12"),
    ("BG-DATA-02", "posts-become-download", "BG-DATA-02"),
    ("BG-INV-02", "invalidated", "BG-INV-01"),
    ("BG-ORD-01", "workflow-terminated", "BG-ORD-01"),
    ("BG-ORD-04", "did-create-task", "BG-ORD-04"),
    ("BG-ORD-05", "workflow-terminated", "BG-ORD-05"),
    ("BG-ORD-14", "invalidated", "BG-ORD-14"),
    ("BG-ERR-02", "no-resume-data", "BG-ERR-02"),
    ("BG-CFG-01", "no-identifier", "BG-CFG-01"),
    ("BG-CFG-08", "unsupported-url", "BG-CFG-08"),
    ("BG-TASK-08", "invalidated", "BG-TASK-08"),
    ("BG-LIFE-08", "user-opens-meanwhile", "BG-LIFE-08"),
    ("BG-SCHED-02", "started-in-background", "BG-SCHED-02"),
    ("BG-INV-04", "finish-and-invalidate", "BG-INV-04"),
    ("BG-KIND-08", "data-task-cut", "BG-KIND-08"),
    ("BG-LIFE-19", "no-launch-events", "BG-LIFE-19"),
    ("BG-LIFE-20", "all-tasks", "BG-LIFE-20"),
    ("BG-RATE-13", "reboot-resets", "BG-RATE-13"),
    ("BG-SCHED-09", "low-data-mode", "BG-SCHED-09"),
    ("BG-NET-02", "server-down", "BG-NET-02"),
    ("BG-NET-04", "wifi-lost", "BG-NET-04"),
];

/// Rules of checkers that no world breaks, and why.
const SILENT: &[(&str, &str)] = &[(
    "BG-EXT-02",
    "no world has two processes that could want one session; traces of devices do",
)];

#[test]
fn every_rule_of_a_system_checker_fires_in_a_world_that_breaks_it() {
    let mut silent = Vec::new();
    for (off, name, reported) in FIRES {
        let scenario = load(name).expect("it is in the catalogue");
        let rule = Rule::find(off).expect("the rule is in the code");
        let options = Options { faults: Faults::without([rule]), ..Options::default() };
        let outcome = outcome(&scenario, &options);
        if !outcome.violations().iter().any(|violation| violation.rule == *reported) {
            silent.push(format!("{name} without {off}: no {reported}"));
        }
    }
    nothing(&silent);
    let rules: BTreeSet<&str> =
        checkers().iter().flat_map(|it| it.rules).copied().filter(|id| is_system(id)).collect();
    let fire = FIRES.iter().map(|(_, _, reported)| *reported);
    let shown: BTreeSet<&str> = fire.clone().chain(SILENT.iter().map(|(rule, _)| *rule)).collect();
    assert_eq!(rules, shown);
    let twice: Vec<_> =
        SILENT.iter().filter(|(rule, _)| fire.clone().any(|it| it == *rule)).collect();
    assert!(twice.is_empty(), "they fire after all: {twice:?}");
}

fn is_system(rule: &str) -> bool {
    !rule.starts_with('R')
}

#[test]
fn every_rule_of_an_app_checker_is_found_in_a_world() {
    let found: BTreeSet<String> = all().flat_map(|it| it.expect.findings).collect();
    let rules: BTreeSet<String> = checkers()
        .iter()
        .flat_map(|checker| checker.rules)
        .filter(|id| !is_system(id))
        .map(|id| (*id).to_owned())
        .collect();
    assert_eq!(rules, found);
}

/// What is found with a wrong habit is not found where every habit is at its default.
#[test]
fn a_good_app_in_the_same_world_breaks_no_rule_of_apps() {
    let mut wrong = Vec::new();
    let mut compared = BTreeSet::new();
    for mut scenario in all() {
        if scenario.app.habits == Habits::default() || scenario.expect.findings.is_empty() {
            continue;
        }
        compared.extend(std::mem::take(&mut scenario.expect.findings));
        scenario.app.habits = Habits::default();
        let outcome = outcome(&scenario, &Options::default());
        let found: BTreeSet<_> = outcome.findings().iter().map(|it| it.rule.to_string()).collect();
        if !found.is_empty() {
            wrong.push(format!("{} with good habits: {found:?}", scenario.name));
        }
    }
    nothing(&wrong);
    // The others come of what a scenario makes the app do: R05, R08, R14.
    let by_habit = ["R01", "R02", "R04", "R06", "R07", "R11", "R12", "R13", "R15", "R21", "R24"];
    assert_eq!(compared.into_iter().collect::<Vec<_>>(), by_habit);
}
