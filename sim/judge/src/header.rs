//! The first line of a trace: everything that a replay needs, and what was recorded.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};
use sleepwalker_core::Knobs;

/// The version of the trace format that this crate writes and reads.
pub const FORMAT: u32 = 1;

/// A family of facts that a recorder saw without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Witness {
    /// What the app calls and is told.
    Calls,
    /// Launches, states, deaths, wakes.
    Os,
    /// What the daemon decides.
    Daemon,
    /// Requests, responses, connections.
    Wire,
    /// What files hold, and when the app takes them.
    Files,
    /// How the app's items stand.
    Items,
}

impl Witness {
    /// All, in the order of the header.
    pub const ALL: [Witness; 6] = [
        Witness::Calls,
        Witness::Os,
        Witness::Daemon,
        Witness::Wire,
        Witness::Files,
        Witness::Items,
    ];

    /// Returns the word in the header.
    pub fn word(self) -> &'static str {
        match self {
            Witness::Calls => "calls",
            Witness::Os => "os",
            Witness::Daemon => "daemon",
            Witness::Wire => "wire",
            Witness::Files => "files",
            Witness::Items => "items",
        }
    }
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Something that has a name, and a hash of what stands behind the name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The first six hexadecimal digits of its content's SHA-256.
    pub hash: String,
}

impl Named {
    /// Names a content by its first six digits.
    pub fn new(name: impl Into<String>, content: &[u8]) -> Named {
        let mut hash = crate::trace::sha256(content);
        hash.truncate(6);
        Named { name: name.into(), hash }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.hash)
    }
}

/// The header. A trace recorded elsewhere may leave out all but `version` and `witnesses`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The version of the format: [`FORMAT`].
    pub version: u32,
    /// The scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<Named>,
    /// The profile whose knobs were in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Named>,
    /// The seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The version of the program that wrote the trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sleepwalker: Option<String>,
    /// What was recorded without gaps.
    pub witnesses: BTreeSet<Witness>,
    /// Rules that were switched off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
    /// The knobs themselves; the text form names them by their profile only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knobs: Option<Knobs>,
}

impl Header {
    /// Makes the header of a trace about whose making nothing is known.
    pub fn foreign(witnesses: impl IntoIterator<Item = Witness>) -> Header {
        Header {
            version: FORMAT,
            scenario: None,
            profile: None,
            seed: None,
            sleepwalker: None,
            witnesses: witnesses.into_iter().collect(),
            faults: Vec::new(),
            knobs: None,
        }
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "# sleepwalker trace {}", self.version)?;
        if let Some(scenario) = &self.scenario {
            write!(f, " | scenario {scenario}")?;
        }
        if let Some(profile) = &self.profile {
            write!(f, " | profile {profile}")?;
        }
        if let Some(seed) = self.seed {
            write!(f, " | seed {seed}")?;
        }
        if let Some(version) = &self.sleepwalker {
            write!(f, " | sleepwalker {version}")?;
        }
        f.write_str(" | witnesses")?;
        for witness in &self.witnesses {
            write!(f, " {witness}")?;
        }
        if !self.faults.is_empty() {
            write!(f, " | faults {}", self.faults.join(" "))?;
        }
        Ok(())
    }
}
