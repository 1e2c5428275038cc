//! A scenario as data: what the user, the OS, the network, the origin and the app do, and what is
//! expected of it. Loaders build it, the world performs it; nothing here runs.

mod app;
mod budget;
mod expect;
mod network;
mod overrides;
mod step;

pub use app::{AppPlan, Reaction};
pub use budget::{Budget, Limit};
pub use expect::{Count, Expect, Expected};
pub use network::{NetworkAct, NetworkPlan};
pub use overrides::Overrides;
pub use step::{Act, Step, Trigger};

use std::time::Duration;

use sleepwalker_core::{Faults, Rule, Time};
use sleepwalker_origin::Plan;

/// Everything that decides a world, but for its seed and profile.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file's name without its ending.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// Six hexadecimal digits of the file's SHA-256.
    pub hash: String,
    /// The rules that it shows: with any of them off, its trace changes or a checker fires.
    pub shows: Vec<Rule>,
    /// The profile that it is written for; none: whichever the run names.
    pub profile: Option<String>,
    /// The knobs that it sets itself, over those of the profile.
    pub knobs: Overrides,
    /// Rules that it switches off.
    pub faults: Faults,
    /// What the origin serves at the start.
    pub origin: Plan,
    /// The network at the start.
    pub network: NetworkPlan,
    /// The device at the start.
    pub device: DevicePlan,
    /// The scripted app.
    pub app: AppPlan,
    /// The script, in the file's order.
    pub steps: Vec<Step>,
    /// What its trace must and must not hold.
    pub expect: Expect,
    /// Beyond what it is given up.
    pub budget: Budget,
    /// When it ends.
    pub end: End,
}

/// The device at the start: switched on, unlocked, the app not running.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DevicePlan {
    /// It hangs on external power.
    pub power: bool,
    /// How long it takes to store an atomic batch of rows.
    pub storing: Duration,
}

/// When a scenario ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// When every step has been performed and nothing is left to happen.
    #[default]
    Quiet,
    /// At this time, whatever is left.
    At(Time),
}
