//! A downloaded file is followed by a completion without error, and by nothing else.

use std::collections::BTreeSet;

use sleepwalker_core::{Death, Method, ProcessState};

use crate::{
    Cause, Fact, TaskName, Witness,
    check::{Case, Check, Checker, Findings, Scene, Script, Step, TaskSort, scene::OpenSort},
};

pub(super) const CHECKER: Checker = Checker {
    name: "file",
    rules: &["BG-DL-02", "BG-DL-04", "BG-DL-12"],
    needs: &[Witness::Calls],
    make: || Box::new(File::default()),
    cases: &[
        Case {
            rule: "BG-DL-02",
            wrong: |it| {
                it.download(1);
                it.file(1);
                it.tells(1, Method::DidWriteData { written: 1, total: 1, expected: None });
            },
            right: |it| {
                it.download(1);
                it.tells(1, Method::DidWriteData { written: 1, total: 1, expected: None });
                it.file(1);
                it.done(1, None);
            },
        },
        Case {
            rule: "BG-DL-02",
            wrong: |it| {
                it.download(1);
                it.done(1, None);
            },
            right: |it| {
                it.create_upload(1);
                it.resume(1);
                it.done(1, None);
            },
        },
        Case {
            rule: "BG-DL-04",
            wrong: |it| {
                it.download(1);
                it.file(1);
                it.fails(1, -999);
            },
            right: |it| {
                it.download(1);
                it.fails(1, -999);
            },
        },
        Case {
            rule: "BG-DL-12",
            wrong: |it| {
                dies_in_file(it);
                it.file(1);
                it.done(1, None);
            },
            right: |it| {
                dies_in_file(it);
                it.done(1, None);
            },
        },
    ],
};

fn dies_in_file(it: &mut Script) {
    it.download(1);
    it.begin_file(1, 200);
    it.kill(Death::Crash);
    it.launch(ProcessState::Foreground, Cause::User);
    it.reconnect();
}

#[derive(Default)]
struct File {
    /// Their process died in `didFinishDownloadingTo`.
    interrupted: BTreeSet<TaskName>,
}

impl Check for File {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            Fact::Kills { process, .. } => {
                let open = scene.open.range((*process, 0)..=(*process, u64::MAX));
                for (_, open) in open.filter(|(_, open)| open.sort == OpenSort::File) {
                    if let Some(task) = open.task {
                        let session = open.session.clone();
                        self.interrupted.insert(TaskName { session, task });
                    }
                }
            }
            Fact::Delivers { session, task: Some(id), method, .. } => {
                let Some(task) = scene.task(session, Some(*id)) else {
                    return;
                };
                if task.done.is_some() || task.converted {
                    return;
                }
                let name = TaskName { session: session.clone(), task: *id };
                if task.file.is_some() {
                    self.after_file(scene, step, out, &name, method);
                } else if matches!(method, Method::DidComplete { error: None, .. })
                    && task.sort == TaskSort::Download
                    && !scene.may_be_lost(task)
                {
                    let detail = format!("{name} completes without error, but gave no file");
                    out.add("BG-DL-02", step, detail);
                }
            }
            _ => {}
        }
    }
}

impl File {
    fn after_file(
        &mut self,
        scene: &Scene<'_>,
        step: Step<'_>,
        out: &mut Findings,
        name: &TaskName,
        method: &Method,
    ) {
        match method {
            Method::DidComplete { error: None, .. }
                if scene.knobs.repeat_interrupted_callbacks && self.interrupted.contains(name) =>
            {
                let detail = format!(
                    "{name} completes, but its file is not given again, though its process died \
                     in the call, and the knob repeat-interrupted-callbacks is on"
                );
                out.add("BG-DL-12", step, detail);
            }
            Method::DidComplete { error: None, .. }
            | Method::DidFinishCollecting { .. }
            | Method::ResumeData { .. } => {}
            Method::DidComplete { error: Some(error), .. } => {
                let detail = format!("{name} gave a file, and then completes with {}", error.code);
                out.add("BG-DL-04", step, detail);
            }
            Method::DidFinishDownloadingTo { .. } if self.interrupted.remove(name) => {
                if !scene.knobs.repeat_interrupted_callbacks {
                    let detail = format!(
                        "{name} gives its file again after its process died in the first call, \
                         and the knob repeat-interrupted-callbacks is off"
                    );
                    out.add("BG-DL-12", step, detail);
                }
            }
            other => {
                let detail = format!(
                    "{name} gets {} between its file and its completion",
                    other.short_name()
                );
                out.add("BG-DL-02", step, detail);
            }
        }
    }
}
