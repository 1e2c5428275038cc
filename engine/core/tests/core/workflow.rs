//! The core alone, driven by a generator of reports.

use std::time::Duration;

use crate::rig::{APP, Rig, head, ranged, wifi};
use sleepwalker_core::{
    Answer, Call, CancelReason, Death, ErrorCode, Implements, Input, Into, Link, Method, Misuse,
    Note, Order, Path, ProcessId, ProcessState, Report, SessionKind, Signal, Why,
};

const MB: u64 = 1_000_000;

#[test]
fn a_finished_session_wakes_a_suspended_app_once_and_tells_the_end_last() {
    let mut rig = Rig::new();
    let photos = rig.session("photos");
    let tasks = ["/a", "/b", "/c"].map(|path| rig.download(photos, path));
    rig.open_all();
    rig.suspend_app();
    for task in tasks {
        rig.serve(task, 200, MB);
    }
    assert_eq!(rig.asks, ["photos"]);
    assert!(rig.told().is_empty(), "told while suspended: {:?}", rig.told());
    rig.wake_app("photos");
    let once = ["didFinishDownloadingTo", "didComplete"];
    let expected: Vec<_> =
        once.iter().cycle().take(6).copied().chain(["didFinishEvents"]).collect();
    assert_eq!(rig.told(), expected);
}

#[test]
fn a_dead_app_hears_nothing_before_it_creates_its_session_again() {
    let mut rig = Rig::new();
    let photos = rig.session("photos");
    let task = rig.download(photos, "/a");
    rig.open_all();
    rig.signal(Signal::Died(APP, Death::Memory));
    rig.serve(task, 200, MB);
    let second = ProcessId(2);
    rig.signal(Signal::Launched(second, ProcessState::Background));
    rig.signal(Signal::HandledEvents(second, "photos".to_owned()));
    assert!(rig.told().is_empty());
    rig.call_from(second, create("photos")).expect("a session");
    assert_eq!(rig.told(), ["didFinishDownloadingTo", "didComplete", "didFinishEvents"]);
}

fn create(name: &str) -> Call {
    Call::CreateSession {
        name: name.to_owned(),
        kind: SessionKind::Background,
        configuration: Default::default(),
        delegate: Some(Implements::default()),
    }
}

#[test]
fn in_front_there_is_neither_a_wake_nor_an_end_of_events() {
    let mut rig = Rig::new();
    let photos = rig.session("photos");
    let task = rig.download(photos, "/a");
    rig.open_all();
    rig.serve(task, 200, 10);
    assert_eq!(rig.told(), ["didFinishDownloadingTo", "didComplete"]);
    assert!(rig.asks.is_empty());
}

#[test]
fn an_ask_that_waited_for_its_batch_is_dropped_if_the_app_is_in_front_by_then() {
    for (opened, asked) in [(false, 1), (true, 0)] {
        let mut rig = Rig::new();
        let photos = rig.session("photos");
        let task = rig.download(photos, "/a");
        rig.open_all();
        rig.suspend_app();
        let attempt = rig.attempt(task);
        rig.report(Report::Head(attempt, head(200, MB)));
        rig.report(Report::Received(attempt, MB));
        rig.report(Report::Ended(attempt, true));
        let settle = rig.orders.iter().rev().find_map(|order| match order {
            Order::Settle(file) => Some(*file),
            _ => None,
        });
        let file = settle.expect("the body has ended");
        rig.core.handle(Input::Report(Report::Settled(file)), rig.now);
        if opened {
            rig.core.handle(Input::Signal(Signal::Changed(APP, ProcessState::Foreground)), rig.now);
        }
        rig.signal(Signal::Power(true));
        assert_eq!(rig.asks.len(), asked, "{:?}", rig.log);
        assert_eq!(rig.told().contains(&"didComplete"), opened, "{:?}", rig.log);
    }
}

#[test]
fn the_file_lives_until_the_callback_has_returned() {
    let mut rig = Rig::new();
    let photos = rig.session("photos");
    let task = rig.download(photos, "/a");
    rig.open_all();
    rig.returns = false;
    rig.serve(task, 200, 10);
    let Method::DidFinishDownloadingTo { file, .. } = rig.callbacks[0].method else {
        panic!("expected the file, got {:?}", rig.callbacks[0]);
    };
    assert_eq!(rig.told(), ["didFinishDownloadingTo"], "one callback at a time");
    assert!(!rig.removed(file));
    rig.input(sleepwalker_core::Input::Returned(rig.last_callback()));
    assert!(rig.removed(file));
    assert_eq!(rig.told(), ["didFinishDownloadingTo", "didComplete"]);
}

#[test]
fn a_cut_download_goes_on_with_range_and_validator() {
    let mut rig = Rig::new();
    let photos = rig.session("photos");
    let task = rig.download(photos, "/a");
    rig.open_all();
    let first = rig.attempt(task);
    rig.report(Report::Head(first, head(200, MB)));
    rig.report(Report::Received(first, 400_000));
    rig.report(Report::Failed(first, ErrorCode::NETWORK_CONNECTION_LOST));
    assert!(rig.completions().is_empty(), "a transport error is not told");
    rig.wait(Duration::from_millis(999));
    assert_eq!(rig.starts(), 1);
    rig.wait(Duration::from_millis(1));
    rig.open_all();
    let second = rig.attempt(task);
    let sent = rig.orders.iter().rev().find_map(|order| match order {
        Order::Send { attempt, head, .. } if *attempt == second => Some(head.headers.clone()),
        _ => None,
    });
    let sent = sent.expect("the second attempt was sent");
    assert!(sent.contains(&("range".into(), "bytes=400000-".to_owned())), "{sent:?}");
    assert!(sent.contains(&("if-range".into(), "\"v1\"".to_owned())), "{sent:?}");
    rig.report(Report::Head(second, ranged(400_000, MB, "\"v1\"")));
    let at = Order::Receive(second, Into::File { file: part_file(&rig), at: 400_000 });
    assert!(rig.orders.contains(&at), "{:?}", rig.orders);
    rig.report(Report::Received(second, MB));
    rig.end(task);
    assert_eq!(rig.completions().len(), 1);
}

fn part_file(rig: &Rig) -> sleepwalker_core::FileId {
    rig.core.files()[0].0
}

#[test]
fn a_changed_resource_starts_at_zero() {
    for answer in [head(200, MB), ranged(400_000, MB, "\"v2\""), ranged(0, MB, "\"v1\"")] {
        let mut rig = Rig::new();
        let photos = rig.session("photos");
        let task = rig.download(photos, "/a");
        rig.open_all();
        let first = rig.attempt(task);
        rig.report(Report::Head(first, head(200, MB)));
        rig.report(Report::Received(first, 400_000));
        rig.report(Report::Failed(first, ErrorCode::NETWORK_CONNECTION_LOST));
        rig.wait(Duration::from_secs(1));
        rig.open_all();
        rig.report(Report::Head(rig.attempt(task), answer));
        rig.open_all();
        let last = rig.attempt(task);
        if last.number == 3 {
            rig.report(Report::Head(last, head(200, MB)));
        }
        let at_zero = Order::Receive(last, Into::File { file: part_file(&rig), at: 0 });
        assert!(rig.orders.contains(&at_zero), "{:?}", rig.orders);
    }
}

#[test]
fn the_cap_holds_over_sessions_and_the_rest_start_as_earlier_ones_end() {
    let mut rig = Rig::new();
    let sessions = ["one", "two", "three"].map(|name| rig.session(name));
    let tasks: Vec<_> = (0..20).map(|n| rig.download(sessions[n % 3], &format!("/{n}"))).collect();
    rig.open_all();
    assert_eq!(rig.starts(), 6);
    rig.suspend_app();
    for task in tasks {
        rig.serve(task, 200, 10);
        rig.open_all();
    }
    assert_eq!(rig.starts(), 20);
}

#[test]
fn force_quit_cancels_all_and_tells_it_at_the_next_connect() {
    let mut rig = Rig::new();
    let photos = rig.session("photos");
    let started = rig.download(photos, "/a");
    rig.open_all();
    rig.report(Report::Head(rig.attempt(started), head(200, MB)));
    rig.report(Report::Received(rig.attempt(started), 300_000));
    rig.signal(Signal::Died(APP, Death::ForceQuit));
    assert!(rig.asks.is_empty(), "no wake after a force quit");
    assert!(rig.orders.contains(&Order::Cut(rig.attempt(started))));
    let second = ProcessId(2);
    rig.signal(Signal::Launched(second, ProcessState::Foreground));
    rig.call_from(second, create("photos")).expect("a session");
    let [Method::DidComplete { error: Some(error), .. }] = rig.completions()[..] else {
        panic!("expected one cancellation, got {:?}", rig.completions());
    };
    assert_eq!(error.reason, Some(CancelReason::UserForceQuit));
    let data = error.resume_data.as_ref().expect("the download had started and can be resumed");
    assert_eq!(data.length, 300_000);
}

#[test]
fn the_limiter_doubles_with_each_wake_and_holds_what_is_resumed_behind() {
    let mut rig = Rig::new();
    let photos = rig.session("photos");
    let mut task = rig.download(photos, "/0");
    rig.open_all();
    rig.suspend_app();
    for delay in [60, 120, 240, 480] {
        rig.serve(task, 200, 10);
        rig.wake_app("photos");
        task = rig.download(photos, &format!("/{delay}"));
        rig.signal(Signal::Changed(APP, ProcessState::Suspended));
        let starts = rig.starts();
        rig.wait(Duration::from_secs(delay) - Duration::from_millis(1));
        assert_eq!(rig.starts(), starts, "started before {delay} s");
        rig.wait(Duration::from_millis(1));
        rig.open_all();
        assert_eq!(rig.starts(), starts + 1, "not started after {delay} s");
    }
}

#[test]
fn the_front_resets_the_limiter_and_releases_what_is_discretionary() {
    let mut rig = Rig::new();
    let photos = rig.session("photos");
    let task = rig.download(photos, "/0");
    rig.open_all();
    rig.suspend_app();
    rig.serve(task, 200, 10);
    rig.signal(Signal::Power(false));
    rig.wake_app("photos");
    rig.download(photos, "/1");
    rig.wait(Duration::from_secs(120));
    assert_eq!(rig.starts(), 1, "a discretionary task waits for power");
    rig.signal(Signal::Changed(APP, ProcessState::Foreground));
    rig.open_all();
    assert_eq!(rig.starts(), 2);
}

#[test]
fn seven_days_without_success_end_in_a_timeout() {
    let mut rig = Rig::new();
    let photos = rig.session("photos");
    rig.download(photos, "/a");
    rig.signal(Signal::Path(Path::default()));
    rig.wait(Duration::from_secs(604_800) - Duration::from_millis(1));
    assert!(rig.completions().is_empty());
    rig.wait(Duration::from_millis(1));
    let [Method::DidComplete { error: Some(error), .. }] = rig.completions()[..] else {
        panic!("expected a timeout, got {:?}", rig.completions());
    };
    assert_eq!(error.code, ErrorCode::TIMED_OUT);
}

#[test]
fn a_data_task_of_a_background_session_is_cut_at_suspension_unless_it_became_a_download() {
    for becomes in [false, true] {
        let mut rig = Rig::new();
        let implements = Implements { did_receive_response: true, ..Implements::default() };
        let photos = rig.session_with("photos", SessionKind::Background, implements);
        let task = rig.data(photos, "/a");
        rig.open_all();
        let attempt = rig.attempt(task);
        rig.returns = false;
        rig.report(Report::Head(attempt, head(200, MB)));
        let gate = rig.last_callback();
        rig.returns = true;
        if becomes {
            let answer = sleepwalker_core::GateAnswer::BecomeDownload;
            rig.input(sleepwalker_core::Input::Answered(gate, answer));
        }
        rig.input(sleepwalker_core::Input::Returned(gate));
        rig.suspend_app();
        if becomes {
            rig.report(Report::Received(attempt, MB));
            rig.end(task);
        }
        rig.wake_app("photos");
        let tail: Vec<_> = rig.told().into_iter().skip(1).collect();
        if becomes {
            let all = ["didBecomeDownloadTask", "didFinishDownloadingTo", "didComplete"];
            assert_eq!(tail[..3], all);
        } else {
            assert_eq!(tail[0], "didComplete");
            let Method::DidComplete { error: Some(error), .. } = rig.completions()[0] else {
                panic!("expected an error");
            };
            assert_eq!(error.code, ErrorCode::BACKGROUND_SESSION_DISCONNECTED);
        }
    }
}

#[test]
fn below_the_floor_is_stopped_in_silence_and_tried_later() {
    for (rate, stops) in [(2047, true), (2048, false)] {
        let mut rig = Rig::new();
        let photos = rig.session("photos");
        let task = rig.download(photos, "/a");
        rig.open_all();
        let attempt = rig.attempt(task);
        rig.report(Report::Head(attempt, head(200, 100 * MB)));
        rig.suspend_app();
        for second in 1..60 {
            rig.wait(Duration::from_secs(1));
            rig.report(Report::Received(attempt, second * rate));
        }
        rig.report(Report::Received(attempt, 60 * rate));
        rig.wait(Duration::from_secs(1));
        let slow = |note: &Note| matches!(note, Note::Stopped { why: Why::Slow, .. });
        assert_eq!(rig.notes.iter().any(slow), stops, "at {rate} B/s");
        assert!(rig.completions().is_empty());
    }
}

#[test]
fn a_path_that_the_task_may_not_use_is_waited_out() {
    let mut rig = Rig::new();
    rig.signal(Signal::Path(Path { link: Link::Cellular, expensive: true, constrained: false }));
    let photos = rig.session("photos");
    let mut request = crate::rig::get("/a");
    request.allows_cellular = false;
    let call = Call::DownloadTask { session: photos, request: request.into() };
    let Ok(sleepwalker_core::Answer::Task(key)) = rig.call(call) else { panic!("no task") };
    rig.call(Call::Resume(key)).expect("the task is there");
    assert!(rig.opened().is_empty());
    rig.signal(Signal::Path(wifi()));
    assert_eq!(rig.opened().len(), 1);
}

#[test]
fn an_upload_from_data_is_refused_in_the_background_and_legal_in_process() {
    for (kind, legal) in [(SessionKind::Background, false), (SessionKind::InProcess, true)] {
        let mut rig = Rig::new();
        let session = rig.session_with("up", kind, Implements::default());
        let file = rig.core.new_file();
        let request = crate::rig::get("/up").into();
        let body = sleepwalker_core::BodyFile { file, length: 5 };
        let answer = rig.call(Call::UploadTaskFromData { session, request, body });
        assert_eq!(answer.is_ok(), legal);
        if !legal {
            assert_eq!(answer, Err(Misuse::UploadFromData));
        }
    }
}

#[test]
fn fields_of_the_app_go_out_but_those_that_frame_the_message_do_not() {
    let mut rig = Rig::new();
    let session = rig.session("photos");
    let mut request = crate::rig::get("/a");
    for (name, value) in [
        ("Content-Length", "7"),
        ("X-One", "1"),
        ("transfer-encoding", "chunked"),
        ("Connection", "close"),
        ("HOST", "other.example"),
        ("x-one", "2"),
    ] {
        request.headers.push((name.to_owned(), value.to_owned()));
    }
    let answer = rig.call(Call::DownloadTask { session, request: request.into() });
    let Ok(Answer::Task(key)) = answer else { panic!("no task but {answer:?}") };
    rig.call(Call::Resume(key)).expect("the task is there");
    rig.open_all();
    let heads: Vec<_> = rig
        .orders
        .iter()
        .filter_map(|order| match order {
            Order::Send { head, .. } => Some(&head.headers),
            _ => None,
        })
        .collect();
    let field = |name: &'static str, value: &str| (name.into(), value.to_owned());
    let expected = vec![field("host", "cdn.example"), field("x-one", "1"), field("accept", "*/*")];
    assert_eq!(heads, [&expected]);
}

#[test]
fn redirects_are_silent_in_the_background_and_asked_about_in_process() {
    for (kind, asked) in [(SessionKind::Background, false), (SessionKind::InProcess, true)] {
        let mut rig = Rig::new();
        let implements = Implements { will_perform_redirection: true, ..Implements::default() };
        let session = rig.session_with("s", kind, implements);
        let task = rig.download(session, "/a");
        rig.open_all();
        let mut moved = head(302, 0);
        moved.headers.push(("location".to_owned(), "/b".to_owned()));
        let attempt = rig.attempt(task);
        rig.report(Report::Head(attempt, moved));
        rig.report(Report::Ended(attempt, true));
        assert_eq!(rig.told().contains(&"willPerformHTTPRedirection"), asked);
        rig.open_all();
        rig.serve(task, 200, 10);
        assert_eq!(rig.told().last(), Some(&"didComplete"));
    }
}

#[test]
fn the_response_of_an_upload_is_delivered_in_the_wake_before_its_completion() {
    let mut rig = Rig::new();
    let photos = rig.session("photos");
    let task = rig.upload(photos, "/up", 5000);
    rig.open_all();
    rig.suspend_app();
    rig.report(Report::Sent(rig.attempt(task), 5000));
    rig.serve(task, 200, 300);
    rig.wake_app("photos");
    assert_eq!(rig.told(), ["didReceiveData", "didComplete", "didFinishEvents"]);
}

#[test]
fn invalidation_ends_with_its_own_message_after_all_completions() {
    let mut rig = Rig::new();
    let photos = rig.session("photos");
    rig.download(photos, "/a");
    rig.download(photos, "/b");
    rig.call(Call::InvalidateAndCancel(photos)).expect("the session is there");
    assert_eq!(rig.told(), ["didComplete", "didComplete", "didBecomeInvalid"]);
    assert!(rig.rows.is_empty(), "rows of an invalid session remain: {:?}", rig.rows);
}

#[test]
fn a_delayed_request_wakes_a_suspended_app_to_be_asked_about() {
    let mut rig = Rig::new();
    let implements = Implements { will_begin_delayed_request: true, ..Implements::default() };
    let photos = rig.session_with("photos", SessionKind::Background, implements);
    let request = crate::rig::get("/a").into();
    let call = Call::DownloadTask { session: photos, request };
    let Ok(sleepwalker_core::Answer::Task(key)) = rig.call(call) else { panic!("no task") };
    let date = rig.now + Duration::from_secs(3600);
    rig.call(Call::SetEarliestBeginDate(key, date)).expect("the task is there");
    rig.call(Call::Resume(key)).expect("the task is there");
    rig.suspend_app();
    rig.wait(Duration::from_millis(3_599_999));
    assert!(rig.asks.is_empty());
    rig.wait(Duration::from_millis(1));
    assert_eq!(rig.asks, ["photos"]);
    rig.wake_app("photos");
    assert_eq!(rig.told(), ["willBeginDelayedRequest", "didFinishEvents"]);
    rig.open_all();
    assert_eq!(rig.starts(), 1);
}

#[test]
fn a_stale_connection_is_no_reason_to_start_what_the_app_has_suspended() {
    for (suspended, starts) in [(false, 3), (true, 2)] {
        let mut rig = Rig::new();
        let web = rig.session_with("web", SessionKind::InProcess, Implements::default());
        let first = rig.data(web, "/a");
        rig.open_all();
        rig.report(Report::Head(rig.attempt(first), head(200, 0)));
        rig.report(Report::Ended(rig.attempt(first), true));
        let second = rig.data(web, "/b");
        assert_eq!(rig.starts(), 2, "on the connection of the first");
        if suspended {
            rig.call(Call::Suspend(second)).expect("the task is there");
        }
        let attempt = rig.attempt(second);
        rig.report(Report::Failed(attempt, ErrorCode::NETWORK_CONNECTION_LOST));
        rig.open_all();
        assert_eq!(rig.starts(), starts, "{:?}", rig.log);
    }
}

#[test]
fn a_body_that_begins_again_is_told_from_its_beginning() {
    let mut rig = Rig::new();
    let photos = rig.session("photos");
    let task = rig.upload(photos, "/in", MB);
    rig.open_all();
    rig.report(Report::Sent(rig.attempt(task), 900_000));
    rig.report(Report::Failed(rig.attempt(task), ErrorCode::NETWORK_CONNECTION_LOST));
    rig.wait(Duration::from_secs(1));
    rig.open_all();
    let again = rig.attempt(task);
    assert_eq!(again.number, 2);
    rig.report(Report::Sent(again, 100_000));
    let told = Note::Sent { attempt: again, total: 100_000, expected: MB };
    assert!(rig.notes.contains(&told), "{:?}", rig.notes);
}
