//! An event as one line of text in fixed columns: time, actor, verb, subject, detail, rule.
//!
//! A delegate call ends in `#5`, its callback's number; the line of its return carries the same one.

mod words;

use std::fmt;

use sleepwalker_core::span;

pub use words::{death_word, method_detail, path_words, state_words, why_words};

use crate::{
    Event, Fact, ItemState, UserAct,
    line::words::{
        call_words, cause_words, change_words, content_words, strip_scheme, warning_words,
    },
};

/// Where the rule of a line begins, counted from the detail's first column.
const DETAIL: usize = 76;

/// A line before it is laid out, for tables and timelines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cells {
    /// Who acts: `user`, `os`, `app`, `daemon`, `wire`, `network` or `origin`.
    pub actor: &'static str,
    /// What is done.
    pub verb: &'static str,
    /// To what.
    pub subject: String,
    /// Everything else.
    pub detail: String,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = self.fact.cells();
        let Cells { actor, verb, subject, detail } = &cells;
        let mut line = format!("{}  {actor:<7} {verb:<9} {subject:<12}", self.at);
        if !line.ends_with(' ') {
            line.push(' ');
        }
        match &self.rule {
            Some(rule) => write!(f, "{line}{detail:<DETAIL$} {rule}"),
            None => f.write_str(format!("{line}{detail}").trim_end()),
        }
    }
}

fn cells(
    actor: &'static str,
    verb: &'static str,
    subject: impl fmt::Display,
    detail: String,
) -> Cells {
    Cells { actor, verb, subject: subject.to_string(), detail }
}

impl Fact {
    /// Returns the fact in words, column by column.
    pub fn cells(&self) -> Cells {
        match self {
            Fact::User { .. }
            | Fact::Launches { .. }
            | Fact::Moves { .. }
            | Fact::Kills { .. }
            | Fact::HandlesEvents { .. }
            | Fact::Snapshots { .. }
            | Fact::Boots { .. }
            | Fact::PathChanges { .. }
            | Fact::PowerChanges { .. }
            | Fact::Outage { .. } => self.device_cells(),
            Fact::Calls { .. }
            | Fact::CallsHandler { .. }
            | Fact::Claims { .. }
            | Fact::Deletes { .. }
            | Fact::Marks { .. }
            | Fact::Warns { .. }
            | Fact::Delivers { .. }
            | Fact::Returns { .. } => self.app_cells(),
            Fact::Enqueues { .. }
            | Fact::Waits { .. }
            | Fact::Releases { .. }
            | Fact::Starts { .. }
            | Fact::Ends { .. }
            | Fact::Stops { .. }
            | Fact::Retries { .. }
            | Fact::Finishes { .. }
            | Fact::Delays { .. } => self.daemon_cells(),
            Fact::Head { .. }
            | Fact::Receives { .. }
            | Fact::Sends { .. }
            | Fact::Opens { .. }
            | Fact::Closes { .. }
            | Fact::OriginActs { .. }
            | Fact::Arrives { .. } => self.wire_cells(),
        }
    }

    fn device_cells(&self) -> Cells {
        match self {
            Fact::User { act } => match act {
                UserAct::Open => cells("user", "opens", "app", String::new()),
                UserAct::Home => cells("user", "leaves", "app", String::new()),
                UserAct::ForceQuit => cells("user", "removes", "app", "in the app switcher".into()),
                UserAct::Unlock => cells("user", "unlocks", "device", String::new()),
            },
            Fact::Launches { process, state, cause } => cells(
                "os",
                "launches",
                "app",
                format!("process {process}, {}, {}", state_words(*state), cause_words(cause)),
            ),
            Fact::Moves { process, state, cause } => cells(
                "os",
                "moves",
                "app",
                format!("process {process}, {}, {}", state_words(*state), cause_words(cause)),
            ),
            Fact::Kills { process, death } => {
                cells("os", "kills", "app", format!("{}, process {process}", death_word(*death)))
            }
            Fact::HandlesEvents { process, session } => cells(
                "os",
                "calls",
                session,
                format!(
                    "application(_:handleEventsForBackgroundURLSession:completionHandler:), \
                     process {process}"
                ),
            ),
            Fact::Snapshots { process } => {
                cells("os", "snapshots", "app", format!("process {process}"))
            }
            Fact::Boots { after } => {
                cells("os", "boots", "device", format!("after a {}", death_word(*after)))
            }
            Fact::PathChanges { path } => cells("network", "changes", "path", path_words(*path)),
            Fact::PowerChanges { external } => {
                let what = if *external { "connected" } else { "disconnected" };
                cells("network", "changes", "power", what.into())
            }
            Fact::Outage { begins } => {
                let verb = if *begins { "begins" } else { "ends" };
                cells("network", verb, "outage", String::new())
            }
            _ => unreachable!("{self:?} is not of the device"),
        }
    }

    fn app_cells(&self) -> Cells {
        match self {
            Fact::Calls { session, task, call, misuse, .. } => {
                let mut detail = call_words(call);
                if let Some(misuse) = misuse {
                    detail.push_str(&format!(", exception: {misuse}"));
                }
                cells("app", "calls", subject(session, *task), detail)
            }
            Fact::CallsHandler { session, .. } => {
                cells("app", "calls", session, "completionHandler()".into())
            }
            Fact::Claims { task, found, .. } => {
                let what = if *found { "temporary file" } else { "temporary file, which is gone" };
                cells("app", "claims", task, what.into())
            }
            Fact::Deletes { file, .. } => cells("app", "deletes", file, String::new()),
            Fact::Marks { item, task, state, status, .. } => {
                let mut detail = String::from(item_word(*state));
                if let Some(status) = status {
                    detail.push_str(&format!(", status {status}"));
                }
                if let Some(task) = task {
                    detail.push_str(&format!(", by {task}"));
                }
                cells("app", "marks", item, detail)
            }
            Fact::Warns { session, what } => {
                cells("os", "warns", session, warning_words(*what).into())
            }
            Fact::Delivers { session, task, callback, method, content, .. } => {
                let mut detail = String::from(method.swift_name());
                let mut join = " ";
                let told = [method_detail(method), content.as_ref().map(content_words)];
                for more in told.into_iter().flatten() {
                    detail.push_str(join);
                    detail.push_str(&more);
                    join = ", ";
                }
                detail.push_str(&format!(" #{callback}"));
                cells("daemon", "delivers", subject(session, *task), detail)
            }
            Fact::Returns { session, callback, answer, .. } => {
                let mut detail = format!("#{callback}");
                if let Some(answer) = answer {
                    detail.push_str(&format!(", answers {answer}"));
                }
                cells("app", "returns", session, detail)
            }
            _ => unreachable!("{self:?} is not of the app"),
        }
    }

    fn daemon_cells(&self) -> Cells {
        match self {
            Fact::Enqueues { task, discretionary } => {
                let detail = if *discretionary { "discretionary" } else { "" };
                cells("daemon", "enqueues", task, detail.into())
            }
            Fact::Waits { task, why, until } => {
                let mut detail = format!("for {}", why_words(*why));
                if let Some(until) = until {
                    detail.push_str(&format!(", until {until}"));
                }
                cells("daemon", "waits", task, detail)
            }
            Fact::Releases { task, why } => {
                cells("daemon", "releases", task, format!("from {}", why_words(*why)))
            }
            Fact::Starts { task, attempt, method, url, from, connection } => {
                let mut detail = format!("{method} {}", strip_scheme(url));
                if let Some(from) = from {
                    detail.push_str(&format!(" from byte {from}"));
                }
                detail.push_str(&format!(", connection {connection}"));
                cells("daemon", "starts", format!("{task}.{attempt}"), detail)
            }
            Fact::Ends { task, attempt, total } => {
                cells("daemon", "ends", format!("{task}.{attempt}"), format!("{total} B"))
            }
            Fact::Stops { task, attempt, why, total } => cells(
                "daemon",
                "stops",
                format!("{task}.{attempt}"),
                format!("{}, at {total} B", why_words(*why)),
            ),
            Fact::Retries { task, until, why } => {
                cells("daemon", "retries", task, format!("{}, not before {until}", why_words(*why)))
            }
            Fact::Finishes { task, error } => {
                let detail =
                    error.map_or_else(|| "without error".into(), |error| error.to_string());
                cells("daemon", "finishes", task, detail)
            }
            Fact::Delays { delay, why } => {
                let delay = if delay.is_zero() { "none".into() } else { span::text(delay) };
                cells("daemon", "delays", "limiter", format!("{delay}, {}", change_words(*why)))
            }
            _ => unreachable!("{self:?} is not of the daemon"),
        }
    }

    fn wire_cells(&self) -> Cells {
        match self {
            Fact::Head { task, attempt, status, length, from } => {
                let mut detail = status.to_string();
                if let Some(length) = length {
                    detail.push_str(&format!(", {length} B"));
                }
                if let Some(from) = from {
                    detail.push_str(&format!(" from byte {from}"));
                }
                cells("wire", "answers", format!("{task}.{attempt}"), detail)
            }
            Fact::Receives { task, attempt, total, expected } => {
                let detail = of(*total, *expected);
                cells("wire", "receives", format!("{task}.{attempt}"), detail)
            }
            Fact::Sends { task, attempt, total, expected } => {
                let detail = of(*total, Some(*expected));
                cells("wire", "sends", format!("{task}.{attempt}"), detail)
            }
            Fact::Opens { connection, session, host } => {
                cells("wire", "opens", session, format!("connection {connection} to {host}"))
            }
            Fact::Closes { connection, session, host } => {
                cells("wire", "closes", session, format!("connection {connection} to {host}"))
            }
            Fact::OriginActs { host, what } => cells("origin", "acts", host, what.clone()),
            Fact::Arrives { host, method, target, length, digest } => {
                let mut detail = format!("{method} {target}, {length} B");
                if let Some(digest) = digest {
                    let short = digest.get(..12).unwrap_or(digest);
                    detail.push_str(&format!(", sha256 {short}"));
                }
                cells("origin", "receives", host, detail)
            }
            _ => unreachable!("{self:?} is not of the wire"),
        }
    }
}

fn subject(session: &str, task: Option<u32>) -> String {
    match task {
        Some(task) => format!("{session}/{task}"),
        None => session.to_owned(),
    }
}

fn of(total: u64, expected: Option<u64>) -> String {
    match expected {
        Some(expected) => format!("{total} of {expected} B"),
        None => format!("{total} B"),
    }
}

/// Returns the state of an item in a word.
fn item_word(state: ItemState) -> &'static str {
    match state {
        ItemState::Queued => "queued",
        ItemState::Done => "done",
        ItemState::Failed => "failed",
    }
}

/// Returns the number of the line of a trace on which an event stands, the header being line 1.
pub fn line_number(index: usize) -> usize {
    index + 2
}
