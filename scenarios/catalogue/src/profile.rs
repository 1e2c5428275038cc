//! Profiles: what differs, by knob, from the defaults, each difference with its source.

use std::collections::BTreeMap;

use sleepwalker_core::Knobs;
use sleepwalker_sim::scenario::Overrides;
use toml::de::DeTable;

use crate::{
    loader,
    nearest::nearest,
    problem::LoadError,
    reader::{Reader, Section},
};

const FILES: &[(&str, &str)] = &[
    ("default", include_str!("../profiles/default.toml")),
    ("debugger", include_str!("../profiles/debugger.toml")),
];

/// An OS version's or a set-up's knobs: the differences only.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The file's name without its ending.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// Six hexadecimal digits of the file's SHA-256.
    pub hash: String,
    /// What differs.
    pub knobs: Overrides,
    /// Why, by knob.
    pub sources: BTreeMap<String, Source>,
}

/// Where a difference was learnt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The rule of the ledger that it belongs to.
    pub rule: String,
    /// The ledger's key of the source.
    pub from: String,
}

impl Profile {
    /// Returns the knobs in force.
    pub fn knobs(&self) -> Knobs {
        self.knobs.over(&Knobs::default())
    }
}

/// Returns the names of all profiles.
pub fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

/// Loads a profile by its name.
///
/// # Errors
///
/// There is no such profile.
pub fn profile(name: &str) -> Result<Profile, LoadError> {
    match FILES.iter().find(|(known, _)| *known == name) {
        Some((_, text)) => parse(name, &format!("profiles/{name}.toml"), text),
        None => Err(LoadError::NoProfile {
            name: name.to_owned(),
            nearest: nearest(name, names()).map(str::to_owned),
        }),
    }
}

/// Reads a profile from the text of its file; `path` is named in errors.
///
/// # Errors
///
/// All that is wrong with the text, each with its place.
pub fn parse(name: &str, path: &str, text: &str) -> Result<Profile, LoadError> {
    let mut reader = Reader::new(text);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        reader.fail(span, format!("not TOML: {}", error.message()), "TOML");
    }
    let root = Section { table: document.get_ref(), span: 0..0 };
    let profile = read(&mut reader, &root, name, loader::hash(text));
    let problems = reader.into_problems();
    if problems.is_empty() {
        return Ok(profile);
    }
    Err(LoadError::Invalid { path: path.to_owned(), text: text.to_owned(), problems })
}

fn read<'a>(reader: &mut Reader<'a>, root: &Section<'a>, name: &str, hash: String) -> Profile {
    reader.keys(root, "a profile", &["title", "knobs"]);
    let title = root.get("title").and_then(|node| reader.text(node, "a line of text"));
    if root.get("title").is_none() {
        reader.fail(0..0, "a profile without a title", "`title = \"…\"` at the top");
    }
    let mut profile = Profile {
        name: name.to_owned(),
        title: title.unwrap_or_default().to_owned(),
        hash,
        knobs: Overrides::default(),
        sources: BTreeMap::new(),
    };
    let Some(knobs) = root.get("knobs").and_then(|node| reader.section(node, "knobs by name"))
    else {
        return profile;
    };
    for (knob, span, node) in knobs.entries() {
        let expected = "a table with `value`, `rule` and `source`";
        let Some(entry) = reader.section(node, expected) else {
            continue;
        };
        reader.keys(&entry, "a knob of a profile", &["value", "rule", "source"]);
        match entry.get("value") {
            Some(node) => loader::knob(reader, &mut profile.knobs, knob, span, node),
            None => reader.fail(node.span(), "a knob without a value", "`value`"),
        }
        let mut text = |key: &str, expected: &str| match entry.get(key) {
            Some(node) => reader.text(node, expected).map(str::to_owned),
            None => {
                let message = format!("a difference without its {key}");
                reader.fail(node.span(), message, expected);
                None
            }
        };
        let rule = text("rule", "a rule of the ledger, such as \"BG-QUIT-15\"");
        let from = text("source", "the ledger's key of a source, such as \"F14855\"");
        if let (Some(rule), Some(from)) = (rule, from) {
            profile.sources.insert(knob.to_owned(), Source { rule, from });
        }
    }
    profile
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_profile_differs_in_nothing() {
        let profile = profile("default").expect("it is embedded");
        assert_eq!(Knobs::default(), profile.knobs());
        assert!(profile.knobs.is_empty());
    }

    #[test]
    fn under_the_debugger_nothing_is_suspended_and_a_source_says_so() {
        let profile = profile("debugger").expect("it is embedded");
        assert!(!profile.knobs().suspends);
        assert_eq!("BG-QUIT-15", profile.sources["suspends"].rule);
    }

    #[test]
    fn every_difference_of_every_profile_has_a_source() {
        for name in names() {
            let profile = profile(name).expect("it is embedded");
            let sourced: Vec<&str> = profile.sources.keys().map(String::as_str).collect();
            assert_eq!(profile.knobs.set_names().collect::<Vec<_>>(), sourced);
        }
    }

    #[test]
    fn a_difference_without_a_source_is_refused() {
        let text = "title = \"t\"\n[knobs]\nsuspends = { value = false, rule = \"BG-QUIT-15\" }\n";
        let error = parse("mine", "mine.toml", text).expect_err("no source");
        assert_eq!(3, error.problems()[0].line);
        assert!(error.to_string().contains("without its source"), "{error}");
    }

    #[test]
    fn a_profile_that_is_not_there_is_told_with_the_nearest() {
        let error = profile("debuger").expect_err("no such profile");
        assert!(error.to_string().contains("\"debugger\""), "{error}");
    }
}
