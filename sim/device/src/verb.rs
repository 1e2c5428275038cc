//! What a scenario lets the OS and the app do.

use std::{fmt, sync::Arc, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sleepwalker_judge::UserAct;

use crate::{AppTable, SessionSpec, Target};

/// What happens to the device or to the app without the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub enum OsAct {
    /// The system takes the app's memory.
    Terminate,
    /// The app crashes.
    Crash,
    /// The device restarts; what was written stays.
    Reboot,
    /// The device loses its power; what was not synced goes.
    PowerCut,
    /// External power comes or goes.
    Power(bool),
}

impl OsAct {
    /// Every act, in the order in which an error lists them.
    pub const ALL: &'static [OsAct] = &[
        OsAct::Terminate,
        OsAct::Crash,
        OsAct::Reboot,
        OsAct::PowerCut,
        OsAct::Power(true),
        OsAct::Power(false),
    ];

    /// Returns the words by which a scenario names it.
    pub fn words(self) -> &'static str {
        match self {
            OsAct::Terminate => "terminate for memory",
            OsAct::Crash => "crash",
            OsAct::Reboot => "reboot",
            OsAct::PowerCut => "power cut",
            OsAct::Power(true) => "power on",
            OsAct::Power(false) => "power off",
        }
    }

    /// Reads the words of a scenario.
    pub fn parse(words: &str) -> Result<OsAct, UnknownVerb> {
        find(OsAct::ALL, OsAct::words, "os", words)
    }
}

impl TryFrom<String> for OsAct {
    type Error = UnknownVerb;

    fn try_from(words: String) -> Result<OsAct, UnknownVerb> {
        OsAct::parse(&words)
    }
}

impl Serialize for OsAct {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.words())
    }
}

const USER_ACTS: &[UserAct] = &[UserAct::Open, UserAct::Home, UserAct::ForceQuit, UserAct::Unlock];

/// Returns the words by which a scenario names what the user does.
pub fn user_words(act: UserAct) -> &'static str {
    match act {
        UserAct::Open => "open",
        UserAct::Home => "home",
        UserAct::ForceQuit => "force quit",
        UserAct::Unlock => "unlock",
    }
}

/// Reads what the user does from the words of a scenario.
pub fn user_act(words: &str) -> Result<UserAct, UnknownVerb> {
    find(USER_ACTS, user_words, "user", words)
}

fn find<T: Copy>(
    all: &[T],
    words_of: impl Fn(T) -> &'static str,
    actor: &'static str,
    words: &str,
) -> Result<T, UnknownVerb> {
    all.iter().copied().find(|act| words_of(*act) == words.trim()).ok_or_else(|| UnknownVerb {
        actor,
        found: words.to_owned(),
        expected: all.iter().map(|act| words_of(*act)).collect(),
    })
}

/// Words that name nothing that this actor can do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{actor:?} cannot do {found:?}: expected one of {}", quoted(.expected))]
pub struct UnknownVerb {
    /// `user` or `os`.
    pub actor: &'static str,
    /// What was found.
    pub found: String,
    /// What would have been understood.
    pub expected: Vec<&'static str>,
}

pub(crate) fn quoted(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    quoted.join(", ")
}

/// A task as a scenario names it: by its number in the session, or by the item that it serves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskRef {
    /// `taskIdentifier`.
    Number(u32),
    /// The item's name.
    Item(Arc<str>),
}

impl fmt::Display for TaskRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TaskRef::Number(number) => number.fmt(f),
            TaskRef::Item(name) => name.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for TaskRef {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<TaskRef, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = TaskRef;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a task's number, such as 1, or an item's name, such as \"cdn.example/a\"",
                )
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<TaskRef, E> {
                u32::try_from(number)
                    .map(TaskRef::Number)
                    .map_err(|_| E::custom(format!("{number} is not the number of a task")))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<TaskRef, E> {
                u32::try_from(number)
                    .map(TaskRef::Number)
                    .map_err(|_| E::custom(format!("{number} is not the number of a task")))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<TaskRef, E> {
                Ok(match text.parse() {
                    Ok(number) => TaskRef::Number(number),
                    Err(_) => TaskRef::Item(text.into()),
                })
            }
        }
        from.deserialize_any(Visitor)
    }
}

/// What the app sets on the tasks that it makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskOptions {
    /// The HTTP method, where it is not the usual one of the kind.
    pub method: Option<String>,
    /// Header fields of the request.
    pub headers: Vec<(String, String)>,
    /// `allowsCellularAccess`.
    pub cellular: bool,
    /// `allowsExpensiveNetworkAccess`.
    pub expensive: bool,
    /// `allowsConstrainedNetworkAccess`.
    pub constrained: bool,
    /// The request's `timeoutInterval`.
    pub timeout: Option<Duration>,
    /// `earliestBeginDate`, from the moment of creation on.
    pub earliest_begin: Option<Duration>,
    /// `priority`, in thousandths.
    pub priority: Option<u16>,
}

impl Default for TaskOptions {
    fn default() -> TaskOptions {
        TaskOptions {
            method: None,
            headers: Vec::new(),
            cellular: true,
            expensive: true,
            constrained: true,
            timeout: None,
            earliest_begin: None,
            priority: None,
        }
    }
}

/// What a scenario makes the app do. Where no session is named the app's first one is meant.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "AppTable")]
pub enum AppAct {
    /// Wants these resources as files: `downloadTask(with:)`.
    Download {
        /// What, in order.
        targets: Vec<Target>,
        /// With which session.
        session: Option<Arc<str>>,
        /// How.
        options: TaskOptions,
    },
    /// Goes on from the resume data that an earlier task of the item left.
    DownloadWithResumeData {
        /// The item, or the task that served it.
        task: TaskRef,
        /// With which session.
        session: Option<Arc<str>>,
    },
    /// Sends a file of the app's: `uploadTask(with:fromFile:)`, or `uploadTask(with:from:)`.
    Upload {
        /// Where to.
        to: Target,
        /// Which, among the app's files.
        file: Arc<str>,
        /// From memory.
        from_data: bool,
        /// With which session.
        session: Option<Arc<str>>,
        /// How.
        options: TaskOptions,
    },
    /// Wants these resources in memory: `dataTask(with:)`.
    Data {
        /// What, in order.
        targets: Vec<Target>,
        /// With which session.
        session: Option<Arc<str>>,
        /// How.
        options: TaskOptions,
    },
    /// `cancel()`.
    Cancel {
        /// Which.
        task: TaskRef,
        /// In which session.
        session: Option<Arc<str>>,
    },
    /// `cancel(byProducingResumeData:)`.
    CancelByProducingResumeData {
        /// Which.
        task: TaskRef,
        /// In which session.
        session: Option<Arc<str>>,
    },
    /// `suspend()`.
    Suspend {
        /// Which.
        task: TaskRef,
        /// In which session.
        session: Option<Arc<str>>,
    },
    /// `resume()`.
    Resume {
        /// Which.
        task: TaskRef,
        /// In which session.
        session: Option<Arc<str>>,
    },
    /// Creates a session, or connects to it.
    CreateSession(SessionSpec),
    /// `invalidateAndCancel()` or `finishTasksAndInvalidate()`.
    Invalidate {
        /// Which.
        session: Arc<str>,
        /// Cancel what runs.
        cancel: bool,
    },
    /// Changes the configuration object that it made a session with.
    EditConfiguration(SessionSpec),
    /// Deletes one of its own files.
    DeleteFile {
        /// Which.
        file: Arc<str>,
    },
    /// `getAllTasks`.
    GetAllTasks {
        /// Of which session.
        session: Arc<str>,
    },
}
