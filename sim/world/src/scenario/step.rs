//! One step of the script: when, who, what.
//!
//! Steps are performed one after the other, in the file's order: a step that waits holds those behind it.

use std::time::Duration;

use sleepwalker_core::Time;
use sleepwalker_device::{AppAct, OsAct};
use sleepwalker_judge::UserAct;
use sleepwalker_origin::OriginAct;

use super::{Expected, NetworkAct};

/// One step of the script.
#[derive(Clone, Debug)]
pub struct Step {
    /// The file's line, counted from 1.
    pub line: usize,
    /// When it is performed.
    pub trigger: Trigger,
    /// What is performed.
    pub act: Act,
}

/// When a step is performed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// At a time of the world; at once, if the step before was performed later.
    At(Time),
    /// So long after the step before, or after the start.
    After(Duration),
    /// At the first event that fits among those after the step before was performed.
    When(Expected),
}

/// Who does what.
#[derive(Clone, Debug)]
pub enum Act {
    /// The user.
    User(UserAct),
    /// The OS.
    Os(OsAct),
    /// The network.
    Network(NetworkAct),
    /// The origin.
    Origin(OriginAct),
    /// The app.
    App(AppAct),
}
