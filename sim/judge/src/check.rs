//! Checkers: functions of (knobs, events) that know nothing of how a trace came about.

mod app;
mod scene;
mod script;
mod system;
#[cfg(test)]
mod tests;

use sleepwalker_core::{Knobs, Time};

use crate::{Event, Witness};

pub(crate) use scene::{Scene, Task, TaskSort};
pub(crate) use script::Script;

/// A rule that does not hold in a trace, and where that first shows.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Breach {
    /// The rule, as the ledger writes it.
    pub rule: &'static str,
    /// When.
    pub at: Time,
    /// The event, counted from 0; [`crate::line_number`] gives its line.
    pub index: usize,
    /// What is wrong there.
    pub detail: String,
}

/// What checkers write to.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) breaches: Vec<Breach>,
    /// What a trace lacks beside its witnesses.
    pub(crate) lacks: Option<&'static str>,
}

impl Findings {
    pub(crate) fn add(&mut self, rule: &'static str, step: Step<'_>, detail: String) {
        self.at(rule, step.index, step.event.at, detail);
    }

    pub(crate) fn at(&mut self, rule: &'static str, index: usize, at: Time, detail: String) {
        self.breaches.push(Breach { rule, at, index, detail });
    }
}

/// One event and its place.
#[derive(Clone, Copy)]
pub(crate) struct Step<'a> {
    pub(crate) index: usize,
    pub(crate) event: &'a Event,
}

/// The moving part of a checker.
pub(crate) trait Check {
    /// Takes the next event; `scene` is how things stood before it.
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings);

    /// The trace has ended; `scene` is how things stand then.
    fn end(&mut self, _scene: &Scene<'_>, _end: End, _out: &mut Findings) {}
}

/// A small trace that breaks a rule, and one next to it that does not.
pub(crate) struct Case {
    pub(crate) rule: &'static str,
    pub(crate) wrong: fn(&mut Script),
    #[cfg_attr(not(test), expect(dead_code, reason = "it is for the tests"))]
    pub(crate) right: fn(&mut Script),
}

/// A checker: what it is called, what it answers for, and what it must be able to see.
pub struct Checker {
    /// Its name: the file that it stands in.
    pub name: &'static str,
    /// The rules that it can find broken.
    pub rules: &'static [&'static str],
    /// The families of facts without which it does not judge.
    pub needs: &'static [Witness],
    pub(crate) make: fn() -> Box<dyn Check>,
    pub(crate) cases: &'static [Case],
}

impl std::fmt::Debug for Checker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checker")
            .field("name", &self.name)
            .field("rules", &self.rules)
            .field("needs", &self.needs)
            .finish_non_exhaustive()
    }
}

impl Checker {
    /// Holds one checker against a trace, whatever its witnesses; in order of the events.
    pub fn breaches(&self, knobs: &Knobs, events: &[Event]) -> Vec<Breach> {
        run(&[self], knobs, events, End::Rest).remove(0).breaches
    }
}

/// Every checker: the system's rules first, then the app's.
pub fn checkers() -> Vec<&'static Checker> {
    system::ALL.iter().chain(app::ALL).copied().collect()
}

/// Whether a trace goes on until nothing more would happen by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It does: what is owed then is owed for ever.
    Rest,
    /// It was cut at some time.
    Cut,
}

/// One walk over the events for all checkers.
pub(crate) fn run(
    checkers: &[&Checker],
    knobs: &Knobs,
    events: &[Event],
    end: End,
) -> Vec<Findings> {
    let mut scene = Scene::new(knobs);
    let mut all: Vec<(Box<dyn Check>, Findings)> =
        checkers.iter().map(|checker| ((checker.make)(), Findings::default())).collect();
    for (index, event) in events.iter().enumerate() {
        for (check, out) in &mut all {
            check.see(&scene, Step { index, event }, out);
        }
        scene.apply(index, event);
    }
    all.into_iter()
        .map(|(mut check, mut out)| {
            check.end(&scene, end, &mut out);
            out.breaches.sort_by_key(|breach| breach.index);
            out
        })
        .collect()
}
