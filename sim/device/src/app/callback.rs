//! What the app does in each delegate method.

use std::sync::Arc;

use sleepwalker_core::{
    Callback, CallbackId, FileId, GateAnswer, Method, Request, SessionId, TaskError, TaskKey,
};
use sleepwalker_judge::ItemState;

use super::{App, AppEffect, Claimed, ItemKind, Phase, Step, key};
use crate::habits::{Cache, Claim, Delayed, Handler, Handlers, Mark, Redirect, Response};

/// How often an item is tried again after an error.
const TRIES: u32 = 3;

impl App {
    /// Runs the body of a delegate method and returns from it.
    pub(super) fn perform(&mut self, callback: Callback) {
        let Callback { id, session, task, method, .. } = callback;
        let task = task.map(|task| key(session, task));
        let item = task.and_then(|task| self.life.as_ref()?.map.get(&task).copied());
        match method {
            Method::DidReceiveResponse { .. } => self.answer(id, self.response_answer()),
            Method::WillPerformRedirection { .. } => self.answer(id, self.redirect_answer()),
            Method::WillCacheResponse => self.answer(id, self.cache_answer()),
            Method::WillBeginDelayedRequest => self.answer(id, self.delayed_answer(item)),
            Method::DidBecomeDownloadTask { new } => {
                if let Some(item) = item {
                    self.became(item, key(session, new));
                }
            }
            Method::DidFinishDownloadingTo { file, status, .. } => {
                if let (Some(item), Some(task)) = (item, task) {
                    self.finished_downloading(item, task, file, status);
                }
            }
            Method::DidComplete { error, status } => {
                if let (Some(item), Some(task)) = (item, task) {
                    self.completed(item, task, error, status);
                }
                if self.habits.handler == Handler::BeforeFinishEvents {
                    self.call_handler(session, 1);
                }
            }
            Method::DidFinishEvents => self.finished_events(session),
            Method::DidBecomeInvalid { .. } => self.became_invalid(session),
            Method::AllTasks { tasks } => self.reconcile(session, &tasks),
            Method::ResumeData { data } => {
                if let Some(item) = item {
                    self.disk.items[item].resume_data = data;
                }
            }
            Method::DidCreateTask
            | Method::DidReceiveData { .. }
            | Method::TaskIsWaitingForConnectivity
            | Method::DidSendBodyData { .. }
            | Method::DidWriteData { .. }
            | Method::DidResumeAtOffset { .. }
            | Method::DidFinishCollecting { .. } => {}
        }
        if let Some(life) = &mut self.life {
            life.later(AppEffect::Return(id));
        }
    }

    fn answer(&mut self, callback: CallbackId, answer: Option<GateAnswer>) {
        if let (Some(life), Some(answer)) = (&mut self.life, answer) {
            life.later(AppEffect::Answer(callback, answer));
        }
    }

    fn response_answer(&self) -> Option<GateAnswer> {
        match self.habits.response {
            Response::Absent | Response::Allow => Some(GateAnswer::Allow),
            Response::Cancel => Some(GateAnswer::Cancel),
            Response::BecomeDownload => Some(GateAnswer::BecomeDownload),
            Response::Unanswered => None,
        }
    }

    fn redirect_answer(&self) -> Option<GateAnswer> {
        match self.habits.redirect {
            Redirect::Absent | Redirect::Follow => Some(GateAnswer::Allow),
            Redirect::Refuse => Some(GateAnswer::Refuse),
            Redirect::Unanswered => None,
        }
    }

    fn cache_answer(&self) -> Option<GateAnswer> {
        match self.habits.cache {
            Cache::Absent | Cache::Store => Some(GateAnswer::Allow),
            Cache::Refuse => Some(GateAnswer::Refuse),
            Cache::Unanswered => None,
        }
    }

    fn delayed_answer(&self, item: Option<usize>) -> Option<GateAnswer> {
        match self.habits.delayed_request {
            Delayed::Absent | Delayed::Continue => Some(GateAnswer::Allow),
            Delayed::UseNew => Some(item.map_or(GateAnswer::Allow, |item| {
                let old = &self.disk.items[item].request;
                GateAnswer::Use(Arc::new(Request::new(&old.method, old.url.clone())))
            })),
            Delayed::Cancel => Some(GateAnswer::Cancel),
            Delayed::Unanswered => None,
        }
    }

    fn became(&mut self, item: usize, new: TaskKey) {
        let stored = &mut self.disk.items[item];
        stored.kind = ItemKind::Download;
        stored.phase = Phase::Given(new);
        stored.task = Some(new);
        if let Some(life) = &mut self.life {
            life.map.insert(new, item);
        }
    }

    fn finished_downloading(&mut self, item: usize, task: TaskKey, file: FileId, status: u16) {
        let good = !self.habits.status_check || (200..300).contains(&status);
        let Some(life) = &mut self.life else { return };
        match self.habits.claim {
            Claim::InTheCallback if good => {
                life.steps.push_back(Step::Claim { item, task, file });
            }
            Claim::AfterItReturned if good => {
                life.locations.insert(task, file);
            }
            Claim::InTheCallback | Claim::AfterItReturned | Claim::Never => {}
        }
        if self.habits.mark == Mark::InBoth {
            self.mark(item, Some(task), ItemState::Done, Some(status));
        }
    }

    fn completed(
        &mut self,
        item: usize,
        task: TaskKey,
        error: Option<TaskError>,
        status: Option<u16>,
    ) {
        self.disk.items[item].missing = false;
        let Some(life) = &mut self.life else { return };
        let Some(error) = error else {
            if let Some(file) = life.locations.remove(&task) {
                life.steps.push_back(Step::Claim { item, task, file });
            }
            life.steps.push_back(Step::Finish { item, task, status });
            return;
        };
        // Not noted before its turn comes: a process that dies until then knows nothing of it.
        life.steps.push_back(Step::Fail { item, task, error, status });
    }

    /// A task has failed; what becomes of its item is noted.
    pub(super) fn fail(
        &mut self,
        item: usize,
        task: TaskKey,
        error: TaskError,
        status: Option<u16>,
    ) {
        let stored = &mut self.disk.items[item];
        // A data task that became a download ends with -999: the download goes on.
        if stored.phase != Phase::Given(task) {
            return;
        }
        if stored.pausing && !stored.cancelled {
            stored.pausing = false;
            stored.phase = Phase::Paused;
            stored.resume_data = error.resume_data.or(stored.resume_data.take());
        } else if self.goes_on(item, &error) {
            self.disk.items[item].tries += 1;
            let data = error.resume_data.filter(|_| self.habits.retry_on_resume_data);
            self.again(item, data);
        } else {
            let stored = &mut self.disk.items[item];
            stored.phase = Phase::Over;
            stored.resume_data = error.resume_data;
            self.mark(item, Some(task), ItemState::Failed, status);
        }
        let name = self.disk.items[item].session.clone();
        self.pump(&name);
    }

    /// Whether an item is tried again after an error: what the system cancelled always is.
    fn goes_on(&self, item: usize, error: &TaskError) -> bool {
        let item = &self.disk.items[item];
        if item.cancelled {
            return false;
        }
        match error.reason {
            Some(_) => self.habits.recover_after_force_quit,
            None => {
                let resumable = self.habits.retry_on_resume_data && error.resume_data.is_some();
                resumable && item.tries < TRIES
            }
        }
    }

    /// A task is complete, and its file is held or lost.
    pub(super) fn finish(&mut self, item: usize, task: TaskKey, status: Option<u16>) {
        let good =
            !self.habits.status_check || status.is_some_and(|status| (200..300).contains(&status));
        let stored = &mut self.disk.items[item];
        let needs_file = stored.kind == ItemKind::Download && self.habits.claim != Claim::Never;
        match stored.file {
            // Whatever served the item before, it is served no more.
            _ if !good => {
                stored.phase = Phase::Over;
                self.mark(item, Some(task), ItemState::Failed, status);
            }
            // The process that was told of the file died before it had it (BG-DL-12).
            Claimed::Not if needs_file && stored.tries < TRIES => {
                stored.tries += 1;
                self.again(item, None);
            }
            Claimed::Not if needs_file => {
                stored.phase = Phase::Over;
                self.mark(item, Some(task), ItemState::Failed, status);
            }
            Claimed::Lost => {
                stored.phase = Phase::Over;
                self.mark(item, Some(task), ItemState::Failed, status);
            }
            Claimed::Not | Claimed::Held => {
                stored.phase = Phase::Over;
                self.mark(item, Some(task), ItemState::Done, status);
            }
        }
        let name = self.disk.items[item].session.clone();
        self.pump(&name);
    }

    fn finished_events(&mut self, session: SessionId) {
        match self.habits.handler {
            Handler::AfterFinishEvents => self.call_handler(session, 1),
            Handler::Twice => self.call_handler(session, 2),
            Handler::BeforeFinishEvents | Handler::AtOnce | Handler::Never => {}
        }
    }

    /// Calls the handler that was kept for a session, if one was.
    fn call_handler(&mut self, session: SessionId, times: u32) {
        let Some(life) = &mut self.life else { return };
        let handler: Option<Arc<str>> = match self.habits.handlers {
            Handlers::PerSession => {
                life.identifiers.get(&session).and_then(|known| life.handlers.take(known))
            }
            Handlers::OneForAll => life.handlers.pop_first(),
        };
        if let Some(session) = handler {
            for _ in 0..times {
                life.later(AppEffect::CallHandler { session: session.clone() });
            }
        }
    }

    fn became_invalid(&mut self, session: SessionId) {
        let Some(life) = &mut self.life else { return };
        let name = life.sessions.iter().find(|(_, id)| **id == session);
        if let Some(name) = name.map(|(name, _)| name.clone()) {
            life.sessions.remove(&name);
            self.disk.sessions.retain(|spec| spec.name != name);
        }
        // No didFinishEvents will follow, so that a handler that is outstanding is called now (BG-INV-07).
        self.finished_events(session);
    }
}
