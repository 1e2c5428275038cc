//! R11: one live task an item.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    ApiCall, Fact, TaskName, Witness,
    check::{Case, Check, Checker, Findings, Scene, Script, Step, Task},
};

pub(super) const CHECKER: Checker = Checker {
    name: "twin",
    rules: &["R11"],
    needs: &[Witness::Calls, Witness::Items],
    make: || Box::new(Twin::default()),
    cases: &[
        Case {
            rule: "R11",
            wrong: |it| {
                described(it, 1, "a");
                described(it, 2, "a");
            },
            right: |it| {
                described(it, 1, "a");
                it.fails(1, -1001);
                described(it, 2, "a");
            },
        },
        Case {
            rule: "R11",
            wrong: |it| {
                described(it, 1, "a");
                described(it, 1, "a");
                described(it, 2, "a");
            },
            right: |it| {
                described(it, 1, "a");
                described(it, 1, "b");
                described(it, 2, "a");
            },
        },
    ],
};

fn described(it: &mut Script, task: u32, item: &str) {
    it.create_download(task);
    it.describe(task, item);
    it.resume(task);
}

/// Items are told by `taskDescription`; tasks without one are left out.
#[derive(Default)]
struct Twin {
    by_item: BTreeMap<Arc<str>, TaskName>,
}

impl Check for Twin {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        let Fact::Calls { session, task: Some(id), call: ApiCall::Resume, misuse: None, .. } =
            &step.event.fact
        else {
            return;
        };
        let name = TaskName { session: session.clone(), task: *id };
        let Some(item) = scene.tasks.get(&name).and_then(|task| task.description.clone()) else {
            return;
        };
        let Some(other) = self.by_item.insert(item.clone(), name.clone()) else {
            return;
        };
        // Another process may have given the number to a task for another item.
        let lives = |task: &Task| {
            let same = task.description.as_ref() == Some(&item);
            same && task.owed() && task.finished.is_none() && !task.cancelled
        };
        if other != name && scene.tasks.get(&other).is_some_and(lives) {
            let detail = format!("item {item} gets {name}, while {other} still works for it");
            out.add("R11", step, detail);
        }
    }
}
