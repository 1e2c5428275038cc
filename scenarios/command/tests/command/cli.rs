//! The command from outside: what it prints where, and how it ends.

use std::{collections::BTreeSet, fs};

use crate::common::{root, sleepwalker};
use serde_json::Value;
use sleepwalker::Exit;

const GOOD: &str = "workflow-terminated";

fn workflow() -> String {
    let path = root().join("scenarios/catalogue/files/lifecycle/workflow-terminated.toml");
    fs::read_to_string(path).expect("the catalogue has it")
}

#[test]
fn the_help_names_every_exit_code() {
    let called = sleepwalker(["--help"]);
    assert_eq!(called.code, 0);
    for exit in Exit::ALL {
        let line = format!("{}  {}", exit.code(), exit.meaning());
        assert!(called.stdout.contains(&line), "{}", called.stdout);
    }
}

#[test]
fn an_unknown_option_ends_in_2_and_says_nothing_on_standard_output() {
    let called = sleepwalker(["run", "--frobnicate"]);
    assert_eq!(called.code, 2);
    assert_eq!(called.stdout, "");
    assert!(called.stderr.contains("--frobnicate"), "{}", called.stderr);
}

#[test]
fn the_list_has_every_scenario_with_its_title() {
    let called = sleepwalker(["list"]);
    assert_eq!(called.code, 0);
    for entry in sleepwalker_scenarios::catalogue() {
        let scenario = entry.load().expect(entry.name);
        assert!(called.stdout.contains(entry.name), "{}", entry.name);
        assert!(called.stdout.contains(&scenario.title), "{}", scenario.title);
    }
}

#[test]
fn every_habit_is_told_with_its_default_and_its_swift() {
    let called = sleepwalker(["habits"]);
    assert_eq!(called.code, 0);
    for habit in sleepwalker_device::Habits::table() {
        for part in
            [&habit.name.replace(' ', "-"), habit.swift, &format!("{} (default)", habit.default)]
        {
            assert!(called.stdout.contains(part), "{}: {part}", habit.name);
        }
    }
}

#[test]
fn rules_of_every_family_are_explained_and_unknown_ones_end_in_2() {
    for rule in ["BG-LIFE-05", "bg-life-05", "SW-STORE-01", "R06"] {
        let called = sleepwalker(["explain", rule]);
        assert_eq!(called.code, 0, "{rule}");
        assert!(called.stdout.starts_with(&rule.to_uppercase()), "{}", called.stdout);
    }
    let called = sleepwalker(["explain", "BG-LIFE-99"]);
    assert_eq!((called.code, called.stdout.as_str()), (2, ""));
    assert!(called.stderr.contains("BG-LIFE-05"), "{}", called.stderr);
}

#[test]
fn a_scenario_that_does_as_expected_ends_in_0_and_one_line() {
    let called = sleepwalker(["run", GOOD]);
    assert_eq!(called.code, 0, "{}{}", called.stdout, called.stderr);
    assert!(called.stdout.starts_with("ok"), "{}", called.stdout);
    assert!(called.stdout.ends_with("1 scenario as expected\n"), "{}", called.stdout);
    assert!(!called.stdout.contains('\u{1b}'), "colour in a pipe");
}

#[test]
fn the_json_has_exactly_the_documented_keys() {
    let called = sleepwalker(["run", GOOD, "file-claimed-late", "--format", "json"]);
    assert_eq!(called.code, 0, "{}{}", called.stdout, called.stderr);
    let report: Value = serde_json::from_str(&called.stdout).expect("it is JSON");
    let keys = |of: &Value| -> BTreeSet<String> {
        of.as_object().expect("an object").keys().cloned().collect()
    };
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(keys(&report), set(&["version", "scenarios", "passed", "failed"]));
    assert_eq!((&report["version"], &report["passed"]), (&Value::from(1), &Value::from(2)));
    let scenario = &report["scenarios"][0];
    let expected = set(&[
        "name",
        "passed",
        "violations",
        "findings",
        "simulated_seconds",
        "wall_seconds",
        "events",
        "trace_sha256",
    ]);
    assert_eq!(keys(scenario), expected);
    let finding = &report["scenarios"][1]["findings"][0];
    assert_eq!(keys(finding), set(&["rule", "at", "detail"]));
    assert_eq!(finding["rule"], "R06");
}

#[test]
fn the_trace_is_written_as_text_and_as_data_and_its_digest_is_that_of_the_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path().join("new/traces");
    let at = at.to_str().expect("UTF-8");
    let called = sleepwalker(["run", GOOD, "--format", "json", "--trace-dir", at]);
    assert_eq!(called.code, 0, "{}", called.stderr);
    let text = fs::read_to_string(format!("{at}/{GOOD}.trace")).expect("the text");
    let data = fs::read_to_string(format!("{at}/{GOOD}.jsonl")).expect("the data");
    assert!(text.starts_with("# sleepwalker trace 1 | scenario workflow-terminated "), "{text}");
    assert_eq!(text.lines().count(), data.lines().count());
    let report: Value = serde_json::from_str(&called.stdout).expect("it is JSON");
    let scenario = &report["scenarios"][0];
    assert_eq!(scenario["trace_sha256"], sleepwalker_judge::sha256(text.as_bytes()));
    assert_eq!(scenario["events"], text.lines().count() - 1);
}

#[test]
fn two_runs_of_one_seed_give_one_trace() {
    let called = sleepwalker(["run", GOOD, "--twice", "--seed", "7"]);
    assert_eq!(called.code, 0, "{}{}", called.stdout, called.stderr);
}

#[test]
fn a_broken_rule_ends_in_1_and_tells_what_where_why_and_how_to_replay() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.toml");
    fs::write(&path, workflow() + "\n[app.habits]\nclaim = \"after it returned\"\n")
        .expect("written");
    let path = path.to_str().expect("UTF-8");
    let called = sleepwalker(["run", path]);
    assert_eq!(called.code, 1, "{}{}", called.stdout, called.stderr);
    let out = &called.stdout;
    for part in ["FAILED", "R06 broke at", "fix: ", &format!("replay: sleepwalker run {path}")] {
        assert!(out.contains(part), "{part} is not in {out}");
    }
    let shown = out.lines().filter(|line| line.contains("d 00:0") && line.contains("  "));
    let numbered =
        shown.filter(|line| line.trim_start_matches(['>', ' ']).starts_with(char::is_numeric));
    assert_eq!(numbered.count(), 15, "{out}");
}

#[test]
fn an_unusable_file_ends_in_2_with_file_line_and_what_was_expected() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.toml");
    let text = workflow().replacen("user = \"open\"", "user = \"opens\"", 1);
    let line = 1 + text.lines().position(|line| line.contains("opens")).expect("it is there");
    fs::write(&path, text).expect("written");
    let path = path.to_str().expect("UTF-8");
    let called = sleepwalker(["run", path]);
    assert_eq!((called.code, called.stdout.as_str()), (2, ""));
    for part in [&format!("{path}:{line}:"), "expected", "`force quit`"] {
        assert!(called.stderr.contains(part), "{part} is not in {}", called.stderr);
    }
}

#[test]
fn a_name_that_is_nearly_right_is_guessed() {
    let called = sleepwalker(["run", "workflow-terminatd"]);
    assert_eq!(called.code, 2);
    assert!(called.stderr.contains(GOOD), "{}", called.stderr);
}

#[test]
fn an_unknown_profile_ends_in_2() {
    let called = sleepwalker(["run", GOOD, "--profile", "debuger"]);
    assert_eq!((called.code, called.stdout.as_str()), (2, ""));
    assert!(called.stderr.contains("debugger"), "{}", called.stderr);
}

#[test]
fn the_page_has_every_lane_and_needs_nothing_from_outside() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("page.html");
    let path = path.to_str().expect("UTF-8");
    let called = sleepwalker(["run", GOOD, "handler-never-called", "--html", path]);
    assert_eq!(called.code, 0, "{}{}", called.stdout, called.stderr);
    let page = fs::read_to_string(path).expect("the page");
    for lane in ["user", "app", "daemon", "network", "callbacks", "verdicts"] {
        assert_eq!(page.matches(&format!("<g class=\"{lane}\">")).count(), 2, "{lane}");
    }
    for part in ["<script", "src=", "href=\"http", "url(", "@import", "<link"] {
        assert!(!page.contains(part), "{part}");
    }
    for part in ["R01", "didFinishDownloadingTo photos/1", "handleEvents photos", "What to do"] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn the_json_is_whole_beside_files_that_cannot_be_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let bad = folder.path().join("bad.toml");
    fs::write(&bad, "title = 3\n").expect("a file");
    let bad = bad.to_str().expect("its path");
    let called = sleepwalker(["run", bad, GOOD, "--format", "json"]);
    assert_eq!(called.code, 2);
    assert!(called.stderr.contains("bad.toml:1:9"), "{}", called.stderr);
    let report: Value = serde_json::from_str(&called.stdout).expect("it is JSON");
    assert_eq!((&report["passed"], &report["failed"]), (&1.into(), &0.into()));
    let called = sleepwalker(["run", bad, "--format", "json"]);
    assert_eq!(called.code, 2);
    let report: Value = serde_json::from_str(&called.stdout).expect("it is JSON");
    assert_eq!(report["scenarios"].as_array().map(Vec::len), Some(0));
    let called = sleepwalker(["run", bad]);
    assert_eq!((called.code, called.stdout.as_str()), (2, ""));
}
