//! The one process of the app, as the OS keeps it.

use std::collections::{BTreeMap, BTreeSet};

use sleepwalker_core::{ProcessId, ProcessState, Time};

/// A live process. Why it runs in the background is told by `leaves_at`, `owed` and `settles_at`: the
/// user left it, handlers are outstanding, or the last one was just called.
#[derive(Clone, Debug)]
pub(super) struct Process {
    pub(super) id: ProcessId,
    pub(super) state: ProcessState,
    /// The end of the grace time, after the user left.
    pub(super) leaves_at: Option<Time>,
    /// The handlers that the app has and has not called, with the end of each one's window; without an
    /// end while the watchdog does not look.
    pub(super) owed: BTreeMap<String, Option<Time>>,
    /// Sessions to hand over again as soon as their handler is called.
    pub(super) again: BTreeSet<String>,
    /// The wake is over: suspended when the app has come to rest.
    pub(super) settles_at: Option<Time>,
}

impl Process {
    pub(super) fn new(id: ProcessId, state: ProcessState) -> Process {
        Process {
            id,
            state,
            leaves_at: None,
            owed: BTreeMap::new(),
            again: BTreeSet::new(),
            settles_at: None,
        }
    }

    /// The earliest end of a window.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.owed.values().filter_map(|deadline| *deadline).min()
    }

    /// When the process next needs a decision.
    pub(super) fn next_wakeup(&self) -> Option<Time> {
        let leaves = self.leaves_at.filter(|_| self.owed.is_empty());
        [leaves, self.settles_at, self.deadline()].into_iter().flatten().min()
    }

    /// Drops every reason to be in the background.
    pub(super) fn clear_reasons(&mut self) {
        self.leaves_at = None;
        self.settles_at = None;
        self.owed.clear();
        self.again.clear();
    }
}
