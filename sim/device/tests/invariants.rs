//! What holds whatever the user, the system, the core and the app do.

use proptest::prelude::*;
use sleepwalker_core::{Ask, Death, Faults, Knobs, ProcessId, ProcessState, Signal, Time};
use sleepwalker_device::{Os, OsAct, OsWhat};
use sleepwalker_judge::{Cause, UserAct};

#[derive(Clone, Debug)]
enum Verb {
    User(UserAct),
    Os(OsAct),
    Wake(u8),
    Handler(u8),
    Pass(u64),
}

fn verb() -> impl Strategy<Value = Verb> {
    prop_oneof![
        prop::sample::select(vec![
            UserAct::Open,
            UserAct::Home,
            UserAct::ForceQuit,
            UserAct::Unlock,
        ])
        .prop_map(Verb::User),
        prop::sample::select(OsAct::ALL.to_vec()).prop_map(Verb::Os),
        (0..3u8).prop_map(Verb::Wake),
        (0..3u8).prop_map(Verb::Handler),
        (0..40u64).prop_map(Verb::Pass),
    ]
}

/// What an observer of the effects knows of the device.
#[derive(Default)]
struct Seen {
    process: Option<(ProcessId, ProcessState)>,
    newest: u32,
    /// The process that the core knows.
    told: Option<ProcessId>,
    quit: bool,
    locked: bool,
    owed: Vec<(String, Time)>,
}

impl Seen {
    fn check_signal(&mut self, signal: &Signal) {
        match signal {
            Signal::Launched(process, _) => {
                assert_eq!(self.told, None, "the core is told of two processes");
                self.told = Some(*process);
            }
            Signal::Changed(process, _) | Signal::HandledEvents(process, _) => {
                assert_eq!(self.told, Some(*process));
            }
            Signal::Died(process, Death::ForceQuit) if self.told.is_none() => {
                assert_eq!(process.0, self.newest);
            }
            Signal::Died(process, _) => {
                assert_eq!(self.told.take(), Some(*process));
            }
            Signal::Path(_) | Signal::Power(_) | Signal::Unlocked => {}
        }
    }

    fn check(&mut self, what: &OsWhat, now: Time) {
        match what {
            OsWhat::Launch { process, state, cause } => {
                assert_eq!(self.process, None, "two processes");
                assert!(process.0 > self.newest, "a process number is used again");
                assert!(*cause == Cause::User || !self.quit, "launched after a force quit");
                assert!(*cause == Cause::User || !self.locked, "launched before the unlock");
                self.newest = process.0;
                self.process = Some((*process, *state));
            }
            OsWhat::Move { process, state, .. } => {
                let (id, old) = self.process.expect("a process moves");
                assert_eq!(id, *process);
                assert_ne!(old, *state, "moved to where it is");
                if *state == ProcessState::Suspended {
                    assert_eq!(old, ProcessState::Background);
                    assert!(self.owed.is_empty(), "suspended with {:?}", self.owed);
                }
                self.process = Some((id, *state));
            }
            OsWhat::Kill { process, death } => {
                assert_eq!(self.process.map(|(id, _)| id), Some(*process));
                if *death == Death::Watchdog {
                    let late = |(_, since): &(String, Time)| now.since(*since).as_secs() >= 30;
                    assert!(self.owed.iter().any(late), "killed early: {:?}", self.owed);
                }
                self.process = None;
                self.owed.clear();
            }
            OsWhat::HandleEvents { process, session } => {
                let (id, state) = self.process.expect("a process handles events");
                assert_eq!(id, *process);
                assert_ne!(state, ProcessState::Suspended, "events for a frozen process");
                assert!(self.owed.iter().all(|(owed, _)| owed != session), "two handlers");
                self.owed.push((session.clone(), now));
            }
            OsWhat::Snapshot { .. } => assert!(self.owed.is_empty(), "a picture in the wake"),
            OsWhat::Boot { .. } => {
                assert_eq!(self.process, None);
                self.locked = true;
                // The core that starts anew knows no process.
                self.told = None;
            }
            OsWhat::Signal(Signal::Unlocked) => self.locked = false,
            OsWhat::Signal(signal) => self.check_signal(signal),
        }
    }
}

fn run(verbs: Vec<Verb>) {
    let mut os = Os::new(Knobs::default(), Faults::default());
    let mut seen = Seen::default();
    let mut now = Time::ZERO;
    for verb in verbs {
        match verb {
            Verb::User(act) => {
                if os.user(act, now).is_ok() {
                    seen.quit = match act {
                        UserAct::ForceQuit => true,
                        UserAct::Open => false,
                        UserAct::Home | UserAct::Unlock => seen.quit,
                    };
                }
            }
            Verb::Os(act) => drop(os.act(act)),
            Verb::Wake(n) => os.ask(Ask::Wake { session: format!("s{n}") }, now),
            Verb::Handler(n) => {
                if let Some((process, ProcessState::Foreground | ProcessState::Background)) =
                    os.process()
                {
                    seen.owed.retain(|(owed, _)| *owed != format!("s{n}"));
                    os.handler_called(process, &format!("s{n}"), now);
                }
            }
            Verb::Pass(secs) => {
                let end = Time::from_secs(now.since_origin().as_secs() + secs);
                while let Some(at) = os.next_wakeup().filter(|at| *at <= end) {
                    assert!(at >= now, "a wake-up in the past");
                    now = at;
                    os.due(now);
                    drain(&mut os, &mut seen, now);
                }
                now = end;
            }
        }
        drain(&mut os, &mut seen, now);
        assert_eq!(os.process(), seen.process);
        if os.process().is_some_and(|(_, state)| state == ProcessState::Foreground) {
            assert_eq!(os.next_wakeup(), None, "nothing is due in front");
        }
    }
}

fn drain(os: &mut Os, seen: &mut Seen, now: Time) {
    while let Some(effect) = os.poll() {
        seen.check(&effect.what, now);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_sequence_of_verbs_breaks_the_os(verbs in prop::collection::vec(verb(), 0..40)) {
        run(verbs);
    }
}
