//! Runs scenarios and judges them: the one place where a world's trace meets rules and expectations.

use std::collections::BTreeSet;

use sleepwalker_core::{Faults, Knobs, Time};
use sleepwalker_judge::{Finding, Named, Trace, Verdict, Violation, excerpt, judge, judge_cut};
use sleepwalker_sim::{
    CrashPoint, Pace, RunError, RunOptions, StoreKind,
    scenario::{End, Expect, Scenario},
};

use crate::{
    LoadError, Profile,
    expectation::{self, Failure},
    profile::profile,
};

/// What decides a run beside its scenario.
#[derive(Clone, Debug)]
pub struct Options {
    /// The seed of every random stream.
    pub seed: u64,
    /// The profile by its name; none: the scenario's own, or `default`.
    pub profile: Option<String>,
    /// Silence is skipped; off, the trace is the same and takes longer.
    pub skip: bool,
    /// Rules that are switched off beside the scenario's own.
    pub faults: Faults,
    /// What the rows are kept in.
    pub store: StoreKind,
    /// Where everything dies once. What the scenario expects is not looked at then.
    pub crash: Option<CrashPoint>,
    /// Compares the stored rows with the core's whenever no batch is under way.
    pub checks_rows: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            seed: 1,
            profile: None,
            skip: true,
            faults: Faults::default(),
            store: StoreKind::default(),
            crash: None,
            checks_rows: false,
        }
    }
}

/// What came of a scenario.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The scenario's name.
    pub name: String,
    /// The trace, up to the error if there is one.
    pub trace: Trace,
    /// The knobs in force.
    pub knobs: Knobs,
    /// Rules that broke, findings for the app, and what could not be judged.
    pub verdict: Verdict,
    /// Expectations that did not hold, the verdict's among them.
    pub failures: Vec<Failure>,
    /// Why it could not go on to its end.
    pub error: Option<RunError>,
    /// When it ended.
    pub time: Time,
    /// Steps of the two machines.
    pub steps: u64,
    /// Bytes between device and origin, both ways.
    pub bytes: u64,
    /// Batches that were stored: the places where a crash can be tried.
    pub batches: u64,
}

impl Outcome {
    /// Returns whether everything came as expected.
    pub fn passed(&self) -> bool {
        self.error.is_none() && self.failures.is_empty()
    }

    /// Returns whether the scenario itself cannot be used: a step that cannot be done, or a budget that
    /// was passed. That is no verdict.
    pub fn is_unusable(&self) -> bool {
        match self.error {
            Some(RunError::Impossible { .. } | RunError::Budget { .. }) => true,
            Some(_) | None => false,
        }
    }

    /// Returns the system rules that broke.
    pub fn violations(&self) -> &[Violation] {
        &self.verdict.violations
    }

    /// Returns what was found against the app.
    pub fn findings(&self) -> &[Finding] {
        &self.verdict.findings
    }

    /// Returns all that failed as text, and the command that replays it.
    pub fn text(&self) -> String {
        format!("{}replay: {}\n", self.told(&self.name), self.replay(&self.name))
    }

    /// Returns all that failed of what was asked for by a name or a file: what broke, the lines of the
    /// trace around it, what to do. An event that the judge tells of is not shown twice.
    pub fn told(&self, asked: &str) -> String {
        let (events, verdict) = (&self.trace.events, &self.verdict);
        let violations = verdict.violations.iter().map(|it| it.index);
        let judged: BTreeSet<usize> =
            violations.chain(verdict.findings.iter().map(|it| it.index)).collect();
        let mut text = String::new();
        if let Some(error) = &self.error {
            text.push_str(&format!("{asked}: {error}\n"));
            text.push_str(&excerpt(events, events.len().saturating_sub(1)));
        }
        for failure in &self.failures {
            text.push_str(&format!("{asked}: {failure}\n"));
            if failure.event.is_none_or(|event| !judged.contains(&event)) {
                text.push_str(&failure.around(events));
            }
        }
        if !verdict.is_clean() {
            text.push_str(&format!("\n{}", verdict.text(events)));
        }
        text
    }

    /// Returns the seed and the name of the profile that it ran with.
    pub fn seed_and_profile(&self) -> (u64, &str) {
        let header = &self.trace.header;
        let profile = header.profile.as_ref().map_or("default", |named| named.name.as_str());
        (header.seed.unwrap_or(1), profile)
    }

    /// Returns the command that runs again what was asked for by a name or a file.
    pub fn replay(&self, asked: &str) -> String {
        let (seed, profile) = self.seed_and_profile();
        format!("sleepwalker run {} --seed {seed} --profile {profile}", shell_word(asked))
    }
}

/// Writes a word so that a shell reads it as one.
fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,+@%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// Runs a scenario and judges it.
///
/// # Errors
///
/// There is no profile of the name that is asked for.
pub fn run(scenario: &Scenario, options: &Options) -> Result<Outcome, LoadError> {
    let name = options.profile.as_deref().or(scenario.profile.as_deref());
    let profile = profile(name.unwrap_or("default"))?;
    Ok(run_with(scenario, &profile, options))
}

/// Runs a scenario under a profile, and judges it; the options' own profile is not looked at.
pub fn run_with(scenario: &Scenario, profile: &Profile, options: &Options) -> Outcome {
    let run = sleepwalker_sim::run(scenario, &world_options(profile, options));
    let knobs = scenario.knobs.over(&profile.knobs());
    // A world that was stopped owes what it had not come to.
    let stopped = run.error.is_some() || scenario.end != End::Quiet;
    let judge = if stopped { judge_cut } else { judge };
    let verdict = judge(&knobs, &run.trace.header.witnesses, &run.trace.events);
    let mut failures = Vec::new();
    if options.crash.is_none() && run.error.is_none() {
        failures = expectation::failures(&scenario.expect, &run.trace.events);
        failures.extend(unexpected(&scenario.expect, &verdict));
    }
    Outcome {
        name: scenario.name.clone(),
        trace: run.trace,
        knobs,
        verdict,
        failures,
        error: run.error,
        time: run.time,
        steps: run.steps,
        bytes: run.bytes_down + run.bytes_up,
        batches: run.batches,
    }
}

fn world_options(profile: &Profile, options: &Options) -> RunOptions {
    RunOptions {
        seed: options.seed,
        knobs: profile.knobs(),
        profile: Named { name: profile.name.clone(), hash: profile.hash.clone() },
        faults: options.faults.clone(),
        pace: Pace { skip: options.skip, ..Pace::default() },
        store: options.store,
        crash: options.crash,
        checks_rows: options.checks_rows,
    }
}

/// Compares the rules found broken with those that are expected to be.
fn unexpected(expect: &Expect, verdict: &Verdict) -> Vec<Failure> {
    let broken: Vec<_> = verdict.violations.iter().map(|it| (it.rule, it.index)).collect();
    let found: Vec<_> = verdict.findings.iter().map(|it| (it.rule, it.index)).collect();
    let mut all =
        expectation::rules("violation", expect.violations_line, &expect.violations, &broken);
    all.extend(expectation::rules("finding", expect.findings_line, &expect.findings, &found));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_shell_would_take_apart_is_quoted() {
        assert_eq!(shell_word("a/b-1.toml"), "a/b-1.toml");
        assert_eq!(shell_word("my file.toml"), "'my file.toml'");
        assert_eq!(shell_word("it's.toml"), r"'it'\''s.toml'");
        assert_eq!(shell_word(""), "''");
    }
}
