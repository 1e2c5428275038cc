//! Knobs that a profile or a scenario sets over others.

use std::collections::BTreeMap;

use sleepwalker_core::Knobs;
use toml::{Table, Value};

/// Knobs by name, each with a value that was tried before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides(BTreeMap<String, Value>);

impl Overrides {
    /// Returns the names of all knobs.
    pub fn names() -> Vec<String> {
        table(&Knobs::default()).keys().cloned().collect()
    }

    /// Sets one knob.
    ///
    /// # Errors
    ///
    /// What was expected, if there is no such knob or it does not take this value.
    pub fn set(&mut self, name: &str, value: Value) -> Result<(), String> {
        let mut tried = table(&Knobs::default());
        if tried.insert(name.to_owned(), value.clone()).is_none() {
            return Err(format!("no knob is named {name:?}"));
        }
        let knobs = tried.try_into::<Knobs>().map_err(|error| error.message().to_owned())?;
        if let Some((_, wants)) = bounds(&knobs).into_iter().find(|(knob, _)| *knob == name) {
            return Err(format!("invalid value: {value}, expected {wants}"));
        }
        self.0.insert(name.to_owned(), value);
        Ok(())
    }

    /// Returns `base` with these knobs set.
    pub fn over(&self, base: &Knobs) -> Knobs {
        let mut all = table(base);
        for (name, value) in &self.0 {
            all.insert(name.clone(), value.clone());
        }
        match all.try_into() {
            Ok(knobs) => knobs,
            Err(error) => panic!("tried knobs do not fit: {error}"),
        }
    }

    /// Returns whether no knob is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the names that are set, in order.
    pub fn set_names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// The knobs whose value means nothing, each with what would: a world with it would stand still for
/// ever, or go round in one instant.
fn bounds(knobs: &Knobs) -> Vec<(&'static str, &'static str)> {
    let span = "a span of at least 1 ms";
    let count = "a number from 1 on";
    let share = "thousandths: a number from 0 to 1000";
    [
        ("throughput-window", span, knobs.throughput_window.is_zero()),
        ("retry-initial", span, knobs.retry_initial.is_zero()),
        ("retry-cap", span, knobs.retry_cap.is_zero()),
        ("retry-factor", count, knobs.retry_factor == 0),
        ("limiter-factor", count, knobs.limiter_factor == 0),
        ("concurrent-transfers", count, knobs.concurrent_transfers == 0),
        ("connections-per-host", count, knobs.connections_per_host == 0),
        ("discretionary-power-until", share, knobs.discretionary_power_until > 1000),
        ("discretionary-wifi-until", share, knobs.discretionary_wifi_until > 1000),
    ]
    .into_iter()
    .filter(|(_, _, wrong)| *wrong)
    .map(|(knob, wants, _)| (knob, wants))
    .collect()
}

fn table(knobs: &Knobs) -> Table {
    match Table::try_from(knobs) {
        Ok(table) => table,
        Err(error) => panic!("knobs do not serialize: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_stands_and_the_rest_is_the_bases() {
        let mut overrides = Overrides::default();
        overrides.set("wake-window", Value::from("45 s")).expect("a knob");
        let base = Knobs { redirects: 3, ..Knobs::default() };
        let knobs = overrides.over(&base);
        assert_eq!(45, knobs.wake_window.as_secs());
        assert_eq!(3, knobs.redirects);
    }

    #[test]
    fn a_value_with_which_nothing_could_go_on_is_refused_and_the_one_beside_it_is_not() {
        let mut overrides = Overrides::default();
        for (name, none, least) in [
            ("throughput-window", Value::from("0 s"), Value::from("1 ms")),
            ("retry-initial", Value::from("0 s"), Value::from("1 ms")),
            ("retry-cap", Value::from("0 s"), Value::from("1 ms")),
            ("retry-factor", Value::from(0), Value::from(1)),
            ("limiter-factor", Value::from(0), Value::from(1)),
            ("concurrent-transfers", Value::from(0), Value::from(1)),
            ("connections-per-host", Value::from(0), Value::from(1)),
            ("discretionary-power-until", Value::from(1001), Value::from(1000)),
        ] {
            let error = overrides.set(name, none).expect_err(name);
            assert!(error.contains(", expected "), "{error}");
            overrides.set(name, least).expect(name);
        }
    }

    #[test]
    fn unknown_names_and_wrong_units_are_refused() {
        let mut overrides = Overrides::default();
        assert!(overrides.set("wake-windows", Value::from("45 s")).is_err());
        assert!(overrides.set("wake-window", Value::from("45 parsecs")).is_err());
        assert!(overrides.is_empty());
    }
}
