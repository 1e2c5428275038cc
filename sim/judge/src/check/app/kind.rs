//! R08 and R14: calls that end in an exception.

use crate::{
    ApiCall, Fact, Witness,
    check::{Case, Check, Checker, Findings, Scene, Script, Step, script::photos},
};

pub(super) const CHECKER: Checker = Checker {
    name: "kind",
    rules: &["R08", "R14"],
    needs: &[Witness::Calls],
    make: || Box::new(Kind),
    cases: &[
        Case {
            rule: "R08",
            wrong: |it| {
                let misuse = "upload tasks from NSData are not supported in background sessions";
                raises(it, misuse);
            },
            right: |it| it.create_upload(1),
        },
        Case {
            rule: "R14",
            wrong: |it| raises(it, "task created in a session that has been invalidated"),
            right: |it| it.create_upload(1),
        },
    ],
};

fn raises(it: &mut Script, misuse: &str) {
    let request = "PUT http://cdn.example/up".into();
    it.push(Fact::Calls {
        process: it.process,
        session: photos(),
        task: None,
        call: ApiCall::UploadTaskFromData { request, length: 3 },
        misuse: Some(misuse.into()),
    });
}

struct Kind;

impl Check for Kind {
    fn see(&mut self, _scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        let Fact::Calls { session, call, misuse: Some(misuse), .. } = &step.event.fact else {
            return;
        };
        match call {
            ApiCall::UploadTaskFromData { .. } if misuse.contains("NSData") => {
                let detail = format!("an upload from data in the background session {session}");
                out.add("R08", step, detail);
            }
            ApiCall::DataTask { .. }
            | ApiCall::DownloadTask { .. }
            | ApiCall::DownloadTaskWithResumeData { .. }
            | ApiCall::UploadTaskFromFile { .. }
            | ApiCall::UploadTaskFromData { .. }
                if misuse.contains("invalidated") =>
            {
                let detail = format!("a task is created in {session}, which was invalidated");
                out.add("R14", step, detail);
            }
            _ => {}
        }
    }
}
