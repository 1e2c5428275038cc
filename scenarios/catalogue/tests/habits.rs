//! The table of habits keeps its word: each value that it says breaks rules is found to break them, and no
//! others, in a small scenario; and with the habit at its default nothing is found.

use sleepwalker_device::Habits;
use sleepwalker_scenarios::{Options, parse, run};

/// Leaves the app, which is terminated while its transfers run.
const TERMINATED: &str = r#"
[[step]]
after = "100 ms"
user = "home"
[[step]]
after = "100 ms"
os = "terminate for memory"
"#;

/// The app crashes while its transfers run, and the user opens it again.
const OPENED_AGAIN: &str = r#"
[[step]]
after = "100 ms"
os = "crash"
[[step]]
after = "100 ms"
user = "open"
"#;

const ONE: &str = r#"{ download = "cdn.example/a", session = "photos" }"#;
const THREE: &str = r#"{ download = "cdn.example/f{1..3}", session = "photos" }"#;

/// What the app does a second after it was opened, and what happens then.
fn story(habit: &str, value: &str) -> (&'static str, &'static str) {
    match (habit, value) {
        ("sessions", "in handleEvents") | ("known tasks", "everything again") => {
            (THREE, OPENED_AGAIN)
        }
        ("handlers", _) => (
            r#"{ download = "cdn.example/f1", session = "photos" }"#,
            r#"
[[step]]
after = "0 s"
app = { download = "cdn.example/f2", session = "videos" }
[[step]]
after = "100 ms"
user = "home"
[[step]]
after = "100 ms"
os = "terminate for memory"
"#,
        ),
        ("status check", _) => (r#"{ download = "cdn.example/gone" }"#, TERMINATED),
        ("next", _) => (r#"{ download = "cdn.example/f{1..8}" }"#, TERMINATED),
        ("response" | "cache", _) => (r#"{ data = "cdn.example/a", session = "web" }"#, ""),
        ("redirect", _) => (r#"{ data = "cdn.example/moved", session = "web" }"#, ""),
        ("delayed request", _) => (
            r#"{ download = "cdn.example/a", earliest-begin = "1 h" }"#,
            "[[step]]\nafter = \"1 s\"\nuser = \"home\"\n",
        ),
        ("recover after force quit", _) => (
            THREE,
            "[[step]]\nafter = \"100 ms\"\nuser = \"force quit\"\n\
             [[step]]\nafter = \"10 min\"\nuser = \"open\"\n",
        ),
        // The crash keeps the call from being told again, so that nobody but the app can miss the task.
        ("known tasks", _) => (
            ONE,
            "[[step]]\nwhen = \"didComplete ok photos/1\"\nos = \"crash\"\n\
             [[step]]\nafter = \"1 s\"\nuser = \"open\"\n",
        ),
        ("resume", _) => (ONE, ""),
        _ => (THREE, TERMINATED),
    }
}

fn found(habit: &str, value: Option<&str>, (act, then): (&str, &str)) -> Vec<String> {
    let mut habits = "[app.habits]\n".to_owned();
    // The second session ends while the app is at work with the first, and is handed over all the same.
    let mut knobs = "";
    if habit == "handlers" {
        habits += "callback-time = \"200 ms\"\n";
        knobs = "[knobs]\ndeliver-directly-in-background = false\n";
    }
    if let Some(value) = value {
        habits += &format!("{} = {value:?}\n", habit.replace(' ', "-"));
    }
    let text = format!(
        r#"
title = "{habit}"
{knobs}
[origin."cdn.example".files]
"/a" = {{ size = "300 kB" }}
"/f{{1..8}}" = {{ size = "300 kB" }}
"/gone" = {{ status = 503 }}
"/moved" = {{ redirect = {{ to = "/a" }} }}
[network]
rate = "2 Mbit/s"
latency = "25 ms"
[device]
power = true
[app]
sessions = ["photos", "videos", {{ name = "web", kind = "in-process" }}]
{habits}
[[step]]
at = "0 s"
user = "open"
[[step]]
after = "1 s"
app = {act}
{then}
"#
    );
    let scenario = parse("habit", "habit.toml", &text).unwrap_or_else(|e| panic!("{e}"));
    let outcome = run(&scenario, &Options::default()).expect("its profile is there");
    assert_eq!(None, outcome.error, "{habit}: {}", outcome.text());
    assert!(outcome.violations().is_empty(), "{}", outcome.text());
    let mut rules: Vec<String> = outcome.findings().iter().map(|it| it.rule.to_owned()).collect();
    rules.dedup();
    rules.sort();
    rules.dedup();
    rules
}

#[test]
fn each_value_breaks_the_rules_that_the_table_says_and_the_default_breaks_none() {
    let mut wrong = Vec::new();
    for habit in Habits::table() {
        for (value, rules) in habit.breaks {
            let story = story(habit.name, value);
            let bad = found(habit.name, Some(value), story);
            if bad != *rules {
                wrong.push(format!("{} = {value:?}: {bad:?} and not {rules:?}", habit.name));
            }
            let good = found(habit.name, None, story);
            if !good.is_empty() {
                wrong.push(format!("{} at its default: {good:?}", habit.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
