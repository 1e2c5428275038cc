//! The OS: launches, wakes, the window, suspension, the lock.

use std::time::Duration;

use sleepwalker_core::{Ask, Faults, Knobs, ProcessId, Rule, Signal, Time};
use sleepwalker_device::{Impossible, Os, OsAct, OsWhat};
use sleepwalker_judge::UserAct::{ForceQuit, Home, Open, Unlock};

const FIRST: ProcessId = ProcessId(1);

/// An OS with a log of what it did, in short words.
struct Bench {
    os: Os,
}

impl Bench {
    fn new() -> Bench {
        Bench::with(Knobs::default(), &[])
    }

    fn without(rule: Rule) -> Bench {
        Bench::with(Knobs::default(), &[rule])
    }

    fn debugger(off: &[Rule]) -> Bench {
        let knobs = Knobs { suspends: false, ..Knobs::default() };
        Bench::with(knobs, off)
    }

    fn with(knobs: Knobs, off: &[Rule]) -> Bench {
        let mut os = Os::new(knobs, Faults::without(off.iter().copied()));
        while os.poll().is_some() {}
        Bench { os }
    }

    fn user(&mut self, act: sleepwalker_judge::UserAct, at: Time) -> Vec<String> {
        self.os.user(act, at).expect("possible");
        self.log()
    }

    fn act(&mut self, act: OsAct) -> Vec<String> {
        self.os.act(act).expect("possible");
        self.log()
    }

    fn wake(&mut self, session: &str, at: Time) -> Vec<String> {
        self.os.ask(Ask::Wake { session: session.to_owned() }, at);
        self.log()
    }

    fn handler(&mut self, session: &str, at: Time) -> Vec<String> {
        let (process, _) = self.os.process().expect("a process");
        self.os.handler_called(process, session, at);
        self.log()
    }

    fn due(&mut self, at: Time) -> Vec<String> {
        self.os.due(at);
        self.log()
    }

    fn log(&mut self) -> Vec<String> {
        let mut log = Vec::new();
        while let Some(effect) = self.os.poll() {
            log.extend(short(&effect.what));
        }
        log
    }
}

/// What the process and the device go through; signals that only repeat it are left out.
fn short(what: &OsWhat) -> Option<String> {
    Some(match what {
        OsWhat::Signal(Signal::Unlocked) => "unlocked".to_owned(),
        OsWhat::Signal(Signal::Power(on)) => format!("power {on}"),
        OsWhat::Signal(_) => return None,
        OsWhat::Launch { process, state, .. } => format!("launch {process} {state:?}"),
        OsWhat::Move { state, .. } => format!("{state:?}"),
        OsWhat::Kill { death, .. } => format!("kill {death:?}"),
        OsWhat::HandleEvents { session, .. } => format!("handleEvents {session}"),
        OsWhat::Snapshot { .. } => "snapshot".to_owned(),
        OsWhat::Boot { after } => format!("boot {after:?}"),
    })
}

fn s(secs: u64) -> Time {
    Time::from_secs(secs)
}

/// The last instant before a time.
fn before(time: Time) -> Time {
    Time::from_nanos(time.as_nanos() - 1)
}

#[test]
fn an_app_that_the_user_left_is_suspended_when_its_grace_time_ends_and_not_before() {
    let mut bench = Bench::new();
    assert_eq!(bench.user(Open, s(0)), ["launch 1 Foreground"]);
    assert_eq!(bench.user(Home, s(10)), ["Background"]);
    assert_eq!(bench.os.next_wakeup(), Some(s(15)));
    assert_eq!(bench.due(before(s(15))), [""; 0]);
    assert_eq!(bench.due(s(15)), ["Suspended"]);
    assert_eq!(bench.os.next_wakeup(), None);
}

#[test]
fn without_the_grace_rule_an_app_is_suspended_as_the_user_leaves() {
    let mut bench = Bench::without(Rule::SW_OS_01);
    bench.user(Open, s(0));
    assert_eq!(bench.user(Home, s(10)), ["Background", "Suspended"]);
}

#[test]
fn an_app_opened_again_in_its_grace_time_is_not_suspended() {
    let mut bench = Bench::new();
    bench.user(Open, s(0));
    bench.user(Home, s(10));
    assert_eq!(bench.user(Open, s(12)), ["Foreground"]);
    assert_eq!(bench.os.next_wakeup(), None);
}

#[test]
fn a_dead_app_is_launched_in_the_background_before_it_gets_its_events() {
    let mut bench = Bench::new();
    assert_eq!(bench.wake("photos", s(1)), ["launch 1 Background", "handleEvents photos"]);
}

#[test]
fn the_core_learns_of_a_launch_first_and_of_handed_over_events_last() {
    let mut os = Os::new(Knobs::default(), Faults::default());
    while os.poll().is_some() {}
    os.ask(Ask::Wake { session: "photos".to_owned() }, s(1));
    let effects: Vec<OsWhat> = std::iter::from_fn(|| os.poll()).map(|effect| effect.what).collect();
    assert!(matches!(effects[0], OsWhat::Signal(Signal::Launched(FIRST, _))), "{effects:?}");
    assert!(matches!(effects[1], OsWhat::Launch { .. }), "{effects:?}");
    assert!(matches!(effects[2], OsWhat::HandleEvents { .. }), "{effects:?}");
    assert!(matches!(effects[3], OsWhat::Signal(Signal::HandledEvents(..))), "{effects:?}");
}

#[test]
fn without_the_launch_order_events_come_before_the_launch() {
    let mut bench = Bench::without(Rule::BG_LIFE_12);
    assert_eq!(bench.wake("photos", s(1)), ["handleEvents photos", "launch 1 Background"]);
}

#[test]
fn a_suspended_app_is_moved_to_the_background_and_not_launched() {
    let mut bench = suspended(Bench::new());
    assert_eq!(bench.wake("photos", s(60)), ["Background", "handleEvents photos"]);
    let mut bench = suspended(Bench::without(Rule::BG_LIFE_07));
    assert_eq!(bench.wake("photos", s(60)), [""; 0]);
}

#[test]
fn an_app_in_front_gets_its_events_there_without_a_watchdog() {
    let mut bench = Bench::new();
    bench.user(Open, s(0));
    assert_eq!(bench.wake("photos", s(1)), ["handleEvents photos"]);
    assert_eq!(bench.os.next_wakeup(), None);
    assert_eq!(bench.handler("photos", s(2)), [""; 0]);
    let mut bench = Bench::without(Rule::BG_LIFE_09);
    bench.user(Open, s(0));
    assert_eq!(bench.wake("photos", s(1)), [""; 0]);
}

#[test]
fn the_watchdog_kills_at_the_end_of_the_window_and_not_before() {
    let mut bench = Bench::new();
    bench.wake("photos", s(100));
    assert_eq!(bench.os.next_wakeup(), Some(s(130)));
    assert_eq!(bench.due(before(s(130))), [""; 0]);
    assert_eq!(bench.due(s(130)), ["kill Watchdog"]);
    assert_eq!(bench.os.process(), None);
}

#[test]
fn a_handler_called_just_inside_the_window_saves_the_app() {
    let mut bench = Bench::new();
    bench.wake("photos", s(100));
    let last = before(s(130));
    bench.handler("photos", last);
    assert_eq!(bench.os.next_wakeup(), Some(last));
    assert_eq!(bench.due(last), ["snapshot", "Suspended"]);
    assert_eq!(bench.due(s(130)), [""; 0]);
}

#[test]
fn without_the_kill_an_overrun_lives_on_and_without_the_window_it_ends_early() {
    let mut bench = Bench::without(Rule::BG_WAKE_02);
    bench.wake("photos", s(100));
    assert_eq!(bench.due(s(130)), [""; 0]);
    assert_eq!(bench.os.next_wakeup(), None);
    let mut bench = Bench::without(Rule::BG_WAKE_01);
    bench.wake("photos", s(100));
    assert_eq!(bench.os.next_wakeup(), Some(s(115)));
}

#[test]
fn an_app_with_two_handlers_is_suspended_when_the_second_was_called() {
    let mut bench = Bench::new();
    bench.wake("photos", s(100));
    assert_eq!(bench.wake("videos", s(110)), ["handleEvents videos"]);
    assert_eq!(bench.os.outstanding().collect::<Vec<_>>(), ["photos", "videos"]);
    bench.handler("videos", s(111));
    assert_eq!(bench.os.next_wakeup(), Some(s(130)), "the first window still runs");
    bench.handler("photos", s(112));
    assert_eq!(bench.due(s(112)), ["snapshot", "Suspended"]);
}

#[test]
fn each_handler_has_a_window_of_its_own() {
    let mut bench = Bench::new();
    bench.wake("photos", s(100));
    bench.wake("videos", s(110));
    bench.handler("photos", s(111));
    assert_eq!(bench.due(before(s(140))), [""; 0]);
    assert_eq!(bench.due(s(140)), ["kill Watchdog"]);
}

#[test]
fn without_one_handler_for_each_session_the_first_call_ends_the_wake() {
    let mut bench = Bench::without(Rule::BG_LIFE_17);
    bench.wake("photos", s(100));
    bench.wake("videos", s(110));
    bench.handler("videos", s(111));
    assert_eq!(bench.due(s(111)), ["snapshot", "Suspended"]);
}

#[test]
fn a_session_whose_handler_is_outstanding_is_handed_over_again_only_after_its_call() {
    let mut bench = Bench::new();
    bench.wake("photos", s(100));
    assert_eq!(bench.wake("photos", s(105)), [""; 0]);
    assert_eq!(bench.handler("photos", s(106)), ["handleEvents photos"]);
    bench.handler("photos", s(107));
    assert_eq!(bench.due(s(107)), ["snapshot", "Suspended"]);
}

#[test]
fn a_wake_that_comes_before_the_app_has_settled_keeps_it_awake() {
    let mut bench = Bench::new();
    bench.wake("photos", s(100));
    bench.handler("photos", s(101));
    bench.wake("videos", s(101));
    assert_eq!(bench.due(s(101)), [""; 0]);
    bench.handler("videos", s(102));
    assert_eq!(bench.due(s(102)), ["snapshot", "Suspended"]);
}

#[test]
fn a_handler_called_twice_or_by_a_dead_process_changes_nothing() {
    let mut bench = Bench::new();
    bench.wake("photos", s(100));
    bench.wake("videos", s(100));
    bench.handler("photos", s(101));
    assert_eq!(bench.handler("photos", s(102)), [""; 0]);
    bench.os.handler_called(ProcessId(7), "videos", s(103));
    assert_eq!(bench.due(s(103)), [""; 0]);
    assert_eq!(bench.os.outstanding().collect::<Vec<_>>(), ["videos"]);
}

#[test]
fn the_picture_is_taken_after_the_handler_and_without_the_rule_before_it() {
    let mut bench = Bench::without(Rule::BG_WAKE_04);
    let woken = bench.wake("photos", s(100));
    assert_eq!(woken, ["launch 1 Background", "snapshot", "handleEvents photos"]);
    bench.handler("photos", s(101));
    assert_eq!(bench.due(s(101)), ["Suspended"]);
}

#[test]
fn without_the_rule_of_prompt_suspension_a_woken_app_runs_on_for_the_grace_time() {
    let mut bench = Bench::without(Rule::SW_OS_02);
    bench.wake("photos", s(100));
    bench.handler("photos", s(101));
    assert_eq!(bench.due(s(101)), ["snapshot"]);
    assert_eq!(bench.due(s(106)), ["Suspended"]);
}

#[test]
fn an_app_opened_during_its_wake_owes_the_handler_but_fears_no_watchdog() {
    let mut bench = Bench::new();
    bench.wake("photos", s(100));
    assert_eq!(bench.user(Open, s(110)), ["Foreground"]);
    assert_eq!(bench.os.next_wakeup(), None);
    assert_eq!(bench.os.outstanding().count(), 1);
    bench.user(Home, s(200));
    assert_eq!(bench.due(s(205)), [""; 0], "the handler keeps it running");
    assert_eq!(bench.os.next_wakeup(), Some(s(230)));
    assert_eq!(bench.due(s(230)), ["kill Watchdog"]);
}

#[test]
fn an_app_that_leaves_with_a_handler_and_calls_it_keeps_its_grace_time() {
    let mut bench = Bench::new();
    bench.user(Open, s(0));
    bench.wake("photos", s(1));
    bench.user(Home, s(10));
    bench.handler("photos", s(11));
    assert_eq!(bench.due(s(11)), [""; 0]);
    assert_eq!(bench.due(s(15)), ["Suspended"]);
}

#[test]
fn a_force_quit_app_is_not_launched_until_the_user_opens_it() {
    let mut bench = Bench::new();
    bench.user(Open, s(0));
    assert_eq!(bench.user(ForceQuit, s(1)), ["kill ForceQuit"]);
    assert_eq!(bench.wake("photos", s(2)), [""; 0]);
    assert_eq!(bench.user(Open, s(3)), ["launch 2 Foreground"]);
    bench.act(OsAct::Terminate);
    assert_eq!(bench.wake("photos", s(4)), ["launch 3 Background", "handleEvents photos"]);
}

#[test]
fn without_the_rule_a_force_quit_app_is_launched_again() {
    let mut bench = Bench::without(Rule::BG_QUIT_02);
    bench.user(Open, s(0));
    bench.user(ForceQuit, s(1));
    assert_eq!(bench.wake("photos", s(2)), ["launch 2 Background", "handleEvents photos"]);
}

#[test]
fn a_dead_app_can_still_be_removed_in_the_switcher() {
    let mut bench = Bench::new();
    assert_eq!(bench.os.user(ForceQuit, s(0)), Err(Impossible::NeverLaunched));
    bench.user(Open, s(0));
    bench.act(OsAct::Terminate);
    bench.os.user(ForceQuit, s(1)).expect("its card is there");
    let effect = bench.os.poll().expect("the core is told");
    assert!(matches!(effect.what, OsWhat::Signal(Signal::Died(FIRST, _))), "{effect:?}");
    assert_eq!(bench.wake("photos", s(2)), [""; 0]);
}

#[test]
fn under_the_debugger_nothing_is_suspended_and_no_watchdog_looks() {
    let mut bench = Bench::debugger(&[]);
    bench.user(Open, s(0));
    bench.user(Home, s(10));
    assert_eq!(bench.due(s(15)), [""; 0]);
    bench.wake("photos", s(20));
    assert_eq!(bench.os.next_wakeup(), None);
    bench.handler("photos", s(90));
    assert_eq!(bench.due(s(90)), ["snapshot"]);
    let mut bench = Bench::debugger(&[Rule::BG_QUIT_15]);
    bench.user(Open, s(0));
    bench.user(Home, s(10));
    assert_eq!(bench.due(s(15)), ["Suspended"]);
}

#[test]
fn a_restarted_device_launches_nothing_before_its_first_unlock() {
    let mut bench = Bench::new();
    bench.user(Open, s(0));
    assert_eq!(bench.act(OsAct::Reboot), ["kill Reboot", "boot Reboot"]);
    assert!(bench.os.locked());
    assert_eq!(bench.wake("photos", s(2)), [""; 0]);
    assert_eq!(bench.wake("photos", s(3)), [""; 0]);
    let unlocked = bench.user(Unlock, s(9));
    assert_eq!(unlocked, ["unlocked", "launch 2 Background", "handleEvents photos"]);
}

#[test]
fn without_the_lock_a_restarted_device_launches_at_once() {
    for mut bench in [
        Bench::without(Rule::BG_QUIT_09),
        Bench::with(Knobs { first_unlock_gate: false, ..Knobs::default() }, &[]),
    ] {
        bench.act(OsAct::Reboot);
        assert_eq!(bench.wake("photos", s(2)), ["launch 1 Background", "handleEvents photos"]);
    }
}

#[test]
fn opening_the_app_unlocks_the_device_and_launches_it_in_front() {
    let mut bench = Bench::new();
    bench.act(OsAct::PowerCut);
    bench.wake("photos", s(2));
    assert_eq!(bench.user(Open, s(9)), ["unlocked", "launch 1 Foreground"]);
}

#[test]
fn a_power_cut_tells_the_core_nothing_and_a_reboot_does() {
    let died = |act| {
        let mut os = Os::new(Knobs::default(), Faults::default());
        os.user(Open, s(0)).expect("possible");
        os.act(act).expect("possible");
        let mut effects = std::iter::from_fn(|| os.poll());
        effects.any(|effect| matches!(effect.what, OsWhat::Signal(Signal::Died(..))))
    };
    assert!(died(OsAct::Reboot));
    assert!(!died(OsAct::PowerCut));
}

#[test]
fn acts_that_the_state_does_not_allow_are_told_as_such() {
    let mut bench = Bench::new();
    assert_eq!(bench.os.user(Home, s(0)), Err(Impossible::NotInFront));
    assert_eq!(bench.os.user(Unlock, s(0)), Err(Impossible::Unlocked));
    assert_eq!(bench.os.act(OsAct::Terminate), Err(Impossible::NotRunning));
    assert_eq!(bench.os.act(OsAct::Crash), Err(Impossible::NotRunning));
    bench.user(Open, s(0));
    assert_eq!(bench.os.user(Open, s(0)), Err(Impossible::InFront));
    assert_eq!(bench.act(OsAct::Power(true)), ["power true"]);
}

#[test]
fn every_window_follows_its_knob() {
    let knobs = Knobs {
        wake_window: Duration::from_secs(45),
        suspend_grace: Duration::from_secs(1),
        ..Knobs::default()
    };
    let mut bench = Bench::with(knobs, &[]);
    bench.wake("photos", s(0));
    assert_eq!(bench.os.next_wakeup(), Some(s(45)));
    bench.user(Open, s(1));
    bench.handler("photos", s(2));
    bench.user(Home, s(3));
    assert_eq!(bench.os.next_wakeup(), Some(s(4)));
}

fn suspended(mut bench: Bench) -> Bench {
    bench.user(Open, s(0));
    bench.user(Home, s(10));
    bench.due(s(15));
    bench
}

#[test]
fn a_handler_called_after_the_grace_time_ends_the_wake() {
    let mut bench = Bench::new();
    bench.user(Open, s(0));
    bench.wake("photos", s(1));
    bench.user(Home, s(10));
    assert_eq!(bench.due(s(15)), [""; 0]);
    bench.handler("photos", s(20));
    assert_eq!(bench.os.next_wakeup(), Some(s(20)));
    assert_eq!(bench.due(s(20)), ["snapshot", "Suspended"]);
}
