//! The trace of every scenario, word for word.

use sleepwalker_scenarios::{Options, catalogue, run};
use sleepwalker_snapshots::{check, trace_name};

/// All are compared before any is complained of, so that one change shows in all that it reaches.
#[test]
fn every_scenario_gives_the_trace_that_was_accepted() {
    let mut wrong = Vec::new();
    for entry in catalogue() {
        let scenario = entry.load().unwrap_or_else(|error| panic!("{error}"));
        let outcome = run(&scenario, &Options::default()).unwrap_or_else(|error| panic!("{error}"));
        let text = outcome.trace.text();
        if std::panic::catch_unwind(|| check(&trace_name(entry.name), &text)).is_err() {
            wrong.push(entry.name);
        }
    }
    assert!(wrong.is_empty(), "other traces than accepted: {}", wrong.join(", "));
}
