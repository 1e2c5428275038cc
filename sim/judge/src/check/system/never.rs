//! Delegate calls that background sessions never make.

use std::sync::Arc;

use sleepwalker_core::{Method, Request, SessionKind};

use crate::{
    Fact, Witness,
    check::{Case, Check, Checker, Findings, Scene, Script, Step, TaskSort},
};

pub(super) const CHECKER: Checker = Checker {
    name: "never",
    rules: &["BG-REDIR-01", "BG-ORD-09", "BG-CFG-14", "BG-KIND-10"],
    needs: &[Witness::Calls],
    make: || Box::new(Never),
    cases: &[
        Case {
            rule: "BG-REDIR-01",
            wrong: |it| {
                it.download(1);
                it.tells(1, redirection());
            },
            right: |it| {
                in_process(it);
                it.tells(1, redirection());
            },
        },
        Case {
            rule: "BG-ORD-09",
            wrong: |it| {
                it.download(1);
                it.tells(1, Method::TaskIsWaitingForConnectivity);
            },
            right: |it| {
                in_process(it);
                it.tells(1, Method::TaskIsWaitingForConnectivity);
            },
        },
        Case {
            rule: "BG-CFG-14",
            wrong: |it| {
                it.create_data(1);
                it.tells(1, Method::WillCacheResponse);
            },
            right: |it| {
                in_process(it);
                it.tells(1, Method::WillCacheResponse);
            },
        },
        Case {
            rule: "BG-KIND-10",
            wrong: |it| {
                it.create_upload(1);
                it.tells(1, Method::DidReceiveResponse { status: 200, expected: None });
            },
            right: |it| {
                it.create_data(1);
                it.tells(1, Method::DidReceiveResponse { status: 200, expected: None });
            },
        },
    ],
};

fn in_process(it: &mut Script) {
    it.session(SessionKind::InProcess, false);
    it.create_data(1);
}

fn redirection() -> Method {
    let url = "http://cdn.example/b".parse().expect("a URL");
    Method::WillPerformRedirection { status: 302, to: Arc::new(Request::get(url)) }
}

struct Never;

impl Check for Never {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        let Fact::Delivers { session, task, method, .. } = &step.event.fact else {
            return;
        };
        if !scene.is_background(session) {
            return;
        }
        let rule = match method {
            Method::WillPerformRedirection { .. } => "BG-REDIR-01",
            Method::TaskIsWaitingForConnectivity => "BG-ORD-09",
            Method::WillCacheResponse => "BG-CFG-14",
            Method::DidReceiveResponse { .. } => {
                let upload = scene.task(session, *task).map(|task| task.sort);
                if upload != Some(TaskSort::Upload) {
                    return;
                }
                "BG-KIND-10"
            }
            _ => return,
        };
        let task = task.map_or_else(String::new, |task| format!("/{task}"));
        let detail = format!("{session}{task} gets {}", method.short_name());
        out.add(rule, step, format!("{detail} in a background session"));
    }
}
