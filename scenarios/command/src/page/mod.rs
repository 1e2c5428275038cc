//! One static page with a timeline of each scenario: no script, nothing from outside.

mod delegate;
mod device;
mod pack;
mod scale;
mod shape;
mod transfer;
pub(crate) mod words;

use askama::Template;
use sleepwalker_judge::{Event, line_number};

use scale::Scale;
use shape::Lane;

/// One scenario, as the page tells it.
#[derive(Clone, Debug)]
pub struct Chapter {
    /// Its name.
    pub name: String,
    /// What it shows, in a sentence.
    pub title: String,
    /// Seed, profile and the like, in one line.
    pub about: String,
    /// Whether everything did as expected.
    pub passed: bool,
    /// The trace.
    pub events: Vec<Event>,
    /// The same as lines for people, one an event.
    pub lines: Vec<String>,
    /// What the judge found.
    pub marks: Vec<Mark>,
}

/// Something that the judge found, at the event where it broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The event's number in the trace.
    pub event: usize,
    /// How bad it is.
    pub kind: MarkKind,
    /// The rule.
    pub rule: String,
    /// What the rule says.
    pub statement: String,
    /// What happened instead.
    pub detail: String,
    /// What to do about it; empty if there is nothing to do for an app.
    pub fix: String,
}

/// How bad a mark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkKind {
    /// A system rule broke.
    Violation,
    /// An app rule broke: the app's own bug.
    Finding,
    /// The scenario expected something else.
    Expectation,
}

impl MarkKind {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            MarkKind::Violation => "violation",
            MarkKind::Finding => "finding",
            MarkKind::Expectation => "expectation",
        }
    }
}

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    version: &'static str,
    /// The number of the first event's line in the trace's file.
    first_line: usize,
    chapters: Vec<Drawn<'a>>,
    passed: usize,
}

/// A chapter with everything in its place.
struct Drawn<'a> {
    /// What links to it: names need not be unique.
    anchor: String,
    chapter: &'a Chapter,
    scale: Scale,
    lanes: Vec<Lane>,
    height: u32,
    rows: Vec<Line<'a>>,
}

/// One line of the trace.
struct Line<'a> {
    text: &'a str,
    class: &'static str,
}

const AXIS: u32 = 26;

impl Drawn<'_> {
    /// Returns where a mark's event stands.
    fn here(&self, mark: &Mark) -> u32 {
        self.scale.at(mark.event)
    }
}

/// Renders the page.
pub fn render(chapters: &[Chapter]) -> Result<String, askama::Error> {
    let page = Page {
        version: env!("CARGO_PKG_VERSION"),
        first_line: line_number(0),
        passed: chapters.iter().filter(|chapter| chapter.passed).count(),
        chapters: chapters
            .iter()
            .enumerate()
            .map(|(place, chapter)| draw(place, chapter))
            .collect(),
    };
    page.render()
}

fn draw(place: usize, chapter: &Chapter) -> Drawn<'_> {
    let Chapter { events, lines, marks, .. } = chapter;
    assert_eq!(events.len(), lines.len(), "{}: one line an event", chapter.name);
    let scale = Scale::of(events);
    let mut lanes = vec![
        device::user(events, lines, &scale),
        device::app(events, lines, &scale),
        transfer::daemon(events, lines, &scale),
        transfer::network(events, lines, &scale),
        delegate::callbacks(events, lines, &scale),
        delegate::verdicts(marks, &scale),
    ];
    let mut height = AXIS;
    for lane in &mut lanes {
        lane.height = lane.height.max(24);
        lane.y = height;
        for shape in &mut lane.shapes {
            shape.y += height;
        }
        height += lane.height + 6;
    }
    let mut rows: Vec<Line<'_>> = lines.iter().map(|text| Line { text, class: "" }).collect();
    for mark in marks {
        if let Some(row) = rows.get_mut(mark.event) {
            row.class = mark.kind.word();
        }
    }
    Drawn { anchor: format!("s{}", place + 1), chapter, scale, lanes, height, rows }
}
