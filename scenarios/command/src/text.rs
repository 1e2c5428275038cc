//! Results as text: a table, then what did not do as expected with its surroundings.

use std::io::{self, Write};

use crate::{
    outcome::Outcome,
    page::words,
    paint::{BAD, FAINT, GOOD, NAME, Painted},
};

/// Writes the table and the failures.
pub(crate) fn write(to: &mut impl Write, outcomes: &[Outcome]) -> io::Result<()> {
    let width = outcomes.iter().map(|outcome| outcome.name().len()).max().unwrap_or(0);
    for outcome in outcomes {
        row(to, outcome, width)?;
    }
    for outcome in outcomes.iter().filter(|outcome| !outcome.passed()) {
        writeln!(to)?;
        failure(to, outcome)?;
    }
    let failed = outcomes.iter().filter(|outcome| !outcome.passed()).count();
    writeln!(to)?;
    let passed = outcomes.len() - failed;
    match failed {
        0 => writeln!(to, "{}", Painted(GOOD, &format!("{} as expected", scenarios(passed)))),
        _ => {
            let told = format!("{} not as expected, {passed} as expected", scenarios(failed));
            writeln!(to, "{}", Painted(BAD, &told))
        }
    }
}

fn scenarios(count: usize) -> String {
    match count {
        1 => "1 scenario".to_owned(),
        _ => format!("{count} scenarios"),
    }
}

fn row(to: &mut impl Write, outcome: &Outcome, width: usize) -> io::Result<()> {
    let result = match outcome.passed() {
        true => Painted(GOOD, "ok    "),
        false => Painted(BAD, "FAILED"),
    };
    let events = outcome.trace().events.len();
    let span = words::span(outcome.simulated());
    let mut rules: Vec<&str> = outcome.verdict().violations.iter().map(|it| it.rule).collect();
    rules.extend(outcome.verdict().findings.iter().map(|it| it.rule));
    rules.sort_unstable();
    rules.dedup();
    let found = match rules.is_empty() {
        true => String::new(),
        false => format!("  finds {}", rules.join(" ")),
    };
    let name = outcome.name();
    write!(to, "{result}  {name:<width$}  {events:>6} events  {span:>12}  ")?;
    writeln!(to, "{}{}", outcome.title, Painted(FAINT, &found))
}

/// What broke, the lines around it, the fix, the one command that replays it.
fn failure(to: &mut impl Write, outcome: &Outcome) -> io::Result<()> {
    writeln!(to, "{}  {}", Painted(BAD, outcome.name()), Painted(NAME, &outcome.title))?;
    to.write_all(outcome.first.told(&outcome.asked).as_bytes())?;
    if let Some(difference) = &outcome.second {
        writeln!(to, "one seed gave two traces: {difference}")?;
    }
    writeln!(to, "replay: {}", outcome.replay())
}
