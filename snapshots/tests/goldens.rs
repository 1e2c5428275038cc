//! The pages that are no traces: every line, every verdict, what is not modelled, the core's phases.

use sleepwalker_core::phases;
use sleepwalker_judge::{Ledger, every_line, every_verdict};
use sleepwalker_snapshots::check;

#[test]
fn every_kind_of_trace_line_is_on_one_page() {
    check("lines", &every_line());
}

#[test]
fn every_text_of_a_verdict_is_on_one_page() {
    check("verdicts", &every_verdict());
}

#[test]
fn what_is_not_modelled_is_listed_with_the_reason() {
    let mut page = String::new();
    for (id, reason) in Ledger::not_modelled() {
        let statement = Ledger::get(id).map_or("", |entry| entry.statement());
        page.push_str(&format!("{id:<12} {reason:<25} {statement}\n"));
    }
    check("not-modelled", &page);
}

#[test]
fn the_table_of_phase_and_input_is_complete() {
    check("phases", &phases::table());
}

#[test]
fn the_graph_of_phases_is_drawn() {
    check("phases-graph", &phases::graph());
}
