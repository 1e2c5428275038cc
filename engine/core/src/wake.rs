//! When the daemon has the app resumed or launched.

use crate::{
    Ask, Core, DelayChange, Note, ProcessState, RowKey, Rule, SessionId, Time, Wakeup, What,
};

impl Core {
    pub(crate) fn consider_wakes(&mut self, now: Time) {
        for id in self.sessions.keys().copied().collect::<Vec<_>>() {
            self.consider_wake(id, now);
        }
    }

    /// Asks for a wake when all tasks of a background session are done and their results cannot be
    /// delivered as things are (BG-LIFE-03), or when its delegate must be asked.
    pub(crate) fn consider_wake(&mut self, id: SessionId, now: Time) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        if !session.is_background() || session.wake_worthy == 0 || session.asked || session.handling
        {
            return;
        }
        if !session.configuration.sends_launch_events && self.keep(Rule::BG_LIFE_19) {
            return;
        }
        let blocks = self.knobs.suspended_tasks_block_wake && self.keep(Rule::BG_LIFE_04);
        let waits_for = session.unfinished - if blocks { 0 } else { session.suspended };
        let question = session.asking > 0;
        if waits_for > 0 && !question && self.keep(Rule::BG_LIFE_03) {
            return;
        }
        let name = session.name.clone();
        let runs = self.processes.values().any(|state| *state != ProcessState::Suspended);
        let in_front = self.processes.values().any(|state| *state == ProcessState::Foreground);
        if self.receiver(id).is_some() && (!in_front || self.keep(Rule::BG_LIFE_10)) {
            return;
        }
        if in_front && !self.keep(Rule::BG_LIFE_09) {
            return;
        }
        self.sessions.get_mut(&id).expect("just seen").asked = true;
        let raises = !runs && !self.waking;
        self.waking |= raises;
        let first = self.keep(Rule::BG_RATE_04);
        if raises && first {
            self.raise_limiter(now);
        }
        let rule = match () {
            () if in_front => Rule::BG_LIFE_09,
            () if question => Rule::BG_SCHED_20,
            () => Rule::BG_LIFE_03,
        };
        self.emit(rule, What::Ask(Ask::Wake { session: name.to_string() }));
        if raises && !first {
            self.raise_limiter(now);
        }
    }

    /// An ask waits for the batch before it, and meanwhile the user may have opened the app: one that is
    /// in front and holds the session is asked for nothing (BG-LIFE-10).
    pub(crate) fn is_outdated(&mut self, session: &str) -> bool {
        let Some(id) = self.find_session(session) else { return false };
        let in_front = self.processes.values().any(|state| *state == ProcessState::Foreground);
        if !in_front || self.receiver(id).is_none() || !self.keep(Rule::BG_LIFE_10) {
            return false;
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            session.asked = false;
        }
        true
    }

    /// Before the app hears of its events (BG-RATE-04).
    fn raise_limiter(&mut self, now: Time) {
        if let Some(until) = self.limiter.until() {
            self.timers.disarm(until, Wakeup::Limiter);
        }
        self.limiter.raise(&self.knobs, &self.faults, now);
        if let Some(until) = self.limiter.until() {
            self.timers.arm(until, Wakeup::Limiter);
        }
        self.touch_row(RowKey::Limiter);
        let delay = self.limiter.delay();
        let rule =
            if delay == self.knobs.limiter_initial { Rule::BG_RATE_03 } else { Rule::BG_RATE_02 };
        self.emit(rule, What::Note(Note::Delay { delay, why: DelayChange::Wake }));
    }
}
