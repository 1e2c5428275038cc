//! `[expect]`, and the words for events.

use sleepwalker_judge::{Pattern, checkers};
use sleepwalker_sim::scenario::{Count, Expect, Expected};

use crate::{
    nearest::nearest,
    reader::{Node, Reader},
};

const KEYS: &[&str] = &["order", "never", "count", "findings", "violations"];
const EVENT: &str = "the words of an event, such as \"handleEvents photos\"";

/// Reads `[expect]`.
pub(super) fn read<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Expect {
    let mut expect = Expect::default();
    let Some(section) = reader.section(node, "the section `[expect]`") else {
        return expect;
    };
    reader.keys(&section, "`[expect]`", KEYS);
    if let Some(node) = section.get("order") {
        expect.order = patterns(reader, node);
    }
    if let Some(node) = section.get("never") {
        expect.never = patterns(reader, node);
    }
    if let Some(node) = section.get("count")
        && let Some(counts) = reader.section(node, "numbers by the words of an event")
    {
        for (text, span, node) in counts.entries() {
            let of = parse(reader, text, span);
            let times = reader.number(node);
            if let (Some(of), Some(times)) = (of, times) {
                expect.count.push(Count { of, times });
            }
        }
    }
    expect.findings_line = reader.line(&section.key_span("findings"));
    expect.violations_line = reader.line(&section.key_span("violations"));
    expect.findings = rules(reader, section.get("findings"));
    expect.violations = rules(reader, section.get("violations"));
    expect
}

fn rules<'a>(reader: &mut Reader<'a>, node: Option<Node<'a>>) -> Vec<String> {
    let Some(node) = node else {
        return Vec::new();
    };
    let known: Vec<&str> = checkers().iter().flat_map(|checker| checker.rules).copied().collect();
    let mut names = Vec::new();
    for (name, span) in reader.texts(node, "names of rules, such as \"R01\"") {
        if !known.contains(&name) {
            let message = format!("no checker looks at a rule named {name:?}");
            reader.unknown(span, message, name, known.iter().copied());
        }
        names.push(name.to_owned());
    }
    names.sort();
    names.dedup();
    names
}

fn patterns<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Vec<Expected> {
    let mut all = Vec::new();
    for node in reader.array(node, "an array of the words of events") {
        all.extend(pattern(reader, node));
    }
    all
}

/// Reads the words of an event.
pub(super) fn pattern<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Option<Expected> {
    let text = reader.text(node, EVENT)?;
    parse(reader, text, node.span())
}

fn parse(reader: &mut Reader<'_>, text: &str, span: std::ops::Range<usize>) -> Option<Expected> {
    match Pattern::parse(text) {
        Ok(pattern) => Some(Expected { pattern, text: text.to_owned(), line: reader.line(&span) }),
        Err(error) => {
            let message = format!("{:?} is no event: found {}", error.pattern, error.found);
            let words = error.expected.split([',', ';', ' ']).filter(|word| word.len() > 2);
            let near = nearest(error.found.trim_matches('"'), words).map(str::to_owned);
            reader.fail_near(span, message, &error.expected, near);
            None
        }
    }
}
