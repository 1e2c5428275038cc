//! What the app does when the system breaks its promises.

use sleepwalker_core::{Method, ProcessState};

use crate::daemon::{Daemon, complete};

#[test]
fn events_that_come_before_the_launch_are_handled_after_it() {
    let mut daemon = Daemon::new(&[], &["photos"]);
    daemon.app.handle_events("photos");
    assert_eq!(daemon.run(), [""; 0]);
    assert_eq!(daemon.launch(ProcessState::Background), ["create photos"]);
    assert_eq!(daemon.callback(0, Method::DidFinishEvents), ["handler photos", "return"]);
}

#[test]
fn a_success_without_a_file_is_tried_again_and_then_given_up() {
    let mut daemon = Daemon::with(&[]);
    daemon.download("cdn.example/a");
    for task in 1..=3 {
        let log = daemon.callback(task, complete(200));
        assert!(log.contains(&"mark cdn.example/a Queued".to_owned()), "{log:?}");
    }
    let log = daemon.callback(4, complete(200));
    assert_eq!(log, ["mark cdn.example/a Failed 200", "return"]);
}

#[test]
fn two_methods_entered_at_once_both_return() {
    let mut daemon = Daemon::with(&[("callback time", "1 s")]);
    daemon.act(r#"{ download = "cdn.example/{1..2}" }"#);
    daemon.callback(1, complete(200));
    daemon.callback(2, complete(200));
    let log = daemon.due(sleepwalker_core::Time::from_secs(1));
    assert_eq!(log.iter().filter(|line| *line == "return").count(), 2);
}
