//! Results as one JSON object.

use std::io::{self, Write};

use serde::Serialize;
use sleepwalker_core::Time;

use crate::outcome::Outcome;

/// The version of the object's form.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    scenarios: Vec<One<'a>>,
    passed: usize,
    failed: usize,
}

#[derive(Serialize)]
struct One<'a> {
    name: &'a str,
    passed: bool,
    violations: Vec<Broken<'a>>,
    findings: Vec<Broken<'a>>,
    simulated_seconds: f64,
    wall_seconds: f64,
    events: usize,
    trace_sha256: String,
}

/// A rule that broke; `at` is the time as the trace writes it.
#[derive(Serialize)]
struct Broken<'a> {
    rule: &'a str,
    at: String,
    detail: &'a str,
}

impl<'a> Broken<'a> {
    fn new(rule: &'a str, at: Time, detail: &'a str) -> Broken<'a> {
        Broken { rule, at: at.to_string(), detail }
    }
}

/// Writes the results.
pub(crate) fn write(to: &mut impl Write, outcomes: &[Outcome]) -> io::Result<()> {
    let passed = outcomes.iter().filter(|outcome| outcome.passed()).count();
    let report = Report {
        version: VERSION,
        scenarios: outcomes.iter().map(one).collect(),
        passed,
        failed: outcomes.len() - passed,
    };
    serde_json::to_writer_pretty(&mut *to, &report)?;
    writeln!(to)
}

fn one(outcome: &Outcome) -> One<'_> {
    let verdict = outcome.verdict();
    let violations = verdict.violations.iter();
    let findings = verdict.findings.iter();
    One {
        name: outcome.name(),
        passed: outcome.passed(),
        violations: violations.map(|it| Broken::new(it.rule, it.at, &it.detail)).collect(),
        findings: findings.map(|it| Broken::new(it.rule, it.at, &it.detail)).collect(),
        simulated_seconds: outcome.simulated().as_secs_f64(),
        wall_seconds: outcome.wall.as_secs_f64(),
        events: outcome.trace().events.len(),
        trace_sha256: outcome.trace().sha256(),
    }
}
