//! The catalogue: every scenario that comes with the program.

use std::path::Path;

use sleepwalker_sim::scenario::Scenario;

use crate::{loader, nearest::nearest, problem::LoadError};

/// One scenario of the catalogue, as its file says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The file's name without its ending.
    pub name: &'static str,
    /// The folder that it stands in.
    pub theme: &'static str,
    /// The file's text.
    pub text: &'static str,
}

impl Entry {
    /// Returns the file's path below the catalogue's folder, as errors name it.
    pub fn path(&self) -> String {
        format!("{}/{}.toml", self.theme, self.name)
    }

    /// Reads it.
    ///
    /// # Errors
    ///
    /// All that is wrong with its text.
    pub fn load(&self) -> Result<Scenario, LoadError> {
        loader::parse(self.name, &self.path(), self.text)
    }
}

macro_rules! entries {
    ($($theme:literal { $($name:literal,)* })*) => {
        &[$($(Entry {
            name: $name,
            theme: $theme,
            text: include_str!(concat!("../files/", $theme, "/", $name, ".toml")),
        },)*)*]
    };
}

/// Returns every scenario, theme by theme.
pub fn catalogue() -> &'static [Entry] {
    ENTRIES
}

/// Loads a scenario: one of the catalogue by its name, else a file by its path.
///
/// # Errors
///
/// There is neither, the file cannot be read, or its text is not a scenario.
pub fn load(name_or_path: &str) -> Result<Scenario, LoadError> {
    let path = Path::new(name_or_path);
    if let Some(entry) = ENTRIES.iter().find(|entry| entry.name == name_or_path) {
        return entry.load();
    }
    if !path.is_file() {
        return Err(LoadError::NotFound {
            name: name_or_path.to_owned(),
            nearest: nearest(name_or_path, ENTRIES.iter().map(|entry| entry.name))
                .map(str::to_owned),
        });
    }
    let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or(name_or_path);
    match std::fs::read(path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => loader::parse(name, name_or_path, &text),
            Err(error) => Err(loader::not_text(name_or_path, &error)),
        },
        Err(error) => {
            Err(LoadError::Unreadable { path: name_or_path.to_owned(), why: error.to_string() })
        }
    }
}

const ENTRIES: &[Entry] = entries! {
    "lifecycle" {
        "workflow-terminated",
        "workflow-suspended",
        "two-sessions",
        "all-in-foreground",
        "user-opens-meanwhile",
        "two-handlers",
        "all-tasks",
        "crash-in-mid-body",
        "ends-in-grace-time",
        "finish-and-invalidate",
        "force-quit",
        "same-identifier",
        "killed-in-callback",
        "metrics",
        "invalidated",
        "no-launch-events",
        "opened-after-restart",
        "power-cut-in-mid-body",
        "reboot-in-mid-body",
        "results-wait-for-a-wake",
        "session-made-late",
        "suspended-task-blocks",
        "suspended-task-rests",
        "configuration-edited",
        "no-delegate",
        "slow-flash",
    }
    "scheduling" {
        "delayed-request",
        "discretionary-session",
        "earliest-begin-date",
        "low-data-mode",
        "one-connection",
        "started-in-background",
        "twenty-downloads",
        "urgency",
        "wifi-only-request",
        "wifi-only-session",
        "delayed-request-changed",
        "timeout-before-its-date",
    }
    "network" {
        "no-resume-data",
        "redirect-loop",
        "redirects",
        "resource-changed",
        "resume-data",
        "server-down",
        "seven-days",
        "slow-server",
        "stalled-body",
        "offline-in-process",
        "own-range",
        "path-refused",
        "waits-for-connectivity",
        "stalled-in-process",
        "wifi-lost",
        "wrong-range",
        "bad-responses",
        "offline-in-background",
        "stale-connection",
        "additional-headers",
        "unsupported-url",
    }
    "upload" {
        "upload-from-data-refused",
        "upload-survives",
        "upload-starts-again",
        "upload-file-deleted",
    }
    "limiter" {
        "foreground-resets",
        "lapses",
        "one-at-a-time",
        "one-batch",
        "reboot-resets",
    }
    "data" {
        "cache-gate",
        "data-becomes-download",
        "data-task-cut",
        "did-create-task",
        "in-process-vanishes",
        "posts",
        "posts-become-download",
        "posts-cancelled",
        "slow-delegate",
    }
    "app" {
        "file-claimed-late",
        "file-claimed-late-debugger",
        "handler-never-called",
        "handler-too-early",
        "no-identifier",
        "not-found",
        "not-found-kept",
        "callback-too-long",
        "everything-again",
        "force-quit-taken-for-a-cancel",
        "handler-called-twice",
        "handlers-in-one-variable",
        "map-in-memory",
        "records-believed",
        "session-never-made",
    }
};
