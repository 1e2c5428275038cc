//! The scripted app at its defaults keeps every rule where it is easily taken for one that does not.

use sleepwalker_scenarios::{Options, parse, run};

/// Runs an app that was opened, and expects that nothing is found.
#[track_caller]
fn good(story: &str) {
    let text = format!(
        r#"
title = "a good app"
[origin."cdn.example".files]
"/a" = {{ size = "300 kB" }}
"/gone" = {{ status = 404 }}
[network]
rate = "2 Mbit/s"
latency = "25 ms"
[app]
sessions = [
    "photos",
    {{ name = "brief", timeout-for-resource = "1 h" }},
    {{ name = "web", kind = "in-process" }},
]
[[step]]
at = "0 s"
user = "open"
{story}
"#
    );
    let scenario =
        parse("good", "good.toml", &text).unwrap_or_else(|e| panic!("{}", e.render(false)));
    let outcome = run(&scenario, &Options::default()).expect("its profile is there");
    assert!(outcome.passed(), "{}", outcome.text());
}

#[test]
fn it_starts_again_what_a_crash_in_did_complete_hid() {
    good(
        r#"
[[step]]
after = "1 s"
app = { download = "cdn.example/a" }
[[step]]
when = "didComplete ok photos/1"
os = "crash"
[[step]]
after = "1 s"
user = "open"
[expect]
order = ["app killed", "task photos/2 finishes", "item cdn.example/a done"]
"#,
    );
}

#[test]
fn it_notes_no_failure_that_it_did_not_live_to_note() {
    good(
        r#"
[[step]]
after = "1 s"
network = { path = "none" }
[[step]]
after = "1 s"
app = { download = "cdn.example/a", session = "brief" }
[[step]]
when = "didComplete -1001 brief/1"
os = "crash"
[[step]]
after = "1 s"
network = { path = "wifi" }
[[step]]
after = "1 s"
user = "open"
[expect]
order = ["app killed", "task brief/2 finishes", "item cdn.example/a done"]
"#,
    );
}

#[test]
fn it_calls_the_handler_of_a_session_that_becomes_invalid() {
    good(
        r#"
[[step]]
after = "1 s"
app = { download = "cdn.example/a", session = "brief" }
[[step]]
after = "10 ms"
network = { path = "none" }
[[step]]
after = "1 s"
app = { finish-tasks-and-invalidate = "brief" }
[[step]]
after = "10 ms"
user = "home"
[expect]
order = ["app suspended", "handleEvents brief", "didBecomeInvalid brief", "handler called brief"]
never = ["didFinishEvents", "app killed"]
"#,
    );
}

#[test]
fn the_tasks_of_its_next_process_are_not_taken_for_those_of_the_last() {
    good(
        r#"
[[step]]
after = "1 s"
app = { download = "cdn.example/gone", session = "web" }
[[step]]
after = "1 s"
app = { download = "cdn.example/a", session = "web" }
[[step]]
when = "task web/2 received 50 %"
os = "crash"
[[step]]
after = "1 s"
user = "open"
[expect]
count = { "app launched" = 2, "didComplete ok web/1" = 2 }
"#,
    );
}

#[test]
fn it_is_not_paused_by_a_call_that_raises() {
    good(
        r#"
[[step]]
after = "1 s"
app = { data = "cdn.example/a" }
[[step]]
after = "100 ms"
app = { cancel-by-producing-resume-data = 1 }
[[step]]
after = "100 ms"
os = "crash"
[[step]]
after = "1 s"
user = "open"
[expect]
order = ["app killed", "didComplete -997 photos/1", "item cdn.example/a failed"]
"#,
    );
}

#[test]
fn what_it_asked_of_a_lost_task_is_not_asked_of_the_next() {
    good(
        r#"
[[step]]
after = "1 s"
app = { download = "cdn.example/a" }
[[step]]
after = "100 ms"
app = { cancel-by-producing-resume-data = 1 }
[[step]]
when = "didComplete -999 photos/1"
os = "crash"
[[step]]
after = "1 s"
user = "open"
[[step]]
when = "task photos/2 received 50 %"
app = { cancel = 2 }
[expect]
order = ["app killed", "didComplete -999 photos/2", "item cdn.example/a failed"]
"#,
    );
}

#[test]
fn it_keeps_the_configuration_of_a_session_that_a_step_only_names() {
    good(
        r#"
[[step]]
after = "1 s"
app = { finish-tasks-and-invalidate = "brief" }
[[step]]
after = "1 s"
network = { path = "none" }
[[step]]
after = "1 s"
app = { create-session = "brief" }
[[step]]
after = "1 s"
app = { download = "cdn.example/a", session = "brief" }
[[step]]
after = "61 min"
network = { path = "wifi" }
[expect]
order = ["didComplete -1001 brief/1"]
never = ["task brief/1 starts"]
"#,
    );
}

#[test]
fn an_in_process_session_is_made_again_when_the_first_one_is_gone() {
    good(
        r#"
[[step]]
after = "1 s"
app = { download = "cdn.example/gone", session = "web" }
[[step]]
when = "item cdn.example/gone failed"
app = { finish-tasks-and-invalidate = "web" }
[[step]]
when = "didBecomeInvalid web"
app = { create-session = "web" }
[[step]]
after = "1 s"
app = { download = "cdn.example/a", session = "web" }
[expect]
order = ["item cdn.example/gone failed", "item cdn.example/a done"]
count = { "didComplete web/1" = 2 }
"#,
    );
}
