//! Goldens: what a person reads, held word for word.
//!
//! Every golden has a name that [`names`] lists and one file under `goldens`; a file without a name and a
//! name without a file are both errors. `INSTA_UPDATE=always cargo test -p sleepwalker-snapshots --no-fail-fast` writes them.

use std::collections::BTreeSet;

use sleepwalker_scenarios::catalogue;

/// Pages that are no traces.
const PAGES: &[&str] = &["lines", "verdicts", "not-modelled", "phases", "phases-graph"];

/// Returns the name of the golden of a scenario's trace.
pub fn trace_name(scenario: &str) -> String {
    format!("trace-{scenario}")
}

/// Returns the names of all goldens.
pub fn names() -> BTreeSet<String> {
    let traces = catalogue().iter().map(|entry| trace_name(entry.name));
    PAGES.iter().map(|page| (*page).to_owned()).chain(traces).collect()
}

/// Holds a text against the golden of its name.
///
/// # Panics
///
/// They differ, or the name is not one of [`names`].
pub fn check(name: &str, text: &str) {
    assert!(names().contains(name), "{name} is not among the names of goldens");
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/goldens"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}
