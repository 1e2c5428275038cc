//! What is wrong with a file, and where.

use std::{fmt, ops::Range};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, renderer::DecorStyle};

use crate::{profile, reader::one_of};

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The bytes of the file that it is about.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What was expected instead.
    pub expected: String,
    /// The known word that is nearest, if one is near.
    pub nearest: Option<String>,
    /// The line of that place, counted from 1.
    pub line: usize,
    /// The character in that line, counted from 1.
    pub column: usize,
}

impl Problem {
    /// Makes a problem of a place in a text, whose line and its first byte are known.
    pub(crate) fn at(
        text: &str,
        span: Range<usize>,
        (line, line_start): (usize, usize),
        message: String,
        expected: String,
    ) -> Problem {
        let start = floor(text, span.start);
        let end = floor(text, span.end).max(start);
        let column = text[line_start.min(start)..start].chars().count() + 1;
        Problem { span: start..end, message, expected, nearest: None, line, column }
    }
}

/// The nearest start of a character at or before a byte.
fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Why a scenario or a profile cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// There is no such file, and the catalogue knows no such name.
    NotFound {
        /// As it was asked for.
        name: String,
        /// The known name that is nearest.
        nearest: Option<String>,
    },
    /// No profile has this name.
    NoProfile {
        /// As it was asked for.
        name: String,
        /// The known name that is nearest.
        nearest: Option<String>,
    },
    /// The file cannot be read.
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        why: String,
    },
    /// The text is not a scenario or profile.
    Invalid {
        /// The file, or the catalogue's name for it.
        path: String,
        /// Its text.
        text: String,
        /// What is wrong, in the order of the file; never empty.
        problems: Vec<Problem>,
    },
}

impl LoadError {
    /// Returns what is wrong inside the file.
    pub fn problems(&self) -> &[Problem] {
        match self {
            LoadError::Invalid { problems, .. } => problems,
            LoadError::NotFound { .. }
            | LoadError::NoProfile { .. }
            | LoadError::Unreadable { .. } => &[],
        }
    }

    /// Returns the message for people, with the lines that it is about; `styled` for a terminal.
    pub fn render(&self, styled: bool) -> String {
        let renderer = if styled {
            Renderer::styled().decor_style(DecorStyle::Unicode)
        } else {
            Renderer::plain()
        };
        match self {
            LoadError::NotFound { name, nearest } => {
                let title = Level::ERROR
                    .primary_title(format!("no scenario file and no scenario is named {name:?}"));
                let help = match nearest {
                    Some(near) => format!("did you mean {near:?}?"),
                    None => "`sleepwalker list` shows the catalogue".to_owned(),
                };
                renderer.render(&[title.element(Level::HELP.message(help))])
            }
            LoadError::NoProfile { name, nearest } => {
                let title = Level::ERROR.primary_title(format!("no profile is named {name:?}"));
                let help = match nearest {
                    Some(near) => format!("did you mean {near:?}?"),
                    None => format!("known are {}", one_of(&profile::names().collect::<Vec<_>>())),
                };
                renderer.render(&[title.element(Level::HELP.message(help))])
            }
            LoadError::Unreadable { path, why } => {
                let title = Level::ERROR.primary_title(format!("{path} cannot be read: {why}"));
                renderer.render(&[Group::with_title(title)])
            }
            LoadError::Invalid { path, text, problems } => problems
                .iter()
                .map(|problem| renderer.render(&[problem.group(path, text)]))
                .collect::<Vec<_>>()
                .join("\n\n"),
        }
    }
}

impl Problem {
    fn group<'a>(&'a self, path: &'a str, text: &'a str) -> Group<'a> {
        let snippet = Snippet::source(text).path(path).annotation(
            AnnotationKind::Primary
                .span(self.span.clone())
                .label(format!("expected {}", self.expected)),
        );
        let group = Level::ERROR.primary_title(self.message.as_str()).element(snippet);
        match &self.nearest {
            Some(near) => group.element(Level::HELP.message(format!("did you mean `{near}`?"))),
            None => group,
        }
    }
}

/// One line a problem: `file:line:column: what is wrong, what was expected`.
impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::NotFound { name, nearest } => {
                write!(f, "no scenario file and no scenario is named {name:?}")?;
                match nearest {
                    Some(near) => write!(f, "; did you mean {near:?}?"),
                    None => Ok(()),
                }
            }
            LoadError::NoProfile { name, nearest } => {
                write!(f, "no profile is named {name:?}")?;
                match nearest {
                    Some(near) => write!(f, "; did you mean {near:?}?"),
                    None => Ok(()),
                }
            }
            LoadError::Unreadable { path, why } => write!(f, "{path} cannot be read: {why}"),
            LoadError::Invalid { path, problems, .. } => {
                for (number, problem) in problems.iter().enumerate() {
                    if number > 0 {
                        f.write_str("\n")?;
                    }
                    let Problem { line, column, .. } = problem;
                    write!(f, "{path}:{line}:{column}: {}, ", problem.message)?;
                    write!(f, "expected {}", problem.expected)?;
                    if let Some(near) = &problem.nearest {
                        write!(f, "; did you mean `{near}`?")?;
                    }
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for LoadError {}
