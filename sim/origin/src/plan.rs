//! What an origin serves and how it misbehaves, as a scenario file says it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Rate, Size, Span};

/// The hosts of an origin by name, `cdn.example` or `localhost:3000`. The name `*` answers for every
/// host that is not named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Plan {
    /// By the name in the request's `Host`, in lower case.
    pub hosts: BTreeMap<String, HostPlan>,
}

/// A plan that no origin can serve.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// A host's name is not one.
    #[error("{0:?} is no host; expected a name in lower case, with a port if it is not 80 or 443")]
    Host(String),
    /// A path is not one.
    #[error("{host}: {path:?} is no path; expected one that begins with a slash and has no query")]
    Path {
        /// Of which host.
        host: String,
        /// The path.
        path: String,
    },
    /// A status cannot be sent.
    #[error("{file}: {status} is no status of a final response; expected 200 to 599")]
    Status {
        /// Host and path.
        file: String,
        /// The status.
        status: u16,
    },
    /// A status leads nowhere.
    #[error("{file}: {status} is no status of a redirect; expected 301, 302, 303, 307 or 308")]
    Leads {
        /// Host and path.
        file: String,
        /// The status.
        status: u16,
    },
    /// A file answers in two ways.
    #[error("{file}: `status` and `redirect` are two answers; expected one of them")]
    Two {
        /// Host and path.
        file: String,
    },
    /// A header field that no request has.
    #[error("{file}: {field:?} is no header field; expected a name such as \"Accept\"")]
    Field {
        /// Host and path.
        file: String,
        /// The name.
        field: String,
    },
    /// A `Location` cannot be sent.
    #[error("{file}: {to:?} cannot stand in `Location`")]
    Location {
        /// Host and path.
        file: String,
        /// What it would be.
        to: String,
    },
}

impl Plan {
    /// Says what no origin can serve, if there is such a thing.
    pub fn check(&self) -> Result<(), PlanError> {
        for (host, plan) in &self.hosts {
            if !is_host(host) {
                return Err(PlanError::Host(host.clone()));
            }
            for (path, plan) in &plan.files {
                if !path.starts_with('/') || path.contains(['?', '#', ' ']) {
                    return Err(PlanError::Path { host: host.clone(), path: path.clone() });
                }
                plan.check(|| format!("{host}{path}"))?;
            }
        }
        Ok(())
    }
}

/// Whether a name can stand in a request's `Host`, or is the one for all others.
fn is_host(host: &str) -> bool {
    // The colons of an IPv6 address stand in brackets.
    let (name, port) = match host.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
        Some((name, port)) => (name, port.parse().ok()),
        None => (host, Some(80)),
    };
    !name.is_empty()
        && !name.contains(['/', ' '])
        && name == name.to_ascii_lowercase()
        && port.is_some_and(|port: u16| port > 0)
}

impl FilePlan {
    fn check(&self, file: impl Fn() -> String) -> Result<(), PlanError> {
        if let Some(status) = self.status.filter(|status| !(200..600).contains(status)) {
            return Err(PlanError::Status { file: file(), status });
        }
        if self.status.is_some() && self.redirect.is_some() {
            return Err(PlanError::Two { file: file() });
        }
        let named = |field: &&String| http::HeaderName::try_from(field.as_str()).is_err();
        if let Some(field) = self.requires.keys().find(named) {
            return Err(PlanError::Field { file: file(), field: field.clone() });
        }
        match &self.redirect {
            Some(redirect) if !redirect.fits() => {
                Err(PlanError::Location { file: file(), to: redirect.to.clone() })
            }
            Some(redirect) if !Redirect::leads(redirect.status) => {
                Err(PlanError::Leads { file: file(), status: redirect.status })
            }
            _ => Ok(()),
        }
    }
}

/// One host. Archives, deltas and resumable uploads will be further keys beside `files`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct HostPlan {
    /// By path, from the slash on.
    pub files: BTreeMap<String, FilePlan>,
    /// Whether `/posts` answers with JSON: GET an array, POST an echo with an `id`.
    pub posts: bool,
    /// Whether the host refuses connections until the script brings it up.
    pub down: bool,
}

/// One file: its size, how it may be validated and resumed, and what goes wrong with it. Without any
/// key it is a file of a well-behaved server: strong `ETag`, `Last-Modified`, ranges, a length.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct FilePlan {
    /// The length of its first version.
    pub size: Size,
    /// `true` or `"strong"`, `"weak"`, `false` or `"none"`.
    pub etag: ETag,
    /// Whether it says `Last-Modified`.
    pub last_modified: bool,
    /// `true`, `false`, `"ignored"` or `"shifted"`.
    pub ranges: Ranges,
    /// Whether `If-Range` is looked at; if not, a range of a changed file is served: the 206 of another
    /// version.
    pub if_range: bool,
    /// Whether it says `Content-Length`; if not, the body is chunked.
    pub length: bool,
    /// Answers with this status and a small page as its body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Answers 403 to a request without these header fields, with these values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub requires: BTreeMap<String, String>,
    /// Answers with a redirect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect: Option<Redirect>,
    /// Accepts POST and PUT, and answers with the length and the SHA-256 of the body as JSON.
    pub upload: bool,
    /// Bodies move no faster than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Bodies stand still for a while.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stall: Option<Stall>,
    /// Bodies are cut off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<Cut>,
    /// How long the head of the response is kept back.
    pub delay: Span,
}

impl Default for FilePlan {
    fn default() -> FilePlan {
        FilePlan {
            size: Size(0),
            etag: ETag::Strong,
            last_modified: true,
            ranges: Ranges::Honoured,
            if_range: true,
            length: true,
            status: None,
            requires: BTreeMap::new(),
            redirect: None,
            upload: false,
            rate: None,
            stall: None,
            cut: None,
            delay: Span::default(),
        }
    }
}

/// What `ETag` a file has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "&str", try_from = "Switch")]
pub enum ETag {
    /// A strong one: equal tags mean equal bytes.
    #[default]
    Strong,
    /// A weak one, `W/"…"`, which allows no resuming.
    Weak,
    /// None.
    None,
}

/// What a file does with `Range`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "&str", try_from = "Switch")]
pub enum Ranges {
    /// Says `Accept-Ranges: bytes` and serves them.
    #[default]
    Honoured,
    /// Says nothing and answers 200 with the whole.
    Refused,
    /// Says `Accept-Ranges: bytes`, yet answers 200 with the whole.
    Ignored,
    /// Answers 206 with one byte more at the front than was asked for, and says so.
    Shifted,
}

/// A redirect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Redirect {
    /// `Location`: a whole URL, or a path on the same host.
    pub to: String,
    /// The status.
    #[serde(default = "Redirect::found")]
    pub status: u16,
}

impl Redirect {
    fn found() -> u16 {
        302
    }

    /// Returns whether a client follows such a status.
    pub(crate) fn leads(status: u16) -> bool {
        matches!(status, 301 | 302 | 303 | 307 | 308)
    }

    /// Returns whether it can be sent.
    pub(crate) fn fits(&self) -> bool {
        http::HeaderValue::from_str(&self.to).is_ok()
    }
}

/// A body that stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Stall {
    /// Before this byte of the file, or of an uploaded body.
    #[serde(default)]
    pub at: Size,
    /// For so long.
    #[serde(rename = "for")]
    pub lasts: Span,
    /// In so many responses; then no more.
    #[serde(default = "once")]
    pub times: u32,
}

/// A body that is cut off: the connection breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Cut {
    /// After so many bytes of this response's body, or of an uploaded body.
    pub after: Size,
    /// In so many responses; then no more.
    #[serde(default = "once")]
    pub times: u32,
}

fn once() -> u32 {
    1
}

/// A key that is a flag or a word.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected true, false or a word in quotes")]
enum Switch {
    Flag(bool),
    Word(String),
}

impl TryFrom<Switch> for ETag {
    type Error = String;

    fn try_from(switch: Switch) -> Result<ETag, String> {
        match switch {
            Switch::Flag(true) => Ok(ETag::Strong),
            Switch::Flag(false) => Ok(ETag::None),
            Switch::Word(word) => match word.as_str() {
                "strong" => Ok(ETag::Strong),
                "weak" => Ok(ETag::Weak),
                "none" => Ok(ETag::None),
                _ => Err(format!(
                    "expected true, false, \"strong\", \"weak\" or \"none\", found {word:?}"
                )),
            },
        }
    }
}

impl From<ETag> for &str {
    fn from(etag: ETag) -> &'static str {
        match etag {
            ETag::Strong => "strong",
            ETag::Weak => "weak",
            ETag::None => "none",
        }
    }
}

impl TryFrom<Switch> for Ranges {
    type Error = String;

    fn try_from(switch: Switch) -> Result<Ranges, String> {
        match switch {
            Switch::Flag(true) => Ok(Ranges::Honoured),
            Switch::Flag(false) => Ok(Ranges::Refused),
            Switch::Word(word) => match word.as_str() {
                "honoured" => Ok(Ranges::Honoured),
                "refused" => Ok(Ranges::Refused),
                "ignored" => Ok(Ranges::Ignored),
                "shifted" => Ok(Ranges::Shifted),
                _ => {
                    Err(format!("expected true, false, \"ignored\" or \"shifted\", found {word:?}"))
                }
            },
        }
    }
}

impl From<Ranges> for &str {
    fn from(ranges: Ranges) -> &'static str {
        match ranges {
            Ranges::Honoured => "honoured",
            Ranges::Refused => "refused",
            Ranges::Ignored => "ignored",
            Ranges::Shifted => "shifted",
        }
    }
}
