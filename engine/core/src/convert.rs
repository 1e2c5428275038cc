//! A data task that becomes a download at its response.

use std::sync::Arc;

use crate::{
    Core, Method, Partial, RowKey, Rule, TaskKey, TaskKind, TaskRow, Time, Wakeup,
    sessions::Item,
    task::{Phase, Task},
};

impl Core {
    /// The data task is over without a completion; a new task of the same session goes on with the
    /// request that is on the wire (BG-DATA-02, BG-DATA-03).
    pub(crate) fn become_download(&mut self, old: TaskKey, now: Time) {
        let background = self.is_background(old);
        let file = self.new_file();
        let exchange = self.exchange(old).clone();
        let (attempt, status) = (exchange.attempt, exchange.status);
        let fresh = self.keep(Rule::BG_DATA_03);
        let session = self.sessions.get_mut(&old.session).expect("the task has a session");
        let task = if fresh { session.next_task } else { old.task };
        let new = TaskKey { session: old.session, task };
        session.next_task.0 += 1;
        let was = session.tasks.get(old.task).expect("the task decides");
        let mut row = TaskRow::clone(&was.row);
        row.kind = TaskKind::Download;
        row.partial = Some(Partial {
            file,
            length: 0,
            expected: exchange.expected,
            validator: exchange.validator.clone(),
        });
        let mut task = Task::new(Arc::new(row));
        task.attempts = was.attempts;
        let deadline = was_deadline(self, old);
        self.timers.disarm(deadline, Wakeup::Resource(old));
        self.timers.arm(deadline, Wakeup::Resource(new));
        if self.auto_discretionary.contains(&old) {
            self.auto_discretionary.insert(new);
        }
        self.set_phase(old, Phase::Suspended);
        self.forget(old);
        let session = self.sessions.get_mut(&old.session).expect("the task has a session");
        session.tasks.insert(new.task, task);
        self.converted.insert(attempt.task, new);
        self.files_in_use.insert(file, new);
        self.set_phase(new, Phase::Receiving(exchange));
        if background {
            self.touch_row(RowKey::NextTask(new.session));
        }
        self.touch(new);
        let method = Method::DidBecomeDownloadTask { new: new.task };
        self.push(old.session, Item::Say(Some(old.task), method));
        if !self.keep(Rule::BG_DATA_02) {
            let end = Method::DidComplete { error: None, status };
            self.push(old.session, Item::Say(Some(old.task), end));
        }
        self.receive_into_file(new, attempt, now);
    }
}

fn was_deadline(core: &Core, key: TaskKey) -> Time {
    core.task(key).and_then(Task::resource_deadline).expect("a task on the wire is resumed")
}
