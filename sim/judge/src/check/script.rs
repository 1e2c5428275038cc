//! Writes the small traces by which checkers are shown.

use std::{sync::Arc, time::Duration};

use sleepwalker_core::{
    Death, DelayChange, ErrorCode, FileId, Method, ProcessState, SessionKind, TaskError, Time, Why,
};

use crate::{ApiCall, Cause, Content, Event, Fact, ItemState, TaskName, UserAct};

/// A trace that grows. It begins with process 1 in front, holding the background session `photos`;
/// each instant is a second.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) at: Time,
    pub(crate) events: Vec<Event>,
    pub(crate) process: u32,
    callback: u64,
}

pub(crate) const WEEK: Duration = Duration::from_secs(604_800);

impl Script {
    /// Runs the script.
    pub(crate) fn events(script: fn(&mut Script)) -> Vec<Event> {
        let mut it = Script { at: Time::ZERO, events: Vec::new(), process: 0, callback: 0 };
        it.push(Fact::User { act: UserAct::Open });
        it.launch(ProcessState::Foreground, Cause::User);
        it.session(SessionKind::Background, false);
        script(&mut it);
        it.events
    }

    pub(crate) fn push(&mut self, fact: Fact) {
        self.events.push(Event { at: self.at, fact, rule: None });
    }

    /// Lets so many seconds pass.
    pub(crate) fn wait(&mut self, secs: u64) {
        self.at = self.at + Duration::from_secs(secs);
    }

    pub(crate) fn launch(&mut self, state: ProcessState, cause: Cause) {
        self.process += 1;
        self.push(Fact::Launches { process: self.process, state, cause });
    }

    pub(crate) fn moves(&mut self, state: ProcessState, cause: Cause) {
        self.wait(1);
        self.push(Fact::Moves { process: self.process, state, cause });
    }

    /// The user leaves, and the app is suspended.
    pub(crate) fn sleep(&mut self) {
        self.moves(ProcessState::Background, Cause::User);
        self.moves(ProcessState::Suspended, Cause::System);
    }

    /// The daemon's events resume the suspended app.
    pub(crate) fn wake(&mut self) {
        self.moves(ProcessState::Background, Cause::Session(photos()));
        self.delay(60, DelayChange::Wake);
        self.handles_events();
    }

    pub(crate) fn delay(&mut self, secs: u64, why: DelayChange) {
        self.push(Fact::Delays { delay: Duration::from_secs(secs), why });
    }

    pub(crate) fn kill(&mut self, death: Death) {
        self.wait(1);
        self.push(Fact::Kills { process: self.process, death });
    }

    pub(crate) fn handles_events(&mut self) {
        self.push(Fact::HandlesEvents { process: self.process, session: photos() });
    }

    pub(crate) fn handler(&mut self) {
        self.push(Fact::CallsHandler { process: self.process, session: photos() });
    }

    pub(crate) fn session(&mut self, kind: SessionKind, existed: bool) {
        let call = ApiCall::CreateSession {
            kind,
            existed,
            max_connections_per_host: None,
            timeout_for_resource: WEEK,
            no_launch_events: false,
        };
        self.calls(None, call);
    }

    /// A new process finds the session again.
    pub(crate) fn reconnect(&mut self) {
        self.session(SessionKind::Background, true);
    }

    pub(crate) fn calls(&mut self, task: Option<u32>, call: ApiCall) {
        let process = self.process;
        self.push(Fact::Calls { process, session: photos(), task, call, misuse: None });
    }

    pub(crate) fn create_download(&mut self, task: u32) {
        self.calls(
            Some(task),
            ApiCall::DownloadTask { request: "GET http://cdn.example/a".into() },
        );
    }

    pub(crate) fn describe(&mut self, task: u32, item: &str) {
        self.calls(Some(task), ApiCall::SetTaskDescription(item.into()));
    }

    pub(crate) fn create_upload(&mut self, task: u32) {
        let request = "PUT http://cdn.example/up".into();
        self.calls(Some(task), ApiCall::UploadTaskFromFile { request, length: 3000 });
    }

    pub(crate) fn create_data(&mut self, task: u32) {
        self.calls(Some(task), ApiCall::DataTask { request: "GET http://cdn.example/a".into() });
    }

    pub(crate) fn resume(&mut self, task: u32) {
        self.calls(Some(task), ApiCall::Resume);
        self.push(Fact::Enqueues { task: name(task), discretionary: false });
    }

    pub(crate) fn download(&mut self, task: u32) {
        self.create_download(task);
        self.resume(task);
    }

    pub(crate) fn starts(&mut self, task: u32, attempt: u32) {
        self.starts_from(task, attempt, None);
    }

    pub(crate) fn starts_from(&mut self, task: u32, attempt: u32, from: Option<u64>) {
        self.push(Fact::Starts {
            task: name(task),
            attempt,
            method: "GET".into(),
            url: "http://cdn.example/a".into(),
            from,
            connection: 1,
        });
    }

    pub(crate) fn head(&mut self, task: u32, attempt: u32, status: u16) {
        let length = Some(3000);
        self.push(Fact::Head { task: name(task), attempt, status, length, from: None });
    }

    pub(crate) fn ends(&mut self, task: u32, attempt: u32) {
        self.push(Fact::Ends { task: name(task), attempt, total: 3000 });
    }

    pub(crate) fn stops(&mut self, task: u32, attempt: u32, why: Why) {
        self.push(Fact::Stops { task: name(task), attempt, why, total: 1000 });
    }

    pub(crate) fn retries(&mut self, task: u32, why: Why) {
        let until = self.at + Duration::from_secs(1);
        self.push(Fact::Retries { task: name(task), until, why });
    }

    pub(crate) fn finishes(&mut self, task: u32, error: Option<i32>) {
        self.push(Fact::Finishes { task: name(task), error: error.map(ErrorCode) });
    }

    /// One attempt from its start to its end, and the daemon is done.
    pub(crate) fn transfers(&mut self, task: u32) {
        self.starts(task, 1);
        self.wait(1);
        self.head(task, 1, 200);
        self.ends(task, 1);
        self.finishes(task, None);
    }

    /// A delegate method begins.
    pub(crate) fn begins(&mut self, task: Option<u32>, method: Method) -> u64 {
        self.begins_with(task, method, None)
    }

    pub(crate) fn begins_with(
        &mut self,
        task: Option<u32>,
        method: Method,
        content: Option<Content>,
    ) -> u64 {
        self.callback += 1;
        let callback = self.callback;
        let process = self.process;
        self.push(Fact::Delivers { process, session: photos(), task, callback, method, content });
        callback
    }

    pub(crate) fn returns(&mut self, callback: u64, answer: Option<&str>) {
        let answer = answer.map(str::to_owned);
        self.push(Fact::Returns { process: self.process, session: photos(), callback, answer });
    }

    /// A delegate method from its begin to its return.
    pub(crate) fn tells(&mut self, task: u32, method: Method) {
        let callback = self.begins(Some(task), method);
        self.returns(callback, None);
    }

    pub(crate) fn finish_events(&mut self) {
        let callback = self.begins(None, Method::DidFinishEvents);
        self.returns(callback, None);
    }

    pub(crate) fn begin_file(&mut self, task: u32, status: u16) -> u64 {
        let content = Content::Version { file: "cdn.example/a".into(), version: 1 };
        let method = Method::DidFinishDownloadingTo { file: FileId(1), length: 3000, status };
        self.begins_with(Some(task), method, Some(content))
    }

    pub(crate) fn claims(&mut self, task: u32, found: bool) {
        self.push(Fact::Claims { process: self.process, task: name(task), found });
    }

    /// `didFinishDownloadingTo`, with the file taken in time.
    pub(crate) fn file(&mut self, task: u32) {
        let callback = self.begin_file(task, 200);
        self.claims(task, true);
        self.returns(callback, None);
    }

    pub(crate) fn done(&mut self, task: u32, error: Option<TaskError>) {
        let status = error.is_none().then_some(200);
        self.tells(task, Method::DidComplete { error, status });
    }

    pub(crate) fn fails(&mut self, task: u32, code: i32) {
        self.done(task, Some(ErrorCode(code).into()));
    }

    /// File, completion, and the item is marked.
    pub(crate) fn delivers(&mut self, task: u32) {
        self.file(task);
        let callback =
            self.begins(Some(task), Method::DidComplete { error: None, status: Some(200) });
        self.marks(task, ItemState::Done, Some(200));
        self.returns(callback, None);
    }

    pub(crate) fn marks(&mut self, task: u32, state: ItemState, status: Option<u16>) {
        self.push(Fact::Marks {
            process: self.process,
            item: "a".into(),
            task: Some(name(task)),
            state,
            status,
        });
    }

    /// The app wants the item, and has no task for it yet.
    pub(crate) fn wants(&mut self) {
        let item = "a".into();
        let state = ItemState::Queued;
        self.push(Fact::Marks { process: self.process, item, task: None, state, status: None });
    }

    pub(crate) fn opens(&mut self, connection: u64) {
        self.push(Fact::Opens { connection, session: photos(), host: "cdn.example".into() });
    }
}

pub(crate) fn photos() -> Arc<str> {
    "photos".into()
}

pub(crate) fn name(task: u32) -> TaskName {
    TaskName { session: photos(), task }
}
