//! The tasks of a session by their identifiers, which only ever grow.

use std::collections::VecDeque;

use crate::{TaskId, task::Task};

/// A window over the identifiers in use: finding a task is one index, however many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tasks {
    first: u32,
    slots: VecDeque<Option<Box<Task>>>,
    count: usize,
}

impl Tasks {
    pub(crate) fn insert(&mut self, id: TaskId, task: Task) {
        if self.slots.is_empty() {
            self.first = id.0;
        }
        while id.0 < self.first {
            self.slots.push_front(None);
            self.first -= 1;
        }
        let index = (id.0 - self.first) as usize;
        while self.slots.len() <= index {
            self.slots.push_back(None);
        }
        assert!(self.slots[index].is_none(), "task {id} exists already");
        self.slots[index] = Some(Box::new(task));
        self.count += 1;
    }

    pub(crate) fn get(&self, id: TaskId) -> Option<&Task> {
        let index = id.0.checked_sub(self.first)? as usize;
        self.slots.get(index)?.as_deref()
    }

    pub(crate) fn get_mut(&mut self, id: TaskId) -> Option<&mut Task> {
        let index = id.0.checked_sub(self.first)? as usize;
        self.slots.get_mut(index)?.as_deref_mut()
    }

    pub(crate) fn remove(&mut self, id: TaskId) -> Option<Task> {
        let index = id.0.checked_sub(self.first)? as usize;
        let task = self.slots.get_mut(index)?.take()?;
        self.count -= 1;
        while let Some(None) = self.slots.front() {
            self.slots.pop_front();
            self.first += 1;
        }
        Some(*task)
    }

    /// The lowest identifier that no task has: what a session that used them again would give.
    pub(crate) fn lowest_free(&self) -> TaskId {
        let taken = |id: &u32| self.get(TaskId(*id)).is_some();
        TaskId((1..).find(|id| !taken(id)).expect("identifiers fit 32 bits"))
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (TaskId, &Task)> {
        let first = self.first;
        self.slots.iter().enumerate().filter_map(move |(index, slot)| {
            let id = TaskId(first + u32::try_from(index).expect("identifiers fit 32 bits"));
            slot.as_deref().map(|task| (id, task))
        })
    }

    pub(crate) fn ids(&self) -> Vec<TaskId> {
        self.iter().map(|(id, _)| id).collect()
    }
}
