//! A task.

use std::{fmt, sync::Arc};

use sleepwalker_core::{Call, Misuse, ResumeData, TaskId, TaskInfo, TaskKey, Time};
use tokio::sync::oneshot;

use crate::{delegate::Handler, shell::Shell};

/// One transfer of a session. Clones speak of the same one.
#[derive(Clone)]
pub struct Task {
    shell: Arc<Shell>,
    key: TaskKey,
}

impl Task {
    pub(crate) fn new(shell: Arc<Shell>, key: TaskKey) -> Task {
        Task { shell, key }
    }

    /// Returns its number, unique in its session only.
    pub fn id(&self) -> TaskId {
        self.key.task
    }

    pub(crate) fn key(&self) -> TaskKey {
        self.key
    }

    /// Returns what is known of it, until it is over.
    pub fn info(&self) -> Option<TaskInfo> {
        self.shell.core().task_info(self.key)
    }

    /// Starts it, or lets it go on: a new task is suspended.
    ///
    /// # Errors
    ///
    /// The task is over and forgotten, as for all calls here.
    pub fn resume(&self) -> Result<(), Misuse> {
        self.call(Call::Resume(self.key))
    }

    /// Stops it until it is resumed as often.
    ///
    /// # Errors
    ///
    /// See [`Task::resume`].
    pub fn suspend(&self) -> Result<(), Misuse> {
        self.call(Call::Suspend(self.key))
    }

    /// Cancels it; the delegate hears of it.
    ///
    /// # Errors
    ///
    /// See [`Task::resume`].
    pub fn cancel(&self) -> Result<(), Misuse> {
        self.call(Call::Cancel(self.key))
    }

    /// Cancels a download, and returns what a later one can go on from, if it can. Not to be awaited in a
    /// delegate method of the same session, which the answer waits for.
    ///
    /// # Errors
    ///
    /// See [`Task::resume`]; also if it is not a download.
    pub async fn cancel_by_producing_resume_data(&self) -> Result<Option<ResumeData>, Misuse> {
        let (sender, answer) = oneshot::channel();
        let handler = Handler::ResumeData(sender);
        let call = Call::CancelByProducingResumeData(self.key);
        self.shell.call_with_handler(self.key.session, handler, call)?;
        Ok(answer.await.unwrap_or(None))
    }

    /// Sets a text that is kept with the task.
    ///
    /// # Errors
    ///
    /// See [`Task::resume`].
    pub fn set_description(&self, description: &str) -> Result<(), Misuse> {
        self.call(Call::SetTaskDescription(self.key, description.to_owned()))
    }

    /// Sets the priority in thousandths; 500 is the default.
    ///
    /// # Errors
    ///
    /// See [`Task::resume`].
    pub fn set_priority(&self, priority: u16) -> Result<(), Misuse> {
        self.call(Call::SetPriority(self.key, priority))
    }

    /// Sets the earliest time to begin, in nanoseconds since the Unix epoch.
    ///
    /// # Errors
    ///
    /// See [`Task::resume`].
    pub fn set_earliest_begin_date(&self, date: Time) -> Result<(), Misuse> {
        self.call(Call::SetEarliestBeginDate(self.key, date))
    }

    fn call(&self, call: Call) -> Result<(), Misuse> {
        self.shell.call(call).map(drop)
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Task({})", self.key)
    }
}

impl PartialEq for Task {
    fn eq(&self, other: &Task) -> bool {
        self.key == other.key && Arc::ptr_eq(&self.shell, &other.shell)
    }
}

impl Eq for Task {}
