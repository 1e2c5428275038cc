//! Tasks that only wait for their turn, in lanes of equal needs: who starts next costs as much as there
//! are lanes, not tasks.

use std::{cmp::Reverse, collections::BTreeMap};

use crate::{Host, SessionId, TaskKey};

/// How choosy a task is about the moment (BG-SCHED-04).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Urgency {
    /// Any path that it may use.
    Now,
    /// Discretionary, but its time runs out: any path that is not constrained.
    Late,
    /// Wi-Fi.
    Wifi,
    /// Wi-Fi and external power.
    WifiAndPower,
}

/// What all tasks of a lane need.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lane {
    pub(crate) background: bool,
    pub(crate) urgency: Urgency,
    pub(crate) cellular: bool,
    pub(crate) expensive: bool,
    pub(crate) constrained: bool,
    pub(crate) session: SessionId,
    pub(crate) host: Host,
    pub(crate) connections: u32,
}

/// A task's place: higher priority first, then the order of resuming (BG-SCHED-16).
pub(crate) type Place = (Reverse<u16>, u64);

/// The lanes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lanes {
    lanes: BTreeMap<Lane, BTreeMap<Place, TaskKey>>,
    operations: u64,
}

impl Lanes {
    pub(crate) fn insert(&mut self, lane: &Lane, place: Place, task: TaskKey) {
        self.operations += 2;
        let before = match self.lanes.get_mut(lane) {
            Some(tasks) => tasks.insert(place, task),
            None => self.lanes.entry(lane.clone()).or_default().insert(place, task),
        };
        assert!(before.is_none(), "place {place:?} of {task} is taken by {before:?}");
    }

    pub(crate) fn remove(&mut self, lane: &Lane, place: Place) {
        self.operations += 2;
        if let Some(tasks) = self.lanes.get_mut(lane) {
            tasks.remove(&place);
            if tasks.is_empty() {
                self.lanes.remove(lane);
            }
        }
    }

    /// The first task, by place, of all lanes that are open.
    pub(crate) fn first(&self, mut is_open: impl FnMut(&Lane) -> bool) -> Option<TaskKey> {
        self.lanes
            .iter()
            .filter(|(lane, _)| is_open(lane))
            .filter_map(|(_, tasks)| tasks.first_key_value())
            .min_by_key(|(place, _)| **place)
            .map(|(_, task)| *task)
    }

    /// How many lanes there are: what finding the first task costs.
    pub(crate) fn len(&self) -> u64 {
        self.lanes.len() as u64
    }

    pub(crate) fn operations(&self) -> u64 {
        self.operations
    }
}
