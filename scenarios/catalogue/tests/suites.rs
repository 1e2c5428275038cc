//! Every scenario, run: it passes, it is the same again, and it survives a crash after every batch.

mod common;

use std::time::Duration;

use common::{all, nothing, outcome};
use sleepwalker_judge::diff;
use sleepwalker_scenarios::{Options, catalogue, parse};
use sleepwalker_sim::{CrashPoint, StoreKind};

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
