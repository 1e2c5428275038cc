//! A session as the app's code would configure it.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use serde::{Deserialize, Deserializer, de};
use sleepwalker_core::{Configuration, Implements, SessionKind, span};

/// A session that the app uses: in a scenario its name, or a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSpec {
    /// Identifier, or label.
    pub name: Arc<str>,
    /// Whose it is.
    pub kind: SessionKind,
    /// Its configuration.
    pub configuration: Configuration,
    /// Which optional delegate methods exist, beside those that a habit answers.
    pub implements: Implements,
    /// There is a delegate at all.
    pub delegate: bool,
}

impl SessionSpec {
    /// Makes a background session with every option at its default.
    pub fn background(name: &str) -> SessionSpec {
        SessionSpec {
            name: name.into(),
            kind: SessionKind::Background,
            configuration: Configuration::default(),
            implements: Implements::default(),
            delegate: true,
        }
    }
}

impl SessionSpec {
    /// Returns whether it says no more than a name.
    pub fn is_bare(&self) -> bool {
        *self == SessionSpec::background(&self.name)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Table {
    name: String,
    kind: Option<SessionKind>,
    discretionary: Option<bool>,
    sends_launch_events: Option<bool>,
    waits_for_connectivity: Option<bool>,
    timeout_for_request: Option<Span>,
    timeout_for_resource: Option<Span>,
    max_connections_per_host: Option<u32>,
    allows_cellular: Option<bool>,
    allows_expensive: Option<bool>,
    allows_constrained: Option<bool>,
    #[serde(default)]
    additional_headers: BTreeMap<String, String>,
    #[serde(default)]
    implements: Implements,
    delegate: Option<bool>,
}

/// A span as scenarios write it: `60 s`.
#[derive(Clone, Copy, Deserialize)]
#[serde(transparent)]
pub(crate) struct Span(#[serde(with = "span")] pub(crate) Duration);

impl From<Table> for SessionSpec {
    fn from(table: Table) -> SessionSpec {
        let usual = Configuration::default();
        SessionSpec {
            name: table.name.into(),
            kind: table.kind.unwrap_or(SessionKind::Background),
            configuration: Configuration {
                discretionary: table.discretionary.unwrap_or(usual.discretionary),
                sends_launch_events: table.sends_launch_events.unwrap_or(usual.sends_launch_events),
                waits_for_connectivity: table
                    .waits_for_connectivity
                    .unwrap_or(usual.waits_for_connectivity),
                timeout_for_request: table
                    .timeout_for_request
                    .map_or(usual.timeout_for_request, |span| span.0),
                timeout_for_resource: table
                    .timeout_for_resource
                    .map_or(usual.timeout_for_resource, |span| span.0),
                max_connections_per_host: table.max_connections_per_host,
                allows_cellular: table.allows_cellular.unwrap_or(usual.allows_cellular),
                allows_expensive: table.allows_expensive.unwrap_or(usual.allows_expensive),
                allows_constrained: table.allows_constrained.unwrap_or(usual.allows_constrained),
                additional_headers: table.additional_headers.into_iter().collect(),
            },
            implements: table.implements,
            delegate: table.delegate.unwrap_or(true),
        }
    }
}

impl<'de> Deserialize<'de> for SessionSpec {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<SessionSpec, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = SessionSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a session's name, or a table with `name` and options such as `kind`")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<SessionSpec, E> {
                Ok(SessionSpec::background(name))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<SessionSpec, A::Error> {
                Table::deserialize(de::value::MapAccessDeserializer::new(map))
                    .map(SessionSpec::from)
            }
        }
        from.deserialize_any(Visitor)
    }
}
