//! A whole trace: a header and events, as text for people and as JSON lines for programs.

use std::io;

use sha2::{Digest, Sha256};

use crate::{Event, FORMAT, Header};

/// A header and the events under it, in order of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// What replays it.
    pub header: Header,
    /// What happened.
    pub events: Vec<Event>,
}

/// Why a file of JSON lines is not a trace.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file could not be read on.
    #[error("line {line}: {source}")]
    Io {
        /// The line, counted from 1.
        line: usize,
        /// What the system says.
        source: io::Error,
    },
    /// There is no line at all.
    #[error(
        "line 1: expected a header such as {{\"version\":1,\"witnesses\":[\"calls\"]}}, found nothing"
    )]
    Empty,
    /// The first line is no header.
    #[error("line 1: expected a header with \"version\" and \"witnesses\": {0}")]
    Header(serde_json::Error),
    /// The header is of a format that this program does not know.
    #[error("line 1: expected trace version {FORMAT}, found version {0}")]
    Version(u32),
    /// A line is no event.
    #[error("line {line}: expected an event: {source}")]
    Event {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A line is earlier than the one before it.
    #[error("line {line}: expected a time not before {before}, found {found}")]
    Order {
        /// The line, counted from 1.
        line: usize,
        /// The time of the line before.
        before: sleepwalker_core::Time,
        /// Its own time.
        found: sleepwalker_core::Time,
    },
}

impl ReadError {
    /// Returns the line that is wrong, counted from 1.
    pub fn line(&self) -> usize {
        match self {
            ReadError::Empty | ReadError::Header(_) | ReadError::Version(_) => 1,
            ReadError::Io { line, .. }
            | ReadError::Event { line, .. }
            | ReadError::Order { line, .. } => *line,
        }
    }
}

impl Trace {
    /// Returns the trace as text: the header, then a line an event, each with its line end.
    pub fn text(&self) -> String {
        let mut text = Vec::new();
        self.write_text(&mut text).expect("a vector takes all that is written");
        String::from_utf8(text).expect("a trace is text")
    }

    /// Writes the text.
    pub fn write_text(&self, to: &mut impl io::Write) -> io::Result<()> {
        writeln!(to, "{}", self.header)?;
        for event in &self.events {
            writeln!(to, "{event}")?;
        }
        Ok(())
    }

    /// Returns the SHA-256 of the text in hexadecimal.
    pub fn sha256(&self) -> String {
        sha256(self.text().as_bytes())
    }

    /// Writes JSON lines: the header, then one object an event.
    pub fn write_json(&self, to: &mut impl io::Write) -> io::Result<()> {
        serde_json::to_writer(&mut *to, &self.header)?;
        to.write_all(b"\n")?;
        for event in &self.events {
            serde_json::to_writer(&mut *to, event)?;
            to.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Returns the trace as JSON lines.
    pub fn json(&self) -> String {
        let mut text = Vec::new();
        self.write_json(&mut text).expect("a vector takes all that is written");
        String::from_utf8(text).expect("JSON is text")
    }

    /// Reads JSON lines. Empty lines are passed over.
    pub fn read_json(from: impl io::BufRead) -> Result<Trace, ReadError> {
        let mut header: Option<Header> = None;
        let mut events: Vec<Event> = Vec::new();
        for (index, text) in from.lines().enumerate() {
            let line = index + 1;
            let text = text.map_err(|source| ReadError::Io { line, source })?;
            if text.trim().is_empty() {
                continue;
            }
            if header.is_none() {
                header = Some(read_header(&text)?);
                continue;
            }
            let event: Event =
                serde_json::from_str(&text).map_err(|source| ReadError::Event { line, source })?;
            if let Some(last) = events.last()
                && last.at > event.at
            {
                return Err(ReadError::Order { line, before: last.at, found: event.at });
            }
            events.push(event);
        }
        let header = header.ok_or(ReadError::Empty)?;
        Ok(Trace { header, events })
    }
}

/// Reads the version before all else, so that a newer format is told by name.
fn read_header(text: &str) -> Result<Header, ReadError> {
    #[derive(serde::Deserialize)]
    struct Version {
        version: u32,
    }
    let found: Version = serde_json::from_str(text).map_err(ReadError::Header)?;
    if found.version != FORMAT {
        return Err(ReadError::Version(found.version));
    }
    serde_json::from_str(text).map_err(ReadError::Header)
}

/// Returns the SHA-256 of bytes in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use sleepwalker_core::{Knobs, Time};

    use super::*;
    use crate::{Fact, Named, UserAct, Witness, diff};

    fn header() -> Header {
        Header {
            version: FORMAT,
            scenario: Some(Named { name: "workflow-terminated".into(), hash: "3fa9c1".into() }),
            profile: Some(Named { name: "default".into(), hash: "07be22".into() }),
            seed: Some(1),
            sleepwalker: Some("0.1.0".into()),
            witnesses: Witness::ALL.into(),
            faults: Vec::new(),
            knobs: Some(Knobs::default()),
        }
    }

    fn trace(secs: &[u64]) -> Trace {
        let event = |secs: &u64| Event {
            at: Time::from_secs(*secs),
            fact: Fact::User { act: UserAct::Open },
            rule: Some("BG-LIFE-08".into()),
        };
        Trace { header: header(), events: secs.iter().map(event).collect() }
    }

    #[test]
    fn the_header_tells_all_that_a_replay_needs() {
        let mut header = header();
        assert_eq!(
            header.to_string(),
            "# sleepwalker trace 1 | scenario workflow-terminated 3fa9c1 | profile default 07be22 \
             | seed 1 | sleepwalker 0.1.0 | witnesses calls os daemon wire files items"
        );
        header.faults = vec!["BG-LIFE-13".into(), "BG-RATE-02".into()];
        assert!(header.to_string().ends_with("items | faults BG-LIFE-13 BG-RATE-02"));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let trace = trace(&[1, 2]);
        let again = Trace::read_json(trace.json().as_bytes()).expect("it was just written");
        assert_eq!(again, trace);
        assert_eq!(again.sha256(), trace.sha256());
        assert!(trace.json().starts_with("{\"version\":1,"));
    }

    #[test]
    fn a_header_from_elsewhere_needs_its_version_and_its_witnesses_only() {
        let text = "{\"version\":1,\"witnesses\":[\"os\",\"calls\"]}\n";
        let trace = Trace::read_json(text.as_bytes()).expect("a trace without events");
        assert_eq!(trace.header, Header::foreign([Witness::Calls, Witness::Os]));
    }

    #[test]
    fn what_is_no_trace_is_told_with_its_line() {
        let good = trace(&[1, 2]).json();
        let lines: Vec<&str> = good.lines().collect();
        let wrong = [
            (String::new(), 1, "expected a header"),
            ("{}".into(), 1, "missing field `version`"),
            ("{\"version\":2,\"witnesses\":[]}".into(), 1, "found version 2"),
            ("{\"version\":1,\"witnesses\":[\"eyes\"]}".into(), 1, "unknown variant `eyes`"),
            (format!("{}\n\n{{\"at\":1}}", lines[0]), 3, "missing field `fact`"),
            (format!("{}\nopens", lines[0]), 2, "expected an event"),
            (
                format!("{}\n{}\n{}", lines[0], lines[2], lines[1]),
                3,
                "expected a time not before 0d 00:00:02.000, found 0d 00:00:01.000",
            ),
        ];
        for (text, line, part) in wrong {
            let error = Trace::read_json(text.as_bytes()).expect_err(&text);
            assert_eq!(error.line(), line, "{error}");
            assert!(error.to_string().contains(part), "{error}");
        }
    }

    #[test]
    fn two_traces_differ_where_they_first_part() {
        assert_eq!(diff(&trace(&[1, 2]), &trace(&[1, 2])), None);
        let difference = diff(&trace(&[1, 2]), &trace(&[1, 3])).expect("the second line");
        assert_eq!(difference.line, 3);
        assert!(difference.left.as_ref().is_some_and(|line| line.starts_with("0d 00:00:02.000")));
        assert!(difference.right.as_ref().is_some_and(|line| line.starts_with("0d 00:00:03.000")));
        let shorter = diff(&trace(&[1, 2]), &trace(&[1])).expect("the end");
        assert_eq!((shorter.line, shorter.right.as_deref()), (3, None));
        assert!(shorter.to_string().ends_with("+ (the trace ends)"));
    }

    #[test]
    fn a_difference_that_the_text_hides_is_told_as_json() {
        let (mut left, mut right) = (trace(&[1]), trace(&[1]));
        left.events[0].at = Time::from_nanos(1_000_000_001);
        right.events[0].at = Time::from_nanos(1_000_000_002);
        let told = diff(&left, &right).expect("a nanosecond").to_string();
        assert!(told.contains("- {\"at\":1000000001"), "{told}");
    }
}
