//! Whatever the system tells the app and in whichever order, it goes on, and every method returns once.

use proptest::prelude::*;
use sleepwalker_core::{ErrorCode, Method, ProcessState, TaskId, Time};
use sleepwalker_device::{Habits, Phase};

use crate::daemon::{Daemon, complete, data, failed, file, force_quit, resume_data};

#[derive(Clone, Debug)]
enum Verb {
    Act(&'static str),
    Callback(u32, Method),
    HandleEvents,
    Relaunch,
    Freeze,
    Thaw,
    Pass(u64),
}

const ACTS: &[&str] = &[
    r#"{ download = "cdn.example/a" }"#,
    r#"{ download = "cdn.example/{1..3}" }"#,
    r#"{ data = "api.example/x" }"#,
    r#"{ upload = "up.example/in", file = "photo.jpg" }"#,
    "{ cancel = 1 }",
    r#"{ cancel-by-producing-resume-data = "cdn.example/a" }"#,
    r#"{ download-with-resume-data = "cdn.example/a" }"#,
    "{ suspend = 2 }",
    "{ resume = 2 }",
    r#"{ get-all-tasks = "photos" }"#,
    r#"{ edit-configuration = "photos" }"#,
    r#"{ delete-file = "photo.jpg" }"#,
    r#"{ invalidate-and-cancel = "photos" }"#,
    r#"{ create-session = "photos" }"#,
];

fn method() -> impl Strategy<Value = Method> {
    prop::sample::select(vec![
        file(200),
        file(404),
        complete(200),
        complete(500),
        data(),
        failed(ErrorCode::CANCELLED.into()),
        failed(force_quit(None)),
        failed(force_quit(Some(resume_data(9)))),
        Method::DidCreateTask,
        Method::DidReceiveResponse { status: 200, expected: None },
        Method::DidBecomeDownloadTask { new: TaskId(3) },
        Method::WillCacheResponse,
        Method::WillBeginDelayedRequest,
        Method::DidFinishEvents,
        Method::DidBecomeInvalid { error: None },
        Method::AllTasks { tasks: vec![TaskId(1)] },
        Method::ResumeData { data: Some(resume_data(5)) },
        Method::ResumeData { data: None },
    ])
}

fn verb() -> impl Strategy<Value = Verb> {
    prop_oneof![
        3 => prop::sample::select(ACTS.to_vec()).prop_map(Verb::Act),
        6 => (0..5u32, method()).prop_map(|(task, method)| Verb::Callback(task, method)),
        1 => Just(Verb::HandleEvents),
        1 => Just(Verb::Relaunch),
        1 => Just(Verb::Freeze),
        1 => Just(Verb::Thaw),
        2 => (0..3u64).prop_map(Verb::Pass),
    ]
}

fn habits() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let all: Vec<(&str, &str)> = Habits::table()
        .iter()
        .flat_map(|habit| habit.values.iter().map(|value| (habit.name, *value)))
        .chain([("callback time", "1 s"), ("next", "2")])
        .collect();
    prop::collection::vec(prop::sample::select(all), 0..4)
}

fn run(habits: &[(&str, &str)], verbs: Vec<Verb>) {
    let mut daemon = Daemon::with(habits);
    let (mut entered, mut returned, mut frozen) = (0, 0, false);
    for verb in verbs {
        let log = match verb {
            Verb::Act(table) => daemon.try_act(table).unwrap_or_default(),
            Verb::Callback(task, method) => {
                entered += 1;
                daemon.callback(task, method)
            }
            Verb::HandleEvents if frozen => continue,
            Verb::HandleEvents => daemon.handle_events("photos"),
            Verb::Relaunch => {
                (entered, returned, frozen) = (0, 0, false);
                daemon.relaunch(ProcessState::Foreground)
            }
            Verb::Freeze => {
                frozen = true;
                daemon.app.changed(ProcessState::Suspended, daemon.now);
                daemon.run()
            }
            Verb::Thaw => {
                frozen = false;
                daemon.app.changed(ProcessState::Background, daemon.now);
                daemon.run()
            }
            Verb::Pass(secs) => {
                let now = Time::from_secs(daemon.now.since_origin().as_secs() + secs);
                daemon.due(now)
            }
        };
        assert!(!frozen || log.is_empty(), "a frozen app did {log:?}");
        returned += log.iter().filter(|line| *line == "return").count();
    }
    daemon.app.changed(ProcessState::Background, daemon.now);
    let rest = daemon.run();
    let end = daemon.app.next_wakeup().unwrap_or(daemon.now);
    let last = daemon.due(Time::from_secs(end.since_origin().as_secs() + 10));
    returned += rest.iter().chain(&last).filter(|line| *line == "return").count();
    assert_eq!(returned, entered, "methods entered and methods returned");
    assert_eq!(daemon.app.next_wakeup(), None);
    for item in daemon.app.items() {
        let given = matches!(item.phase, Phase::Given(_));
        assert!(!given || item.task.is_some(), "{item:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_sequence_of_inputs_stops_the_app(
        habits in habits(),
        verbs in prop::collection::vec(verb(), 0..40),
    ) {
        run(&habits, verbs);
    }
}
