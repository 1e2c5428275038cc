//! Runs one scenario, times it, and compares a second run if that was asked for.

use std::time::Instant;

use sleepwalker_judge::diff;
use sleepwalker_scenarios::{self as suite, LoadError, Options};
use sleepwalker_sim::scenario::Scenario;

use crate::{args::RunArgs, outcome::Outcome};

/// What every run of one command goes by.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    options: Options,
    twice: bool,
}

impl Settings {
    /// Reads them off the command line.
    pub(crate) fn of(args: &RunArgs) -> Settings {
        let mut options = Options { profile: args.profile.clone(), ..Options::default() };
        if let Some(seed) = args.seed {
            options.seed = seed;
        }
        Settings { options, twice: args.twice }
    }
}

/// Runs a scenario that was asked for by this name.
pub(crate) fn run(
    asked: &str,
    scenario: &Scenario,
    settings: &Settings,
) -> Result<Outcome, LoadError> {
    #[expect(
        clippy::disallowed_methods,
        reason = "tells people how long it took; no trace holds it"
    )]
    let started = Instant::now();
    let first = suite::run(scenario, &settings.options)?;
    let second = match settings.twice {
        true => diff(&first.trace, &suite::run(scenario, &settings.options)?.trace),
        false => None,
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "tells people how long it took; no trace holds it"
    )]
    let wall = started.elapsed();
    Ok(Outcome { asked: asked.to_owned(), title: scenario.title.clone(), first, second, wall })
}
