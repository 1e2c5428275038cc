//! Bodies: bytes sent and received, checkpoints, and the end of a message.

use crate::{
    AttemptId, ChunkId, Core, ErrorCode, FileId, Into, Method, Note, Order, RowKey, Rule, TaskKey,
    Time, Wakeup, What, sessions::Item, task::Phase,
};

impl Core {
    pub(crate) fn on_sent(&mut self, attempt: AttemptId, total: u64, now: Time) {
        let Some(key) = self.live(attempt) else {
            return;
        };
        let task = self.task_mut(key).expect("the attempt is live");
        let expected = task.body().map_or(total, |body| body.length);
        if total > task.sent {
            task.failures = 0;
        }
        task.sent = total;
        task.phase.exchange_mut().expect("the attempt is live").active_at = now;
        if total - task.noted.min(total) >= step(expected) || total == expected {
            task.noted = total;
            self.emit(Rule::BG_UP_02, What::Note(Note::Sent { attempt, total, expected }));
        }
        if self.keep(Rule::BG_UP_02) {
            self.tell_progress(key, total, false, now);
        }
    }

    pub(crate) fn on_received(&mut self, attempt: AttemptId, total: u64, now: Time) {
        let Some(key) = self.live(attempt) else {
            return;
        };
        let checkpoint = self.knobs.checkpoint_bytes;
        let checkpoints = self.keep(Rule::SW_STORE_01);
        let background = self.is_background(key);
        let task = self.task_mut(key).expect("the attempt is live");
        if !matches!(task.phase, Phase::Receiving(_)) {
            return;
        }
        let exchange = task.phase.exchange_mut().expect("the attempt is live");
        exchange.active_at = now;
        let expected = exchange.expected;
        let spooled = exchange.spool.is_some();
        if total > task.received {
            task.failures = 0;
        }
        task.received = total;
        let noted = total - task.noted.min(total) >= step(expected.unwrap_or(0));
        if !spooled && (noted || expected == Some(total)) && task.noted != total {
            task.noted = total;
            self.emit(Rule::BG_DL_07, What::Note(Note::Received { attempt, total, expected }));
        }
        if spooled {
            return;
        }
        let task = self.task_mut(key).expect("the attempt is live");
        let part = task.row.partial.as_ref().map(|part| (part.file, part.length));
        if let Some((file, stored)) = part
            && background
            && !task.syncing
            && total - stored.min(total) >= checkpoint
            && expected != Some(total)
            && checkpoints
        {
            task.syncing = true;
            self.order(Rule::SW_STORE_01, Order::Sync(file));
        }
        self.tell_progress(key, total, true, now);
    }

    /// Queues a progress callback: not more often than both bounds allow (BG-DL-07), and only for an app
    /// that runs (BG-LIFE-15).
    fn tell_progress(&mut self, key: TaskKey, total: u64, receives: bool, now: Time) {
        let always = !self.keep(Rule::BG_DL_07);
        let (bytes, period) = (self.knobs.progress_bytes, self.knobs.progress_period);
        let session = &self.sessions[&key.session];
        let runs = session.connected.is_some_and(|process| self.is_running(process));
        if !runs && self.keep(Rule::BG_LIFE_15) {
            return;
        }
        let task = self.task_mut(key).expect("the attempt is live");
        let told = if receives { task.told.1 } else { task.told.0 };
        let due = total.saturating_sub(told) >= bytes && now.since(task.told.2) >= period;
        if !(due || always) {
            return;
        }
        if !runs {
            let method = task.tell(now);
            return self.push(key.session, Item::Say(Some(key.task), method));
        }
        if !task.tells {
            task.tells = true;
            self.push(key.session, Item::Progress(key.task));
        }
    }

    pub(crate) fn on_chunk(&mut self, attempt: AttemptId, chunk: ChunkId, length: u64, now: Time) {
        let Some(key) = self.live(attempt) else {
            return;
        };
        let task = self.task_mut(key).expect("the attempt is live");
        if !matches!(task.phase, Phase::Receiving(_)) {
            return;
        }
        let exchange = task.phase.exchange_mut().expect("the attempt is live");
        exchange.active_at = now;
        let expected = exchange.expected;
        task.received += length;
        task.failures = 0;
        let total = task.received;
        if total.saturating_sub(task.noted) >= step(expected.unwrap_or(0))
            || expected == Some(total)
        {
            task.noted = total;
            self.emit(Rule::SW_DATA_01, What::Note(Note::Received { attempt, total, expected }));
        }
        self.push(key.session, Item::Chunk(key.task, attempt, chunk, length));
        if !self.keep(Rule::SW_DATA_01) {
            self.order(Rule::SW_DATA_01, Order::Free(attempt, chunk));
        }
    }

    /// A response is complete: the connection is free, and the task goes on by its kind.
    pub(crate) fn on_ended(&mut self, attempt: AttemptId, reusable: bool, now: Time) {
        let Some(key) = self.live(attempt) else {
            return;
        };
        let reads = |phase: &Phase| matches!(phase, Phase::Receiving(_) | Phase::Redirecting(..));
        if !self.task(key).is_some_and(|task| reads(&task.phase)) {
            return;
        }
        self.disarm(key);
        let connection = self.exchange(key).connection;
        let total = self.task(key).map_or(0, |task| task.received);
        self.emit(Rule::BG_NET_11, What::Note(Note::Ended { attempt, total }));
        if reusable && self.keep(Rule::SW_CONN_01) {
            let until = now + self.knobs.connection_idle;
            self.connections.set_idle(connection, until);
            self.timers.arm(until, Wakeup::Connection(connection));
        } else {
            self.close(connection, Rule::SW_CONN_01, reusable);
        }
        self.converted.remove(&attempt.task);
        self.may_start = true;
        let task = self.task_mut(key).expect("the attempt was live");
        match &task.phase {
            Phase::Redirecting(_, next) => {
                task.hop = Some(next.clone());
                task.redirects += 1;
                self.set_phase(key, Phase::Suspended);
                self.enqueue(key, now);
            }
            Phase::Receiving(exchange) => {
                let (spool, status) = (exchange.spool, exchange.status);
                self.end_body(key, spool, status, now);
            }
            phase => panic!("the body of {attempt} ended while {}", phase.name()),
        }
    }

    fn end_body(&mut self, key: TaskKey, spool: Option<FileId>, status: Option<u16>, now: Time) {
        let task = self.task(key).expect("the attempt was live");
        let part = task.row.partial.as_ref().map(|part| part.file).filter(|_| task.is_download());
        if let Some(file) = spool.or(part) {
            self.set_phase(key, Phase::Settling { file, status });
            return self.order(Rule::BG_DL_02, Order::Settle(file));
        }
        let task = self.task(key).expect("the attempt was live");
        let cacheable = task.is_data() && status == Some(200) && task.row.request.method == "GET";
        let session = &self.sessions[&key.session];
        let cached = session.implements.will_cache_response
            && !(session.is_background() && self.keep(Rule::BG_CFG_14));
        if cacheable && cached {
            self.set_phase(key, Phase::Caching(status));
            return self.push(key.session, Item::Say(Some(key.task), Method::WillCacheResponse));
        }
        self.finish(key, Rule::BG_ORD_05, None, status, now);
    }

    pub(crate) fn on_synced(&mut self, file: FileId, length: u64) {
        let Some(key) = self.task_of_file(file) else {
            return;
        };
        let task = self.task_mut(key).expect("the task was just found");
        task.syncing = false;
        let length = length.min(task.received);
        if task.row.partial.as_ref().is_some_and(|part| length > part.length) {
            task.row_mut().partial.as_mut().expect("just seen").length = length;
            self.touch(key);
        }
    }

    pub(crate) fn on_settled(&mut self, file: FileId, now: Time) {
        let Some(key) = self.task_of_file(file) else {
            return;
        };
        let Some(&Phase::Settling { status, .. }) = self.task(key).map(|task| &task.phase) else {
            return;
        };
        if status >= Some(400) && !self.keep(Rule::BG_NET_11) {
            return self.fail(key, Rule::BG_NET_11, ErrorCode::BAD_SERVER_RESPONSE, now);
        }
        self.finish(key, Rule::BG_DL_02, None, status, now);
    }

    pub(crate) fn on_file_failed(&mut self, file: FileId, code: ErrorCode, now: Time) {
        let Some(key) = self.task_of_file(file) else {
            return;
        };
        if self.task(key).is_some_and(crate::task::Task::is_unfinished) {
            self.stop(key, Rule::BG_DL_02, crate::Why::Failed(code));
            self.fail(key, Rule::BG_DL_02, code, now);
        }
    }

    /// After a restore: what a row says of a file is not there, so the task begins anew.
    pub(crate) fn on_short(&mut self, file: FileId) {
        if self.resumable.remove(&file).is_some() {
            self.touch_row(RowKey::Resumable(file));
        }
        let Some(key) = self.task_of_file(file) else {
            return;
        };
        let task = self.task_mut(key).expect("the task was just found");
        if task.row.result.is_none() {
            task.row_mut().partial = None;
            task.received = 0;
            self.touch(key);
        }
    }

    /// The task that works on a file: one of the few that run, or any after a restore.
    fn task_of_file(&self, file: FileId) -> Option<TaskKey> {
        self.files_in_use.get(&file).copied().filter(|key| self.task(*key).is_some())
    }

    /// The body of a data task becomes the file of a download that goes on in its place.
    pub(crate) fn receive_into_file(&mut self, key: TaskKey, attempt: AttemptId, now: Time) {
        let task = self.task(key).expect("the new task was just made");
        let file = task.row.partial.as_ref().expect("a download that receives has a file").file;
        self.order(Rule::BG_DATA_02, Order::Receive(attempt, Into::File { file, at: 0 }));
        self.arm_idle(key);
        self.arm_window(key, now);
    }
}

/// The bytes between two notes of progress: a twentieth, but not less than 64 KiB. Only the trace's
/// density hangs on it.
fn step(expected: u64) -> u64 {
    (expected / 20).max(64 << 10)
}
