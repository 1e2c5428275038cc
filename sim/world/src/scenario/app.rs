//! The scripted app: its sessions, habits, files and reactions.

use std::collections::BTreeMap;

use sleepwalker_device::{AppAct, Habits, SessionSpec};

use super::Expected;

/// What the app is like.
#[derive(Clone, Debug)]
pub struct AppPlan {
    /// The sessions that it makes at every launch.
    pub sessions: Vec<SessionSpec>,
    /// How it goes about its work.
    pub habits: Habits,
    /// What it does by itself, whenever something happens while it runs.
    pub reactions: Vec<Reaction>,
    /// Its own files by name, with their lengths in bytes.
    pub files: BTreeMap<String, u64>,
}

/// Something that the app does each time that something happens while it runs.
#[derive(Clone, Debug)]
pub struct Reaction {
    /// The file's line, counted from 1.
    pub line: usize,
    /// To what it reacts.
    pub when: Expected,
    /// What it does.
    pub act: AppAct,
}
