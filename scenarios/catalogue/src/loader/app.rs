//! `[app]`: sessions, habits, files, reactions.

use std::collections::BTreeMap;

use sleepwalker_device::{AppAct, Free, HabitError, Habits, SessionSpec};
use sleepwalker_sim::scenario::{AppPlan, Reaction};
use toml::de::DeValue;

use super::expect;
use crate::{
    reader::{Node, Reader, Section, one_of},
    units,
};

const KEYS: &[&str] = &["sessions", "habits", "files", "reactions"];

/// Reads `[app]`.
pub(super) fn plan<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> AppPlan {
    let mut plan = nothing();
    let Some(section) = reader.section(node, "the section `[app]`") else {
        return plan;
    };
    reader.keys(&section, "`[app]`", KEYS);
    if let Some(node) = section.get("sessions") {
        plan.sessions = sessions(reader, node);
    }
    if let Some(node) = section.get("habits")
        && let Some(section) = reader.section(node, "habits by name")
    {
        plan.habits = habits(reader, &section);
    }
    if let Some(node) = section.get("files")
        && let Some(section) = reader.section(node, "sizes by the name of a file")
    {
        plan.files = files(reader, &section);
    }
    if let Some(node) = section.get("reactions") {
        for node in reader.array(node, "an array of tables with `when` and `do`") {
            plan.reactions.extend(reaction(reader, node));
        }
    }
    plan
}

/// An app without sessions, that keeps every rule.
pub(super) fn nothing() -> AppPlan {
    AppPlan {
        sessions: Vec::new(),
        habits: Habits::default(),
        reactions: Vec::new(),
        files: BTreeMap::new(),
    }
}

fn sessions<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Vec<SessionSpec> {
    let mut all: Vec<SessionSpec> = Vec::new();
    for node in reader.array(node, "an array of sessions, each a name or a table") {
        let Some(session) = reader.typed::<SessionSpec>(node, "a session").or_else(|| named(node))
        else {
            continue;
        };
        if session.name.is_empty() {
            reader.fail(node.span(), "a session without a name", "a name that is not empty");
        }
        if all.iter().any(|other| other.name == session.name) {
            let message = format!("the app has a session {:?} already", session.name);
            reader.fail(node.span(), message, "another name");
        }
        all.push(session);
    }
    all
}

/// The session that a table names although it cannot be read: what is wrong with it was told, and that
/// it is not there would be noise.
fn named(node: Node<'_>) -> Option<SessionSpec> {
    node.get_ref().get("name")?.get_ref().as_str().map(SessionSpec::background)
}

fn files<'a>(reader: &mut Reader<'a>, section: &Section<'a>) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for (name, _, node) in section.entries() {
        all.insert(name.to_owned(), reader.size(node).unwrap_or_default());
    }
    all
}

fn reaction<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Option<Reaction> {
    let section = reader.section(node, "a table with `when` and `do`")?;
    reader.keys(&section, "a reaction", &["when", "do"]);
    let when = match section.get("when") {
        Some(node) => expect::pattern(reader, node),
        None => {
            reader.fail(node.span(), "a reaction to nothing", "`when`, an event");
            None
        }
    };
    let act = match section.get("do") {
        Some(node) => reader.typed::<AppAct>(node, "an act of the app"),
        None => {
            reader.fail(node.span(), "a reaction that does nothing", "`do`, an act of the app");
            None
        }
    };
    Some(Reaction { line: reader.line(&node.span()), when: when?, act: act? })
}

/// Reads habits: names in kebab case, values in words; switches and counts may stand without quotes.
fn habits<'a>(reader: &mut Reader<'a>, section: &Section<'a>) -> Habits {
    let mut habits = Habits::default();
    for (key, span, node) in section.entries() {
        let name = key.replace('-', " ");
        let Ok(habit) = Habits::find(&name) else {
            let known: Vec<String> =
                Habits::table().iter().map(|habit| habit.name.replace(' ', "-")).collect();
            let message = format!("no habit is named `{key}`");
            reader.unknown(span, message, key, known.iter().map(String::as_str));
            continue;
        };
        let value = match node.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Boolean(switch) => switch.to_string(),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
                reader.fail(node.span(), "not a habit's value", "words in quotes");
                continue;
            }
        };
        if let Err(error) = habits.set(&name, &value) {
            let message = match error {
                HabitError::Value { found, .. } => format!("`{key}` cannot be {found:?}"),
                error => error.to_string(),
            };
            match habit.free {
                None => reader.unknown(node.span(), message, &value, habit.values.iter().copied()),
                Some(Free::Span) => reader.fail(node.span(), message, units::SPAN),
                Some(Free::Count) => {
                    let words = one_of(habit.values);
                    reader.fail(node.span(), message, format!("a number from 1 on, {words}"));
                }
            }
        }
    }
    habits
}
