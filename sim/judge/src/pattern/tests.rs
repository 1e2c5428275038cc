use std::sync::Arc;

use sleepwalker_core::{ErrorCode, FileId, Method, Time};

use super::*;

fn read(text: &str) -> Pattern {
    Pattern::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn event(fact: Fact) -> Event {
    Event { at: Time::ZERO, fact, rule: None }
}

fn delivers(task: u32, method: Method) -> Event {
    event(Fact::Delivers {
        process: 1,
        session: "photos".into(),
        task: Some(task),
        callback: 1,
        method,
        content: None,
    })
}

fn file(task: u32) -> Event {
    delivers(task, Method::DidFinishDownloadingTo { file: FileId(1), length: 3, status: 200 })
}

fn done(task: u32, error: Option<i32>) -> Event {
    let error = error.map(|code| ErrorCode(code).into());
    delivers(task, Method::DidComplete { error, status: None })
}

fn received(task: u32, total: u64) -> Event {
    let task = TaskName { session: "photos".into(), task };
    event(Fact::Receives { task, attempt: 1, total, expected: Some(100_000) })
}

#[test]
fn every_phrase_of_the_language_is_read_and_written_as_it_was() {
    for text in [
        "handleEvents photos",
        "handleEvents",
        "didFinishDownloadingTo x2",
        "didFinishDownloadingTo photos/2",
        "didFinishEvents photos",
        "handler called",
        "handler called photos",
        "didComplete -999",
        "didComplete ok photos/1",
        "task 1 received 50 %",
        "task photos/1 received 64 kB",
        "task 2 sent 30%",
        "task 1 starts",
        "task 1 stops",
        "task 1 retries",
        "task 1 waits",
        "task 1 ends x3",
        "task 1 finishes",
        "task 1 answered 206",
        "task 1 resumed",
        "task 1 cancelled",
        "app launched",
        "app suspended",
        "app in front",
        "app in background",
        "app killed",
        "item a done",
        "item a failed",
        "claims file",
        "claims file photos/1",
        "limiter 60 s",
        "limiter none",
        "connection opens",
        "connection closes cdn.example",
        "request arrives",
        "path cellular",
        "outage begins",
        "device boots",
        "snapshot",
    ] {
        assert_eq!(read(text).to_string(), text);
    }
}

#[test]
fn an_error_says_what_was_expected() {
    let cases = [
        ("", "nothing"),
        ("didFinish", "\"didFinish\""),
        ("task", "nothing"),
        ("task one starts", "\"one\""),
        ("task 1 explodes", "\"explodes\""),
        ("task 1 received 50", "\"50\""),
        ("task 1 received 101 %", "\"101 %\""),
        ("app asleep", "\"asleep\""),
        ("item a", "nothing"),
        ("limiter soon", "\"soon\""),
        ("handleEvents photos again", "\"again\""),
        ("didComplete x0", "\"x0\""),
        ("didComplete photos/first", "\"photos/first\""),
    ];
    for (text, found) in cases {
        let error = Pattern::parse(text).expect_err(text);
        assert_eq!(error.found, found, "{error}");
        assert!(!error.expected.is_empty());
    }
    let error = Pattern::parse("didFinish").expect_err("no such word").to_string();
    assert!(error.contains("handleEvents") && error.contains("didFinishEvents"), "{error}");
}

#[test]
fn every_method_of_the_delegate_has_its_word() {
    let page = crate::every_line();
    let labels: std::collections::BTreeSet<&str> =
        page.lines().filter(|line| line.starts_with("# Delivers")).collect();
    assert_eq!(
        labels
            .iter()
            .map(|label| label.split(' ').nth(2))
            .collect::<std::collections::BTreeSet<_>>()
            .len(),
        18
    );
    for method in [Method::DidCreateTask, Method::DidFinishEvents, Method::WillCacheResponse] {
        assert!(read(method.short_name()).matches(&delivers(1, method)));
    }
}

#[test]
fn a_pattern_matches_what_it_names_and_nothing_else() {
    assert!(read("didFinishDownloadingTo").matches(&file(2)));
    assert!(read("didFinishDownloadingTo photos").matches(&file(2)));
    assert!(read("didFinishDownloadingTo photos/2").matches(&file(2)));
    assert!(!read("didFinishDownloadingTo photos/1").matches(&file(2)));
    assert!(!read("didFinishDownloadingTo music").matches(&file(2)));
    assert!(read("didComplete ok").matches(&done(1, None)));
    assert!(!read("didComplete ok").matches(&done(1, Some(-999))));
    assert!(read("didComplete -999").matches(&done(1, Some(-999))));
    assert!(!read("didComplete -1001").matches(&done(1, Some(-999))));
    assert!(read("task 1 received 50 %").matches(&received(1, 50_000)));
    assert!(!read("task 1 received 50 %").matches(&received(1, 49_999)));
    assert!(!read("task 2 received 50 %").matches(&received(1, 50_000)));
    assert!(read("task photos/1 received 64 kB").matches(&received(1, 64_000)));
}

#[test]
fn a_counter_fires_once_at_its_count() {
    let mut counter = Counter::new(read("didFinishDownloadingTo x2"));
    let fired: Vec<bool> =
        [file(1), done(1, None), file(2), file(3)].iter().map(|e| counter.fires(e)).collect();
    assert_eq!(fired, [false, false, true, false]);
}

#[test]
fn an_order_is_found_as_a_subsequence() {
    let events = [file(1), done(1, None), file(2), done(2, None)];
    let order = |texts: &[&str]| {
        let patterns: Vec<Pattern> = texts.iter().map(|text| read(text)).collect();
        in_order(&patterns, &events)
    };
    assert_eq!(order(&["didFinishDownloadingTo x2", "didComplete"]), Ok(vec![0, 2, 3]));
    let miss = order(&["didFinishDownloadingTo x2", "didComplete x2"]).expect_err("one is left");
    assert_eq!((miss.pattern, miss.seen, miss.wanted, miss.after), (1, 1, 2, Some(3)));
    assert_eq!(miss.to_string(), "expected \"didComplete x2\" (seen 1 of 2) after line 5");
    let none = order(&["app killed"]).expect_err("nobody is killed");
    assert_eq!(none.to_string(), "expected \"app killed\" anywhere in the trace");
}

#[test]
fn sessions_may_have_dots_and_slashes() {
    let name: Arc<str> = "com.example/photos".into();
    let pattern = read("didComplete com.example/photos/3");
    let fact = Fact::Delivers {
        process: 1,
        session: name,
        task: Some(3),
        callback: 1,
        method: Method::DidComplete { error: None, status: None },
        content: None,
    };
    assert!(pattern.matches(&event(fact)));
}
