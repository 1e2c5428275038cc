//! Whole worlds: scenario in, trace out.

use std::{collections::BTreeMap, time::Duration};

use sleepwalker_core::{Faults, Link, Time};
use sleepwalker_device::{AppAct, Habits, OsAct, SessionSpec, Target, TaskOptions};
use sleepwalker_judge::{Content, Fact, Pattern, UserAct};
use sleepwalker_origin::{FilePlan, HostPlan, Plan, Size};
use sleepwalker_sim::{
    CrashPoint, Pace, Rate, Run, RunError, RunOptions, StoreKind, run,
    scenario::{
        Act, AppPlan, Budget, DevicePlan, End, Expect, Expected, Limit, NetworkAct, NetworkPlan,
        Overrides, Scenario, Step, Trigger,
    },
};

fn origin(files: &[(&str, u64)]) -> Plan {
    let files = files.iter().map(|(path, size)| {
        let plan = FilePlan { size: Size(*size), ..FilePlan::default() };
        ((*path).to_owned(), plan)
    });
    let host = HostPlan { files: files.collect(), ..HostPlan::default() };
    Plan { hosts: BTreeMap::from([("cdn.example".to_owned(), host)]) }
}

fn network(bits: u64) -> NetworkPlan {
    let mut network = NetworkPlan::default();
    network.quality.down = Rate::bits(bits);
    network.quality.up = Rate::bits(bits);
    network.quality.latency = Duration::from_millis(25);
    network
}

/// A scenario whose steps stand on lines 1, 2, 3 and so on.
fn scenario(files: &[(&str, u64)], bits: u64, steps: Vec<(Trigger, Act)>) -> Scenario {
    let step = |(index, (trigger, act))| Step { line: index + 1, trigger, act };
    Scenario {
        name: "test".to_owned(),
        title: "A test".to_owned(),
        hash: "000000".to_owned(),
        shows: Vec::new(),
        profile: None,
        knobs: Overrides::default(),
        faults: Faults::default(),
        origin: origin(files),
        network: network(bits),
        device: DevicePlan::default(),
        app: AppPlan {
            sessions: vec![SessionSpec::background("photos")],
            habits: Habits::default(),
            reactions: Vec::new(),
            files: BTreeMap::from([("film".to_owned(), 2_000_000)]),
        },
        steps: steps.into_iter().enumerate().map(step).collect(),
        expect: Expect::default(),
        budget: Budget::default(),
        end: End::Quiet,
    }
}

fn at(secs: u64) -> Trigger {
    Trigger::At(Time::from_secs(secs))
}

fn after(secs: u64) -> Trigger {
    Trigger::After(Duration::from_secs(secs))
}

fn when(text: &str) -> Trigger {
    let pattern = Pattern::parse(text).unwrap();
    Trigger::When(Expected { pattern, text: text.to_owned(), line: 1 })
}

fn download(targets: &[&str]) -> Act {
    let targets = targets.iter().map(|text| Target::parse(text).unwrap()).collect();
    Act::App(AppAct::Download { targets, session: None, options: TaskOptions::default() })
}

fn path(link: Link) -> Act {
    Act::Network(NetworkAct { link: Some(link), ..NetworkAct::default() })
}

const OPEN: Act = Act::User(UserAct::Open);
const TERMINATE: Act = Act::Os(OsAct::Terminate);

/// Three downloads, and the app is terminated in the middle.
fn outlive() -> Scenario {
    let steps = vec![
        (at(0), OPEN),
        (after(1), download(&["cdn.example/a", "cdn.example/b", "cdn.example/c"])),
        (when("task 1 received 50 %"), Act::User(UserAct::Home)),
        (after(0), TERMINATE),
    ];
    scenario(&[("/a", 3_000_000), ("/b", 1_000_000), ("/c", 64_000)], 20_000_000, steps)
}

fn go(scenario: &Scenario, options: &RunOptions) -> Run {
    let run = run(scenario, options);
    assert_eq!(run.error, None, "{}", run.trace.text());
    run
}

fn whole_versions(run: &Run) -> usize {
    let whole = |fact: &Fact| {
        matches!(fact, Fact::Delivers { content: Some(Content::Version { version: 1, .. }), .. })
    };
    run.trace.events.iter().filter(|event| whole(&event.fact)).count()
}

#[test]
fn downloads_outlive_their_app_and_wake_it() {
    let run = go(&outlive(), &RunOptions::default());
    let text = run.trace.text();
    assert_eq!(whole_versions(&run), 3, "{text}");
    assert!(text.contains("handleEvents"), "{text}");
    let order: Vec<Pattern> =
        ["app killed", "app launched", "handleEvents photos", "handler called photos"]
            .iter()
            .map(|text| Pattern::parse(text).unwrap())
            .collect();
    assert!(sleepwalker_judge::in_order(&order, &run.trace.events).is_ok(), "{text}");
}

#[test]
fn one_seed_gives_one_trace_with_and_without_skipping_and_over_redb() {
    let mut scenario = outlive();
    scenario.network.quality.jitter = Duration::from_millis(40);
    let plain = go(&scenario, &RunOptions::default());
    let again = go(&scenario, &RunOptions::default());
    assert_eq!(plain.trace.text(), again.trace.text());
    let pace = Pace { skip: false, ..Pace::default() };
    let walked = go(&scenario, &RunOptions { pace, ..RunOptions::default() });
    assert_eq!(plain.trace.text(), walked.trace.text());
    assert!(walked.steps > 5 * plain.steps, "{} steps, not {}", walked.steps, plain.steps);
    let store = StoreKind::Redb;
    let redb = go(&scenario, &RunOptions { store, ..RunOptions::default() });
    assert_eq!(plain.trace.text(), redb.trace.text());
    let other = go(&scenario, &RunOptions { seed: 2, ..RunOptions::default() });
    assert_ne!(plain.trace.text(), other.trace.text());
}

#[test]
fn stored_rows_stand_for_the_core_after_every_input() {
    go(&outlive(), &RunOptions { checks_rows: true, ..RunOptions::default() });
}

#[test]
fn whatever_batch_the_device_dies_after_no_file_is_delivered_that_is_not_one_version() {
    let plain = go(&outlive(), &RunOptions::default());
    assert!(plain.batches > 5, "{} batches", plain.batches);
    for store in [StoreKind::Memory, StoreKind::Redb] {
        for after_batch in 1..=plain.batches {
            for power_cut in [false, true] {
                let crash = Some(CrashPoint { after_batch, power_cut });
                let options =
                    RunOptions { crash, store, checks_rows: true, ..RunOptions::default() };
                let run = go(&outlive(), &options);
                for event in &run.trace.events {
                    if let Fact::Delivers { content: Some(content), .. } = &event.fact {
                        assert!(
                            matches!(content, Content::Version { version: 1, .. }),
                            "{crash:?} {store:?}: {content:?}\n{}",
                            run.trace.text()
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn an_upload_from_a_file_arrives_whole() {
    let upload = Act::App(AppAct::Upload {
        to: Target::parse("cdn.example/a").unwrap(),
        file: "film".into(),
        from_data: false,
        session: None,
        options: TaskOptions::default(),
    });
    let steps = vec![(at(0), OPEN), (after(1), upload)];
    let run = go(&scenario(&[("/a", 10)], 20_000_000, steps), &RunOptions::default());
    let arrived = run.trace.events.iter().any(|event| {
        matches!(&event.fact, Fact::Arrives { length: 2_000_000, digest: Some(_), .. })
    });
    assert!(arrived, "{}", run.trace.text());
}

#[test]
fn a_lost_path_and_its_return_finish_a_download() {
    let steps = vec![
        (at(0), OPEN),
        (after(1), download(&["cdn.example/a"])),
        (when("task 1 received 30 %"), path(Link::None)),
        (after(86_400), path(Link::Wifi)),
    ];
    let run = go(&scenario(&[("/a", 3_000_000)], 20_000_000, steps), &RunOptions::default());
    assert_eq!(whole_versions(&run), 1, "{}", run.trace.text());
    assert!(run.steps < 1000, "{} steps", run.steps);
}

#[test]
fn what_was_in_flight_when_the_path_was_lost_never_arrives() {
    let lost_at = |millis| {
        let steps = vec![
            (at(0), OPEN),
            (after(1), download(&["cdn.example/a"])),
            (Trigger::At(Time::from_millis(millis)), path(Link::None)),
            (after(60), path(Link::Wifi)),
        ];
        let run = go(&scenario(&[("/a", 64_000)], 20_000_000, steps), &RunOptions::default());
        assert_eq!(whole_versions(&run), 1, "{}", run.trace.text());
        let arrives = |fact: &Fact| matches!(fact, Fact::Arrives { .. });
        run.trace.events.iter().filter(|event| arrives(&event.fact)).count()
    };
    // The request leaves at 1050 ms and arrives at 1075 ms.
    assert_eq!(lost_at(1_074), 1);
    assert_eq!(lost_at(1_076), 2);
}

#[test]
fn a_silent_day_takes_no_steps() {
    let mut quiet = scenario(&[("/a", 10)], 20_000_000, vec![(at(0), OPEN)]);
    quiet.end = End::At(Time::from_secs(86_400));
    let run = go(&quiet, &RunOptions::default());
    assert_eq!(run.time, Time::from_secs(86_400));
    assert!(run.steps < 20, "{} steps", run.steps);
}

#[test]
fn a_trigger_that_never_fires_names_its_line() {
    let steps = vec![(at(0), OPEN), (when("task 9 starts"), TERMINATE)];
    let run = run(&scenario(&[("/a", 10)], 20_000_000, steps), &RunOptions::default());
    assert!(matches!(&run.error, Some(RunError::NeverFired { line: 2, .. })), "{:?}", run.error);
}

#[test]
fn a_step_that_cannot_be_done_names_its_line() {
    let steps = vec![(at(0), TERMINATE)];
    let run = run(&scenario(&[("/a", 10)], 20_000_000, steps), &RunOptions::default());
    assert!(matches!(&run.error, Some(RunError::Impossible { line: 1, .. })), "{:?}", run.error);
}

#[test]
fn passing_a_budget_is_told_with_its_line_and_meeting_it_is_not() {
    let spent = go(&outlive(), &RunOptions::default());
    let mut tight = outlive();
    let events = spent.trace.events.len() as u64;
    tight.budget.events = Limit { most: events, line: Some(40) };
    go(&tight, &RunOptions::default());
    tight.budget.events = Limit { most: events - 1, line: Some(40) };
    let run = run(&tight, &RunOptions::default());
    assert!(
        matches!(&run.error, Some(RunError::Budget { line: Some(40), what: "events", .. })),
        "{:?}",
        run.error
    );
}
