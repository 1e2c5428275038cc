//! Reads a parsed TOML document value by value, and collects all that is wrong with it.

use std::{ops::Range, time::Duration};

use serde::de::DeserializeOwned;
use sleepwalker_core::span;
use sleepwalker_sim::Rate;
use toml::{
    Spanned,
    de::{DeTable, DeValue, ValueDeserializer},
};

use crate::{nearest::nearest, problem::Problem, units};

/// A value with its place.
pub(crate) type Node<'a> = &'a Spanned<DeValue<'a>>;

/// A table with its place.
#[derive(Clone)]
pub(crate) struct Section<'a> {
    pub(crate) table: &'a DeTable<'a>,
    pub(crate) span: Range<usize>,
}

impl<'a> Section<'a> {
    /// Returns the value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<Node<'a>> {
        self.table.get(key)
    }

    /// Returns all keys with their places and values.
    pub(crate) fn entries(
        &self,
    ) -> impl Iterator<Item = (&'a str, Range<usize>, Node<'a>)> + use<'a> {
        self.table.iter().map(|(key, value)| (key.get_ref().as_ref(), key.span(), value))
    }

    /// Returns the place of a key.
    pub(crate) fn key_span(&self, key: &str) -> Range<usize> {
        self.table.get_key_value(key).map_or_else(|| self.span.clone(), |(key, _)| key.span())
    }
}

/// Collects problems while a document is read.
pub(crate) struct Reader<'a> {
    text: &'a str,
    /// Where each line begins, so that a place finds its line without reading the file again.
    lines: Vec<usize>,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str) -> Reader<'a> {
        let after = text.match_indices('\n').map(|(at, _)| at + 1);
        Reader { text, lines: std::iter::once(0).chain(after).collect(), problems: Vec::new() }
    }

    /// Returns what was wrong, in the order of the file.
    pub(crate) fn into_problems(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| problem.span.start);
        self.problems
    }

    /// Returns the line of a place, counted from 1.
    pub(crate) fn line(&self, span: &Range<usize>) -> usize {
        self.lines.partition_point(|start| *start <= span.start)
    }

    fn problem(&self, span: Range<usize>, message: String, expected: String) -> Problem {
        let line = self.line(&span);
        Problem::at(self.text, span, (line, self.lines[line - 1]), message, expected)
    }

    /// Notes that something is wrong.
    pub(crate) fn fail(
        &mut self,
        span: Range<usize>,
        message: impl Into<String>,
        expected: impl Into<String>,
    ) {
        let problem = self.problem(span, message.into(), expected.into());
        self.problems.push(problem);
    }

    /// Notes that something is wrong, and what was probably meant.
    pub(crate) fn fail_near(
        &mut self,
        span: Range<usize>,
        message: impl Into<String>,
        expected: impl Into<String>,
        nearest: Option<String>,
    ) {
        let mut problem = self.problem(span, message.into(), expected.into());
        problem.nearest = nearest;
        self.problems.push(problem);
    }

    /// Notes that a word is not known among others.
    pub(crate) fn unknown<'k>(
        &mut self,
        span: Range<usize>,
        message: impl Into<String>,
        word: &str,
        known: impl IntoIterator<Item = &'k str>,
    ) {
        let known: Vec<&str> = known.into_iter().collect();
        let expected = match known.len() {
            0 => "one that is there, and there is none".to_owned(),
            1..=24 => one_of(&known),
            _ => "a known name".to_owned(),
        };
        let mut problem = self.problem(span, message.into(), expected);
        problem.nearest = nearest(word, known).map(str::to_owned);
        self.problems.push(problem);
    }

    /// Notes each key of a table that is not among those known; true: there is none.
    pub(crate) fn keys(&mut self, section: &Section<'_>, of: &str, known: &[&str]) -> bool {
        let before = self.problems.len();
        for (key, span, _) in section.entries() {
            if !known.contains(&key) {
                let message = format!("{of} has no key `{key}`");
                self.unknown(span, message, key, known.iter().copied());
            }
        }
        self.problems.len() == before
    }

    /// Reads a table.
    pub(crate) fn section(&mut self, node: Node<'a>, expected: &str) -> Option<Section<'a>> {
        match node.get_ref().as_table() {
            Some(table) => Some(Section { table, span: node.span() }),
            None => {
                self.mistyped(node, expected);
                None
            }
        }
    }

    /// Reads an array.
    pub(crate) fn array(&mut self, node: Node<'a>, expected: &str) -> Vec<Node<'a>> {
        match node.get_ref().as_array() {
            Some(array) => array.iter().collect(),
            None => {
                self.mistyped(node, expected);
                Vec::new()
            }
        }
    }

    /// Reads a text that is not empty.
    pub(crate) fn text(&mut self, node: Node<'a>, expected: &str) -> Option<&'a str> {
        match node.get_ref().as_str() {
            Some("") => {
                self.fail(node.span(), "an empty text", expected);
                None
            }
            Some(text) => Some(text),
            None => {
                self.mistyped(node, expected);
                None
            }
        }
    }

    /// Reads an array of texts, each with its place.
    pub(crate) fn texts(&mut self, node: Node<'a>, expected: &str) -> Vec<(&'a str, Range<usize>)> {
        let mut all = Vec::new();
        for item in self.array(node, expected) {
            if let Some(text) = self.text(item, expected) {
                all.push((text, item.span()));
            }
        }
        all
    }

    /// Reads `true` or `false`.
    pub(crate) fn boolean(&mut self, node: Node<'a>) -> Option<bool> {
        let value = node.get_ref().as_bool();
        if value.is_none() {
            self.mistyped(node, "`true` or `false`");
        }
        value
    }

    /// Reads a whole number that is not negative.
    pub(crate) fn number(&mut self, node: Node<'a>) -> Option<u64> {
        let value = node.get_ref().as_integer();
        let value = value.and_then(|int| u64::from_str_radix(int.as_str(), int.radix()).ok());
        if value.is_none() {
            self.mistyped(node, "a whole number, not negative");
        }
        value
    }

    /// Reads a span of time.
    pub(crate) fn span(&mut self, node: Node<'a>) -> Option<Duration> {
        self.unit(node, units::SPAN, span::parse)
    }

    /// Reads a size in bytes.
    pub(crate) fn size(&mut self, node: Node<'a>) -> Option<u64> {
        self.unit(node, units::SIZE, units::size)
    }

    /// Reads a rate.
    pub(crate) fn rate(&mut self, node: Node<'a>) -> Option<Rate> {
        self.unit(node, units::RATE, units::rate)
    }

    /// Reads a share, in millionths.
    pub(crate) fn share(&mut self, node: Node<'a>) -> Option<u32> {
        self.unit(node, units::SHARE, units::share)
    }

    /// Reads one of some words.
    pub(crate) fn word<T: Copy>(
        &mut self,
        node: Node<'a>,
        what: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let names = || words.iter().map(|(name, _)| *name);
        let text = self.text(node, &one_of(&names().collect::<Vec<_>>()))?;
        let found = words.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            let message = format!("{text:?} is not {what}");
            self.unknown(node.span(), message, text, names());
        }
        found.map(|(_, value)| *value)
    }

    /// Reads a value as its type says.
    pub(crate) fn typed<T: DeserializeOwned>(&mut self, node: Node<'a>, of: &str) -> Option<T> {
        self.typed_owned(node.clone(), of)
    }

    /// Reads a value as its type says; `of` names what it is. A key that is wrong is told and taken out,
    /// so that the next wrong one is told as well.
    pub(crate) fn typed_owned<T: DeserializeOwned>(
        &mut self,
        mut node: Spanned<DeValue<'_>>,
        of: &str,
    ) -> Option<T> {
        let whole = node.span();
        let mut told = false;
        loop {
            let error = match T::deserialize(ValueDeserializer::from(node.clone())) {
                Ok(value) => return (!told).then_some(value),
                Err(error) => error,
            };
            let span = error.span().unwrap_or_else(|| whole.clone());
            // What is wrong with the table as a whole may be so for want of what was taken out.
            if told && span == whole && !error.message().starts_with("unknown") {
                return None;
            }
            self.refused(error.message(), span.clone(), of);
            told = true;
            if !take_out(&mut node, &span) {
                return None;
            }
        }
    }

    /// Notes what serde says against a value.
    fn refused(&mut self, said_by_serde: &str, span: Range<usize>, of: &str) {
        // serde's words for an unknown key: unknown field `x`, expected one of `a`, `b`
        let quoted: Vec<&str> = said_by_serde.split('`').skip(1).step_by(2).collect();
        match quoted.split_first() {
            Some((word, known)) if said_by_serde.starts_with("unknown field") => {
                let message = format!("{of} has no key `{word}`");
                self.unknown(span, message, word, known.iter().copied());
            }
            _ => {
                let (found, expected) = said(said_by_serde, of);
                self.fail(span, found, expected);
            }
        }
    }

    fn unit<T>(
        &mut self,
        node: Node<'a>,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(node, expected)?;
        let value = parse(text);
        if value.is_none() {
            self.fail(node.span(), format!("{text:?} cannot be read"), expected);
        }
        value
    }

    fn mistyped(&mut self, node: Node<'_>, expected: &str) {
        let found = match node.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(_) => "`true` or `false`",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "an array",
            DeValue::Table(_) => "a table",
        };
        self.fail(node.span(), format!("found {found}"), expected);
    }
}

/// Takes the innermost key out of a table whose name or value holds a place; false: there is none.
fn take_out(node: &mut Spanned<DeValue<'_>>, place: &Range<usize>) -> bool {
    let holds = |span: Range<usize>| span.start <= place.start && place.end <= span.end;
    let DeValue::Table(table) = node.get_mut() else {
        return false;
    };
    let mut found = None;
    for (key, value) in table.iter_mut() {
        if !holds(key.span()) && !holds(value.span()) {
            continue;
        }
        if take_out(value, place) {
            return true;
        }
        found = Some(key.get_ref().to_string());
    }
    found.is_some_and(|key| table.remove(key.as_str()).is_some())
}

/// Splits serde's `invalid type: found x, expected y` and `expected y, found x`.
pub(crate) fn said(message: &str, of: &str) -> (String, String) {
    if let Some((expected, found)) =
        message.strip_prefix("expected ").and_then(|rest| rest.rsplit_once(", found "))
    {
        return (format!("found {found}"), expected.to_owned());
    }
    match message.rsplit_once(", expected ") {
        Some((found, expected)) => (found.to_owned(), expected.to_owned()),
        None => (message.to_owned(), of.to_owned()),
    }
}

/// `a`, `b` or `c`.
pub(crate) fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}
