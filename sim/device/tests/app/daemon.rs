//! A stand-in for the engine: it answers calls, keeps descriptions, and writes down what the app does.

use std::{collections::BTreeMap, sync::Arc};

use sleepwalker_core::{
    Answer, Call, Callback, CallbackId, CancelReason, Data, ErrorCode, FileId, GateAnswer, Method,
    Misuse, ProcessId, ProcessState, Request, ResumeData, SessionId, TaskError, TaskId, TaskKey,
    Time, Validator,
};
use sleepwalker_device::{ActError, App, AppAct, AppEffect, Habits, SessionSpec};

pub(crate) struct Daemon {
    pub(crate) app: App,
    pub(crate) now: Time,
    sessions: BTreeMap<String, SessionId>,
    tasks: BTreeMap<SessionId, u32>,
    descriptions: BTreeMap<TaskKey, String>,
    launches: u32,
    callbacks: u64,
    /// The files that are still there when the app comes for them.
    pub(crate) file_is_there: bool,
    /// The next task is refused.
    pub(crate) refuses: bool,
}

impl Daemon {
    /// The app with these habits, launched in front with one session.
    pub(crate) fn with(habits: &[(&str, &str)]) -> Daemon {
        let mut daemon = Daemon::new(habits, &["photos"]);
        assert_eq!(daemon.launch(ProcessState::Foreground), ["create photos"]);
        daemon
    }

    pub(crate) fn new(habits: &[(&str, &str)], sessions: &[&str]) -> Daemon {
        let mut chosen = Habits::default();
        for (name, value) in habits {
            chosen.set(name, value).unwrap_or_else(|e| panic!("{e}"));
        }
        let sessions = sessions.iter().map(|name| SessionSpec::background(name)).collect();
        Daemon {
            app: App::new(chosen, sessions),
            now: Time::ZERO,
            sessions: BTreeMap::new(),
            tasks: BTreeMap::new(),
            descriptions: BTreeMap::new(),
            launches: 0,
            callbacks: 0,
            file_is_there: true,
            refuses: false,
        }
    }

    pub(crate) fn launch(&mut self, state: ProcessState) -> Vec<String> {
        self.launches += 1;
        self.app.launched(ProcessId(self.launches), state);
        self.run()
    }

    /// Kills the app and launches it again.
    pub(crate) fn relaunch(&mut self, state: ProcessState) -> Vec<String> {
        self.app.killed();
        self.launch(state)
    }

    pub(crate) fn handle_events(&mut self, session: &str) -> Vec<String> {
        self.app.handle_events(session);
        self.run()
    }

    pub(crate) fn try_act(&mut self, table: &str) -> Result<Vec<String>, ActError> {
        #[derive(serde::Deserialize)]
        struct Line {
            app: AppAct,
        }
        let line: Line =
            toml::from_str(&format!("app = {table}")).unwrap_or_else(|e| panic!("{e}"));
        self.app.act(&line.app, self.now)?;
        Ok(self.run())
    }

    pub(crate) fn act(&mut self, table: &str) -> Vec<String> {
        self.try_act(table).unwrap_or_else(|e| panic!("{table}: {e}"))
    }

    pub(crate) fn download(&mut self, name: &str) -> Vec<String> {
        self.act(&format!("{{ download = \"{name}\" }}"))
    }

    /// Calls a method of the first session's delegate.
    pub(crate) fn callback(&mut self, task: u32, method: Method) -> Vec<String> {
        self.callback_of("photos", task, method)
    }

    pub(crate) fn callback_of(&mut self, session: &str, task: u32, method: Method) -> Vec<String> {
        self.callbacks += 1;
        let callback = Callback {
            id: CallbackId(self.callbacks),
            process: ProcessId(self.launches),
            session: self.sessions[session],
            task: (task > 0).then_some(TaskId(task)),
            method,
        };
        self.app.callback(callback, |key| self.descriptions.get(&key).cloned(), self.now);
        self.run()
    }

    pub(crate) fn finish_download(&mut self, task: u32, status: u16) -> Vec<String> {
        let mut log = self.callback(task, file(status));
        log.extend(self.callback(task, complete(status)));
        log
    }

    pub(crate) fn due(&mut self, now: Time) -> Vec<String> {
        self.now = now;
        self.app.due(now);
        self.run()
    }

    /// Does what the app does, until it rests.
    pub(crate) fn run(&mut self) -> Vec<String> {
        let mut log = Vec::new();
        while let Some(effect) = self.app.poll() {
            log.push(self.perform(effect));
        }
        log
    }

    fn perform(&mut self, effect: AppEffect) -> String {
        match effect {
            AppEffect::Call(call) => self.call(call),
            AppEffect::Upload { session, file, from_data, .. } => {
                let task = self.task(session);
                let from = if from_data { "data" } else { "file" };
                format!("upload {file} from {from}{task}")
            }
            AppEffect::Answer(_, GateAnswer::Use(_)) => "answer Use".to_owned(),
            AppEffect::Answer(_, answer) => format!("answer {answer:?}"),
            AppEffect::Return(_) => "return".to_owned(),
            AppEffect::CallHandler { session } => format!("handler {session}"),
            AppEffect::Claim { item, task, .. } => {
                self.app.claimed(self.file_is_there);
                format!("claim {item} of {task}")
            }
            AppEffect::DeleteFile { file } => format!("delete {file}"),
            AppEffect::Mark { item, state, status, .. } => {
                let status = status.map_or_else(String::new, |status| format!(" {status}"));
                format!("mark {item} {state:?}{status}")
            }
        }
    }

    fn task(&mut self, session: SessionId) -> String {
        if self.refuses {
            self.app.answered(Err(Misuse::Invalidated));
            return ": refused".to_owned();
        }
        let number = self.tasks.entry(session).or_default();
        *number += 1;
        let number = *number;
        self.app.answered(Ok(Answer::Task(TaskKey { session, task: TaskId(number) })));
        format!(" as {number}")
    }

    fn call(&mut self, call: Call) -> String {
        match call {
            Call::CreateSession { name, delegate, .. } => {
                let next = SessionId(u32::try_from(self.sessions.len()).expect("few") + 1);
                let existed = self.sessions.contains_key(&name);
                let id = *self.sessions.entry(name.clone()).or_insert(next);
                self.app.answered(Ok(Answer::Session { id, existed }));
                assert!(delegate.is_some(), "a background session has a delegate");
                format!("create {name}")
            }
            Call::DownloadTask { session, request } => {
                let task = self.task(session);
                format!("download {}{task}", short(&request))
            }
            Call::DataTask { session, request } => {
                let task = self.task(session);
                format!("data {}{task}", short(&request))
            }
            Call::DownloadTaskWithResumeData { session, resume_data } => {
                let task = self.task(session);
                format!("download from {}{task}", resume_data.length)
            }
            call => {
                self.app.answered(Ok(Answer::Done));
                match call {
                    Call::SetTaskDescription(key, text) => {
                        let line = format!("describe {} {text}", key.task);
                        self.descriptions.insert(key, text);
                        line
                    }
                    Call::Resume(key) => format!("resume {}", key.task),
                    Call::Suspend(key) => format!("suspend {}", key.task),
                    Call::Cancel(key) => format!("cancel {}", key.task),
                    Call::CancelByProducingResumeData(key) => format!("stop {}", key.task),
                    Call::SetEarliestBeginDate(key, date) => format!("date {} {date}", key.task),
                    Call::SetPriority(key, priority) => format!("priority {} {priority}", key.task),
                    Call::GetAllTasks(_) => "getAllTasks".to_owned(),
                    Call::EditConfiguration { .. } => "edit configuration".to_owned(),
                    Call::FinishTasksAndInvalidate(_) => "finishTasksAndInvalidate".to_owned(),
                    Call::InvalidateAndCancel(_) => "invalidateAndCancel".to_owned(),
                    other => panic!("{other:?} was answered already"),
                }
            }
        }
    }
}

fn short(request: &Request) -> String {
    request.url.as_str().trim_start_matches("http://").to_owned()
}

pub(crate) fn file(status: u16) -> Method {
    Method::DidFinishDownloadingTo { file: FileId(7), length: 10, status }
}

pub(crate) fn complete(status: u16) -> Method {
    Method::DidComplete { error: None, status: Some(status) }
}

pub(crate) fn failed(error: TaskError) -> Method {
    Method::DidComplete { error: Some(error), status: None }
}

pub(crate) fn data() -> Method {
    let data = Data::Spool { file: FileId(9), at: 0 };
    Method::DidReceiveData { data, length: 3 }
}

/// -999, by the user in the app switcher.
pub(crate) fn force_quit(resume_data: Option<ResumeData>) -> TaskError {
    TaskError { code: ErrorCode::CANCELLED, reason: Some(CancelReason::UserForceQuit), resume_data }
}

pub(crate) fn resume_data(length: u64) -> ResumeData {
    let url = "http://cdn.example/a".parse().expect("a URL");
    ResumeData {
        request: Arc::new(Request::get(url)),
        file: FileId(3),
        length,
        expected: None,
        validator: Validator::ETag("\"1\"".to_owned()),
    }
}
