//! R07: done means 2xx, and an item ends once.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    Fact, ItemState, Witness,
    check::{Case, Check, Checker, Findings, Scene, Step},
};

pub(super) const CHECKER: Checker = Checker {
    name: "status",
    rules: &["R07"],
    needs: &[Witness::Items],
    make: || Box::new(Status::default()),
    cases: &[
        Case {
            rule: "R07",
            wrong: |it| it.marks(1, ItemState::Done, Some(404)),
            right: |it| it.marks(1, ItemState::Failed, Some(404)),
        },
        Case {
            rule: "R07",
            wrong: |it| it.marks(1, ItemState::Done, None),
            right: |it| it.marks(1, ItemState::Done, Some(206)),
        },
        Case {
            rule: "R07",
            wrong: |it| {
                it.marks(1, ItemState::Done, Some(200));
                it.marks(1, ItemState::Failed, Some(200));
            },
            right: |it| {
                it.marks(1, ItemState::Failed, Some(500));
                it.marks(2, ItemState::Queued, None);
                it.marks(2, ItemState::Done, Some(200));
            },
        },
    ],
};

#[derive(Default)]
struct Status {
    /// How items ended, and where.
    ended: BTreeMap<Arc<str>, usize>,
}

impl Check for Status {
    fn see(&mut self, _scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        let Fact::Marks { item, state, status, .. } = &step.event.fact else {
            return;
        };
        if *state == ItemState::Queued {
            self.ended.remove(item);
            return;
        }
        if *state == ItemState::Done {
            match status {
                Some(200..=299) => {}
                Some(status) => {
                    let detail = format!("item {item} is done with status {status}");
                    out.add("R07", step, detail);
                }
                None => {
                    out.add("R07", step, format!("item {item} is done without a response"));
                }
            }
        }
        if let Some(index) = self.ended.insert(item.clone(), step.index) {
            let detail = format!(
                "item {item} ends a second time; the first was at line {}",
                crate::line_number(index)
            );
            out.add("R07", step, detail);
        }
    }
}
