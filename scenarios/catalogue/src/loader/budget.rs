//! `[budget]`: beyond what a scenario is given up.

use sleepwalker_sim::scenario::{Budget, Limit};

use crate::reader::{Node, Reader};

const KEYS: &[&str] = &["steps", "events", "time", "bytes", "files"];

/// Reads `[budget]`.
pub(super) fn read<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Budget {
    let mut budget = Budget::default();
    let Some(section) = reader.section(node, "the section `[budget]`") else {
        return budget;
    };
    reader.keys(&section, "`[budget]`", KEYS);
    let line = |reader: &Reader<'a>, key| Some(reader.line(&section.key_span(key)));
    for (key, limit) in
        [("steps", &mut budget.steps), ("events", &mut budget.events), ("files", &mut budget.files)]
    {
        if let Some(most) = section.get(key).and_then(|node| reader.number(node)) {
            *limit = Limit { most, line: line(reader, key) };
        }
    }
    if let Some(most) = section.get("bytes").and_then(|node| reader.size(node)) {
        budget.bytes = Limit { most, line: line(reader, "bytes") };
    }
    if let Some(most) = section.get("time").and_then(|node| reader.span(node)) {
        budget.time = Limit { most, line: line(reader, "time") };
    }
    budget
}
