//! What the app does with every habit at its default.

use std::time::Duration;

use sleepwalker_core::{ErrorCode, Method, ProcessState, TaskError, TaskId, Time};
use sleepwalker_device::ActError;

use crate::daemon::{Daemon, complete, data, failed, file, resume_data};

const NONE: [&str; 0] = [];

#[test]
fn a_download_is_noted_described_and_resumed_in_this_order() {
    let mut daemon = Daemon::with(&[]);
    assert_eq!(
        daemon.download("cdn.example/a"),
        [
            "mark cdn.example/a Queued",
            "download cdn.example/a as 1",
            "describe 1 cdn.example/a",
            "resume 1",
        ]
    );
}

#[test]
fn a_finished_file_is_claimed_before_the_method_returns_and_marked_at_completion() {
    let mut daemon = Daemon::with(&[]);
    daemon.download("cdn.example/a");
    assert_eq!(daemon.callback(1, file(200)), ["claim cdn.example/a of photos/1", "return"]);
    assert_eq!(daemon.callback(1, complete(200)), ["mark cdn.example/a Done 200", "return"]);
}

#[test]
fn an_error_page_is_not_claimed_and_fails_its_item() {
    for (status, claims) in [(299, true), (300, false), (404, false), (199, false)] {
        let mut daemon = Daemon::with(&[]);
        daemon.download("cdn.example/a");
        let log = daemon.finish_download(1, status);
        let claimed = log.iter().any(|line| line.starts_with("claim"));
        assert_eq!(claimed, claims, "{status}");
        let state = if claims { "Done" } else { "Failed" };
        assert!(log.contains(&format!("mark cdn.example/a {state} {status}")), "{log:?}");
    }
}

#[test]
fn a_file_that_is_gone_fails_its_item() {
    let mut daemon = Daemon::with(&[]);
    daemon.file_is_there = false;
    daemon.download("cdn.example/a");
    let log = daemon.finish_download(1, 200);
    assert!(log.contains(&"mark cdn.example/a Failed 200".to_owned()), "{log:?}");
}

#[test]
fn a_relaunched_app_connects_asks_and_finds_its_items_by_their_descriptions() {
    let mut daemon = Daemon::with(&[]);
    daemon.download("cdn.example/a");
    let log = daemon.relaunch(ProcessState::Background);
    assert_eq!(log, ["create photos", "getAllTasks"]);
    assert_eq!(daemon.handle_events("photos"), NONE, "the session is there already");
    assert_eq!(daemon.callback(1, file(200)), ["claim cdn.example/a of photos/1", "return"]);
    assert_eq!(daemon.callback(1, complete(200)), ["mark cdn.example/a Done 200", "return"]);
    assert_eq!(daemon.callback(0, Method::DidFinishEvents), ["handler photos", "return"]);
}

#[test]
fn a_launched_app_with_nothing_open_asks_for_nothing() {
    let mut daemon = Daemon::with(&[]);
    daemon.download("cdn.example/a");
    daemon.finish_download(1, 200);
    assert_eq!(daemon.relaunch(ProcessState::Foreground), ["create photos"]);
}

#[test]
fn two_sessions_have_two_handlers() {
    let mut daemon = Daemon::new(&[], &["photos", "videos"]);
    daemon.launch(ProcessState::Background);
    daemon.handle_events("photos");
    daemon.handle_events("videos");
    let finish =
        |daemon: &mut Daemon, session| daemon.callback_of(session, 0, Method::DidFinishEvents);
    assert_eq!(finish(&mut daemon, "videos"), ["handler videos", "return"]);
    assert_eq!(finish(&mut daemon, "photos"), ["handler photos", "return"]);
    assert_eq!(finish(&mut daemon, "photos"), ["return"], "it is called once");
}

#[test]
fn uploads_and_data_tasks_are_done_by_their_status() {
    let mut daemon = Daemon::with(&[]);
    let log = daemon.act(r#"{ upload = "up.example/in", file = "photo.jpg" }"#);
    assert_eq!(log[1], "upload photo.jpg from file as 1");
    let log = daemon.act(r#"{ data = "api.example/list" }"#);
    assert_eq!(log[1], "data api.example/list as 2");
    assert_eq!(daemon.callback(2, data()), ["return"]);
    assert_eq!(daemon.callback(1, complete(201)), ["mark up.example/in Done 201", "return"]);
    assert_eq!(daemon.callback(2, complete(500)), ["mark api.example/list Failed 500", "return"]);
}

#[test]
fn the_same_url_wanted_twice_is_two_items() {
    let mut daemon = Daemon::with(&[]);
    daemon.download("cdn.example/a");
    assert_eq!(daemon.download("cdn.example/a")[2], "describe 2 cdn.example/a#2");
    assert_eq!(daemon.download("cdn.example/a")[2], "describe 3 cdn.example/a#3");
}

#[test]
fn options_of_a_download_are_set_before_it_is_resumed() {
    let mut daemon = Daemon::with(&[]);
    daemon.now = Time::from_secs(5);
    let log =
        daemon.act(r#"{ download = "a.example/a", earliest-begin = "10 s", priority = 900 }"#);
    assert_eq!(log[3..], ["priority 1 900", "date 1 0d 00:00:15.000", "resume 1"]);
}

#[test]
fn a_frozen_app_does_nothing_until_it_goes_on() {
    let mut daemon = Daemon::with(&[("callback time", "2 s")]);
    daemon.download("cdn.example/a");
    assert_eq!(daemon.callback(1, file(200)), NONE);
    assert_eq!(daemon.app.next_wakeup(), Some(Time::from_secs(2)));
    daemon.app.changed(ProcessState::Suspended, Time::from_millis(500));
    assert_eq!(daemon.app.next_wakeup(), None);
    assert_eq!(daemon.due(Time::from_secs(60)), NONE);
    assert_eq!(daemon.try_act("{ cancel = 1 }"), Err(ActError::Suspended));
    daemon.app.changed(ProcessState::Background, Time::from_secs(100));
    let left = Time::from_secs(100) + Duration::from_millis(1500);
    assert_eq!(daemon.app.next_wakeup(), Some(left));
    assert_eq!(daemon.due(left), ["claim cdn.example/a of photos/1", "return"]);
}

#[test]
fn a_method_called_in_a_frozen_app_is_entered_when_it_goes_on() {
    let mut daemon = Daemon::with(&[]);
    daemon.download("cdn.example/a");
    daemon.app.changed(ProcessState::Suspended, Time::from_secs(1));
    daemon.now = Time::from_secs(4);
    assert_eq!(daemon.callback(1, file(200)), NONE);
    daemon.app.changed(ProcessState::Background, Time::from_secs(9));
    assert_eq!(daemon.run(), ["claim cdn.example/a of photos/1", "return"]);
}

#[test]
fn a_download_that_failed_with_resume_data_goes_on_three_times() {
    let mut daemon = Daemon::with(&[]);
    daemon.download("cdn.example/a");
    let lost = || {
        let code = ErrorCode::NETWORK_CONNECTION_LOST;
        failed(TaskError { resume_data: Some(resume_data(40)), ..TaskError::from(code) })
    };
    for task in 1..=3 {
        let log = daemon.callback(task, lost());
        assert_eq!(log[0], "mark cdn.example/a Queued");
        assert_eq!(log[1], format!("download from 40 as {}", task + 1));
    }
    assert_eq!(daemon.callback(4, lost()), ["mark cdn.example/a Failed", "return"]);
}

#[test]
fn an_error_without_resume_data_fails_the_item() {
    let mut daemon = Daemon::with(&[]);
    daemon.download("cdn.example/a");
    let log = daemon.callback(1, failed(ErrorCode::TIMED_OUT.into()));
    assert_eq!(log, ["mark cdn.example/a Failed", "return"]);
}

#[test]
fn a_cancelled_item_fails_and_a_stopped_one_goes_on_where_it_was() {
    let mut daemon = Daemon::with(&[]);
    daemon.act(r#"{ download = "cdn.example/{1..2}" }"#);
    assert_eq!(daemon.act("{ cancel = 1 }"), ["cancel 1"]);
    let log = daemon.callback(1, failed(ErrorCode::CANCELLED.into()));
    assert_eq!(log, ["mark cdn.example/1 Failed", "return"]);

    let stop = r#"{ cancel-by-producing-resume-data = "cdn.example/2" }"#;
    assert_eq!(daemon.act(stop), ["stop 2"]);
    daemon.callback(2, Method::ResumeData { data: Some(resume_data(70)) });
    assert_eq!(daemon.callback(2, failed(ErrorCode::CANCELLED.into())), ["return"]);
    let log = daemon.act(r#"{ download-with-resume-data = "cdn.example/2" }"#);
    assert_eq!(log[1], "download from 70 as 3");
}

#[test]
fn an_item_that_is_missing_twice_is_started_again() {
    let mut daemon = Daemon::with(&[]);
    daemon.act(r#"{ download = "cdn.example/{1..2}" }"#);
    let listed = || Method::AllTasks { tasks: vec![TaskId(2)] };
    daemon.relaunch(ProcessState::Foreground);
    let log = daemon.callback(0, listed());
    let again = ["getAllTasks", "resume 2", "return"];
    assert_eq!(log, again, "the result of 1 may be on its way");
    let log = daemon.callback(0, listed());
    assert_eq!(log[0], "mark cdn.example/1 Queued");
    assert_eq!(log[1], "download cdn.example/1 as 3");
}

#[test]
fn a_missing_item_is_asked_for_again_in_front_and_forgotten_once_it_completes() {
    let mut daemon = Daemon::with(&[]);
    daemon.download("cdn.example/a");
    daemon.relaunch(ProcessState::Background);
    daemon.callback(0, Method::AllTasks { tasks: Vec::new() });
    daemon.app.changed(ProcessState::Foreground, daemon.now);
    assert_eq!(daemon.run(), ["getAllTasks"]);
    daemon.finish_download(1, 200);
    daemon.app.changed(ProcessState::Foreground, daemon.now);
    assert_eq!(daemon.run(), NONE);
}

#[test]
fn a_task_that_cannot_be_made_fails_its_item() {
    let mut daemon = Daemon::with(&[]);
    daemon.refuses = true;
    let log = daemon.download("cdn.example/a");
    assert_eq!(log[1..], ["download cdn.example/a: refused", "mark cdn.example/a Failed"]);
}

#[test]
fn an_invalidated_session_is_not_created_again() {
    let mut daemon = Daemon::with(&[]);
    assert_eq!(
        daemon.act(r#"{ finish-tasks-and-invalidate = "photos" }"#),
        ["finishTasksAndInvalidate"]
    );
    daemon.callback(0, Method::DidBecomeInvalid { error: None });
    assert_eq!(daemon.relaunch(ProcessState::Foreground), NONE);
    assert_eq!(daemon.act(r#"{ create-session = "photos" }"#), ["create photos"]);
}

#[test]
fn in_process_work_is_started_again_by_the_next_process() {
    let mut daemon = Daemon::new(&[], &[]);
    daemon.launch(ProcessState::Foreground);
    daemon.act(r#"{ create-session = { name = "live", kind = "in-process" } }"#);
    daemon.download("cdn.example/a");
    let log = daemon.relaunch(ProcessState::Foreground);
    assert_eq!(log[..2], ["create live", "download cdn.example/a as 2"]);
}

#[test]
fn what_was_noted_and_not_begun_is_begun_by_the_next_process() {
    let mut daemon = Daemon::with(&[]);
    let act = "{ download = \"cdn.example/a\" }";
    let line: toml::Table = toml::from_str(&format!("app = {act}")).expect("a table");
    let act = line["app"].clone().try_into().expect("an act");
    daemon.app.act(&act, daemon.now).expect("possible");
    let log = daemon.relaunch(ProcessState::Foreground);
    assert_eq!(log[..2], ["create photos", "download cdn.example/a as 1"]);
}

#[test]
fn acts_that_the_app_cannot_do_are_told_as_such() {
    let mut daemon = Daemon::with(&[]);
    let error = daemon.try_act(r#"{ download = "a.example/a", session = "films" }"#);
    assert_eq!(
        error.expect_err("no such session").to_string(),
        "the app has no session \"films\"; it has photos"
    );
    let error = daemon.try_act(r#"{ cancel = "a.example/a" }"#).expect_err("no such item");
    assert_eq!(error.to_string(), "the app knows no task a.example/a");
    daemon.download("a.example/a");
    let error = daemon.try_act(r#"{ download-with-resume-data = "a.example/a" }"#);
    assert_eq!(error, Err(ActError::StillWorks("a.example/a".to_owned())));
    daemon.callback(1, failed(ErrorCode(-1005).into()));
    let log = daemon.act(r#"{ download-with-resume-data = "a.example/a" }"#);
    assert_eq!(log[1], "download a.example/a as 2");
    daemon.app.killed();
    assert_eq!(daemon.try_act("{ cancel = 1 }"), Err(ActError::NotRunning));
}
