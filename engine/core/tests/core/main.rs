//! The core alone, between a store, an app and a generator of reports that are plain values.

mod model;
mod rig;
mod workflow;

#[test]
fn every_phase_is_reached_and_every_input_is_survived_in_it() {
    let table = sleepwalker_core::phases::table();
    assert_eq!(table.lines().filter(|line| line.starts_with('#')).count(), 13);
    println!("{table}");
}
