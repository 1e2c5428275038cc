//! Each habit's visible effect.

use sleepwalker_core::{ErrorCode, Method, ProcessState, Request, TaskError, TaskId, Time};

use crate::daemon::{Daemon, complete, failed, file, force_quit, resume_data};

const NONE: [&str; 0] = [];

/// The app with one habit changed, launched again for the events of a finished download.
fn woken(habit: &str, value: &str) -> Daemon {
    let mut daemon = Daemon::with(&[(habit, value)]);
    daemon.download("cdn.example/a");
    daemon.relaunch(ProcessState::Background);
    daemon
}

fn redirection() -> Method {
    let url = "http://cdn.example/b".parse().expect("a URL");
    Method::WillPerformRedirection { status: 302, to: Request::get(url).into() }
}

#[test]
fn sessions_are_created_at_launch_in_handle_events_in_both_or_never() {
    for (value, at_launch, in_handle_events) in [
        ("at launch", true, false),
        ("in handleEvents", false, true),
        ("at launch and in handleEvents", true, true),
        ("never", false, false),
    ] {
        let mut daemon = Daemon::with(&[("sessions", value)]);
        let create = "create photos".to_owned();
        assert_eq!(
            daemon.relaunch(ProcessState::Background).contains(&create),
            at_launch,
            "{value}"
        );
        assert_eq!(daemon.handle_events("photos").contains(&create), in_handle_events, "{value}");
    }
}

#[test]
fn an_app_with_new_identifiers_does_not_know_the_session_it_is_woken_for() {
    let mut daemon = Daemon::with(&[("identifier", "new each launch")]);
    assert_eq!(daemon.relaunch(ProcessState::Background), ["create photos-2"]);
    assert_eq!(daemon.handle_events("photos"), NONE);
    assert_eq!(daemon.relaunch(ProcessState::Background), ["create photos-3"]);
}

#[test]
fn the_handler_is_called_when_the_habit_says() {
    for (value, in_handle_events, at_completion, at_finish_events) in [
        ("after finish events", 0, 0, 1),
        ("before finish events", 0, 1, 0),
        ("at once", 1, 0, 0),
        ("twice", 0, 0, 2),
        ("never", 0, 0, 0),
    ] {
        let mut daemon = woken("handler", value);
        let calls = |log: Vec<String>| log.iter().filter(|line| *line == "handler photos").count();
        assert_eq!(calls(daemon.handle_events("photos")), in_handle_events, "{value}");
        assert_eq!(calls(daemon.finish_download(1, 200)), at_completion, "{value}");
        let log = daemon.callback(0, Method::DidFinishEvents);
        assert_eq!(calls(log), at_finish_events, "{value}");
    }
}

#[test]
fn one_variable_for_all_handlers_loses_the_first() {
    let mut daemon = Daemon::new(&[("handlers", "one for all")], &["photos", "videos"]);
    daemon.launch(ProcessState::Background);
    daemon.handle_events("photos");
    daemon.handle_events("videos");
    let log = daemon.callback_of("photos", 0, Method::DidFinishEvents);
    assert_eq!(log, ["handler videos", "return"]);
    assert_eq!(daemon.callback_of("videos", 0, Method::DidFinishEvents), ["return"]);
}

#[test]
fn a_late_claim_comes_after_the_method_returned_and_a_missing_one_never() {
    let mut daemon = woken("claim", "after it returned");
    assert_eq!(daemon.callback(1, file(200)), ["return"]);
    daemon.file_is_there = false;
    assert_eq!(
        daemon.callback(1, complete(200)),
        ["claim cdn.example/a of photos/1", "mark cdn.example/a Failed 200", "return"]
    );
    let mut daemon = woken("claim", "never");
    assert_eq!(daemon.finish_download(1, 200), ["return", "mark cdn.example/a Done 200", "return"]);
}

#[test]
fn an_item_marked_in_both_callbacks_is_done_twice() {
    let mut daemon = woken("mark", "in both callbacks");
    let log = daemon.finish_download(1, 404);
    assert_eq!(
        log,
        ["mark cdn.example/a Done 404", "return", "mark cdn.example/a Failed 404", "return"]
    );
}

#[test]
fn without_a_status_check_an_error_page_is_done() {
    let mut daemon = woken("status check", "off");
    let log = daemon.finish_download(1, 404);
    assert!(log.contains(&"claim cdn.example/a of photos/1".to_owned()), "{log:?}");
    assert!(log.contains(&"mark cdn.example/a Done 404".to_owned()), "{log:?}");
}

#[test]
fn a_window_gives_the_next_item_when_one_ends() {
    for (value, at_first) in [("one at a time", 1), ("2", 2), ("all", 4)] {
        let mut daemon = Daemon::with(&[("next", value)]);
        let resumed = |log: &[String]| log.iter().filter(|line| line.starts_with("resume")).count();
        let log = daemon.act(r#"{ download = "cdn.example/{1..4}" }"#);
        assert_eq!(resumed(&log), at_first, "{value}");
        let log = daemon.finish_download(1, 200);
        assert_eq!(resumed(&log), usize::from(at_first < 4), "{value}");
    }
}

#[test]
fn gates_are_answered_as_the_habit_says() {
    let response = || Method::DidReceiveResponse { status: 200, expected: None };
    for (habit, value, method, answer) in [
        ("response", "allow", response(), Some("answer Allow")),
        ("response", "cancel", response(), Some("answer Cancel")),
        ("response", "become download", response(), Some("answer BecomeDownload")),
        ("response", "never answered", response(), None),
        ("redirect", "follow", redirection(), Some("answer Allow")),
        ("redirect", "refuse", redirection(), Some("answer Refuse")),
        ("redirect", "never answered", redirection(), None),
        ("cache", "store", Method::WillCacheResponse, Some("answer Allow")),
        ("cache", "refuse", Method::WillCacheResponse, Some("answer Refuse")),
        ("cache", "never answered", Method::WillCacheResponse, None),
        ("delayed request", "continue", Method::WillBeginDelayedRequest, Some("answer Allow")),
        ("delayed request", "use new request", Method::WillBeginDelayedRequest, Some("answer Use")),
        ("delayed request", "cancel", Method::WillBeginDelayedRequest, Some("answer Cancel")),
        ("delayed request", "never answered", Method::WillBeginDelayedRequest, None),
    ] {
        let mut daemon = Daemon::with(&[(habit, value)]);
        daemon.act(r#"{ data = "api.example/list" }"#);
        let expected: Vec<&str> = answer.into_iter().chain(["return"]).collect();
        assert_eq!(daemon.callback(1, method), expected, "{habit} {value}");
    }
}

#[test]
fn a_data_task_that_becomes_a_download_keeps_its_item() {
    let mut daemon = Daemon::with(&[("response", "become download")]);
    daemon.act(r#"{ data = "api.example/list" }"#);
    daemon.callback(1, Method::DidBecomeDownloadTask { new: TaskId(2) });
    assert_eq!(daemon.callback(1, failed(ErrorCode::CANCELLED.into())), ["return"]);
    let log = daemon.finish_download(2, 200);
    assert!(log.contains(&"mark api.example/list Done 200".to_owned()), "{log:?}");
}

#[test]
fn each_method_takes_the_callback_time_and_returns_at_its_end() {
    let mut daemon = Daemon::with(&[("callback time", "40 s")]);
    daemon.download("cdn.example/a");
    assert_eq!(daemon.callback(1, file(200)), NONE);
    let end = Time::from_secs(40);
    assert_eq!(daemon.due(Time::from_nanos(end.as_nanos() - 1)), NONE);
    assert_eq!(daemon.due(end), ["claim cdn.example/a of photos/1", "return"]);
}

#[test]
fn without_the_retry_resume_data_is_not_used() {
    let mut daemon = Daemon::with(&[("retry on resume data", "off")]);
    daemon.download("cdn.example/a");
    let code = ErrorCode::NETWORK_CONNECTION_LOST;
    let lost = TaskError { resume_data: Some(resume_data(40)), ..TaskError::from(code) };
    assert_eq!(daemon.callback(1, failed(lost)), ["mark cdn.example/a Failed", "return"]);
}

#[test]
fn what_a_force_quit_cancelled_is_queued_again_or_taken_for_failed() {
    let mut daemon = woken("recover after force quit", "on");
    let log = daemon.callback(1, failed(force_quit(Some(resume_data(40)))));
    assert_eq!(log[0], "mark cdn.example/a Queued");
    assert_eq!(log[1], "download from 40 as 2");
    let mut daemon = woken("recover after force quit", "on");
    let log = daemon.callback(1, failed(force_quit(None)));
    assert_eq!(log[1], "download cdn.example/a as 2");
    let mut daemon = woken("recover after force quit", "off");
    let log = daemon.callback(1, failed(force_quit(None)));
    assert_eq!(log, ["mark cdn.example/a Failed", "return"]);
}

#[test]
fn known_tasks_are_asked_for_ignored_or_all_made_again() {
    for (value, log) in [
        ("asked for", vec!["create photos", "getAllTasks"]),
        ("ignored", vec!["create photos"]),
        (
            "everything again",
            vec![
                "create photos",
                "download cdn.example/a as 2",
                "describe 2 cdn.example/a",
                "resume 2",
            ],
        ),
    ] {
        let mut daemon = Daemon::with(&[("known tasks", value)]);
        daemon.download("cdn.example/a");
        assert_eq!(daemon.relaunch(ProcessState::Foreground), log, "{value}");
    }
}

#[test]
fn a_map_in_memory_loses_the_results_of_the_process_before() {
    let mut daemon = woken("item map", "memory");
    assert_eq!(daemon.finish_download(1, 200), ["return", "return"]);
    let mut daemon = Daemon::with(&[("item map", "memory")]);
    daemon.download("cdn.example/a");
    let log = daemon.finish_download(1, 200);
    assert!(log.contains(&"mark cdn.example/a Done 200".to_owned()), "{log:?}");
}

#[test]
fn a_forgotten_resume_leaves_the_task_suspended() {
    let mut daemon = Daemon::with(&[("resume", "forgotten")]);
    let log = daemon.download("cdn.example/a");
    assert_eq!(log.last().map(String::as_str), Some("describe 1 cdn.example/a"));
}

#[test]
fn metrics_and_gates_are_implemented_only_where_a_habit_says_so() {
    use sleepwalker_core::{Call, Implements, ProcessId};
    use sleepwalker_device::{App, AppEffect, Habits, SessionSpec};

    let implements = |habit: &str, value: &str| {
        let mut habits = Habits::default();
        habits.set(habit, value).expect("a habit");
        let mut app = App::new(habits, vec![SessionSpec::background("photos")]);
        app.launched(ProcessId(1), ProcessState::Foreground);
        match app.poll() {
            Some(AppEffect::Call(Call::CreateSession { delegate, .. })) => delegate,
            other => panic!("{other:?}"),
        }
    };
    let none = Implements::default();
    assert_eq!(implements("metrics", "off"), Some(none));
    let metrics = Implements { did_finish_collecting: true, ..none };
    assert_eq!(implements("metrics", "on"), Some(metrics));
    let response = Implements { did_receive_response: true, ..none };
    assert_eq!(implements("response", "allow"), Some(response));
    let redirect = Implements { will_perform_redirection: true, ..none };
    assert_eq!(implements("redirect", "refuse"), Some(redirect));
    let cache = Implements { will_cache_response: true, ..none };
    assert_eq!(implements("cache", "store"), Some(cache));
    let delayed = Implements { will_begin_delayed_request: true, ..none };
    assert_eq!(implements("delayed request", "continue"), Some(delayed));
}
