//! Whatever the text, the loader answers: with a scenario, or with what is wrong, rendered.

use proptest::prelude::*;
use sleepwalker_scenarios::{catalogue, parse, parse_profile};

/// One change of a text, by places that are taken modulo its length.
#[derive(Clone, Debug)]
enum Change {
    Drop(usize, usize),
    Insert(usize, String),
    Repeat(usize, usize, usize),
    Swap(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let words = prop_oneof![
        Just("\"".to_owned()),
        Just("x0".to_owned()),
        Just("[[step]]\n".to_owned()),
        Just("{".to_owned()),
        Just("99999999999999999999".to_owned()),
        Just("-1".to_owned()),
        Just("1e308".to_owned()),
        Just("{1..99999}".to_owned()),
        Just("\u{0}\t\u{1b}[31m".to_owned()),
        Just("é\u{301}漢\u{202e}".to_owned()),
        "\\PC{0,12}",
        "[\\x00-\\x7f]{0,12}",
    ];
    prop_oneof![
        (any::<usize>(), 0..40_usize).prop_map(|(at, length)| Change::Drop(at, length)),
        (any::<usize>(), words).prop_map(|(at, text)| Change::Insert(at, text)),
        (any::<usize>(), any::<usize>(), 0..200_usize)
            .prop_map(|(from, to, length)| Change::Repeat(from, to, length)),
        (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Change::Swap(a, b)),
    ]
}

fn apply(text: &str, change: &Change) -> String {
    let mut all: Vec<char> = text.chars().collect();
    if all.is_empty() {
        all.push('\n');
    }
    let count = all.len();
    match change {
        Change::Drop(at, length) => {
            let at = at % count;
            all.drain(at..(at + length).min(count));
        }
        Change::Insert(at, text) => {
            let at = at % count;
            all.splice(at..at, text.chars());
        }
        Change::Repeat(from, to, length) => {
            let from = from % count;
            let part: Vec<char> = all[from..(from + length).min(count)].to_vec();
            let to = to % count;
            all.splice(to..to, part);
        }
        Change::Swap(a, b) => all.swap(a % count, b % count),
    }
    all.into_iter().collect()
}

fn answers(text: &str) {
    if let Err(error) = parse("mutant", "mutant.toml", text) {
        assert!(!error.problems().is_empty(), "{error}");
        for problem in error.problems() {
            assert!(problem.line >= 1 && problem.column >= 1);
            assert!(text.get(problem.span.clone()).is_some());
        }
        assert!(!error.render(false).is_empty());
        assert!(!error.render(true).is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutations_of_the_catalogue_are_answered(
        which in any::<usize>(),
        changes in prop::collection::vec(change(), 1..6),
    ) {
        let entry = &catalogue()[which % catalogue().len()];
        let mut text = entry.text.to_owned();
        for change in &changes {
            text = apply(&text, change);
        }
        answers(&text);
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,400}") {
        answers(&text);
        let _ = parse_profile("mutant", "mutant.toml", &text);
    }
}
