//! What a session or a task cannot be made of is refused.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use sleepwalker_core::{Method, SessionKind, Why};

use crate::{
    ApiCall, Fact, TaskName, Witness,
    check::{
        Case, Check, Checker, Findings, Scene, Script, Step,
        script::{WEEK, name},
    },
};

pub(super) const CHECKER: Checker = Checker {
    name: "misuse",
    rules: &["BG-CFG-01", "BG-CFG-08", "BG-INV-04"],
    needs: &[Witness::Calls, Witness::Daemon],
    make: || Box::new(Misuses::default()),
    cases: &[
        Case {
            rule: "BG-CFG-01",
            wrong: |it| unnamed(it, SessionKind::Background),
            right: |it| unnamed(it, SessionKind::InProcess),
        },
        Case {
            rule: "BG-CFG-08",
            wrong: |it| {
                loads(it, "ftp://cdn.example/a");
                it.starts(1, 1);
            },
            right: |it| {
                loads(it, "https://cdn.example/a");
                it.starts(1, 1);
            },
        },
        Case {
            rule: "BG-CFG-08",
            wrong: |it| {
                loads(it, "data:text/plain,a");
                it.retries(1, Why::Idle);
            },
            right: |it| {
                loads(it, "data:text/plain,a");
                it.push(Fact::Finishes { task: name(1), error: None });
            },
        },
        Case {
            rule: "BG-INV-04",
            wrong: |it| {
                it.calls(None, ApiCall::FinishTasksAndInvalidate);
                it.reconnect();
            },
            right: |it| {
                it.calls(None, ApiCall::FinishTasksAndInvalidate);
                it.begins(None, Method::DidBecomeInvalid { error: None });
                it.reconnect();
            },
        },
    ],
};

fn unnamed(it: &mut Script, kind: SessionKind) {
    let call = ApiCall::CreateSession {
        kind,
        existed: false,
        max_connections_per_host: None,
        timeout_for_resource: WEEK,
        no_launch_events: false,
    };
    let process = it.process;
    it.push(Fact::Calls { process, session: "".into(), task: None, call, misuse: None });
}

fn loads(it: &mut Script, url: &str) {
    it.calls(Some(1), ApiCall::DownloadTask { request: format!("GET {url}") });
    it.calls(Some(1), ApiCall::Resume);
}

#[derive(Default)]
struct Misuses {
    /// Tasks whose URL no session loads.
    unsupported: BTreeMap<TaskName, String>,
    /// Sessions that are being invalidated, by process.
    ending: BTreeSet<(u32, Arc<str>)>,
}

impl Check for Misuses {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            Fact::Calls { process, session, task, call, misuse: None } => match call {
                ApiCall::CreateSession { kind: SessionKind::Background, .. } => {
                    if session.is_empty() {
                        let detail = "a background session without an identifier is made";
                        out.add("BG-CFG-01", step, detail.to_owned());
                    }
                    if self.ending.contains(&(*process, session.clone())) {
                        let detail = format!("{session} is made again, and is not yet invalid");
                        out.add("BG-INV-04", step, detail);
                    }
                }
                ApiCall::FinishTasksAndInvalidate | ApiCall::InvalidateAndCancel
                    if scene.is_background(session) =>
                {
                    self.ending.insert((*process, session.clone()));
                }
                ApiCall::DataTask { request }
                | ApiCall::DownloadTask { request }
                | ApiCall::UploadTaskFromFile { request, .. }
                | ApiCall::UploadTaskFromData { request, .. } => {
                    if let (Some(task), Some(scheme)) = (task, unsupported(request)) {
                        let name = TaskName { session: session.clone(), task: *task };
                        self.unsupported.insert(name, scheme.to_owned());
                    }
                }
                _ => {}
            },
            Fact::Starts { task, .. } | Fact::Retries { task, .. } => {
                if let Some(scheme) = self.unsupported.remove(task) {
                    let detail = format!("{task} is tried, but no session loads {scheme}");
                    out.add("BG-CFG-08", step, detail);
                }
            }
            Fact::Delivers {
                process, session, method: Method::DidBecomeInvalid { .. }, ..
            } => {
                self.ending.remove(&(*process, session.clone()));
            }
            Fact::Kills { process, .. } => self.ending.retain(|(owner, _)| owner != process),
            Fact::Boots { .. } => self.ending.clear(),
            _ => {}
        }
    }
}

/// The scheme of a request that names another one than a session speaks.
fn unsupported(request: &str) -> Option<&str> {
    let url = request.split_once(' ').map_or(request, |(_, url)| url);
    let scheme = match url.split_once("://") {
        Some((scheme, _)) => scheme,
        None => url.starts_with("data:").then_some("data")?,
    };
    (!matches!(scheme, "http" | "https")).then_some(scheme)
}
