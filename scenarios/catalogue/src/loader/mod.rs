//! From the text of a scenario file to a scenario, or to all that is wrong with it.

mod app;
mod budget;
mod check;
mod expect;
mod network;
mod origin;
mod step;

use std::string::FromUtf8Error;

use sha2::{Digest, Sha256};
use sleepwalker_core::{Faults, Rule, Time};
use sleepwalker_device::AppAct;
use sleepwalker_origin::Plan;
use sleepwalker_sim::scenario::{
    Act, Budget, DevicePlan, End, Expect, NetworkPlan, Overrides, Scenario,
};
use toml::de::DeTable;

use crate::{
    problem::LoadError,
    profile,
    reader::{Node, Reader, Section, said},
};

const KEYS: &[&str] = &[
    "title", "shows", "profile", "ends", "faults", "knobs", "origin", "network", "device", "app",
    "step", "expect", "budget",
];

/// The longest text that is read, in bytes.
const LONGEST: usize = 4 << 20;

/// Reads a scenario from the text of its file; `path` is named in errors.
///
/// # Errors
///
/// All that is wrong with the text, each with its place.
pub fn parse(name: &str, path: &str, text: &str) -> Result<Scenario, LoadError> {
    if text.len() > LONGEST {
        return Err(LoadError::Unreadable {
            path: path.to_owned(),
            why: format!("it is longer than {LONGEST} bytes"),
        });
    }
    let mut reader = Reader::new(text);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        reader.fail(span, format!("not TOML: {}", error.message()), "TOML");
    }
    // What could not be read is missing from the document; to miss it again would be noise.
    let scenario = match errors.is_empty() {
        true => {
            let section = Section { table: document.get_ref(), span: 0..0 };
            Some(scenario(&mut reader, &section, name, hash(text)))
        }
        false => None,
    };
    let problems = reader.into_problems();
    match scenario {
        Some(scenario) if problems.is_empty() => Ok(scenario),
        _ => Err(LoadError::Invalid { path: path.to_owned(), text: text.to_owned(), problems }),
    }
}

/// Tells where the bytes of a file stop being UTF-8.
pub(crate) fn not_text(path: &str, error: &FromUtf8Error) -> LoadError {
    let good = error.utf8_error().valid_up_to();
    let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
    let mut reader = Reader::new(&text);
    let message = format!("not text: byte {:#04x}", error.as_bytes()[good]);
    reader.fail(good..good, message, "UTF-8");
    let problems = reader.into_problems();
    LoadError::Invalid { path: path.to_owned(), text, problems }
}

/// Six hexadecimal digits of a text's SHA-256.
pub(crate) fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(3).map(|byte| format!("{byte:02x}")).collect()
}

fn scenario<'a>(reader: &mut Reader<'a>, root: &Section<'a>, name: &str, hash: String) -> Scenario {
    reader.keys(root, "a scenario", KEYS);
    let title = root.get("title").and_then(|node| reader.text(node, "a line of text"));
    if root.get("title").is_none() {
        reader.fail(0..0, "a scenario without a title", "`title = \"…\"` at the top");
    }
    let steps = match root.get("step") {
        Some(node) => step::all(reader, node),
        None => {
            reader.fail(0..0, "a scenario in which nothing is done", "a `[[step]]`");
            Vec::new()
        }
    };
    let faults = root.get("faults").map_or_else(Vec::new, |node| rules(reader, node));
    let mut scenario = Scenario {
        name: name.to_owned(),
        title: title.unwrap_or_default().to_owned(),
        hash,
        shows: root.get("shows").map_or_else(Vec::new, |node| rules(reader, node)),
        profile: root.get("profile").and_then(|node| profile_name(reader, node)),
        knobs: root.get("knobs").map_or_else(Overrides::default, |node| knobs(reader, node)),
        faults: Faults::without(faults),
        origin: root.get("origin").map_or_else(Plan::default, |node| origin::plan(reader, node)),
        network: root
            .get("network")
            .map_or_else(NetworkPlan::default, |node| network::plan(reader, node)),
        device: root.get("device").map_or_else(DevicePlan::default, |node| device(reader, node)),
        app: root.get("app").map_or_else(app::nothing, |node| app::plan(reader, node)),
        steps: Vec::new(),
        expect: root.get("expect").map_or_else(Expect::default, |node| expect::read(reader, node)),
        budget: root.get("budget").map_or_else(Budget::default, |node| budget::read(reader, node)),
        end: root.get("ends").map_or(End::Quiet, |node| end(reader, node)),
    };
    check::references(reader, root, &scenario, &steps);
    scenario.steps = steps.into_iter().map(|(step, _)| step).collect();
    configure(&mut scenario);
    check::sizes(reader, root, &scenario);
    scenario
}

/// A session that a step only names is the one of `[app]`, configured as it is there.
fn configure(scenario: &mut Scenario) {
    let steps = scenario.steps.iter_mut().filter_map(|step| match &mut step.act {
        Act::App(act) => Some(act),
        Act::User(_) | Act::Os(_) | Act::Network(_) | Act::Origin(_) => None,
    });
    for act in steps.chain(scenario.app.reactions.iter_mut().map(|reaction| &mut reaction.act)) {
        if let AppAct::CreateSession(spec) = act
            && spec.is_bare()
            && let Some(known) = scenario.app.sessions.iter().find(|known| known.name == spec.name)
        {
            spec.clone_from(known);
        }
    }
}

fn rules<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Vec<Rule> {
    let mut all = Vec::new();
    for (name, span) in reader.texts(node, "names of rules, such as \"BG-LIFE-05\"") {
        match Rule::find(name) {
            Some(rule) => all.push(rule),
            None => {
                let message = format!("no modelled rule is named {name:?}");
                reader.unknown(span, message, name, Rule::MODELLED.iter().map(|rule| rule.id()));
            }
        }
    }
    all
}

fn profile_name<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Option<String> {
    let name = reader.text(node, "the name of a profile")?;
    if !profile::names().any(|known| known == name) {
        let message = format!("no profile is named {name:?}");
        reader.unknown(node.span(), message, name, profile::names());
    }
    Some(name.to_owned())
}

/// Reads knobs by name, from a scenario or a profile.
pub(crate) fn knobs<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Overrides {
    let mut overrides = Overrides::default();
    let Some(section) = reader.section(node, "knobs by name") else {
        return overrides;
    };
    for (name, span, node) in section.entries() {
        knob(reader, &mut overrides, name, span, node);
    }
    overrides
}

/// Reads one knob.
pub(crate) fn knob<'a>(
    reader: &mut Reader<'a>,
    overrides: &mut Overrides,
    name: &str,
    span: std::ops::Range<usize>,
    node: Node<'a>,
) {
    let names = Overrides::names();
    if !names.iter().any(|known| known == name) {
        let message = format!("no knob is named `{name}`");
        reader.unknown(span, message, name, names.iter().map(String::as_str));
        return;
    }
    if let Some(value) = reader.typed::<toml::Value>(node, "a value")
        && let Err(why) = overrides.set(name, value)
    {
        let (found, expected) = said(&why, &format!("a value of the knob `{name}`"));
        reader.fail(node.span(), found, expected);
    }
}

fn device<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> DevicePlan {
    let mut plan = DevicePlan::default();
    if let Some(section) = reader.section(node, "the section `[device]`") {
        reader.keys(&section, "`[device]`", &["power", "storing"]);
        if let Some(power) = section.get("power").and_then(|node| reader.boolean(node)) {
            plan.power = power;
        }
        if let Some(storing) = section.get("storing").and_then(|node| reader.span(node)) {
            plan.storing = storing;
        }
    }
    plan
}

fn end<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> End {
    reader.span(node).map_or(End::Quiet, |span| End::At(Time::ZERO + span))
}
