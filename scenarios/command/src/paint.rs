//! Colours; streams that are no terminal lose them.

use std::fmt;

use anstyle::{AnsiColor, Style};

/// What did as expected.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// What did not.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// What a person looks for first.
pub(crate) const NAME: Style = Style::new().bold();
/// What may be passed over.
pub(crate) const FAINT: Style = Style::new().dimmed();

/// A text in a style.
pub(crate) struct Painted<'a>(pub(crate) Style, pub(crate) &'a str);

impl fmt::Display for Painted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Painted(style, text) = self;
        write!(f, "{style}{text}{style:#}")
    }
}
