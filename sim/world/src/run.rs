//! One run of a scenario, from its start to its end.

use sleepwalker_core::{Faults, Input, Knobs, Time};
use sleepwalker_judge::{FORMAT, Header, Named, Trace, Witness};

use crate::{
    error::RunError,
    link::Way,
    scenario::{End, Limit, Scenario},
    stage::Pace,
    store::StoreKind,
    world::World,
};

/// Turns of the pump for each step that an instant may take.
const TURNS_PER_STEP: u64 = 16;

/// A place where everything dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrashPoint {
    /// Right after so many batches were stored, counted from 1.
    pub after_batch: u64,
    /// The power goes, and with it what was not synced; else what was written stays.
    pub power_cut: bool,
}

/// What decides a run beside its scenario.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The seed of every random stream.
    pub seed: u64,
    /// The knobs of the profile; the scenario's own come on top.
    pub knobs: Knobs,
    /// The profile's name, for the trace's header.
    pub profile: Named,
    /// Rules that are switched off beside the scenario's own.
    pub faults: Faults,
    /// How the clock is moved.
    pub pace: Pace,
    /// What the rows are kept in.
    pub store: StoreKind,
    /// Where everything dies once. Steps that do not fit what is left are passed over then.
    pub crash: Option<CrashPoint>,
    /// Compares the stored rows with the core's whenever no batch is under way.
    pub checks_rows: bool,
}

impl Default for RunOptions {
    fn default() -> RunOptions {
        RunOptions {
            seed: 1,
            knobs: Knobs::default(),
            profile: Named::new("default", b""),
            faults: Faults::default(),
            pace: Pace::default(),
            store: StoreKind::default(),
            crash: None,
            checks_rows: false,
        }
    }
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Run {
    /// Header and events, up to the error if there is one.
    pub trace: Trace,
    /// When it ended.
    pub time: Time,
    /// Steps of the two machines.
    pub steps: u64,
    /// Bytes that reached the device.
    pub bytes_down: u64,
    /// Bytes that reached the origin.
    pub bytes_up: u64,
    /// Batches that were stored: the places where a crash can be tried.
    pub batches: u64,
    /// Why it could not go on to its end.
    pub error: Option<RunError>,
}

/// Runs a scenario.
pub fn run(scenario: &Scenario, options: &RunOptions) -> Run {
    let knobs = scenario.knobs.over(&options.knobs);
    let off = scenario.faults.iter().chain(options.faults.iter());
    let header = Header {
        version: FORMAT,
        scenario: Some(Named { name: scenario.name.clone(), hash: scenario.hash.clone() }),
        profile: Some(options.profile.clone()),
        seed: Some(options.seed),
        sleepwalker: Some(env!("CARGO_PKG_VERSION").to_owned()),
        witnesses: Witness::ALL.into_iter().collect(),
        faults: Faults::without(off).iter().map(|rule| rule.id().to_owned()).collect(),
        knobs: Some(knobs),
    };
    let mut world = match World::new(scenario, options) {
        Ok(world) => world,
        Err(error) => {
            let trace = Trace { header, events: Vec::new() };
            let (time, steps, batches) = (Time::ZERO, 0, 0);
            let (bytes_down, bytes_up, error) = (0, 0, Some(error));
            return Run { trace, time, steps, bytes_down, bytes_up, batches, error };
        }
    };
    let turns = options.pace.steps_per_instant.saturating_mul(TURNS_PER_STEP);
    let error = world.run(scenario, turns).err();
    Run {
        time: world.now(),
        steps: world.stage.steps(),
        bytes_down: world.stage.carried(Way::Down),
        bytes_up: world.stage.carried(Way::Up),
        batches: world.batches,
        error,
        trace: Trace { header, events: world.events },
    }
}

impl World {
    /// Goes from instant to instant until the scenario's end.
    fn run(&mut self, scenario: &Scenario, turns: u64) -> Result<(), RunError> {
        let origin_files: usize = scenario.origin.hosts.values().map(|host| host.files.len()).sum();
        let files = (origin_files + scenario.app.files.len()) as u64;
        self.within("files", files, scenario.budget.files)?;
        loop {
            self.stage.step()?;
            self.pump(turns)?;
            if !self.stage.is_silent() || self.due()? {
                continue;
            }
            let next = self.next();
            let end = match scenario.end {
                End::Quiet => None,
                End::At(at) => Some(at),
            };
            let to = match (next, end) {
                (Some(next), Some(end)) => next.min(end),
                (Some(at), None) | (None, Some(at)) => at,
                (None, None) => return self.finish(),
            };
            if end.is_some_and(|end| self.now() >= end) {
                return self.finish();
            }
            let most = scenario.budget.time;
            if to.since_origin() > most.most {
                let words = sleepwalker_core::span::text(&most.most);
                return Err(self.over_budget("of simulated time", words, most.line, most.place()));
            }
            let before = self.now();
            self.stage.advance(to);
            if self.now() > before {
                self.turns = 0;
            }
        }
    }

    fn next(&mut self) -> Option<Time> {
        [
            self.stage.next_event(),
            self.core.next_wakeup().map(|(at, _)| at),
            self.under_way.front().map(|(at, _)| *at),
            self.os.next_wakeup(),
            self.app.next_wakeup(),
            self.script.next_at(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Does one thing that is due now, when all else is at rest: the OS waits for the app, and the
    /// script for both. Returns whether anything was.
    fn due(&mut self) -> Result<bool, RunError> {
        let now = self.now();
        let is_due = |at: Option<Time>| at.is_some_and(|at| at <= now);
        if let Some((_, batch)) = self.under_way.pop_front_if(|(at, _)| *at <= now) {
            self.store_batch(&batch)?;
        } else if is_due(self.core.next_wakeup().map(|(at, _)| at)) {
            self.handle(Input::Due);
        } else if is_due(self.app.next_wakeup()) {
            self.app.due(now);
        } else if is_due(self.os.next_wakeup()) {
            self.os.due(now);
        } else if let Some(step) = self.script.due(&self.events, now) {
            self.perform(step)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// The world has come to its end: no step may still wait.
    fn finish(&self) -> Result<(), RunError> {
        match self.script.waiting() {
            Some((line, trigger)) if !self.crashed => {
                Err(RunError::NeverFired { at: self.now(), line, trigger })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Looks after each turn of the pump, for what goes round in one instant has no end of its own.
    pub(crate) fn check_budget(&self) -> Result<(), RunError> {
        let budget = &self.budget;
        self.within("steps", self.script.performed(), budget.steps)?;
        self.within("events", self.events.len() as u64, budget.events)?;
        let bytes = self.stage.carried(Way::Down) + self.stage.carried(Way::Up);
        self.within("bytes", bytes, budget.bytes)
    }

    fn within(&self, what: &'static str, used: u64, limit: Limit<u64>) -> Result<(), RunError> {
        if used <= limit.most {
            return Ok(());
        }
        Err(self.over_budget(what, limit.most.to_string(), limit.line, limit.place()))
    }

    fn over_budget(
        &self,
        what: &'static str,
        most: String,
        line: Option<usize>,
        place: String,
    ) -> RunError {
        RunError::Budget { at: self.now(), what, most, line, place }
    }
}
