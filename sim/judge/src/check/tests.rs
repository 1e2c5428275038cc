use sleepwalker_core::{
    CancelReason, Death, DelayChange, ErrorCode, Knobs, Method, ProcessState, SessionKind,
    TaskError, TaskId,
};

use super::*;
use crate::{ApiCall, Cause, Fact, ItemState};

#[test]
fn every_checker_fires_on_the_wrong_trace_and_is_silent_on_the_right_one() {
    let knobs = Knobs::default();
    for checker in checkers() {
        for case in checker.cases {
            let name = checker.name;
            let wrong = checker.breaches(&knobs, &Script::events(case.wrong));
            let found = wrong.first().map(|breach| breach.rule);
            assert_eq!(found, Some(case.rule), "{name}: {wrong:?}");
            let right = checker.breaches(&knobs, &Script::events(case.right));
            assert!(right.is_empty(), "{name} {}: {right:?}", case.rule);
        }
    }
}

#[test]
fn every_rule_of_a_checker_has_a_case() {
    for checker in checkers() {
        for rule in checker.rules {
            assert!(checker.cases.iter().any(|case| case.rule == *rule), "{} {rule}", checker.name);
        }
        for case in checker.cases {
            assert!(checker.rules.contains(&case.rule), "{} {}", checker.name, case.rule);
        }
    }
}

/// All checkers at once on a legal trace.
#[track_caller]
fn legal(script: fn(&mut Script)) {
    let all = checkers();
    let events = Script::events(script);
    for (checker, out) in all.iter().zip(run(&all, &Knobs::default(), &events, End::Rest)) {
        assert!(out.breaches.is_empty(), "{}: {:?}", checker.name, out.breaches);
    }
}

#[test]
fn a_download_in_front_is_legal() {
    legal(|it| {
        it.download(1);
        it.transfers(1);
        it.delivers(1);
    });
}

#[test]
fn a_wake_after_a_death_is_legal() {
    legal(|it| {
        it.download(1);
        it.download(2);
        it.moves(ProcessState::Background, Cause::User);
        it.moves(ProcessState::Suspended, Cause::System);
        it.kill(Death::Memory);
        it.transfers(1);
        it.transfers(2);
        it.launch(ProcessState::Background, Cause::Session("photos".into()));
        it.delay(60, DelayChange::Wake);
        it.handles_events();
        it.reconnect();
        it.delivers(1);
        it.file(2);
        it.done(2, None);
        it.push(Fact::Marks {
            process: 2,
            item: "b".into(),
            task: Some(script::name(2)),
            state: ItemState::Done,
            status: Some(200),
        });
        it.finish_events();
        it.handler();
        it.push(Fact::Snapshots { process: 2 });
        it.moves(ProcessState::Suspended, Cause::System);
    });
}

#[test]
fn a_force_quit_and_a_return_are_legal() {
    legal(|it| {
        it.download(1);
        it.starts(1, 1);
        it.kill(Death::ForceQuit);
        it.stops(1, 1, sleepwalker_core::Why::Cancelled);
        it.wait(300);
        it.launch(ProcessState::Foreground, Cause::User);
        it.reconnect();
        it.finishes(1, Some(-999));
        let reason = Some(CancelReason::UserForceQuit);
        it.done(1, Some(TaskError { reason, ..ErrorCode::CANCELLED.into() }));
        it.marks(1, ItemState::Queued, None);
        it.download(2);
        it.transfers(2);
        it.delivers(2);
    });
}

#[test]
fn a_death_in_a_callback_loses_the_file_and_not_the_completion() {
    legal(|it| {
        it.download(1);
        it.transfers(1);
        it.begin_file(1, 200);
        it.kill(Death::Crash);
        it.launch(ProcessState::Foreground, Cause::User);
        it.reconnect();
        it.done(1, None);
        it.marks(1, ItemState::Failed, Some(200));
    });
}

#[test]
fn a_power_cut_between_end_and_delivery_is_legal() {
    legal(|it| {
        it.download(1);
        it.transfers(1);
        it.kill(Death::PowerCut);
        it.push(Fact::Boots { after: Death::PowerCut });
        it.delay(0, DelayChange::Reboot);
        it.push(Fact::User { act: crate::UserAct::Unlock });
        it.launch(ProcessState::Foreground, Cause::User);
        it.reconnect();
    });
}

#[test]
fn tasks_of_a_process_die_with_it() {
    legal(|it| {
        it.session(SessionKind::InProcess, false);
        it.download(1);
        it.starts(1, 1);
        it.kill(Death::Memory);
        it.launch(ProcessState::Foreground, Cause::User);
        it.session(SessionKind::InProcess, false);
    });
}

#[test]
fn a_converted_data_task_has_no_end_of_its_own() {
    legal(|it| {
        it.create_data(1);
        it.resume(1);
        it.starts(1, 1);
        let gate = it.begins(Some(1), Method::DidReceiveResponse { status: 200, expected: None });
        it.returns(gate, Some("become download"));
        it.tells(1, Method::DidBecomeDownloadTask { new: TaskId(2) });
        it.ends(2, 1);
        it.finishes(2, None);
        it.delivers(2);
    });
}

#[test]
fn a_suspended_task_is_owed_nothing() {
    legal(|it| {
        it.download(1);
        it.calls(Some(1), ApiCall::Suspend);
        it.wait(60);
    });
}

#[test]
fn a_repeated_callback_is_legal_where_the_knob_says_so() {
    let events = Script::events(|it| {
        it.download(1);
        it.file(1);
        it.begins(Some(1), Method::DidComplete { error: None, status: Some(200) });
        it.kill(Death::Crash);
        it.launch(ProcessState::Foreground, Cause::User);
        it.reconnect();
        it.done(1, None);
    });
    let knobs = Knobs { repeat_interrupted_callbacks: true, ..Knobs::default() };
    let all = checkers();
    let breaches: Vec<Breach> =
        run(&all, &knobs, &events, End::Rest).into_iter().flat_map(|out| out.breaches).collect();
    assert_eq!(breaches, []);
}

#[test]
fn a_trace_without_returns_is_not_judged_for_overlap() {
    let events = Script::events(|it| {
        it.download(1);
        it.begin_file(1, 200);
        it.begins(Some(1), Method::DidComplete { error: None, status: Some(200) });
    });
    let serial = checkers().into_iter().find(|checker| checker.name == "serial");
    let out = run(&[serial.expect("it is there")], &Knobs::default(), &events, End::Rest).remove(0);
    assert_eq!(out.breaches, []);
    assert_eq!(out.lacks, Some("the returns of callbacks"));
}

#[test]
fn a_long_trace_of_many_tasks_and_wakes_is_judged_as_a_short_one() {
    let events = Script::events(|it| {
        it.sleep();
        for task in 1..=3000 {
            it.moves(ProcessState::Foreground, Cause::User);
            it.download(task);
            it.sleep();
            it.transfers(task);
            it.wake();
            it.file(task);
            it.done(task, None);
            it.push(Fact::Marks {
                process: 1,
                item: format!("{task}").into(),
                task: Some(script::name(task)),
                state: ItemState::Done,
                status: Some(200),
            });
            it.finish_events();
            it.handler();
            it.moves(ProcessState::Suspended, Cause::System);
            it.moves(ProcessState::Foreground, Cause::User);
            it.delay(0, DelayChange::Foreground);
            it.sleep();
        }
    });
    assert!(events.len() > 60_000, "{}", events.len());
    let breaches: Vec<Breach> = run(&checkers(), &Knobs::default(), &events, End::Rest)
        .into_iter()
        .flat_map(|o| o.breaches)
        .collect();
    assert_eq!(breaches, []);
}

#[test]
fn a_file_that_went_down_with_the_device_is_lost_though_its_end_is_told_again() {
    legal(|it| {
        it.download(1);
        it.starts(1, 1);
        it.ends(1, 1);
        it.kill(Death::PowerCut);
        it.push(Fact::Boots { after: Death::PowerCut });
        it.finishes(1, None);
        it.push(Fact::User { act: crate::UserAct::Unlock });
        it.launch(ProcessState::Foreground, Cause::User);
        it.reconnect();
        it.done(1, None);
        it.marks(1, ItemState::Failed, Some(200));
    });
}
