//! The script of a scenario while it is performed: whose turn it is, and what fires it.

use std::time::Duration;

use sleepwalker_core::Time;
use sleepwalker_device::AppAct;
use sleepwalker_judge::{Counter, Event};

use crate::scenario::{Reaction, Scenario, Step, Trigger};

/// Where a script stands.
#[derive(Debug)]
pub(crate) struct Script {
    steps: Vec<Step>,
    next: usize,
    /// When the step before was performed, or the world began.
    since: Time,
    /// Of a step that waits for an event.
    counter: Option<Counter>,
    /// Events that the waiting step has looked at, or that came before its turn.
    seen: usize,
    reactions: Vec<Reaction>,
    /// Events that the reactions have looked at.
    reacted: usize,
    performed: u64,
}

impl Script {
    pub(crate) fn new(scenario: &Scenario) -> Script {
        let mut script = Script {
            steps: scenario.steps.clone(),
            next: 0,
            since: Time::ZERO,
            counter: None,
            seen: 0,
            reactions: scenario.app.reactions.clone(),
            reacted: 0,
            performed: 0,
        };
        script.arm();
        script
    }

    fn arm(&mut self) {
        self.counter = match self.steps.get(self.next).map(|step| &step.trigger) {
            Some(Trigger::When(expected)) => Some(Counter::new(expected.pattern.clone())),
            Some(Trigger::At(_) | Trigger::After(_)) | None => None,
        };
    }

    /// Returns how many steps and reactions were performed.
    pub(crate) fn performed(&self) -> u64 {
        self.performed
    }

    /// Returns the next step if an event since its turn came fires it.
    pub(crate) fn fired(&mut self, events: &[Event], now: Time) -> Option<Step> {
        let counter = self.counter.as_mut()?;
        while let Some(event) = events.get(self.seen) {
            self.seen += 1;
            if counter.fires(event) {
                return Some(self.take(events.len(), now));
            }
        }
        None
    }

    /// Returns when the next step is due, if a time decides that.
    pub(crate) fn next_at(&self) -> Option<Time> {
        match &self.steps.get(self.next)?.trigger {
            Trigger::At(at) => Some((*at).max(self.since)),
            Trigger::After(span) => Some(self.since + *span),
            Trigger::When(_) => None,
        }
    }

    /// Returns the next step if its time has come.
    pub(crate) fn due(&mut self, events: &[Event], now: Time) -> Option<Step> {
        self.next_at().filter(|at| *at <= now)?;
        Some(self.take(events.len(), now))
    }

    fn take(&mut self, events: usize, now: Time) -> Step {
        let step = self.steps[self.next].clone();
        self.next += 1;
        self.since = now;
        self.seen = events;
        self.performed += 1;
        self.arm();
        step
    }

    /// Returns the app's next reaction to an event that it has not reacted to. An event may set off
    /// several; `running` tells whether the app can do anything.
    pub(crate) fn reactions(&mut self, events: &[Event], running: bool) -> Vec<(usize, AppAct)> {
        if self.reactions.is_empty() {
            return Vec::new();
        }
        let fresh = &events[self.reacted..];
        self.reacted = events.len();
        if !running {
            return Vec::new();
        }
        let acts: Vec<(usize, AppAct)> = fresh
            .iter()
            .flat_map(|event| {
                let fits = |reaction: &&Reaction| reaction.when.pattern.matches(event);
                self.reactions.iter().filter(fits)
            })
            .map(|reaction| (reaction.line, reaction.act.clone()))
            .collect();
        self.performed += acts.len() as u64;
        acts
    }

    /// Returns the line and the trigger, in words, of the step that waits.
    pub(crate) fn waiting(&self) -> Option<(usize, String)> {
        let step = self.steps.get(self.next)?;
        let words = |span: Duration| sleepwalker_core::span::text(&span);
        let trigger = match &step.trigger {
            Trigger::At(at) => format!("at {}", words(at.since_origin())),
            Trigger::After(span) => format!("after {}", words(*span)),
            Trigger::When(expected) => format!("when {}", expected.text),
        };
        Some((step.line, trigger))
    }
}
