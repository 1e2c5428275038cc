//! The lanes of callbacks and verdicts.

use sleepwalker_judge::{Event, Fact};

use super::{
    Mark, MarkKind,
    pack::Rows,
    scale::{Scale, is_progress},
    shape::{Lane, Named},
};

/// Where labels begin; what has none stands above.
const TOP: u32 = 8;
/// Rows of labels, at most.
const LIMIT: usize = 12;

/// Draws every delegate call, by name unless it tells of progress.
pub(super) fn callbacks(events: &[Event], lines: &[String], scale: &Scale) -> Lane {
    let mut lane = Lane::new(
        "callbacks",
        "Delegate methods as the app is called; short ticks tell of progress.",
    );
    let mut rows = Rows::default();
    let delivered = |index: usize| match &events[index].fact {
        Fact::Delivers { session, task, method, .. } => Some((session, task, method)),
        _ => None,
    };
    for (index, line) in lines.iter().enumerate() {
        let Some((session, task, method)) = delivered(index) else {
            continue;
        };
        let x = scale.at(index);
        if is_progress(method) {
            lane.tick(x, TOP, &mut rows, LIMIT, Named::new(index, "progress", "", line));
            continue;
        }
        let whom = match task {
            Some(task) => format!("{session}/{task}"),
            None => session.to_string(),
        };
        let class = if method.is_gate() { "gate" } else { "callback" };
        let label = format!("{} {whom}", method.short_name());
        lane.tick(x, TOP, &mut rows, LIMIT, Named::new(index, class, label, line));
    }
    lane
}

/// Draws what the judge found, at the event where it broke.
pub(super) fn verdicts(marks: &[Mark], scale: &Scale) -> Lane {
    let mut lane = Lane::new("verdicts", "Rules that broke, at the first event that shows it.");
    let mut rows = Rows::default();
    for mark in marks {
        let class = match mark.kind {
            MarkKind::Violation => "violation",
            MarkKind::Finding => "finding",
            MarkKind::Expectation => "expectation",
        };
        let title = format!("{}: {}\n{}", mark.rule, mark.statement, mark.detail);
        let named = Named::new(mark.event, class, mark.rule.clone(), title);
        lane.tick(scale.at(mark.event), 4, &mut rows, LIMIT, named);
    }
    lane
}
