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
        match tried.try_into::<Knobs>() {
            Ok(_) => {
                self.0.insert(name.to_owned(), value);
                Ok(())
            }
            Err(error) => Err(error.message().to_owned()),
        }
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
    fn unknown_names_and_wrong_units_are_refused() {
        let mut overrides = Overrides::default();
        assert!(overrides.set("wake-windows", Value::from("45 s")).is_err());
        assert!(overrides.set("wake-window", Value::from("45 parsecs")).is_err());
        assert!(overrides.is_empty());
    }
}
