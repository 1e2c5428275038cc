//! Every scenario, run: it passes, it is the same again, it survives a crash after every batch, and each
//! rule that it shows really decides something in it.

use std::time::Duration;

use sleepwalker_core::{Faults, Rule};
use sleepwalker_judge::diff;
use sleepwalker_scenarios::{Options, Outcome, catalogue, parse, run};
use sleepwalker_sim::{CrashPoint, StoreKind, scenario::Scenario};

fn all() -> impl Iterator<Item = Scenario> {
    catalogue().iter().map(|entry| entry.load().expect("the catalogue loads"))
}

fn outcome(scenario: &Scenario, options: &Options) -> Outcome {
    run(scenario, options).expect("its profile is there")
}

/// Fails once, with all that went wrong.
fn nothing(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_scenario_passes() {
    let options = Options { checks_rows: true, ..Options::default() };
    let wrong: Vec<String> = all()
        .map(|scenario| outcome(&scenario, &options))
        .filter(|outcome| !outcome.passed())
        .map(|outcome| outcome.text())
        .collect();
    nothing(&wrong);
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let mut wrong = Vec::new();
    for scenario in all() {
        let first = outcome(&scenario, &Options::default());
        let second = outcome(&scenario, &Options::default());
        if let Some(difference) = diff(&first.trace, &second.trace) {
            wrong.push(format!("{}: {difference}", scenario.name));
        }
    }
    nothing(&wrong);
}

#[test]
fn a_run_that_skips_no_silence_gives_the_same_trace() {
    let short = Duration::from_secs(30);
    let mut wrong = Vec::new();
    for scenario in all() {
        let skipped = outcome(&scenario, &Options::default());
        if skipped.time.since_origin() > short {
            continue;
        }
        let slow = outcome(&scenario, &Options { skip: false, ..Options::default() });
        if let Some(difference) = diff(&skipped.trace, &slow.trace) {
            wrong.push(format!("{}: {difference}", scenario.name));
        }
    }
    nothing(&wrong);
}

#[test]
fn the_engines_own_store_gives_the_same_trace() {
    let mut wrong = Vec::new();
    for scenario in all() {
        let memory = outcome(&scenario, &Options::default());
        let redb = outcome(&scenario, &Options { store: StoreKind::Redb, ..Options::default() });
        if let Some(difference) = diff(&memory.trace, &redb.trace) {
            wrong.push(format!("{}: {difference}", scenario.name));
        }
    }
    nothing(&wrong);
}

#[test]
fn other_seeds_pass_too() {
    let mut wrong = Vec::new();
    for scenario in all() {
        for seed in 2..5 {
            let outcome = outcome(&scenario, &Options { seed, ..Options::default() });
            if !outcome.passed() {
                wrong.push(format!("seed {seed}: {}", outcome.text()));
            }
        }
    }
    nothing(&wrong);
}

/// Lets everything die after every stored batch of every scenario; returns what broke.
fn crashes(power_cut: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for scenario in all() {
        let batches = outcome(&scenario, &Options::default()).batches;
        for after_batch in 1..=batches {
            let crash = Some(CrashPoint { after_batch, power_cut });
            let outcome = outcome(&scenario, &Options { crash, ..Options::default() });
            if outcome.error.is_some() || !outcome.violations().is_empty() {
                wrong.push(format!("after batch {after_batch}: {}", outcome.text()));
            }
        }
    }
    wrong
}

#[test]
fn a_death_after_any_batch_breaks_no_rule() {
    nothing(&crashes(false));
}

#[test]
fn a_power_cut_after_any_batch_breaks_no_rule() {
    nothing(&crashes(true));
}

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
];

#[test]
fn every_invariant_fires_in_a_world_that_breaks_it() {
    let mut silent = Vec::new();
    for (off, name, reported) in FIRES {
        let scenario = sleepwalker_scenarios::load(name).expect("it is in the catalogue");
        let rule = Rule::find(off).expect("the rule is in the code");
        let options = Options { faults: Faults::without([rule]), ..Options::default() };
        let outcome = outcome(&scenario, &options);
        if !outcome.violations().iter().any(|violation| violation.rule == *reported) {
            silent.push(format!("{name} without {off}: no {reported}"));
        }
    }
    nothing(&silent);
}

#[test]
fn two_changed_lines_fail_and_say_why() {
    let entry = catalogue().iter().find(|entry| entry.name == "workflow-terminated");
    let text = entry.expect("the first scenario").text;
    let changed = text.replacen("[[step]]", "[app.habits]\nhandler = \"never\"\n[[step]]", 1);
    let scenario = parse("mine", "mine.toml", &changed).expect("it loads");
    let outcome = outcome(&scenario, &Options::default());
    assert!(!outcome.passed());
    assert!(!outcome.is_unusable());
    let text = outcome.text();
    assert!(text.contains("finding R01 is not expected"), "{text}");
    assert!(text.contains("handler called"), "{text}");
    assert!(text.contains("fix:"), "{text}");
    assert!(text.contains("--seed 1"), "{text}");
}

#[test]
fn a_step_that_cannot_be_done_is_no_verdict() {
    let text = "title = \"t\"\n[[step]]\nat = \"0 s\"\nos = \"crash\"\n";
    let scenario = parse("mine", "mine.toml", text).expect("it loads");
    let outcome = outcome(&scenario, &Options::default());
    assert!(outcome.is_unusable(), "{}", outcome.text());
    assert!(outcome.text().contains("line 2"), "{}", outcome.text());
}

#[test]
fn a_trigger_that_never_fires_fails_by_name() {
    let text = "title = \"t\"\n[[step]]\nat = \"0 s\"\nuser = \"open\"\n\
                [[step]]\nwhen = \"handleEvents photos\"\nuser = \"home\"\n";
    let scenario = parse("mine", "mine.toml", text).expect("it loads");
    let outcome = outcome(&scenario, &Options::default());
    assert!(!outcome.passed() && !outcome.is_unusable());
    assert!(outcome.text().contains("handleEvents photos"), "{}", outcome.text());
}

#[test]
fn a_budget_that_is_passed_names_the_line() {
    let entry = catalogue().iter().find(|entry| entry.name == "workflow-terminated");
    let text = entry.expect("the first scenario").text;
    let text = format!("{text}\n[budget]\nevents = 5\n");
    let scenario = parse("mine", "mine.toml", &text).expect("it loads");
    let outcome = outcome(&scenario, &Options::default());
    assert!(outcome.is_unusable(), "{}", outcome.text());
    assert!(
        outcome.text().contains(&format!("line {}", text.lines().count())),
        "{}",
        outcome.text()
    );
}
