//! What a script may do to a running origin.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Plan, Rate, Redirect, Size};

/// The files that an act is about, written `cdn.example/a`, or `cdn.example` for all of a host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Target {
    /// The host, as the plan names it.
    pub host: String,
    /// The path, from the slash on; none means every file of the host.
    pub path: Option<String>,
}

/// A change to a running origin. In a scenario file the verb is the key of its target, and what else
/// it needs stands beside it: `{ new-version = "cdn.example/a", size = "2 MB" }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Words", try_from = "Words")]
pub enum OriginAct {
    /// Puts a new version in place: `{ new-version = F }`, with `size` if that changes too. Responses
    /// that run go on with the version they began with.
    NewVersion {
        /// Which.
        of: Target,
        /// Its length; the last version's if none.
        size: Option<Size>,
    },
    /// Answers with a status and a page: `{ answer = F, status = 503 }`.
    Answer {
        /// Which.
        of: Target,
        /// The status.
        status: u16,
    },
    /// Answers with a redirect: `{ redirect = F, to = "/b" }`, with `status` if not 302.
    Redirect {
        /// Which.
        of: Target,
        /// `Location`.
        to: String,
        /// The status.
        status: u16,
    },
    /// Slows bodies down, running ones too: `{ slow = F, rate = "1 kB/s" }`.
    Slow {
        /// Which.
        of: Target,
        /// To this.
        rate: Rate,
    },
    /// Keeps bodies still, running ones too, until restored: `{ stall = F }`.
    Stall {
        /// Which.
        of: Target,
    },
    /// Breaks the connections that last asked for it, at once: `{ cut = F }`.
    CutNow {
        /// Which.
        of: Target,
    },
    /// Breaks the next responses in mid-body: `{ cut = F, after = "10 kB" }`, with `times` if not 1.
    CutNext {
        /// Which.
        of: Target,
        /// After so many bytes of each body.
        after: Size,
        /// So many responses.
        times: u32,
    },
    /// Serves as the plan says: `{ restore = F }`. The version stays.
    Restore {
        /// Which.
        of: Target,
    },
    /// Breaks the host's connections and refuses new ones: `{ down = "cdn.example" }`.
    Down {
        /// Which host.
        of: Target,
    },
    /// Accepts connections again: `{ up = "cdn.example" }`.
    Up {
        /// Which host.
        of: Target,
    },
}

/// An act that cannot be done to this origin.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ActError {
    /// The plan has no such host.
    #[error("the origin has no host {0:?}")]
    NoHost(String),
    /// The host has no such file.
    #[error("the origin has no file {0:?}")]
    NoFile(String),
    /// The status cannot be sent.
    #[error("{0} is no status of a final response; expected 200 to 599")]
    Status(u16),
    /// The status leads nowhere.
    #[error("{0} is no status of a redirect; expected 301, 302, 303, 307 or 308")]
    Leads(u16),
    /// The place cannot be sent.
    #[error("{0:?} cannot stand in `Location`")]
    Location(String),
}

impl FromStr for Target {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Target, Self::Err> {
        Ok(Target::from(text.to_owned()))
    }
}

impl From<String> for Target {
    fn from(text: String) -> Target {
        match text.find('/') {
            Some(slash) => Target {
                host: text[..slash].to_ascii_lowercase(),
                path: Some(text[slash..].to_owned()),
            },
            None => Target { host: text.to_ascii_lowercase(), path: None },
        }
    }
}

impl From<Target> for String {
    fn from(target: Target) -> String {
        target.to_string()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.host, self.path.as_deref().unwrap_or(""))
    }
}

impl OriginAct {
    /// Returns what it is about.
    pub fn target(&self) -> &Target {
        match self {
            OriginAct::NewVersion { of, .. }
            | OriginAct::Answer { of, .. }
            | OriginAct::Redirect { of, .. }
            | OriginAct::Slow { of, .. }
            | OriginAct::Stall { of }
            | OriginAct::CutNow { of }
            | OriginAct::CutNext { of, .. }
            | OriginAct::Restore { of }
            | OriginAct::Down { of }
            | OriginAct::Up { of } => of,
        }
    }

    /// Says why it cannot be done to an origin with this plan, before any origin runs.
    pub fn check(&self, plan: &Plan) -> Result<(), ActError> {
        let target = self.target();
        let host = plan.hosts.get(&target.host);
        let host = host.ok_or_else(|| ActError::NoHost(target.host.clone()))?;
        if let Some(path) = &target.path
            && !host.files.contains_key(path)
        {
            return Err(ActError::NoFile(target.to_string()));
        }
        match self {
            OriginAct::Answer { status, .. } if !(200..600).contains(status) => {
                Err(ActError::Status(*status))
            }
            OriginAct::Redirect { status, .. } if !Redirect::leads(*status) => {
                Err(ActError::Leads(*status))
            }
            OriginAct::Redirect { to, .. } if http::HeaderValue::from_str(to).is_err() => {
                Err(ActError::Location(to.clone()))
            }
            _ => Ok(()),
        }
    }
}

/// What it does, in words, its host left out: the trace names that in a column of its own.
impl fmt::Display for OriginAct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.target().path.as_deref().unwrap_or("all files");
        match self {
            OriginAct::NewVersion { size: None, .. } => write!(f, "new version of {path}"),
            OriginAct::NewVersion { size: Some(size), .. } => {
                write!(f, "new version of {path}, {size}")
            }
            OriginAct::Answer { status, .. } => write!(f, "answers {path} with {status}"),
            OriginAct::Redirect { to, status, .. } => {
                write!(f, "redirects {path} to {to} with {status}")
            }
            OriginAct::Slow { rate, .. } => write!(f, "slows {path} to {rate}"),
            OriginAct::Stall { .. } => write!(f, "stalls {path}"),
            OriginAct::CutNow { of } if of.path.is_none() => f.write_str("cuts its connections"),
            OriginAct::CutNow { .. } => write!(f, "cuts the connections of {path}"),
            OriginAct::CutNext { after, times: 1, .. } => {
                write!(f, "cuts the next response of {path} after {after}")
            }
            OriginAct::CutNext { after, times, .. } => {
                write!(f, "cuts the next {times} responses of {path} after {after}")
            }
            OriginAct::Restore { .. } => write!(f, "restores {path}"),
            OriginAct::Down { .. } => f.write_str("goes down"),
            OriginAct::Up { .. } => f.write_str("comes up"),
        }
    }
}

/// The keys of an act in a scenario file.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Words {
    #[serde(skip_serializing_if = "Option::is_none")]
    new_version: Option<Target>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Target>,
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect: Option<Target>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slow: Option<Target>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stall: Option<Target>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cut: Option<Target>,
    #[serde(skip_serializing_if = "Option::is_none")]
    restore: Option<Target>,
    #[serde(skip_serializing_if = "Option::is_none")]
    down: Option<Target>,
    #[serde(skip_serializing_if = "Option::is_none")]
    up: Option<Target>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<Size>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<Rate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Size>,
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<u32>,
}

const VERBS: &str = "new-version, answer, redirect, slow, stall, cut, restore, down or up";

impl TryFrom<Words> for OriginAct {
    type Error = String;

    fn try_from(mut words: Words) -> Result<OriginAct, String> {
        let verbs = [
            ("new-version", words.new_version.take()),
            ("answer", words.answer.take()),
            ("redirect", words.redirect.take()),
            ("slow", words.slow.take()),
            ("stall", words.stall.take()),
            ("cut", words.cut.take()),
            ("restore", words.restore.take()),
            ("down", words.down.take()),
            ("up", words.up.take()),
        ];
        let mut named = verbs.into_iter().filter_map(|(verb, of)| Some((verb, of?)));
        let (verb, of) = named.next().ok_or_else(|| format!("expected one of {VERBS}"))?;
        if let Some((other, _)) = named.next() {
            return Err(format!("expected one of {VERBS}, found both {verb} and {other}"));
        }
        let lacks = |key: &str| format!("{verb} needs {key}");
        let act = match verb {
            "new-version" => OriginAct::NewVersion { of, size: words.size.take() },
            "answer" => OriginAct::Answer {
                of,
                status: words.status.take().ok_or_else(|| lacks("status"))?,
            },
            "redirect" => OriginAct::Redirect {
                of,
                to: words.to.take().ok_or_else(|| lacks("to"))?,
                status: words.status.take().unwrap_or(302),
            },
            "slow" => OriginAct::Slow { of, rate: words.rate.take().ok_or_else(|| lacks("rate"))? },
            "stall" => OriginAct::Stall { of },
            "cut" => match words.after.take() {
                Some(after) => {
                    OriginAct::CutNext { of, after, times: words.times.take().unwrap_or(1) }
                }
                None => OriginAct::CutNow { of },
            },
            "restore" => OriginAct::Restore { of },
            "down" => OriginAct::Down { of },
            _ => OriginAct::Up { of },
        };
        if let Some(path) = &act.target().path
            && matches!(verb, "down" | "up")
        {
            return Err(format!("{verb} takes a host, found the path {path:?}"));
        }
        match words.left() {
            Some(key) => Err(format!("{verb} takes no {key}")),
            None => Ok(act),
        }
    }
}

impl Words {
    /// Returns a key that no act has taken.
    fn left(&self) -> Option<&'static str> {
        let keys = [
            ("size", self.size.is_some()),
            ("status", self.status.is_some()),
            ("to", self.to.is_some()),
            ("rate", self.rate.is_some()),
            ("after", self.after.is_some()),
            ("times", self.times.is_some()),
        ];
        keys.into_iter().find(|(_, there)| *there).map(|(key, _)| key)
    }
}

impl From<OriginAct> for Words {
    fn from(act: OriginAct) -> Words {
        let none = Words::default();
        match act {
            OriginAct::NewVersion { of, size } => Words { new_version: Some(of), size, ..none },
            OriginAct::Answer { of, status } => {
                Words { answer: Some(of), status: Some(status), ..none }
            }
            OriginAct::Redirect { of, to, status } => {
                Words { redirect: Some(of), to: Some(to), status: Some(status), ..none }
            }
            OriginAct::Slow { of, rate } => Words { slow: Some(of), rate: Some(rate), ..none },
            OriginAct::Stall { of } => Words { stall: Some(of), ..none },
            OriginAct::CutNow { of } => Words { cut: Some(of), ..none },
            OriginAct::CutNext { of, after, times } => {
                Words { cut: Some(of), after: Some(after), times: Some(times), ..none }
            }
            OriginAct::Restore { of } => Words { restore: Some(of), ..none },
            OriginAct::Down { of } => Words { down: Some(of), ..none },
            OriginAct::Up { of } => Words { up: Some(of), ..none },
        }
    }
}
