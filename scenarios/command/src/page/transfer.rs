//! The lanes of the daemon and the network.

use std::collections::BTreeMap;

use sleepwalker_core::{Link, Path};
use sleepwalker_judge::{Event, Fact, TaskName, path_words, why_words};

use super::{
    pack::Rows,
    scale::Scale,
    shape::{Lane, Named, ROW},
    words,
};

/// Something that has begun and not ended: where it began, and how it is drawn.
struct Open {
    event: usize,
    class: &'static str,
    label: String,
    title: String,
    row: u32,
}

impl Open {
    fn close(self, lane: &mut Lane, scale: &Scale, end: u32, top: u32) {
        let y = top + self.row * (ROW + 3);
        let named = Named::new(self.event, self.class, self.label, self.title);
        lane.bar(scale.at(self.event), end, y, named);
    }
}

/// Draws what the daemon does with each task, one row a task while it lives.
pub(super) fn daemon(events: &[Event], lines: &[String], scale: &Scale) -> Lane {
    let mut lane = Lane::new(
        "daemon",
        "Each task as the daemon sees it: waiting (with the reason), running, to be tried again.",
    );
    let ends = task_ends(events, scale);
    let mut rows = Rows::default();
    let mut row_of: BTreeMap<&TaskName, u32> = BTreeMap::new();
    let mut open: BTreeMap<&TaskName, Open> = BTreeMap::new();
    for (index, event) in events.iter().enumerate() {
        let Some((task, next)) = phase(&event.fact) else {
            continue;
        };
        let x = scale.at(index);
        if let Some(before) = open.remove(task) {
            before.close(&mut lane, scale, x, 2);
        }
        let end = ends.get(task).copied().unwrap_or(scale.end() + 40);
        let row = *row_of.entry(task).or_insert_with(|| rows.take(x, end.max(x + 60)));
        if let Some((class, label)) = next {
            let title = lines[index].clone();
            open.insert(task, Open { event: index, class, label, title, row });
        }
    }
    for (_, rest) in open {
        rest.close(&mut lane, scale, scale.end() + 40, 2);
    }
    lane
}

/// Where the last fact about each task stands.
fn task_ends<'a>(events: &'a [Event], scale: &Scale) -> BTreeMap<&'a TaskName, u32> {
    let told = events.iter().enumerate().filter_map(|(index, event)| {
        let (task, _) = phase(&event.fact)?;
        Some((task, scale.at(index)))
    });
    told.collect()
}

/// What a task goes over to: a class and a label, or nothing when it is over.
type Next = Option<(&'static str, String)>;

fn phase(fact: &Fact) -> Option<(&TaskName, Next)> {
    match fact {
        Fact::Enqueues { task, discretionary } => {
            let how = if *discretionary { "discretionary" } else { "queued" };
            Some((task, Some(("waits", format!("{task} {how}")))))
        }
        Fact::Waits { task, why, .. } => {
            Some((task, Some(("waits", format!("{task} waits for {}", why_words(*why))))))
        }
        Fact::Releases { task, .. } => Some((task, Some(("waits", format!("{task} released"))))),
        Fact::Starts { task, attempt, .. } => {
            let again = if *attempt > 1 { format!(" attempt {attempt}") } else { String::new() };
            Some((task, Some(("runs", format!("{task} runs{again}")))))
        }
        Fact::Stops { task, why, .. } => {
            Some((task, Some(("waits", format!("{task} stopped: {}", why_words(*why))))))
        }
        Fact::Retries { task, why, .. } => {
            Some((task, Some(("waits", format!("{task} again later: {}", why_words(*why))))))
        }
        Fact::Finishes { task, .. } => Some((task, None)),
        _ => None,
    }
}

/// Draws the path, what the origin's script does, and each request on the wire with its bytes.
pub(super) fn network(events: &[Event], lines: &[String], scale: &Scale) -> Lane {
    let mut lane = Lane::new("network", "The path, and each request on the wire with its bytes.");
    paths(&mut lane, events, lines, scale);
    let mut notes = Rows::default();
    for (index, event) in events.iter().enumerate() {
        if let Fact::OriginActs { host, what } = &event.fact {
            let named = Named::new(index, "fact", format!("{host} {what}"), &lines[index]);
            lane.tick(scale.at(index), ROW + 6, &mut notes, 3, named);
        }
    }
    let top = ROW + 6 + notes.count() * ROW;
    let mut rows = Rows::default();
    for (index, event) in events.iter().enumerate() {
        let Fact::Starts { task, attempt, method, url, .. } = &event.fact else {
            continue;
        };
        let (end, class, outcome) = attempt_end(events, scale, index, task, *attempt);
        let x = scale.at(index);
        let row = rows.take(x, end.max(x + 4));
        let title = format!("{}\n{outcome}", lines[index]);
        let label = format!("{task}.{attempt} {outcome}, {method} {}", short(url));
        Open { event: index, class, label, title, row }.close(&mut lane, scale, end, top);
    }
    lane
}

/// Where an attempt ended, and how: as drawn and in words.
fn attempt_end(
    events: &[Event],
    scale: &Scale,
    from: usize,
    of: &TaskName,
    number: u32,
) -> (u32, &'static str, String) {
    let mut status = String::new();
    for (index, event) in events.iter().enumerate().skip(from + 1) {
        match &event.fact {
            Fact::Head { task, attempt, status: head, .. } if task == of && *attempt == number => {
                status = format!("{head} ");
            }
            Fact::Ends { task, attempt, total } if task == of && *attempt == number => {
                let outcome = format!("{status}{}", words::bytes(*total));
                return (scale.at(index), "ended", outcome);
            }
            Fact::Stops { task, attempt, why, total } if task == of && *attempt == number => {
                let bytes = words::bytes(*total);
                let outcome = format!("{status}{bytes}, {}", why_words(*why));
                return (scale.at(index), "stopped", outcome);
            }
            Fact::Boots { .. } => {
                return (scale.at(index), "stopped", format!("{status}the device went down"));
            }
            _ => {}
        }
    }
    (scale.end() + 40, "open", format!("{status}not ended"))
}

fn paths(lane: &mut Lane, events: &[Event], lines: &[String], scale: &Scale) {
    let mut path = (0, "path-none", String::new());
    let mut before = (path.1, path.2.clone());
    for (index, event) in events.iter().enumerate() {
        let next = match &event.fact {
            Fact::PathChanges { path } => {
                (path_class(*path), format!("path: {}", path_words(*path)))
            }
            Fact::Outage { begins: true } => {
                before = (path.1, path.2.clone());
                ("path-none", "outage: the radio carries nothing".to_owned())
            }
            Fact::Outage { begins: false } => before.clone(),
            _ => continue,
        };
        path_band(lane, scale, lines, &path, scale.at(index));
        path = (index, next.0, next.1);
    }
    path_band(lane, scale, lines, &path, scale.end() + 40);
}

fn path_band(
    lane: &mut Lane,
    scale: &Scale,
    lines: &[String],
    since: &(usize, &'static str, String),
    end: u32,
) {
    let (index, class, label) = since;
    let start = scale.at(*index);
    if end > start && !label.is_empty() {
        lane.bar(start, end, 2, Named::new(*index, class, label, &lines[*index]));
    }
}

fn path_class(path: Path) -> &'static str {
    match path.link {
        Link::None => "path-none",
        Link::Wifi => "path-wifi",
        Link::Cellular => "path-cellular",
    }
}

/// A URL without its scheme.
fn short(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest)
}
