//! The operating system: one app, its process, the wake window, the lock.

mod effect;
mod process;

use std::collections::VecDeque;

use sleepwalker_core::{Ask, Death, Faults, Knobs, ProcessId, ProcessState, Rule, Signal, Time};
use sleepwalker_judge::{Cause, UserAct};

pub use effect::{OsEffect, OsWhat};
use process::Process;

use crate::OsAct;

/// An act that the device's state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Impossible {
    /// The app has no process.
    #[error("the app is not running")]
    NotRunning,
    /// There is nothing to remove in the app switcher.
    #[error("the app has never been launched")]
    NeverLaunched,
    /// The app is opened a second time.
    #[error("the app is in front already")]
    InFront,
    /// The user leaves an app that is not there.
    #[error("the app is not in front")]
    NotInFront,
    /// The device is unlocked a second time.
    #[error("the device is unlocked already")]
    Unlocked,
}

/// The OS of a device that is switched on and unlocked, with one app that is not running.
///
/// Every effect is to be carried out before the core's are looked at: a wake hands the events over
/// before the first callback. After an act, an ask, a called handler and [`Os::due`], call [`Os::poll`]
/// until it is empty.
#[derive(Clone, Debug)]
pub struct Os {
    knobs: Knobs,
    faults: Faults,
    process: Option<Process>,
    /// The number of the newest process.
    newest: u32,
    /// The user removed the app in the switcher and has not opened it since.
    quit: bool,
    /// The device has not been unlocked since it started.
    locked: bool,
    /// Asks that wait for the first unlock.
    waiting: Vec<String>,
    effects: VecDeque<OsEffect>,
}

impl Os {
    /// Makes the OS. Its first effect tells the core that the device is unlocked.
    pub fn new(knobs: Knobs, faults: Faults) -> Os {
        let mut os = Os {
            knobs,
            faults,
            process: None,
            newest: 0,
            quit: false,
            locked: false,
            waiting: Vec::new(),
            effects: VecDeque::new(),
        };
        os.signal(Rule::BG_QUIT_09, Signal::Unlocked);
        os
    }

    /// Returns the live process and its state.
    pub fn process(&self) -> Option<(ProcessId, ProcessState)> {
        self.process.as_ref().map(|process| (process.id, process.state))
    }

    /// Returns whether the device has not been unlocked since it started.
    pub fn locked(&self) -> bool {
        self.locked
    }

    /// Returns the sessions whose handler the app has and has not called.
    pub fn outstanding(&self) -> impl Iterator<Item = &str> {
        self.process.iter().flat_map(|process| process.owed.keys().map(String::as_str))
    }

    /// The user acts.
    pub fn user(&mut self, act: UserAct, now: Time) -> Result<(), Impossible> {
        match act {
            UserAct::Open => self.open(),
            UserAct::Home => self.home(now),
            UserAct::ForceQuit => self.force_quit(),
            UserAct::Unlock if !self.locked => Err(Impossible::Unlocked),
            UserAct::Unlock => {
                self.unlock();
                for session in std::mem::take(&mut self.waiting) {
                    self.wake(session, now);
                }
                Ok(())
            }
        }
    }

    /// Something happens to the app or the device.
    pub fn act(&mut self, act: OsAct) -> Result<(), Impossible> {
        match act {
            OsAct::Terminate if self.process.is_none() => return Err(Impossible::NotRunning),
            OsAct::Crash if self.process.is_none() => return Err(Impossible::NotRunning),
            OsAct::Terminate => self.kill(Death::Memory, Some(Rule::BG_QUIT_01)),
            OsAct::Crash => self.kill(Death::Crash, Some(Rule::BG_QUIT_01)),
            OsAct::Reboot => self.boot(Death::Reboot),
            OsAct::PowerCut => self.boot(Death::PowerCut),
            OsAct::Power(external) => self.emit(None, OsWhat::Signal(Signal::Power(external))),
        }
        Ok(())
    }

    /// The core asks. What the core asked of a device that has restarted since is forgotten: it asks
    /// again after its restore.
    pub fn ask(&mut self, ask: Ask, now: Time) {
        match ask {
            Ask::Wake { session } => self.wake(session, now),
        }
    }

    /// The app called the handler that it got for a session.
    pub fn handler_called(&mut self, process: ProcessId, session: &str, now: Time) {
        let one_for_each = self.faults.keep(Rule::BG_LIFE_17);
        let Some(running) = self.process.as_mut().filter(|running| running.id == process) else {
            return;
        };
        if running.owed.remove(session).is_none() {
            return;
        }
        if !one_for_each {
            running.owed.clear();
        }
        if running.again.remove(session) {
            self.hand_over(session.to_owned(), Rule::BG_LIFE_17, now);
            return;
        }
        if running.owed.is_empty() {
            // Only the handler has kept it awake since the grace time ended.
            running.leaves_at = running.leaves_at.filter(|at| *at > now);
        }
        let woken = running.state == ProcessState::Background && running.leaves_at.is_none();
        if woken && running.owed.is_empty() {
            running.settles_at = Some(now);
        }
    }

    /// The time that [`Os::next_wakeup`] named has come. A wake-up at the present instant lets the app
    /// come to rest first.
    pub fn due(&mut self, now: Time) {
        let Some(process) = &mut self.process else {
            return;
        };
        if process.deadline().is_some_and(|deadline| deadline <= now) {
            self.overrun();
            return;
        }
        if process.settles_at.is_some_and(|at| at <= now) {
            process.settles_at = None;
            self.settle(now);
        }
        let Some(process) = &mut self.process else {
            return;
        };
        if process.owed.is_empty() && process.leaves_at.is_some_and(|at| at <= now) {
            process.leaves_at = None;
            self.suspend(Rule::SW_OS_01);
        }
    }

    /// When [`Os::due`] is wanted.
    pub fn next_wakeup(&self) -> Option<Time> {
        self.process.as_ref().and_then(Process::next_wakeup)
    }

    /// The next effect.
    pub fn poll(&mut self) -> Option<OsEffect> {
        self.effects.pop_front()
    }

    fn open(&mut self) -> Result<(), Impossible> {
        if self.process().is_some_and(|(_, state)| state == ProcessState::Foreground) {
            return Err(Impossible::InFront);
        }
        if self.locked {
            self.unlock();
            // An ordinary launch, whose app opens its sessions by itself: what waits is delivered then, and
            // no events are handed over in front of a session that is about to be there (BG-LIFE-10).
            self.waiting.clear();
        }
        self.quit = false;
        match &mut self.process {
            None => self.launch(ProcessState::Foreground, Cause::User, Rule::BG_LIFE_08),
            Some(process) => {
                process.leaves_at = None;
                process.settles_at = None;
                for deadline in process.owed.values_mut() {
                    *deadline = None;
                }
                self.change(ProcessState::Foreground, Cause::User, None);
            }
        }
        Ok(())
    }

    fn home(&mut self, now: Time) -> Result<(), Impossible> {
        let grace = self.knobs.suspend_grace;
        let deadline = self.deadline(now);
        let process = match &mut self.process {
            Some(process) if process.state == ProcessState::Foreground => process,
            _ => return Err(Impossible::NotInFront),
        };
        process.leaves_at = Some(now + grace);
        for open in process.owed.values_mut() {
            *open = deadline;
        }
        self.change(ProcessState::Background, Cause::User, None);
        if !self.faults.keep(Rule::SW_OS_01) {
            self.suspend(Rule::SW_OS_01);
        }
        Ok(())
    }

    fn force_quit(&mut self) -> Result<(), Impossible> {
        if self.newest == 0 {
            return Err(Impossible::NeverLaunched);
        }
        self.quit = self.faults.keep(Rule::BG_QUIT_02);
        match self.process {
            Some(_) => self.kill(Death::ForceQuit, Some(Rule::BG_QUIT_02)),
            // A dead app still has its card in the switcher, and its transfers run.
            None => {
                let last = ProcessId(self.newest);
                self.signal(Rule::BG_QUIT_02, Signal::Died(last, Death::ForceQuit));
            }
        }
        Ok(())
    }

    fn unlock(&mut self) {
        self.locked = false;
        self.signal(Rule::BG_QUIT_09, Signal::Unlocked);
    }

    fn boot(&mut self, after: Death) {
        self.kill(after, Some(Rule::BG_QUIT_08));
        self.locked = true;
        self.waiting.clear();
        self.emit(Some(Rule::BG_QUIT_08), OsWhat::Boot { after });
    }

    fn wake(&mut self, session: String, now: Time) {
        let gate = self.knobs.first_unlock_gate && self.faults.keep(Rule::BG_QUIT_09);
        if gate && self.locked {
            if !self.waiting.contains(&session) {
                self.waiting.push(session);
            }
            return;
        }
        let state = self.process().map(|(_, state)| state);
        let cause = Cause::Session(session.as_str().into());
        match state {
            None if self.quit => {}
            None if !self.faults.keep(Rule::BG_LIFE_12) => {
                self.newest += 1;
                self.process = Some(Process::new(ProcessId(self.newest), ProcessState::Background));
                let process = ProcessId(self.newest);
                let state = ProcessState::Background;
                self.signal(Rule::BG_LIFE_12, Signal::Launched(process, state));
                self.hand_over(session, Rule::BG_LIFE_12, now);
                let what = OsWhat::Launch { process, state, cause };
                self.emit(Some(Rule::BG_LIFE_12), what);
            }
            None => {
                self.launch(ProcessState::Background, cause, Rule::BG_LIFE_12);
                self.hand_over(session, Rule::BG_LIFE_12, now);
            }
            Some(ProcessState::Suspended) if self.faults.keep(Rule::BG_LIFE_07) => {
                self.change(ProcessState::Background, cause, Some(Rule::BG_LIFE_07));
                self.hand_over(session, Rule::BG_LIFE_07, now);
            }
            Some(ProcessState::Foreground) if self.faults.keep(Rule::BG_LIFE_09) => {
                self.hand_over(session, Rule::BG_LIFE_09, now);
            }
            Some(ProcessState::Background) => self.hand_over(session, Rule::BG_LIFE_11, now),
            Some(ProcessState::Suspended | ProcessState::Foreground) => {}
        }
    }

    fn hand_over(&mut self, session: String, rule: Rule, now: Time) {
        let in_front = self.process().is_some_and(|(_, state)| state == ProcessState::Foreground);
        let deadline = if in_front { None } else { self.deadline(now) };
        let Some(running) = &mut self.process else {
            return;
        };
        if running.owed.contains_key(&session) {
            running.again.insert(session);
            return;
        }
        running.settles_at = None;
        running.owed.insert(session.clone(), deadline);
        let process = running.id;
        if !in_front && !self.faults.keep(Rule::BG_WAKE_04) {
            self.emit(Some(Rule::BG_WAKE_04), OsWhat::Snapshot { process });
        }
        let what = OsWhat::HandleEvents { process, session: session.clone() };
        self.emit(Some(rule), what);
        self.signal(rule, Signal::HandledEvents(process, session));
    }

    /// The end of a window that begins now, where the watchdog looks.
    fn deadline(&self, now: Time) -> Option<Time> {
        let window = self.knobs.wake_window;
        let whole = if self.faults.keep(Rule::BG_WAKE_01) { window } else { window / 2 };
        self.suspends().then(|| now + whole)
    }

    /// A window ended with its handler outstanding.
    fn overrun(&mut self) {
        if self.faults.keep(Rule::BG_WAKE_02) {
            self.kill(Death::Watchdog, Some(Rule::BG_WAKE_02));
        } else if let Some(process) = &mut self.process {
            process.owed.values_mut().for_each(|deadline| *deadline = None);
        }
    }

    /// The last handler was called and the app has come to rest.
    fn settle(&mut self, now: Time) {
        let Some(process) = &mut self.process else {
            return;
        };
        let id = process.id;
        if !self.faults.keep(Rule::SW_OS_02) {
            process.leaves_at = Some(now + self.knobs.suspend_grace);
        }
        let stays = process.leaves_at.is_some();
        if self.faults.keep(Rule::BG_WAKE_04) {
            self.emit(Some(Rule::BG_WAKE_04), OsWhat::Snapshot { process: id });
        }
        if !stays {
            self.suspend(Rule::SW_OS_02);
        }
    }

    /// Freezes the process, unless a debugger holds it.
    fn suspend(&mut self, rule: Rule) {
        let Some(process) = &mut self.process else {
            return;
        };
        process.clear_reasons();
        if self.suspends() {
            self.change(ProcessState::Suspended, Cause::System, Some(rule));
        }
    }

    /// Whether the system suspends apps: not under the debugger.
    fn suspends(&self) -> bool {
        self.knobs.suspends || !self.faults.keep(Rule::BG_QUIT_15)
    }

    fn launch(&mut self, state: ProcessState, cause: Cause, rule: Rule) {
        assert!(self.process.is_none(), "launched beside {:?}", self.process);
        self.newest += 1;
        let process = ProcessId(self.newest);
        self.process = Some(Process::new(process, state));
        self.signal(rule, Signal::Launched(process, state));
        self.emit(Some(rule), OsWhat::Launch { process, state, cause });
    }

    fn change(&mut self, state: ProcessState, cause: Cause, rule: Option<Rule>) {
        let Some(running) = &mut self.process else {
            return;
        };
        running.state = state;
        let process = running.id;
        self.emit(rule, OsWhat::Signal(Signal::Changed(process, state)));
        self.emit(rule, OsWhat::Move { process, state, cause });
    }

    fn kill(&mut self, death: Death, rule: Option<Rule>) {
        let Some(process) = self.process.take() else {
            return;
        };
        let process = process.id;
        self.emit(rule, OsWhat::Kill { process, death });
        // A daemon that loses its power learns nothing.
        if death != Death::PowerCut {
            self.emit(rule, OsWhat::Signal(Signal::Died(process, death)));
        }
    }

    fn signal(&mut self, rule: Rule, signal: Signal) {
        self.emit(Some(rule), OsWhat::Signal(signal));
    }

    fn emit(&mut self, rule: Option<Rule>, what: OsWhat) {
        self.effects.push_back(OsEffect { rule, what });
    }
}
