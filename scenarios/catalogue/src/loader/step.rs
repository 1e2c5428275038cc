//! `[[step]]`: one trigger and one actor each.

use sleepwalker_core::Time;
use sleepwalker_device::{AppAct, OsAct, UnknownVerb, user_act};
use sleepwalker_origin::OriginAct;
use sleepwalker_sim::scenario::{Act, Step, Trigger};

use super::{expect, network};
use crate::reader::{Node, Reader, Section};

const TRIGGERS: &[&str] = &["at", "after", "when"];
const ACTORS: &[&str] = &["user", "os", "network", "origin", "app"];

/// Reads all steps, each with the place of its act.
pub(super) fn all<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Vec<(Step, Node<'a>)> {
    let mut steps = Vec::new();
    let mut latest = Time::ZERO;
    for node in reader.array(node, "an array of tables, each `[[step]]`") {
        let Some(section) = reader.section(node, "a table: `[[step]]`") else {
            continue;
        };
        let known: Vec<&str> = TRIGGERS.iter().chain(ACTORS).copied().collect();
        if !reader.keys(&section, "a step", &known) {
            // An unknown key may be the misspelt trigger or actor: to miss those would be noise.
            continue;
        }
        let trigger = trigger(reader, &section, &mut latest);
        let act = act(reader, &section);
        if let (Some(trigger), Some((act, place))) = (trigger, act) {
            let line = reader.line(&node.span());
            steps.push((Step { line, trigger, act }, place));
        }
    }
    steps
}

fn trigger<'a>(
    reader: &mut Reader<'a>,
    section: &Section<'a>,
    latest: &mut Time,
) -> Option<Trigger> {
    let key = only(reader, section, "a trigger", TRIGGERS)?;
    let node = section.get(key)?;
    match key {
        "when" => expect::pattern(reader, node).map(Trigger::When),
        "after" => reader.span(node).map(|span| {
            *latest = *latest + span;
            Trigger::After(span)
        }),
        _ => {
            let at = Time::ZERO + reader.span(node)?;
            if at < *latest {
                let message = "this step lies before the one above it";
                reader.fail(node.span(), message, format!("a time not before {latest}"));
            }
            *latest = at;
            Some(Trigger::At(at))
        }
    }
}

fn act<'a>(reader: &mut Reader<'a>, section: &Section<'a>) -> Option<(Act, Node<'a>)> {
    let key = only(reader, section, "an actor", ACTORS)?;
    let node = section.get(key)?;
    let act = match key {
        "user" => {
            words(reader, node, "what the user does, such as \"open\"", user_act).map(Act::User)
        }
        "os" => {
            words(reader, node, "what the OS does, such as \"reboot\"", OsAct::parse).map(Act::Os)
        }
        "network" => network::act(reader, node).map(Act::Network),
        "origin" => reader.typed::<OriginAct>(node, "an act of the origin").map(Act::Origin),
        _ => reader.typed::<AppAct>(node, "an act of the app").map(Act::App),
    };
    act.map(|act| (act, node))
}

/// Finds the one key among some that a step has.
fn only<'k>(
    reader: &mut Reader<'_>,
    section: &Section<'_>,
    what: &str,
    keys: &'k [&'k str],
) -> Option<&'k str> {
    let expected = format!("one of {}", crate::reader::one_of(keys));
    let mut present = keys.iter().copied().filter(|key| section.get(key).is_some());
    let Some(first) = present.next() else {
        reader.fail(section.span.clone(), format!("a step without {what}"), expected);
        return None;
    };
    for other in present {
        let message = format!("`{first}` and `{other}`: a step has one, not both");
        reader.fail(section.key_span(other), message, expected.clone());
    }
    Some(first)
}

fn words<'a, T>(
    reader: &mut Reader<'a>,
    node: Node<'a>,
    expected: &str,
    parse: impl Fn(&str) -> Result<T, UnknownVerb>,
) -> Option<T> {
    let text = reader.text(node, expected)?;
    match parse(text) {
        Ok(act) => Some(act),
        Err(error) => {
            let message = format!("the {} cannot do {text:?}", error.actor);
            reader.unknown(node.span(), message, text, error.expected.iter().copied());
            None
        }
    }
}
