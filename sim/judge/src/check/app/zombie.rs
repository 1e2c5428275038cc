//! R12: when all is quiet, no item waits for nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use sleepwalker_core::Time;

use crate::{
    ApiCall, Fact, ItemState, TaskName, Witness,
    check::{Case, Check, Checker, End, Findings, Scene, Step, Task},
};

pub(super) const CHECKER: Checker = Checker {
    name: "zombie",
    rules: &["R12"],
    needs: &[Witness::Calls, Witness::Os, Witness::Items],
    make: || Box::new(Zombie::default()),
    cases: &[
        Case {
            rule: "R12",
            wrong: |it| {
                it.wants();
                it.download(1);
                it.done(1, None);
            },
            right: |it| {
                it.wants();
                it.download(1);
                it.done(1, None);
                it.marks(1, ItemState::Done, Some(200));
            },
        },
        Case {
            rule: "R12",
            wrong: |it| {
                it.wants();
                it.create_download(1);
                it.describe(1, "a");
            },
            right: |it| {
                it.wants();
                it.download(1);
                it.describe(1, "a");
            },
        },
        Case {
            rule: "R12",
            wrong: |it| {
                it.wants();
                it.download(1);
                it.describe(1, "a");
                it.fails(1, -1001);
            },
            right: |it| {
                it.wants();
                it.download(1);
                it.describe(1, "a");
                it.calls(Some(1), ApiCall::CancelByProducingResumeData);
                it.fails(1, -999);
            },
        },
        // The next process gives an in-process task's number to a task for another item.
        Case {
            rule: "R12",
            wrong: |it| {
                it.wants();
                it.download(1);
                it.describe(1, "a");
                it.create_download(1);
                it.describe(1, "b");
            },
            right: |it| {
                it.wants();
                it.download(1);
                it.describe(1, "a");
                it.calls(Some(1), ApiCall::CancelByProducingResumeData);
                it.create_download(1);
                it.describe(1, "b");
            },
        },
    ],
};

#[derive(Default)]
struct Zombie {
    queued: BTreeMap<Arc<str>, (usize, Time)>,
    /// Items whose task the app itself has cancelled and that no later task works for: paused.
    paused: BTreeSet<Arc<str>>,
}

impl Check for Zombie {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, _out: &mut Findings) {
        match &step.event.fact {
            Fact::Marks { item, state: ItemState::Queued, .. } => {
                self.queued.insert(item.clone(), (step.index, step.event.at));
                self.paused.remove(&**item);
            }
            Fact::Marks { item, state: ItemState::Done | ItemState::Failed, .. } => {
                self.queued.remove(item);
            }
            Fact::Calls { session, task, call, misuse: None, .. } => match call {
                ApiCall::Cancel | ApiCall::CancelByProducingResumeData => {
                    let item = scene.task(session, *task).and_then(|it| it.description.clone());
                    self.paused.extend(item);
                }
                ApiCall::SetTaskDescription(item) => {
                    self.paused.remove(item.as_str());
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn end(&mut self, scene: &Scene<'_>, end: End, out: &mut Findings) {
        if end == End::Cut {
            return;
        }
        // An app that does not live may mend it all at its next launch.
        if scene.processes.is_empty() {
            return;
        }
        let mut by_item: BTreeMap<&str, Vec<(&TaskName, &Task)>> = BTreeMap::new();
        for (name, task) in &scene.tasks {
            if let Some(item) = &task.description {
                by_item.entry(item).or_default().push((name, task));
            }
        }
        let works = scene.tasks.values().any(|task| task.owed() || task.cancelled);
        for (item, (index, at)) in
            self.queued.iter().filter(|(item, _)| !self.paused.contains(&***item))
        {
            let wrong = match by_item.get(&**item) {
                Some(tasks) => stuck(tasks),
                None if works => None,
                None => Some("no task works for it".to_owned()),
            };
            if let Some(wrong) = wrong {
                out.at("R12", *index, *at, format!("item {item} stays queued, but {wrong}"));
            }
        }
    }
}

/// Why the tasks of an item will not bring it to an end; none if they may.
fn stuck(tasks: &[(&TaskName, &Task)]) -> Option<String> {
    let (name, last) = tasks.last()?;
    let idle = last.done.is_none() && !last.converted && !last.gone;
    if tasks.iter().any(|(_, task)| task.owed()) || last.cancelled || last.converted {
        return None;
    }
    Some(match idle {
        true => format!("{name} was never resumed"),
        false => format!("{name}, the last task for it, is over"),
    })
}
