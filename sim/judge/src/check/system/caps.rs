//! How many transfers run at once, and over how many connections.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use sleepwalker_core::{SessionKind, Why};

use crate::{
    Fact, TaskName, Witness,
    check::{Case, Check, Checker, Findings, Scene, Script, Step},
};

pub(super) const CHECKER: Checker = Checker {
    name: "caps",
    rules: &["BG-SCHED-12", "BG-SCHED-13"],
    needs: &[Witness::Calls, Witness::Os, Witness::Daemon, Witness::Wire],
    make: || Box::new(Caps::default()),
    cases: &[
        Case {
            rule: "BG-SCHED-12",
            wrong: |it| {
                start(it, 1..=7);
            },
            right: |it| {
                start(it, 1..=6);
                it.stops(1, 1, Why::Slow);
                start(it, 7..=7);
            },
        },
        Case {
            rule: "BG-SCHED-13",
            wrong: |it| (1..=7).for_each(|number| it.opens(number)),
            right: |it| (1..=6).for_each(|number| it.opens(number)),
        },
    ],
};

fn start(it: &mut Script, tasks: std::ops::RangeInclusive<u32>) {
    for task in tasks {
        it.download(task);
        it.starts(task, 1);
    }
}

#[derive(Default)]
struct Caps {
    running: BTreeSet<TaskName>,
    open: BTreeMap<(Arc<str>, Arc<str>), BTreeSet<u64>>,
}

impl Check for Caps {
    fn see(&mut self, scene: &Scene<'_>, step: Step<'_>, out: &mut Findings) {
        match &step.event.fact {
            Fact::Starts { task, .. } if scene.is_background(&task.session) => {
                let fresh = self.running.insert(task.clone());
                let most = scene.knobs.concurrent_transfers as usize;
                if fresh && self.running.len() > most {
                    let count = self.running.len();
                    let detail = format!("{task} is transfer {count} at once; the cap is {most}");
                    out.add("BG-SCHED-12", step, detail);
                }
            }
            Fact::Ends { task, .. } | Fact::Stops { task, .. } | Fact::Finishes { task, .. } => {
                self.running.remove(task);
            }
            Fact::Opens { connection, session, host } => {
                let open = self.open.entry((session.clone(), host.clone())).or_default();
                open.insert(*connection);
                let most = scene.sessions.get(session).map(|it| it.connections_per_host as usize);
                if let Some(most) = most.filter(|most| open.len() > *most) {
                    let count = open.len();
                    let detail = format!(
                        "{session} has {count} connections to {host} open; it may have {most}"
                    );
                    out.add("BG-SCHED-13", step, detail);
                }
            }
            Fact::Closes { connection, session, host } => {
                if let Some(open) = self.open.get_mut(&(session.clone(), host.clone())) {
                    open.remove(connection);
                }
            }
            Fact::Kills { process, .. } => {
                if let Some(dead) = scene.processes.get(process) {
                    self.open.retain(|(session, _), _| {
                        dead.connected.get(session) != Some(&SessionKind::InProcess)
                    });
                }
            }
            Fact::Boots { .. } => {
                self.running.clear();
                self.open.clear();
            }
            _ => {}
        }
    }
}
