//! What the suites share: the catalogue, a run, and one failure for all that went wrong.

use sleepwalker_scenarios::{Options, Outcome, catalogue, run};
use sleepwalker_sim::scenario::Scenario;

pub fn all() -> impl Iterator<Item = Scenario> {
    catalogue().iter().map(|entry| entry.load().expect("the catalogue loads"))
}

pub fn outcome(scenario: &Scenario, options: &Options) -> Outcome {
    run(scenario, options).expect("its profile is there")
}

/// Fails once, with all that went wrong.
pub fn nothing(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
}
