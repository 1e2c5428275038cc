//! The stage: two machines, the link between them, and the clock; no engine yet.

use std::time::Duration;

use sleepwalker_core::Time;
use turmoil::Sim;

use crate::{
    clock::Clock,
    error::RunError,
    jobs::{Jobs, Nursery},
    link::{LinkQuality, Way},
    radio::Radio,
    stream::{Listener, Stream, connect},
    switch::Switch,
};

const DEVICE: &str = "device";
pub(crate) const ORIGIN: &str = "origin";

/// Polls in one step that no honest job needs.
const POLLS_PER_STEP: u64 = 64;

/// How the stage is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Silence is skipped. Off: the clock stops at every millisecond, which changes no result and
    /// proves that.
    pub skip: bool,
    /// Steps that one instant may take.
    pub steps_per_instant: u64,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace { skip: true, steps_per_instant: 1_000_000 }
    }
}

/// Two machines, `device` and `origin`, and all that lies between them.
pub struct Stage {
    sim: Sim<'static>,
    clock: Clock,
    jobs: Jobs,
    radio: Radio,
    switch: Switch,
    device: Nursery,
    origin: Nursery,
    pace: Pace,
    steps: u64,
    instant: u64,
    /// Messages were handed over that no step has delivered.
    handed_over: bool,
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage")
            .field("now", &self.clock.now())
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}

impl Stage {
    /// Sets up both machines, with nothing running on them.
    pub fn new(seed: u64, quality: LinkQuality, pace: Pace) -> Stage {
        let mut sim = turmoil::Builder::new()
            .rng_seed(seed)
            .epoch(std::time::UNIX_EPOCH)
            .tick_duration(Duration::from_millis(1))
            .simulation_duration(Duration::from_secs(1 << 40))
            .tcp_capacity(1024)
            .build();
        let (clock, jobs, radio) = (Clock::default(), Jobs::default(), Radio::new(quality));
        let (device, origin) = (Nursery::new(&jobs), Nursery::new(&jobs));
        for (name, nursery) in [(DEVICE, device.clone()), (ORIGIN, origin.clone())] {
            sim.host(name, move || nursery.root(name));
        }
        sim.hold(DEVICE, ORIGIN);
        let switch = Switch::new(radio.clone(), sim.lookup(DEVICE), seed);
        Stage {
            sim,
            clock,
            jobs,
            radio,
            switch,
            device,
            origin,
            pace,
            steps: 0,
            instant: 0,
            handed_over: false,
        }
    }

    /// Returns the clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Returns the jobs of both machines.
    pub fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    /// Returns where the device's jobs are given.
    pub fn device(&self) -> &Nursery {
        &self.device
    }

    /// Returns where the origin's jobs are given.
    pub fn origin(&self) -> &Nursery {
        &self.origin
    }

    /// Returns how connections are made.
    pub fn wire(&self) -> Wire {
        Wire { clock: self.clock.clone(), radio: self.radio.clone() }
    }

    /// Returns the link's quality.
    pub fn quality(&self) -> LinkQuality {
        self.radio.quality()
    }

    /// Changes the link's quality.
    pub fn set_quality(&mut self, quality: LinkQuality) {
        self.switch.set_quality(quality);
    }

    /// Returns whether the radio carries anything.
    pub fn is_up(&self) -> bool {
        self.radio.is_up()
    }

    /// Stops the radio, or lets it go on: whatever is sent or in flight meanwhile waits.
    pub fn set_up(&mut self, up: bool) {
        self.radio.set_up(up);
    }

    /// Breaks every connection that there is, as a change of the path does: what is on its way is lost.
    /// An end finds out when it next moves; the origin not before the radio carries anything again.
    pub fn lose_connections(&mut self) {
        self.radio.lose_all();
    }

    /// Returns the steps taken so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Returns the bytes handed over so far.
    pub fn carried(&self, way: Way) -> u64 {
        self.switch.carried(way)
    }

    /// Returns how many flows have counters: two for each connection of which anything is left.
    pub fn flows(&self) -> usize {
        self.radio.flows()
    }

    /// Lets both machines run until neither can go on by itself, or wakes have crossed between them. If
    /// nobody was woken and nothing has arrived, nothing is done, unless silence is walked through.
    pub fn step(&mut self) -> Result<(), RunError> {
        if self.pace.skip && self.jobs.woken() == 0 && !self.handed_over {
            return Ok(());
        }
        self.handed_over = false;
        let at = self.clock.now();
        if self.instant == 0 {
            self.jobs.begin_instant(self.pace.steps_per_instant.saturating_mul(POLLS_PER_STEP));
        }
        let result = self.sim.step();
        self.steps += 1;
        self.instant += 1;
        if let Some(panic) = self.jobs.take_panic() {
            return Err(RunError::Panicked { at, job: panic.job, message: panic.message });
        }
        result.map_err(|error| RunError::Machine { at, message: error.to_string() })?;
        if self.jobs.is_stuck() || self.instant > self.pace.steps_per_instant {
            let woken = self.jobs.last_woken();
            return Err(RunError::Endless { at, steps: self.instant, woken });
        }
        self.switch.stamp(&self.sim);
        Ok(())
    }

    /// Returns whether a step at this instant would change nothing. May give the radio to messages, and
    /// so wake writers.
    pub fn is_silent(&mut self) -> bool {
        if self.jobs.woken() > 0 {
            return false;
        }
        self.switch.plan(self.clock.now());
        self.jobs.woken() == 0
    }

    /// Returns when the next message arrives, the radio is free for a waiting one, or a wait ends.
    pub fn next_event(&mut self) -> Option<Time> {
        let network = self.switch.plan(self.clock.now());
        [self.clock.next(), network].into_iter().flatten().min()
    }

    /// Moves the clock to `to`, or towards it if silence is not skipped, wakes what waited for that and
    /// hands over what has arrived. Returns whether `to` is reached.
    pub fn advance(&mut self, to: Time) -> bool {
        let now = self.clock.now();
        let mut at = to.max(now);
        if !self.pace.skip {
            at = at.min(now + Duration::from_millis(1));
        }
        if at > now {
            self.instant = 0;
        }
        self.clock.advance(at);
        // The radio goes to the next in turn before the machines run, so that one step does for both.
        self.switch.plan(at);
        self.handed_over |= self.switch.deliver(&self.sim, at);
        at >= to
    }

    /// Runs until `done` says so.
    pub fn run_until(&mut self, mut done: impl FnMut() -> bool) -> Result<(), RunError> {
        loop {
            self.step()?;
            if done() {
                return Ok(());
            }
            if self.is_silent() {
                let next = self.next_event().ok_or_else(|| self.dead())?;
                self.advance(next);
            }
        }
    }

    /// Returns the error for a world in which somebody waits for what can never come.
    pub fn dead(&self) -> RunError {
        RunError::Dead { at: self.clock.now(), woken: self.jobs.last_woken() }
    }
}

/// How connections are made on the stage. Only jobs of its machines may use it.
#[derive(Clone, Debug)]
pub struct Wire {
    clock: Clock,
    radio: Radio,
}

impl Wire {
    /// Connects the device to the origin; takes one latency each way.
    pub async fn connect(&self) -> std::io::Result<Stream> {
        connect(&self.clock, &self.radio).await
    }

    /// Waits for as long as a question to somebody out there takes, and for the radio.
    pub async fn ask(&self) {
        self.clock.sleep(self.radio.quality().latency * 2).await;
        std::future::poll_fn(|cx| self.radio.poll_up(cx)).await;
    }

    /// Accepts connections on the origin for ever, and gives each to `serve`.
    pub async fn listen(&self, mut serve: impl FnMut(Stream)) -> std::io::Result<()> {
        let listener = Listener::bind(&self.radio).await?;
        loop {
            serve(listener.accept().await?);
        }
    }
}
