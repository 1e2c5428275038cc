//! Which errors a background transfer may complete with, and when.

use std::collections::BTreeMap;

use sleepwalker_core::{CancelReason, ErrorCode, Method, TaskError, Why, span};

use crate::{
    Fact, TaskName, Witness,
    check::{Case, Check, Checker, End, Findings, Scene, Script, Step, Task, script::WEEK},
};

pub(super) const CHECKER: Checker = Checker {
    name: "error",
    rules: &[
        "BG-NET-01",
        "BG-NET-05",
        "BG-NET-06",
        "BG-NET-14",
        "BG-SCHED-22",
        "BG-KIND-08",
        "BG-EXT-02",
        "BG-ERR-02",
    ],
    needs: &[Witness::Calls, Witness::Daemon],
    make: || Box::new(Errors::default()),
    cases: &[
        Case { rule: "BG-NET-01", wrong: |it| fails(it, -1005), right: |it| fails(it, -1202) },
        Case {
            rule: "BG-NET-05",
            wrong: |it| {
                it.download(1);
                it.wait(WEEK.as_secs() - 1);
                it.finishes(1, Some(-1001));
                it.fails(1, -1001);
            },
            right: |it| {
                it.download(1);
                it.wait(WEEK.as_secs());
                it.finishes(1, Some(-1001));
                it.fails(1, -1001);
            },
        },
        Case {
            rule: "BG-NET-06",
            wrong: |it| {
                it.download(1);
                it.wait(WEEK.as_secs() + 1);
                it.starts(1, 1);
            },
            right: |it| {
                it.download(1);
                it.wait(WEEK.as_secs());
                it.starts(1, 1);
            },
        },
        Case {
            rule: "BG-NET-06",
            wrong: |it| {
                it.download(1);
                it.wait(WEEK.as_secs());
                it.sleep();
            },
            right: |it| {
                it.download(1);
                it.wait(WEEK.as_secs());
                it.finishes(1, Some(-1001));
                it.sleep();
            },
        },
        Case {
            rule: "BG-NET-14",
            wrong: |it| bad_responses(it, 1),
            right: |it| bad_responses(it, 2),
        },
        Case {
            rule: "BG-SCHED-22",
            wrong: |it| fails(it, -1009),
            right: |it| {
                it.create_data(1);
                it.resume(1);
                it.fails(1, -1009);
            },
        },
        Case {
            rule: "BG-KIND-08",
            wrong: |it| fails(it, -997),
            right: |it| {
                it.create_data(1);
                it.resume(1);
                it.fails(1, -997);
            },
        },
        Case { rule: "BG-EXT-02", wrong: |it| fails(it, -996), right: |it| fails(it, -999) },
        Case {
            rule: "BG-ERR-02",
            wrong: |it| {
                it.download(1);
                let code = ErrorCode::CERTIFICATE_UNTRUSTED;
                it.done(
                    1,
                    Some(TaskError { reason: Some(CancelReason::UserForceQuit), ..code.into() }),
                );
            },
            right: |it| {
                it.download(1);
                let code = ErrorCode::CANCELLED;
                it.done(
                    1,
                    Some(TaskError { reason: Some(CancelReason::UserForceQuit), ..code.into() }),
                );
            },
        },
    ],
};

fn fails(it: &mut Script, code: i32) {
    it.download(1);
    it.finishes(1, Some(code));
    it.fails(1, code);
}

fn bad_responses(it: &mut Script, retries: u32) {
    it.download(1);
    for attempt in 1..=retries {
        it.starts(1, attempt);
        it.stops(1, attempt, Why::BadResponse);
        it.retries(1, Why::BadResponse);
        it.wait(1);
    }
    it.finishes(1, Some(-1011));
    it.fails(1, -1011);
}

#[derive(Default)]
struct Errors {
    /// Retries after bad responses, and after failed handshakes.
    retries: BTreeMap<TaskName, (u32, u32)>,
    late: std::collections::BTreeSet<TaskName>,
}

impl Check for Errors {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            Fact::Retries { task, why, .. } => {
                let (bad, tls) = self.retries.entry(task.clone()).or_default();
                match why {
                    Why::BadResponse
                    | Why::Failed(
                        ErrorCode::BAD_SERVER_RESPONSE | ErrorCode::CANNOT_PARSE_RESPONSE,
                    ) => {
                        *bad += 1;
                    }
                    Why::Failed(ErrorCode::SECURE_CONNECTION_FAILED) => *tls += 1,
                    _ => {}
                }
            }
            Fact::Starts { task, .. } | Fact::Receives { task, .. } => {
                self.late(scene, step, out, task);
            }
            Fact::Delivers {
                session,
                task: Some(id),
                method: Method::DidComplete { error: Some(error), .. },
                ..
            } => {
                let name = TaskName { session: session.clone(), task: *id };
                if let Some(task) = scene.tasks.get(&name) {
                    self.completes(scene, step, out, &name, task, error);
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, scene: &Scene<'_>, _end: End, out: &mut Findings) {
        for (name, task) in &scene.tasks {
            let Some(deadline) = task.resumed_at.map(|resumed| resumed + task.timeout) else {
                continue;
            };
            let waits = task.outlives_app()
                && task.owed()
                && task.finished.is_none()
                && task.suspended_at.is_none()
                && !task.cancelled
                && !scene.is_unheard(task)
                && !scene.may_be_lost(task);
            if waits && scene.now > deadline {
                let (index, at) = task.created;
                let timeout = span::text(&task.timeout);
                let detail = format!("{name} is not over, though its {timeout} are");
                out.at("BG-NET-06", index, at, detail);
            }
        }
    }
}

impl Errors {
    /// The resource timeout counts from the first `resume`, whatever happens.
    fn late(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings, name: &TaskName) {
        let Some(task) = scene.tasks.get(name) else {
            return;
        };
        let Some(resumed) = task.resumed_at else {
            return;
        };
        let over = task.outlives_app()
            && task.suspended_at.is_none()
            && task.finished.is_none()
            && step.event.at > resumed + task.timeout;
        if over && self.late.insert(name.clone()) {
            let detail = format!("{name} goes on after its {}", span::text(&task.timeout));
            out.add("BG-NET-06", step, detail);
        }
    }

    fn completes(
        &self,
        scene: &Scene<'_>,
        step: Step<'_>,
        out: &mut Findings,
        name: &TaskName,
        task: &Task,
        error: &TaskError,
    ) {
        let code = error.code;
        if error.reason.is_some() && (code != ErrorCode::CANCELLED || !task.background) {
            let detail = format!("{name} completes with {error}: only -999 has a reason");
            out.add("BG-ERR-02", step, detail);
        }
        if !task.outlives_app() {
            return;
        }
        let ended = task.finished.map_or(step.event.at, |(_, at, _)| at);
        let in_time = task.resumed_at.is_some_and(|resumed| ended < resumed + task.timeout);
        let timeout = span::text(&task.timeout);
        let (bad, tls) = self.retries.get(name).copied().unwrap_or_default();
        let wrong = match code.0 {
            -1003 | -1004 | -1005 | -1014 if in_time => {
                ("BG-NET-01", format!("before its {timeout} are over: it is retried"))
            }
            -1001 if in_time => ("BG-NET-05", format!("before its {timeout} are over")),
            -1011 | -1017 if bad < scene.knobs.bad_response_retries => {
                let most = scene.knobs.bad_response_retries;
                ("BG-NET-14", format!("after {bad} of {most} retries"))
            }
            -1200 if tls < scene.knobs.tls_retries => {
                let most = scene.knobs.tls_retries;
                ("BG-NET-14", format!("after {tls} of {most} retries"))
            }
            -1009 | -1018 | -1019 | -1020 => {
                ("BG-SCHED-22", "but a background task waits for its path".to_owned())
            }
            -997 => ("BG-KIND-08", "which only data tasks do".to_owned()),
            -996 => ("BG-EXT-02", "though its session was accepted".to_owned()),
            _ => return,
        };
        out.add(wrong.0, step, format!("{name} completes with {code}, {}", wrong.1));
    }
}
