//! From text to a pattern.

use std::{sync::Arc, time::Duration};

use sleepwalker_core::{ErrorCode, Link, ProcessState, span};

use super::{Amount, AppVerb, Outcome, Pattern, PatternError, Phrase, TaskRef, TaskVerb, Whose};
use crate::{ItemState, TaskName};

/// Every delegate method, by the short name that `Method::short_name` gives.
const METHODS: [&str; 18] = [
    "didCreateTask",
    "didReceiveResponse",
    "didReceiveData",
    "didBecomeDownloadTask",
    "willPerformHTTPRedirection",
    "willCacheResponse",
    "willBeginDelayedRequest",
    "taskIsWaitingForConnectivity",
    "didSendBodyData",
    "didWriteData",
    "didResumeAtOffset",
    "didFinishDownloadingTo",
    "didFinishCollecting",
    "didComplete",
    "didFinishEvents",
    "didBecomeInvalid",
    "getAllTasks",
    "resumeData",
];

const FIRST: &str = "handleEvents, handler called, a delegate method, task, app, item, claims file, \
                     limiter, connection, request arrives, path, outage, device boots or snapshot";

const TASK_VERBS: &str = "received, sent, starts, stops, retries, waits, ends, finishes, answered, \
                          resumed or cancelled";

/// The words of one pattern that are not read yet.
struct Words<'a> {
    whole: &'a str,
    left: &'a [&'a str],
}

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.left.split_first()?;
        self.left = rest;
        Some(first)
    }

    fn error(&self, expected: impl Into<String>, found: Option<&str>) -> PatternError {
        PatternError {
            pattern: self.whole.to_owned(),
            expected: expected.into(),
            found: found.map_or_else(|| "nothing".to_owned(), |word| format!("\"{word}\"")),
        }
    }

    fn name(&mut self) -> Option<Arc<str>> {
        self.next().map(Arc::from)
    }

    fn whose(&mut self) -> Result<Whose, PatternError> {
        let Some(word) = self.next() else {
            return Ok(Whose::Anyone);
        };
        match word.rsplit_once('/') {
            None => Ok(Whose::Session(word.into())),
            Some((session, task)) if !session.is_empty() => match task.parse() {
                Ok(task) => Ok(Whose::Task(TaskName { session: session.into(), task })),
                Err(_) => Err(self.error("a task such as photos/1", Some(word))),
            },
            Some(_) => Err(self.error("a session or a task such as photos/1", Some(word))),
        }
    }

    fn task(&mut self) -> Result<TaskRef, PatternError> {
        let expected = "a task such as 1 or photos/1";
        let Some(word) = self.next() else {
            return Err(self.error(expected, None));
        };
        if let Ok(number) = word.parse() {
            return Ok(TaskRef::Number(number));
        }
        match word.rsplit_once('/').map(|(session, task)| (session, task.parse())) {
            Some((session, Ok(task))) if !session.is_empty() => {
                Ok(TaskRef::Named(TaskName { session: session.into(), task }))
            }
            _ => Err(self.error(expected, Some(word))),
        }
    }

    fn amount(&mut self) -> Result<Amount, PatternError> {
        let expected = format!("a whole number and one of {}", Amount::UNITS);
        let Some(number) = self.next() else {
            return Err(self.error(expected, None));
        };
        let digits = number.trim_end_matches(|c: char| !c.is_ascii_digit());
        let unit = match &number[digits.len()..] {
            "" => self.next().unwrap_or(""),
            unit => unit,
        };
        Amount::parse(digits, unit)
            .ok_or_else(|| self.error(expected, Some(format!("{digits} {unit}").trim_end())))
    }

    fn one_of<T: Copy>(&mut self, words: &[(&str, T)]) -> Result<T, PatternError> {
        let word = self.next();
        for (known, value) in words {
            if word == Some(known) {
                return Ok(*value);
            }
        }
        let known: Vec<&str> = words.iter().map(|(known, _)| *known).collect();
        Err(self.error(format!("one of {}", known.join(", ")), word))
    }
}

/// Reads a pattern.
pub(super) fn pattern(text: &str) -> Result<Pattern, PatternError> {
    let all: Vec<&str> = text.split_whitespace().collect();
    let (left, times) = match all.split_last() {
        Some((last, left)) => match count(last) {
            Some(times) => (left, times),
            None => (&all[..], 1),
        },
        None => (&all[..], 1),
    };
    let mut words = Words { whole: text, left };
    if times == 0 {
        return Err(words.error("a count of at least x1", all.last().copied()));
    }
    let phrase = phrase(&mut words)?;
    if let Some(word) = words.next() {
        return Err(words.error("the end or a count such as x2", Some(word)));
    }
    Ok(Pattern { text: text.trim().to_owned(), phrase, times })
}

fn count(word: &str) -> Option<u32> {
    let digits = word.strip_prefix('x')?;
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok())?
}

fn phrase(words: &mut Words<'_>) -> Result<Phrase, PatternError> {
    let first = words.next();
    Ok(match first {
        Some("handleEvents") => Phrase::HandleEvents(words.name()),
        Some("handler") => {
            words.one_of(&[("called", ())])?;
            Phrase::HandlerCalled(words.name())
        }
        Some("task") => {
            let task = words.task()?;
            Phrase::Task(task, task_verb(words)?)
        }
        Some("app") => Phrase::App(app_verb(words)?),
        Some("item") => {
            let name = words.name().ok_or_else(|| words.error("the name of an item", None))?;
            let states = [
                ("done", ItemState::Done),
                ("failed", ItemState::Failed),
                ("queued", ItemState::Queued),
            ];
            Phrase::Item(name, words.one_of(&states)?)
        }
        Some("claims") => {
            words.one_of(&[("file", ())])?;
            Phrase::Claims(words.whose()?)
        }
        Some("limiter") => Phrase::Limiter(limiter(words)?),
        Some("connection") => {
            let opens = words.one_of(&[("opens", true), ("closes", false)])?;
            Phrase::Connection { opens, host: words.name() }
        }
        Some("request") => {
            words.one_of(&[("arrives", ())])?;
            Phrase::Arrives(words.name())
        }
        Some("path") => Phrase::Path(words.one_of(&[
            ("none", Link::None),
            ("wifi", Link::Wifi),
            ("cellular", Link::Cellular),
        ])?),
        Some("outage") => Phrase::Outage(words.one_of(&[("begins", true), ("ends", false)])?),
        Some("device") => {
            words.one_of(&[("boots", ())])?;
            Phrase::Boots
        }
        Some("snapshot") => Phrase::Snapshot,
        Some("didComplete") => {
            let outcome = outcome(words);
            Phrase::Method { name: "didComplete", outcome, whose: words.whose()? }
        }
        other => match METHODS.iter().copied().find(|name| other == Some(name)) {
            Some(name) => Phrase::Method { name, outcome: Outcome::Any, whose: words.whose()? },
            None => {
                let expected = format!("{FIRST}; the methods are {}", METHODS.join(", "));
                return Err(words.error(expected, other));
            }
        },
    })
}

/// Takes the outcome, if one stands there.
fn outcome(words: &mut Words<'_>) -> Outcome {
    let outcome = match words.left.first() {
        Some(&"ok") => Outcome::Ok,
        Some(word) => match word.parse() {
            Ok(code) if code < 0 => Outcome::Code(ErrorCode(code)),
            _ => Outcome::Any,
        },
        None => Outcome::Any,
    };
    if outcome != Outcome::Any {
        words.next();
    }
    outcome
}

fn task_verb(words: &mut Words<'_>) -> Result<TaskVerb, PatternError> {
    let verb = words.next();
    Ok(match verb {
        Some("received") => TaskVerb::Received(words.amount()?),
        Some("sent") => TaskVerb::Sent(words.amount()?),
        Some("starts") => TaskVerb::Starts,
        Some("stops") => TaskVerb::Stops,
        Some("retries") => TaskVerb::Retries,
        Some("waits") => TaskVerb::Waits,
        Some("ends") => TaskVerb::Ends,
        Some("finishes") => TaskVerb::Finishes,
        Some("resumed") => TaskVerb::Resumed,
        Some("cancelled") => TaskVerb::Cancelled,
        Some("answered") => TaskVerb::Answered(match words.next() {
            None => None,
            Some(word) => match word.parse() {
                Ok(status) => Some(status),
                Err(_) => return Err(words.error("an HTTP status", Some(word))),
            },
        }),
        other => return Err(words.error(TASK_VERBS, other)),
    })
}

fn app_verb(words: &mut Words<'_>) -> Result<AppVerb, PatternError> {
    let verb = words.next();
    Ok(match verb {
        Some("launched") => AppVerb::Launched,
        Some("killed") => AppVerb::Killed,
        Some("suspended") => AppVerb::In(ProcessState::Suspended),
        Some("in") => AppVerb::In(words.one_of(&[
            ("front", ProcessState::Foreground),
            ("background", ProcessState::Background),
        ])?),
        other => {
            let expected = "launched, suspended, in front, in background or killed";
            return Err(words.error(expected, other));
        }
    })
}

fn limiter(words: &mut Words<'_>) -> Result<Duration, PatternError> {
    let text = words.left.join(" ");
    words.left = &[];
    if text == "none" {
        return Ok(Duration::ZERO);
    }
    span::parse(&text).ok_or_else(|| {
        let found = Some(text.as_str()).filter(|text| !text.is_empty());
        words.error("a span such as 60 s, or none", found)
    })
}
