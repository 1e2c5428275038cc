//! What there is: the catalogue, the habits, the rules.

use std::io::{self, Write};

use sleepwalker_device::{Free, Habit, Habits};
use sleepwalker_judge::Ledger;
use sleepwalker_scenarios::{LoadError, catalogue};

use crate::{
    Exit,
    paint::{FAINT, NAME, Painted},
};

/// Writes the catalogue: name, title, the rules that a scenario shows.
pub(crate) fn list(to: &mut impl Write) -> io::Result<Exit> {
    let width = catalogue().iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    let mut theme = "";
    for entry in catalogue() {
        if entry.theme != theme {
            theme = entry.theme;
            writeln!(to, "{}", Painted(FAINT, theme))?;
        }
        match entry.load() {
            Ok(scenario) => {
                let shows: Vec<&str> = scenario.shows.iter().map(|rule| rule.id()).collect();
                let name = format!("{:<width$}", entry.name);
                let shows = Painted(FAINT, &shows.join(" ")).to_string();
                writeln!(to, "  {}  {}  {shows}", Painted(NAME, &name), scenario.title)?;
            }
            Err(error) => return unusable(&error),
        }
    }
    Ok(Exit::AsExpected)
}

/// Tells on standard error what is wrong with a file.
pub(crate) fn unusable(error: &LoadError) -> io::Result<Exit> {
    let styled = std::io::IsTerminal::is_terminal(&io::stderr());
    writeln!(anstream::stderr(), "{}", error.render(styled))?;
    Ok(Exit::Unusable)
}

/// Writes the habits: what each decides, its values, what they break, the Swift line behind it.
pub(crate) fn habits(to: &mut impl Write) -> io::Result<Exit> {
    for habit in Habits::table() {
        // As a scenario file writes it.
        let name = habit.name.replace(' ', "-");
        writeln!(to, "{}  {}", Painted(NAME, &name), habit.doc)?;
        writeln!(to, "    values   {}", values(habit))?;
        for (value, rules) in habit.breaks {
            writeln!(to, "    breaks   {value}: {}", rules.join(" "))?;
        }
        writeln!(to, "    swift    {}", Painted(FAINT, habit.swift))?;
    }
    Ok(Exit::AsExpected)
}

/// The values, the default marked.
fn values(habit: &Habit) -> String {
    let mut told: Vec<String> = habit
        .values
        .iter()
        .map(|value| match *value == habit.default {
            true => format!("{value} (default)"),
            false => (*value).to_owned(),
        })
        .collect();
    match habit.free {
        Some(Free::Span) => told.push("any span, as in \"40 s\"".to_owned()),
        Some(Free::Count) => told.push("any number from 1 on".to_owned()),
        None => {}
    }
    if !habit.values.contains(&habit.default) {
        told.push(format!("{} (default)", habit.default));
    }
    told.join(" | ")
}

/// Writes what a rule says, where it comes from and how it is judged.
pub(crate) fn explain(to: &mut impl Write, id: &str) -> io::Result<Exit> {
    if let Some(text) = Ledger::explain(id) {
        to.write_all(text.as_bytes())?;
        return Ok(Exit::AsExpected);
    }
    let mut stderr = anstream::stderr();
    writeln!(stderr, "no rule is named {id:?}")?;
    let family = id.rsplit_once('-').map_or(id, |(family, _)| family).to_ascii_uppercase();
    let ids = Ledger::entries().iter().map(|entry| entry.id());
    let near: Vec<&str> = ids.filter(|known| known.starts_with(&family)).collect();
    match near.is_empty() {
        true => {
            writeln!(stderr, "known are BG-… (the system), SW-… (decided here), R01 to R27 (apps)")?
        }
        false => writeln!(stderr, "of that family: {}", near.join(" "))?,
    }
    Ok(Exit::Unusable)
}
