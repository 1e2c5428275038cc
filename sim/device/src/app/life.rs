//! What the app keeps in memory, for one process.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use sleepwalker_core::{
    Callback, FileId, ProcessId, ProcessState, SessionId, TaskError, TaskKey, Time,
};

use super::AppEffect;

/// One thing still to be done by the code that runs. Steps are looked at when their turn comes, for
/// what they do may depend on the answers before them.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Does this, whatever came before.
    Do(AppEffect),
    /// Creates a session.
    Create(Arc<str>),
    /// Makes a task for an item, if it still wants one.
    Begin(usize),
    /// Moves a file.
    Claim { item: usize, task: TaskKey, file: FileId },
    /// A task of an item is complete without an error.
    Finish { item: usize, task: TaskKey, status: Option<u16> },
    /// A task of an item has failed.
    Fail { item: usize, task: TaskKey, error: TaskError, status: Option<u16> },
}

/// A delegate method that has been entered and has not returned.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub(super) callback: Callback,
    /// When its body is done.
    pub(super) until: Time,
}

/// A process.
#[derive(Clone, Debug)]
pub(super) struct Life {
    pub(super) process: ProcessId,
    pub(super) state: ProcessState,
    pub(super) steps: VecDeque<Step>,
    /// The step whose answer is awaited.
    pub(super) waiting: Option<Step>,
    /// Connected sessions by the app's name for them.
    pub(super) sessions: BTreeMap<Arc<str>, SessionId>,
    /// The identifiers of all that were ever connected.
    pub(super) identifiers: BTreeMap<SessionId, Arc<str>>,
    /// Items by task.
    pub(super) map: BTreeMap<TaskKey, usize>,
    /// Handlers that came and were not called, by the identifier that they came for.
    pub(super) handlers: BTreeSet<Arc<str>>,
    pub(super) running: Vec<Running>,
    /// Items whose task is about to be made.
    pub(super) beginning: BTreeSet<usize>,
    /// Locations noted for later.
    pub(super) locations: BTreeMap<TaskKey, FileId>,
    /// When the process froze.
    pub(super) frozen_at: Option<Time>,
}

impl Life {
    pub(super) fn new(process: ProcessId, state: ProcessState) -> Life {
        Life {
            process,
            state,
            steps: VecDeque::new(),
            waiting: None,
            sessions: BTreeMap::new(),
            identifiers: BTreeMap::new(),
            map: BTreeMap::new(),
            handlers: BTreeSet::new(),
            running: Vec::new(),
            beginning: BTreeSet::new(),
            locations: BTreeMap::new(),
            frozen_at: None,
        }
    }

    pub(super) fn later(&mut self, effect: AppEffect) {
        self.steps.push_back(Step::Do(effect));
    }

    pub(super) fn frozen(&self) -> bool {
        self.state == ProcessState::Suspended
    }

    /// Changes the state. What was left of a method's time when the process froze is left when it goes
    /// on.
    pub(super) fn change(&mut self, state: ProcessState, now: Time) {
        self.state = state;
        if state == ProcessState::Suspended {
            self.frozen_at = self.frozen_at.or(Some(now));
        } else if let Some(since) = self.frozen_at.take() {
            let pause: Duration = now.since(since);
            for running in &mut self.running {
                running.until = running.until + pause;
            }
        }
    }
}
