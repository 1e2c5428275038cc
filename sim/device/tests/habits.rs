//! The table of habits and the words that set them.

use sleepwalker_device::{Free, Habits, Next};

#[test]
fn every_habit_takes_each_of_its_words_and_gives_it_back() {
    for habit in Habits::table() {
        for value in habit.values {
            let mut habits = Habits::default();
            habits.set(habit.name, value).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(habits.get(habit.name).as_deref(), Some(*value), "{}", habit.name);
        }
    }
}

#[test]
fn the_table_tells_the_defaults_that_the_code_has() {
    let habits = Habits::default();
    for habit in Habits::table() {
        assert_eq!(habits.get(habit.name).as_deref(), Some(habit.default), "{}", habit.name);
        assert!(habit.breaks.iter().all(|(value, _)| *value != habit.default), "{}", habit.name);
    }
    assert_eq!(habits.changed(), []);
}

#[test]
fn every_value_that_breaks_a_rule_can_be_set() {
    for habit in Habits::table() {
        for (value, rules) in habit.breaks {
            let mut habits = Habits::default();
            habits.set(habit.name, value).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(habits.changed(), [(habit.name, (*value).to_owned())]);
            assert!(!rules.is_empty());
        }
    }
}

#[test]
fn free_values_are_numbers_and_spans() {
    let mut habits = Habits::default();
    habits.set("next", "4").expect("a number");
    assert_eq!(habits.next, Next::Window(4));
    assert!(habits.set("next", "0").is_err());
    habits.set("callback time", "250 ms").expect("a span");
    assert_eq!(habits.get("callback time").as_deref(), Some("250 ms"));
    let free = Habits::table().iter().filter(|habit| habit.free == Some(Free::Span));
    assert_eq!(free.count(), 1);
}

#[test]
fn a_wrong_name_is_answered_with_the_nearest_one() {
    let error = Habits::default().set("handlr", "never").expect_err("no such habit");
    assert_eq!(error.to_string(), "there is no habit \"handlr\"; did you mean \"handler\"?");
}

#[test]
fn a_wrong_value_is_answered_with_the_ones_there_are() {
    let error = Habits::default().set("claim", "late").expect_err("no such value");
    assert_eq!(
        error.to_string(),
        "habit \"claim\" cannot be \"late\": expected one of \"in the callback\", \
         \"after it returned\", \"never\""
    );
    let error = Habits::default().set("next", "some").expect_err("no such value");
    assert_eq!(
        error.to_string(),
        "habit \"next\" cannot be \"some\": expected a number from 1 on, or one of \"all\", \
         \"one at a time\""
    );
}
