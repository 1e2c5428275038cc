//! A delivered file is one whole version, and it is there exactly as long as the call.

use std::collections::BTreeSet;

use sleepwalker_core::{FileId, Method};

use crate::{
    Content, Fact, TaskName, Witness,
    check::{Case, Check, Checker, Findings, Scene, Script, Step, scene::OpenSort},
};

pub(super) const CHECKER: Checker = Checker {
    name: "content",
    rules: &["BG-RES-05", "BG-DL-01", "BG-DL-02"],
    needs: &[Witness::Calls, Witness::Files],
    make: || Box::new(Contents::default()),
    cases: &[
        Case {
            rule: "BG-RES-05",
            wrong: |it| file_is(it, Content::Mixed("1000 B of version 1, then version 2".into())),
            right: |it| file_is(it, Content::Version { file: "cdn.example/a".into(), version: 2 }),
        },
        Case {
            rule: "BG-DL-02",
            wrong: |it| {
                let file = "cdn.example/a".into();
                file_is(it, Content::Part { file, version: 1, whole: 6000 });
            },
            right: |it| file_is(it, Content::Literal("5891b5b522d5".into())),
        },
        Case {
            rule: "BG-DL-02",
            wrong: |it| part_of_206(it, Some(3000)),
            right: |it| part_of_206(it, None),
        },
        Case {
            rule: "BG-DL-01",
            wrong: |it| file_is(it, Content::Missing),
            right: |it| file_is(it, Content::Version { file: "cdn.example/a".into(), version: 1 }),
        },
        Case {
            rule: "BG-DL-01",
            wrong: |it| {
                it.download(1);
                let file = it.begin_file(1, 200);
                it.returns(file, None);
                it.claims(1, true);
            },
            right: |it| {
                it.download(1);
                let file = it.begin_file(1, 200);
                it.claims(1, true);
                it.returns(file, None);
            },
        },
        Case {
            rule: "BG-DL-01",
            wrong: |it| {
                it.download(1);
                it.begin_file(1, 200);
                it.claims(1, false);
            },
            right: |it| {
                it.download(1);
                let file = it.begin_file(1, 200);
                it.returns(file, None);
                it.claims(1, false);
            },
        },
    ],
};

fn file_is(it: &mut Script, content: Content) {
    it.download(1);
    let method = Method::DidFinishDownloadingTo { file: FileId(1), length: 3000, status: 200 };
    it.begins_with(Some(1), method, Some(content));
}

/// A part is delivered with a 206: to the daemon's own range or to the app's.
fn part_of_206(it: &mut Script, from: Option<u64>) {
    it.download(1);
    it.starts_from(1, 1, from);
    let method = Method::DidFinishDownloadingTo { file: FileId(1), length: 3000, status: 206 };
    let content = Content::Part { file: "cdn.example/a".into(), version: 1, whole: 6000 };
    it.begins_with(Some(1), method, Some(content));
}

#[derive(Default)]
struct Contents {
    claimed: BTreeSet<TaskName>,
    /// Tasks that the daemon resumed with a range. A 206 of any other is what its app asked for.
    resumed: BTreeSet<TaskName>,
}

impl Check for Contents {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            Fact::Starts { task, from, .. } => {
                match from {
                    Some(_) => self.resumed.insert(task.clone()),
                    None => self.resumed.remove(task),
                };
            }
            Fact::Delivers {
                session,
                task: Some(task),
                method: Method::DidFinishDownloadingTo { status, .. },
                content: Some(content),
                ..
            } => {
                let name = TaskName { session: session.clone(), task: *task };
                self.claimed.remove(&name);
                match content {
                    Content::Version { .. } | Content::Literal(_) => {}
                    Content::Mixed(pieces) => {
                        let detail = format!("the file of {name} is spliced: {pieces}");
                        out.add("BG-RES-05", step, detail);
                    }
                    Content::Part { version, whole, .. } => {
                        let whole_wanted = *status == 206 && self.resumed.contains(&name);
                        if *status == 200 || whole_wanted {
                            let detail = format!(
                                "the file of {name} is a part of version {version}, not its {whole} B"
                            );
                            out.add("BG-DL-02", step, detail);
                        }
                    }
                    Content::Missing => {
                        let detail = format!("the file of {name} is not there");
                        out.add("BG-DL-01", step, detail);
                    }
                }
            }
            Fact::Claims { process, task, found } => {
                let open = scene.open.range((*process, 0)..=(*process, u64::MAX));
                let inside = open.into_iter().any(|(_, open)| {
                    open.sort == OpenSort::File
                        && open.session == task.session
                        && open.task == Some(task.task)
                });
                let first = !self.claimed.contains(task);
                if *found && !inside {
                    let detail = format!(
                        "the file of {task} is still there after didFinishDownloadingTo returned"
                    );
                    out.add("BG-DL-01", step, detail);
                } else if !*found && inside && first {
                    let detail = format!("the file of {task} is gone before its call returned");
                    out.add("BG-DL-01", step, detail);
                }
                if *found {
                    self.claimed.insert(task.clone());
                }
            }
            _ => {}
        }
    }
}
