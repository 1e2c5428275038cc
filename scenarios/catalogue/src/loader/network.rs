//! `[network]`, and what a step does to the network.

use sleepwalker_core::Link;
use sleepwalker_sim::scenario::{NetworkAct, NetworkPlan};

use crate::reader::{Node, Reader, Section};

const LINKS: &[(&str, Link)] =
    &[("none", Link::None), ("wifi", Link::Wifi), ("cellular", Link::Cellular)];

const KEYS: &[&str] =
    &["path", "expensive", "constrained", "rate", "down", "up", "latency", "jitter", "loss"];

/// Reads `[network]`.
pub(super) fn plan<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> NetworkPlan {
    let start = NetworkPlan::default();
    match reader.section(node, "the section `[network]`") {
        Some(section) => {
            reader.keys(&section, "`[network]`", KEYS);
            change(reader, &section).apply(start)
        }
        None => start,
    }
}

/// Reads `network = { … }` of a step.
pub(super) fn act<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Option<NetworkAct> {
    let section = reader.section(node, "a table such as { path = \"none\" }")?;
    let known: Vec<&str> = KEYS.iter().copied().chain(["outage"]).collect();
    reader.keys(&section, "a step of the network", &known);
    let mut act = change(reader, &section);
    if let Some(node) = section.get("outage") {
        act.outage = reader.boolean(node);
    }
    if section.table.is_empty() {
        reader.fail(section.span, "the network is not changed", "a key such as `path` or `rate`");
    }
    Some(act)
}

fn change<'a>(reader: &mut Reader<'a>, section: &Section<'a>) -> NetworkAct {
    let mut act = NetworkAct::default();
    if let Some(node) = section.get("path") {
        act.link = reader.word(node, "a path", LINKS);
    }
    if let Some(node) = section.get("expensive") {
        act.expensive = reader.boolean(node);
    }
    if let Some(node) = section.get("constrained") {
        act.constrained = reader.boolean(node);
    }
    if let Some(node) = section.get("rate") {
        let rate = reader.rate(node);
        act.down = rate;
        act.up = rate;
        for other in ["down", "up"] {
            if section.get(other).is_some() {
                let message = format!("`rate` and `{other}` both say how fast bytes go");
                reader.fail(section.key_span(other), message, "one of them");
            }
        }
    }
    if let Some(node) = section.get("down") {
        act.down = reader.rate(node);
    }
    if let Some(node) = section.get("up") {
        act.up = reader.rate(node);
    }
    if let Some(node) = section.get("latency") {
        act.latency = reader.span(node);
    }
    if let Some(node) = section.get("jitter") {
        act.jitter = reader.span(node);
    }
    if let Some(node) = section.get("loss") {
        act.loss_per_million = reader.share(node);
    }
    act
}
