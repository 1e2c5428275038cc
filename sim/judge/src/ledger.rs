//! The rule ledger: what each rule says, who says so, and whether it is modelled.

use std::{collections::BTreeMap, fmt, sync::LazyLock};

use serde::{Deserialize, Serialize};
use sleepwalker_core::Rule;

/// Whose rule it is, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A fact about Apple's system, `BG-*`.
    System(System),
    /// What an app has to do, `R01` to `R27`.
    App(App),
    /// A decision of ours, `SW-*`.
    House(House),
}

/// A fact about the system.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// `BG-…`.
    pub id: String,
    /// The group of rules that it stands in.
    pub group: String,
    /// `DOC`, `STAFF`, `DEV`, `INF` or `OURS`.
    pub standing: String,
    /// The standing of the default chosen here, where it differs.
    pub default_standing: Option<String>,
    /// `CONFLICT`, `NO-NUMBER`, `QUIRK…`, `UNVERIFIED`.
    pub flags: Vec<String>,
    /// What holds.
    pub statement: String,
    /// How a trace shows it.
    pub check: Option<String>,
    /// Where it was read.
    pub source: Option<String>,
}

/// A rule for apps.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// `R01` to `R27`.
    pub id: String,
    /// What holds.
    pub statement: String,
    /// Classes of bugs that break it, by letter.
    pub classes: Vec<String>,
    /// What to do.
    pub fix: String,
    /// The same as a line of Swift.
    #[serde(default)]
    pub swift: Option<String>,
    /// Threads in which it was seen broken, as `owner/repository#number`.
    pub seen: Vec<String>,
}

/// A decision of ours.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct House {
    /// `SW-…`.
    pub id: String,
    /// What holds.
    pub statement: String,
    /// Why it was chosen.
    pub reason: String,
}

/// Why a rule of the ledger is not modelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// It is about watchOS, macOS, the Simulator or a system older than what is simulated.
    OtherPlatform,
    /// What happens is not known well enough.
    Undocumented,
    /// It shows on a screen only.
    NeedsAScreen,
    /// It tells what is wise, not what happens.
    AdviceWithoutBehaviour,
    /// It could be.
    NotYet,
    /// The code keeps it, but no scenario shows that yet.
    NotShown,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Reason::OtherPlatform => "other platform",
            Reason::Undocumented => "undocumented",
            Reason::NeedsAScreen => "needs a screen",
            Reason::AdviceWithoutBehaviour => "advice without behaviour",
            Reason::NotYet => "not yet",
            Reason::NotShown => "kept, not shown yet",
        })
    }
}

impl Entry {
    /// Returns the rule's name.
    pub fn id(&self) -> &str {
        match self {
            Entry::System(entry) => &entry.id,
            Entry::App(entry) => &entry.id,
            Entry::House(entry) => &entry.id,
        }
    }

    /// Returns what holds.
    pub fn statement(&self) -> &str {
        match self {
            Entry::System(entry) => &entry.statement,
            Entry::App(entry) => &entry.statement,
            Entry::House(entry) => &entry.statement,
        }
    }

    /// Returns who says so, in a word: `DOC`, `STAFF`, `DEV`, `INF`, `OURS`, `app` or `house`.
    pub fn standing(&self) -> &str {
        match self {
            Entry::System(entry) => &entry.standing,
            Entry::App(_) => "app",
            Entry::House(_) => "house",
        }
    }

    /// Returns where it was read, or why it was chosen.
    pub fn source(&self) -> Option<&str> {
        match self {
            Entry::System(entry) => entry.source.as_deref(),
            Entry::App(_) => None,
            Entry::House(entry) => Some(&entry.reason),
        }
    }
}

/// All rules.
#[derive(Debug)]
pub struct Ledger {
    entries: Vec<Entry>,
    places: BTreeMap<String, usize>,
    not_modelled: BTreeMap<String, Reason>,
}

static LEDGER: LazyLock<Ledger> = LazyLock::new(|| {
    let system: Vec<System> = read("system", include_str!("../ledger/system.json"));
    let house: Vec<House> = read("house", include_str!("../ledger/house.json"));
    let app: Vec<App> = read("app", include_str!("../ledger/app.json"));
    let not_modelled = read("not_modelled", include_str!("../ledger/not_modelled.json"));
    let entries: Vec<Entry> = system
        .into_iter()
        .map(Entry::System)
        .chain(house.into_iter().map(Entry::House))
        .chain(app.into_iter().map(Entry::App))
        .collect();
    let places =
        entries.iter().enumerate().map(|(place, entry)| (entry.id().to_owned(), place)).collect();
    Ledger { entries, places, not_modelled }
});

fn read<T: for<'de> Deserialize<'de>>(name: &str, text: &'static str) -> T {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("ledger/{name}.json: {error}"))
}

impl Ledger {
    /// Returns all entries: the system's in the order of the ledger, then the house's, then the app's.
    pub fn entries() -> &'static [Entry] {
        &LEDGER.entries
    }

    /// Finds an entry; case does not matter.
    pub fn get(id: &str) -> Option<&'static Entry> {
        let place = LEDGER.places.get(&id.to_ascii_uppercase())?;
        LEDGER.entries.get(*place)
    }

    /// Returns the rules that are decided nowhere, or, of the app's, judged nowhere, with the reason;
    /// in the order of the ledger.
    pub fn not_modelled() -> Vec<(&'static str, Reason)> {
        Ledger::entries()
            .iter()
            .filter_map(|entry| Ledger::reason(entry.id()).map(|reason| (entry.id(), reason)))
            .collect()
    }

    /// Returns why a rule is not modelled; none: it is.
    pub fn reason(id: &str) -> Option<Reason> {
        LEDGER.not_modelled.get(id).copied()
    }

    /// Returns the entry as text for people; none if there is no such rule.
    pub fn explain(id: &str) -> Option<String> {
        Ledger::get(id).map(explain)
    }
}

fn standing_words(standing: &str) -> &str {
    match standing {
        "DOC" => "Apple documentation",
        "STAFF" => "said by an Apple engineer",
        "DEV" => "observed by developers",
        "INF" => "inferred",
        "OURS" => "chosen here",
        other => other,
    }
}

fn explain(entry: &Entry) -> String {
    let mut lines = Vec::new();
    match entry {
        Entry::System(rule) => {
            let mut head = format!("{}  {}", rule.id, standing_words(&rule.standing));
            if let Some(standing) = &rule.default_standing {
                head.push_str(&format!("; the default: {}", standing_words(standing)));
            }
            if !rule.flags.is_empty() {
                head.push_str(&format!("; {}", rule.flags.join(", ")));
            }
            lines.push(head);
            lines.push(rule.statement.clone());
            lines.extend(rule.check.as_ref().map(|check| format!("check: {check}")));
            lines.extend(rule.source.as_ref().map(|source| format!("source: {source}")));
        }
        Entry::House(rule) => {
            lines.push(format!("{}  decided here", rule.id));
            lines.push(rule.statement.clone());
            lines.push(format!("why: {}", rule.reason));
        }
        Entry::App(rule) => {
            lines.push(format!("{}  for apps; bug classes {}", rule.id, rule.classes.join(" ")));
            lines.push(rule.statement.clone());
            lines.push(format!("fix: {}", rule.fix));
            lines.extend(rule.swift.as_ref().map(|swift| format!("swift: {swift}")));
            lines.push(format!("seen: {}", rule.seen.join(", ")));
        }
    }
    lines.extend(standing_here(entry));
    lines.join("\n") + "\n"
}

/// What this project makes of the rule: modelled, judged, or neither and why.
fn standing_here(entry: &Entry) -> Vec<String> {
    let mut lines = Vec::new();
    match (Ledger::reason(entry.id()), entry) {
        (Some(reason), Entry::App(_)) => lines.push(format!("not judged: {reason}")),
        (Some(reason), _) => lines.push(format!("not modelled: {reason}")),
        (None, Entry::App(_)) => {}
        (None, _) => {
            debug_assert!(Rule::find(entry.id()).is_some(), "{} is modelled", entry.id());
            lines.push("modelled".to_owned());
        }
    }
    for checker in crate::checkers() {
        if checker.rules.contains(&entry.id()) {
            let needs: Vec<&str> = checker.needs.iter().map(|need| need.word()).collect();
            lines.push(format!("judged by {}; needs {}", checker.name, needs.join(" ")));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_rule_is_modelled_or_has_one_reason_why_not() {
        let judged: BTreeSet<&str> =
            crate::checkers().into_iter().flat_map(|checker| checker.rules).copied().collect();
        let mut wrong = Vec::new();
        for entry in Ledger::entries() {
            let id = entry.id();
            let modelled = match entry {
                Entry::App(_) => judged.contains(id),
                Entry::System(_) | Entry::House(_) => {
                    Rule::MODELLED.iter().any(|rule| rule.id() == id)
                }
            };
            if modelled == Ledger::reason(id).is_some() {
                wrong.push(format!("{id}: modelled {modelled}, reason {:?}", Ledger::reason(id)));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn the_ledger_knows_every_rule_that_is_named_elsewhere() {
        let named = Rule::MODELLED.iter().map(|rule| rule.id());
        let judged =
            crate::checkers().into_iter().flat_map(|checker| checker.rules.iter().copied());
        let reasons = LEDGER.not_modelled.keys().map(String::as_str);
        for id in named.chain(judged).chain(reasons) {
            assert!(Ledger::get(id).is_some(), "{id} is not in the ledger");
        }
    }

    #[test]
    fn names_are_unique() {
        assert_eq!(LEDGER.places.len(), LEDGER.entries.len());
    }

    #[test]
    fn an_explanation_has_statement_source_and_standing() {
        let text = Ledger::explain("bg-life-13").expect("it is in the ledger");
        for part in ["BG-LIFE-13  Apple documentation", "source: ", "modelled", "judged by wake"] {
            assert!(text.contains(part), "{text}");
        }
        let app = Ledger::explain("R06").expect("it is in the ledger");
        assert!(app.contains("fix: ") && app.contains("FuJacob/cotabby#30"), "{app}");
        let other = Ledger::explain("BG-EXT-07").expect("it is in the ledger");
        assert!(other.contains("not modelled: other platform"), "{other}");
        assert_eq!(Ledger::explain("BG-NONE-01"), None);
    }
}
