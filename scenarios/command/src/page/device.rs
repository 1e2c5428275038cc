//! The lanes of the user and the app.

use sleepwalker_core::ProcessState;
use sleepwalker_judge::{ApiCall, Cause, Event, Fact, ItemState, UserAct, death_word, state_words};

use super::{
    pack::Rows,
    scale::Scale,
    shape::{Lane, Named, ROW},
};

/// Draws what the user does, and what happens to the device.
pub(super) fn user(events: &[Event], lines: &[String], scale: &Scale) -> Lane {
    let mut lane = Lane::new("user", "What the user does, and what happens to the device.");
    let mut rows = Rows::default();
    for (index, event) in events.iter().enumerate() {
        let (class, label) = match &event.fact {
            Fact::User { act } => ("act", user_act(*act)),
            Fact::Boots { .. } => ("act", "device starts"),
            Fact::PowerChanges { external: true } => ("fact", "power on"),
            Fact::PowerChanges { external: false } => ("fact", "power off"),
            _ => continue,
        };
        let named = Named::new(index, class, label, &lines[index]);
        lane.tick(scale.at(index), 2, &mut rows, 4, named);
    }
    lane
}

/// Draws the app: its state as bands, then what it calls and notes.
pub(super) fn app(events: &[Event], lines: &[String], scale: &Scale) -> Lane {
    let mut lane = Lane::new("app", "The state of the app, and what it calls and notes.");
    let mut rows = Rows::default();
    let mut since = (0, "gone", "not running".to_owned());
    for (index, event) in events.iter().enumerate() {
        if let Some((class, label)) = state(&event.fact) {
            band(&mut lane, scale, lines, &since, scale.at(index));
            since = (index, class, label);
        }
        if let Some((class, label)) = doing(&event.fact) {
            let named = Named::new(index, class, label, &lines[index]);
            lane.tick(scale.at(index), ROW + 8, &mut rows, 10, named);
        }
    }
    band(&mut lane, scale, lines, &since, scale.end() + 40);
    lane
}

fn band(
    lane: &mut Lane,
    scale: &Scale,
    lines: &[String],
    since: &(usize, &'static str, String),
    end: u32,
) {
    let (index, class, label) = since;
    let start = scale.at(*index);
    if end > start {
        let title = lines.get(*index).map_or("", String::as_str);
        lane.bar(start, end, 2, Named::new(*index, class, label, title));
    }
}

fn user_act(act: UserAct) -> &'static str {
    match act {
        UserAct::Open => "opens the app",
        UserAct::Home => "leaves the app",
        UserAct::ForceQuit => "force quits",
        UserAct::Unlock => "unlocks",
    }
}

/// The class and name of the state that a fact puts the app in.
fn state(fact: &Fact) -> Option<(&'static str, String)> {
    match fact {
        Fact::Launches { state, cause, .. } | Fact::Moves { state, cause, .. } => {
            let class = match state {
                ProcessState::Foreground => "front",
                ProcessState::Background => "back",
                ProcessState::Suspended => "asleep",
            };
            let name = state_words(*state);
            let name = match cause {
                Cause::Session(session) => format!("{name}, for {session}"),
                Cause::User | Cause::System => name.to_owned(),
            };
            Some((class, name))
        }
        Fact::Kills { death, .. } => Some(("gone", format!("not running: {}", death_word(*death)))),
        _ => None,
    }
}

/// The class and label of what the app does; bookkeeping has no label.
fn doing(fact: &Fact) -> Option<(&'static str, String)> {
    match fact {
        Fact::HandlesEvents { session, .. } => Some(("wake", format!("handleEvents {session}"))),
        Fact::CallsHandler { session, .. } => Some(("wake", format!("handler called {session}"))),
        Fact::Snapshots { .. } => Some(("fact", "snapshot".to_owned())),
        Fact::Calls { session, task, call, misuse, .. } => {
            let class = if misuse.is_some() { "bad" } else { "call" };
            let whom = match task {
                Some(task) => format!("{session}/{task}"),
                None => session.to_string(),
            };
            let label = match call {
                ApiCall::SetTaskDescription(_) => String::new(),
                _ => format!("{} {whom}", name(fact)),
            };
            Some((class, label))
        }
        Fact::Claims { task, found: true, .. } => {
            Some(("fact", format!("moves the file of {task}")))
        }
        Fact::Claims { task, found: false, .. } => {
            Some(("bad", format!("finds no file of {task}")))
        }
        Fact::Deletes { file, .. } => Some(("fact", format!("deletes {file}"))),
        Fact::Marks { item, state, .. } => Some(match state {
            ItemState::Queued => ("fact", String::new()),
            ItemState::Done => ("good", format!("{item} done")),
            ItemState::Failed => ("bad", format!("{item} failed")),
        }),
        Fact::Warns { session, .. } => Some(("bad", format!("warning {session}"))),
        _ => None,
    }
}

/// The name of an API call without its arguments: what stands before the first bracket or sign.
fn name(fact: &Fact) -> String {
    let words = fact.cells().detail;
    words.split(['(', '=', ',']).next().unwrap_or_default().trim().to_owned()
}
