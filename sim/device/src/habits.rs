//! How the scripted app goes about its work: each default is what a good transfer manager does, each
//! known bug is a value or two away.

use std::time::Duration;

use sleepwalker_core::span;

use crate::habit_table::{Free, Habit, TABLE};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$value_doc])* $value,)*
        }

        impl $name {
            /// Every value in words; the first is the default.
            pub const WORDS: &'static [&'static str] = &[$($word,)*];

            /// Returns the value in words.
            pub fn words(self) -> &'static str {
                match self {
                    $($name::$value => $word,)*
                }
            }

            fn find(word: &str) -> Option<$name> {
                [$($name::$value,)*].into_iter().find(|value| value.words() == word)
            }
        }
    )*};
}

words! {
    /// When a launched app creates its sessions again.
    Sessions {
        /// In `didFinishLaunching`, from the identifiers that it stored.
        AtLaunch = "at launch",
        /// Only when the system names one.
        InHandleEvents = "in handleEvents",
        /// At launch, and once more in handleEvents.
        Both = "at launch and in handleEvents",
        /// Not at all, until it wants a new transfer.
        Never = "never",
    }

    /// By which identifier a launched app creates its sessions.
    Identifier {
        /// The one that it used before.
        Stable = "stable",
        /// Another one in each launch.
        NewEachLaunch = "new each launch",
    }

    /// When the completion handler of handleEvents is called.
    Handler {
        /// In `urlSessionDidFinishEvents`.
        AfterFinishEvents = "after finish events",
        /// In the first `didCompleteWithError`.
        BeforeFinishEvents = "before finish events",
        /// As soon as it is there.
        AtOnce = "at once",
        /// In `urlSessionDidFinishEvents`, two times.
        Twice = "twice",
        /// Not at all.
        Never = "never",
    }

    /// Where the completion handlers are kept.
    Handlers {
        /// By identifier.
        PerSession = "one per session",
        /// In one variable; the next one overwrites it.
        OneForAll = "one for all",
    }

    /// When the temporary file of a download is moved.
    Claim {
        /// Inside `didFinishDownloadingTo`.
        InTheCallback = "in the callback",
        /// From its location, noted, in `didCompleteWithError`.
        AfterItReturned = "after it returned",
        /// Not at all.
        Never = "never",
    }

    /// When an item is marked as done.
    Mark {
        /// Once, when its task is complete.
        Once = "at completion",
        /// When its file is there, and again when its task is complete.
        InBoth = "in both callbacks",
    }

    /// What the response gate is answered.
    Response {
        /// The method is not implemented.
        Absent = "absent",
        /// `.allow`.
        Allow = "allow",
        /// `.cancel`.
        Cancel = "cancel",
        /// `.becomeDownload`.
        BecomeDownload = "become download",
        /// The completion handler is never called.
        Unanswered = "never answered",
    }

    /// What the redirect gate is answered.
    Redirect {
        /// The method is not implemented.
        Absent = "absent",
        /// The proposed request.
        Follow = "follow",
        /// `nil`.
        Refuse = "refuse",
        /// The completion handler is never called.
        Unanswered = "never answered",
    }

    /// What the cache gate is answered.
    Cache {
        /// The method is not implemented.
        Absent = "absent",
        /// The proposed response.
        Store = "store",
        /// `nil`.
        Refuse = "refuse",
        /// The completion handler is never called.
        Unanswered = "never answered",
    }

    /// What the gate of a delayed request is answered.
    Delayed {
        /// The method is not implemented.
        Absent = "absent",
        /// `.continueLoading`.
        Continue = "continue",
        /// `.useNewRequest`, with a request for the same URL that may use every path.
        UseNew = "use new request",
        /// `.cancel`.
        Cancel = "cancel",
        /// The completion handler is never called.
        Unanswered = "never answered",
    }

    /// How a launched app finds out what still runs.
    KnownTasks {
        /// `getAllTasks`; what is missing twice is started again.
        AskedFor = "asked for",
        /// It believes its own records.
        Ignored = "ignored",
        /// It starts everything again that it has not marked.
        EverythingAgain = "everything again",
    }

    /// By what a callback's task finds its item.
    ItemMap {
        /// `taskDescription`, which survives the process.
        TaskDescription = "task description",
        /// A dictionary in memory.
        Memory = "memory",
    }
}

/// How many items the app gives to a session at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Next {
    /// All at once: the daemon queues them.
    All,
    /// So many; each that ends starts the next one.
    Window(u32),
}

/// The scripted app's habits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "`Habits::table` documents each by its name")]
pub struct Habits {
    pub sessions: Sessions,
    pub identifier: Identifier,
    pub handler: Handler,
    pub handlers: Handlers,
    pub claim: Claim,
    pub mark: Mark,
    pub status_check: bool,
    pub next: Next,
    pub response: Response,
    pub redirect: Redirect,
    pub cache: Cache,
    pub delayed_request: Delayed,
    pub callback_time: Duration,
    pub retry_on_resume_data: bool,
    pub recover_after_force_quit: bool,
    pub known_tasks: KnownTasks,
    pub item_map: ItemMap,
    pub resume: bool,
    pub metrics: bool,
}

impl Default for Habits {
    fn default() -> Habits {
        Habits {
            sessions: Sessions::AtLaunch,
            identifier: Identifier::Stable,
            handler: Handler::AfterFinishEvents,
            handlers: Handlers::PerSession,
            claim: Claim::InTheCallback,
            mark: Mark::Once,
            status_check: true,
            next: Next::All,
            response: Response::Absent,
            redirect: Redirect::Absent,
            cache: Cache::Absent,
            delayed_request: Delayed::Absent,
            callback_time: Duration::ZERO,
            retry_on_resume_data: true,
            recover_after_force_quit: true,
            known_tasks: KnownTasks::AskedFor,
            item_map: ItemMap::TaskDescription,
            resume: true,
            metrics: false,
        }
    }
}

/// A habit that does not exist, or a value that it cannot have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HabitError {
    /// No habit of this name.
    #[error("there is no habit {found:?}; did you mean {nearest:?}?")]
    Unknown {
        /// What was found.
        found: String,
        /// The name that comes nearest.
        nearest: &'static str,
    },
    /// No value of this habit.
    #[error("habit {habit:?} cannot be {found:?}: expected {expected}")]
    Value {
        /// The habit.
        habit: &'static str,
        /// What was found.
        found: String,
        /// What would have been understood.
        expected: String,
    },
}

impl Habits {
    /// Returns every habit with its values and what they stand for.
    pub fn table() -> &'static [Habit] {
        TABLE
    }

    /// Finds a habit by its name.
    pub fn find(name: &str) -> Result<&'static Habit, HabitError> {
        TABLE
            .iter()
            .find(|habit| habit.name == name)
            .ok_or_else(|| HabitError::Unknown { found: name.to_owned(), nearest: nearest(name) })
    }

    /// Changes one habit, both in words; numbers and spans are words too.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), HabitError> {
        let habit = Habits::find(name)?;
        if self.put(habit.name, value).is_some() {
            return Ok(());
        }
        Err(HabitError::Value {
            habit: habit.name,
            found: value.to_owned(),
            expected: habit.expected(),
        })
    }

    fn put(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "sessions" => self.sessions = Sessions::find(value)?,
            "identifier" => self.identifier = Identifier::find(value)?,
            "handler" => self.handler = Handler::find(value)?,
            "handlers" => self.handlers = Handlers::find(value)?,
            "claim" => self.claim = Claim::find(value)?,
            "mark" => self.mark = Mark::find(value)?,
            "status check" => self.status_check = switch(value)?,
            "next" => self.next = next(value)?,
            "response" => self.response = Response::find(value)?,
            "redirect" => self.redirect = Redirect::find(value)?,
            "cache" => self.cache = Cache::find(value)?,
            "delayed request" => self.delayed_request = Delayed::find(value)?,
            "callback time" => self.callback_time = span::parse(value)?,
            "retry on resume data" => self.retry_on_resume_data = switch(value)?,
            "recover after force quit" => self.recover_after_force_quit = switch(value)?,
            "known tasks" => self.known_tasks = KnownTasks::find(value)?,
            "item map" => self.item_map = ItemMap::find(value)?,
            "resume" => self.resume = resume(value)?,
            "metrics" => self.metrics = switch(value)?,
            _ => return None,
        }
        Some(())
    }

    /// Returns the value of a habit in the words that [`Habits::set`] reads; `None` for an unknown name.
    pub fn get(&self, name: &str) -> Option<String> {
        let on_off = |on: bool| if on { "on" } else { "off" };
        let words = match name {
            "sessions" => self.sessions.words(),
            "identifier" => self.identifier.words(),
            "handler" => self.handler.words(),
            "handlers" => self.handlers.words(),
            "claim" => self.claim.words(),
            "mark" => self.mark.words(),
            "status check" => on_off(self.status_check),
            "next" => match self.next {
                Next::All => "all",
                Next::Window(1) => "one at a time",
                Next::Window(window) => return Some(window.to_string()),
            },
            "response" => self.response.words(),
            "redirect" => self.redirect.words(),
            "cache" => self.cache.words(),
            "delayed request" => self.delayed_request.words(),
            "callback time" if self.callback_time.is_zero() => "0 s",
            "callback time" => return Some(span::text(&self.callback_time)),
            "retry on resume data" => on_off(self.retry_on_resume_data),
            "recover after force quit" => on_off(self.recover_after_force_quit),
            "known tasks" => self.known_tasks.words(),
            "item map" => self.item_map.words(),
            "resume" if self.resume => "called",
            "resume" => "forgotten",
            "metrics" => on_off(self.metrics),
            _ => return None,
        };
        Some(words.to_owned())
    }

    /// Returns the habits that are not at their default, with their values, in the table's order.
    pub fn changed(&self) -> Vec<(&'static str, String)> {
        TABLE
            .iter()
            .filter_map(|habit| Some((habit.name, self.get(habit.name)?, habit.default)))
            .filter(|(_, value, default)| value != default)
            .map(|(name, value, _)| (name, value))
            .collect()
    }
}

fn switch(value: &str) -> Option<bool> {
    match value {
        "on" | "true" => Some(true),
        "off" | "false" => Some(false),
        _ => None,
    }
}

fn resume(value: &str) -> Option<bool> {
    match value {
        "called" => Some(true),
        "forgotten" => Some(false),
        _ => None,
    }
}

fn next(value: &str) -> Option<Next> {
    match value {
        "all" => Some(Next::All),
        "one at a time" => Some(Next::Window(1)),
        number => number.parse().ok().filter(|window| *window > 0).map(Next::Window),
    }
}

/// The name that needs the fewest letters changed.
fn nearest(name: &str) -> &'static str {
    TABLE
        .iter()
        .map(|habit| habit.name)
        .min_by_key(|known| distance(name, known))
        .expect("the table of habits is not empty")
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

impl Habit {
    fn expected(&self) -> String {
        let words = crate::verb::quoted(self.values);
        match self.free {
            None => format!("one of {words}"),
            Some(Free::Span) => format!("a span such as {words}"),
            Some(Free::Count) => format!("a number from 1 on, or one of {words}"),
        }
    }
}
