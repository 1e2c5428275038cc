//! What the world does with the effects of OS and app, with callbacks and batches, and with the script.

use std::sync::Arc;

use sleepwalker_core::{
    Answer, Batch, BodyFile, Call, Callback, CallbackId, Core, Death, ErrorCode, GateAnswer, Input,
    Method, Misuse, ProcessId, ProcessState, Rule, Signal,
};
use sleepwalker_device::{AppEffect, OsAct, OsEffect, OsWhat};
use sleepwalker_judge::{Fact, UserAct};

use crate::{
    error::RunError,
    record,
    scenario::{Act, NetworkAct, Step},
    world::World,
};

impl World {
    pub(crate) fn on_os(&mut self, effect: OsEffect) -> Result<(), RunError> {
        let now = self.now();
        if let Some(fact) = effect.what.fact() {
            self.record(fact, effect.rule);
        }
        match effect.what {
            OsWhat::Signal(signal) => {
                if let Signal::Power(external) = signal {
                    self.power = external;
                }
                self.signal(signal);
            }
            OsWhat::Launch { process, state, .. } => self.app.launched(process, state),
            OsWhat::Move { state, .. } => self.app.changed(state, now),
            OsWhat::Kill { .. } => {
                self.app.killed();
                self.callbacks.clear();
            }
            OsWhat::HandleEvents { session, .. } => self.app.handle_events(&session),
            OsWhat::Snapshot { .. } => {}
            OsWhat::Boot { after } => self.boot(after == Death::PowerCut)?,
        }
        Ok(())
    }

    /// After a crash point the user unlocks the device, and opens the app again if it ran. Returns
    /// whether there was anything to do.
    pub(crate) fn come_back(&mut self) -> bool {
        let now = self.now();
        let Some(act) = self.comeback.pop_front() else { return false };
        if self.os.user(act, now).is_ok() {
            self.record(Fact::User { act }, None);
        }
        true
    }

    pub(crate) fn on_callback(&mut self, callback: Callback, rule: Rule) {
        // A callback to a process that died in the same instant was never made.
        if self.app.process() != Some(callback.process) {
            return;
        }
        let now = self.now();
        let session = record::session(&self.core, callback.session);
        let content = match &callback.method {
            Method::DidFinishDownloadingTo { file, .. } => Some(self.files.content(*file)),
            _ => None,
        };
        let fact = Fact::Delivers {
            process: callback.process.0,
            session: Arc::clone(&session),
            task: callback.task.map(|task| task.0),
            callback: callback.id.0,
            method: callback.method.clone(),
            content,
        };
        self.record(fact, Some(rule));
        self.callbacks.insert(callback.id, (session, None));
        let core = &self.core;
        let describe = |task| core.task_info(task).and_then(|info| info.description);
        self.app.callback(callback, describe, now);
    }

    /// Begins to store a batch. At the crash point everything dies before the core learns that it is
    /// stored.
    pub(crate) fn on_batch(&mut self, batch: &Batch) -> Result<(), RunError> {
        if self.storing.is_zero() {
            return self.store_batch(batch);
        }
        self.under_way.push_back((self.now() + self.storing, batch.clone()));
        Ok(())
    }

    /// A batch is on the device's flash.
    pub(crate) fn store_batch(&mut self, batch: &Batch) -> Result<(), RunError> {
        let at = self.now();
        self.store
            .apply(batch)
            .map_err(|error| RunError::Store { at, message: error.to_string() })?;
        self.batches += 1;
        if let Some(point) = self.crash.filter(|point| point.after_batch == self.batches) {
            self.crash = None;
            self.crashed = true;
            self.comeback.push_back(UserAct::Unlock);
            if self.os.process().is_some() {
                self.comeback.push_back(UserAct::Open);
            }
            let act = if point.power_cut { OsAct::PowerCut } else { OsAct::Reboot };
            return self.os.act(act).map_err(|why| RunError::Impossible {
                at,
                line: 0,
                why: why.to_string(),
            });
        }
        self.handle(Input::Stored(batch.id));
        Ok(())
    }

    /// Compares the rows that are stored with those that the core has, and the core that they bring back
    /// with the live one without its volatile part, if that is asked for.
    pub(crate) fn check_rows(&mut self) -> Result<(), RunError> {
        if !self.checks_rows || !self.under_way.is_empty() || !std::mem::take(&mut self.changed) {
            return Ok(());
        }
        let (at, batch) = (self.now(), self.batches);
        let wrong = |why| RunError::Rows { at, batch, why };
        let stored = self.store.load().map_err(|error| wrong(error.to_string()))?;
        let live = self.core.rows();
        if stored != live {
            let differs = live.iter().zip(&stored).find(|(live, stored)| live != stored);
            return Err(wrong(match differs {
                Some((live, stored)) => format!("the core has {live:?}, stored is {stored:?}"),
                None => format!("the core has {} rows, stored are {}", live.len(), stored.len()),
            }));
        }
        let read = Core::at_rest(self.knobs.clone(), self.faults.clone(), stored)
            .map_err(|error| wrong(error.to_string()))?;
        if let Some(difference) = read.difference(&self.core.without_volatile()) {
            return Err(wrong(format!("rows bring back another core: {difference}")));
        }
        Ok(())
    }

    pub(crate) fn on_app(&mut self, effect: AppEffect) {
        let now = self.now();
        let Some(process) = self.app.process() else { return };
        match effect {
            AppEffect::Call(call) => {
                let answer = self.call(process, call);
                self.app.answered(answer);
            }
            AppEffect::Upload { session, request, file, from_data } => {
                let body = self.copy_body(&file);
                let call = match (from_data, body) {
                    (true, Ok(body)) => Call::UploadTaskFromData { session, request, body },
                    (_, body) => Call::UploadTaskFromFile { session, request, body },
                };
                let answer = self.call(process, call);
                if let (Err(_), Ok(body)) = (&answer, body) {
                    self.files.take(body.file);
                }
                self.app.answered(answer);
            }
            AppEffect::Answer(callback, answer) => self.on_answer(callback, answer),
            AppEffect::Return(callback) => {
                let (session, answer) = self.callbacks.remove(&callback).unwrap_or_default();
                let (process, callback_number) = (process.0, callback.0);
                let fact = Fact::Returns { process, session, callback: callback_number, answer };
                self.record(fact, None);
                self.handle(Input::Returned(callback));
            }
            AppEffect::CallHandler { session } => {
                let (number, name) = (process.0, Arc::clone(&session));
                self.record(Fact::CallsHandler { process: number, session: name }, None);
                self.os.handler_called(process, &session, now);
            }
            AppEffect::Claim { file, task, item: _ } => {
                let found = self.files.take(file);
                self.record(Fact::Claims { process: process.0, task, found }, None);
                self.app.claimed(found);
            }
            AppEffect::DeleteFile { file } => {
                self.app_files.remove(&file);
                // Where bodies are not copied, the task reads what is no more there.
                for body in self.lent.remove(&file).unwrap_or_default() {
                    self.files.take(body);
                }
                self.record(Fact::Deletes { process: process.0, file }, None);
            }
            AppEffect::Mark { item, task, state, status } => {
                self.record(Fact::Marks { process: process.0, item, task, state, status }, None);
            }
        }
    }

    fn call(&mut self, process: ProcessId, call: Call) -> Result<Answer, Misuse> {
        let now = self.now();
        self.changed = true;
        let answer = self.core.call(process, call.clone(), now);
        let fact = record::call(&self.core, process, &call, &answer);
        self.record(fact, None);
        answer
    }

    fn on_answer(&mut self, callback: CallbackId, answer: GateAnswer) {
        if let Some((_, words)) = self.callbacks.get_mut(&callback) {
            *words = Some(record::answer_words(&answer));
        }
        self.handle(Input::Answered(callback, answer));
    }

    /// Copies a file of the app's into one of the engine's, as the API does before it returns.
    fn copy_body(&mut self, name: &str) -> Result<BodyFile, ErrorCode> {
        let version = self.app_files.get(name).ok_or(ErrorCode::FILE_DOES_NOT_EXIST)?;
        let body = BodyFile { file: self.core.new_file(), length: version.length() };
        self.files.copy(body.file, Arc::clone(version));
        if !self.faults.keep(Rule::BG_UP_01) {
            self.lent.entry(name.into()).or_default().push(body.file);
        }
        Ok(body)
    }

    /// Performs the next step if an event fired it, and the app's reactions. Returns whether anything
    /// was performed.
    pub(crate) fn perform_fired(&mut self) -> Result<bool, RunError> {
        let now = self.now();
        let runs = self.os.process().is_some_and(|(_, state)| state != ProcessState::Suspended);
        let reactions = self.script.reactions(&self.events, runs);
        for (line, act) in &reactions {
            if let Err(why) = self.app.act(act, now) {
                self.impossible(*line, why.to_string())?;
            }
        }
        let Some(step) = self.script.fired(&self.events, now) else {
            return Ok(!reactions.is_empty());
        };
        self.perform(step)?;
        Ok(true)
    }

    pub(crate) fn perform(&mut self, step: Step) -> Result<(), RunError> {
        let now = self.now();
        let done = match step.act {
            Act::User(act) => {
                self.record(Fact::User { act }, None);
                self.os.user(act, now).map_err(|why| why.to_string())
            }
            Act::Os(act) => self.os.act(act).map_err(|why| why.to_string()),
            Act::Network(act) => {
                self.change_network(act);
                Ok(())
            }
            Act::Origin(act) => {
                let host = act.target().host.as_str().into();
                self.record(Fact::OriginActs { host, what: act.to_string() }, None);
                self.origin.act(&act).map_err(|why| why.to_string())
            }
            Act::App(act) => self.app.act(&act, now).map_err(|why| why.to_string()),
        };
        match done {
            Ok(()) => Ok(()),
            Err(why) => self.impossible(step.line, why),
        }
    }

    fn impossible(&self, line: usize, why: String) -> Result<(), RunError> {
        if self.crashed {
            return Ok(());
        }
        Err(RunError::Impossible { at: self.now(), line, why })
    }

    fn change_network(&mut self, act: NetworkAct) {
        let before = self.network.path;
        self.network = act.apply(self.network);
        if let Some(begins) = act.outage {
            self.outage = begins;
            self.record(Fact::Outage { begins }, None);
        }
        let path = self.network.path;
        if path.link != before.link {
            self.stage.lose_connections();
        }
        self.set_radio();
        if path != before {
            self.record(Fact::PathChanges { path }, None);
            self.signal(Signal::Path(path));
        }
    }
}
