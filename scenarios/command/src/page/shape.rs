//! What is drawn: bars, ticks and labels in lanes.

use super::pack::Rows;

/// Pixels that a character of a label takes, at most.
const CHARACTER: u32 = 6;
/// The same for a tick's label, which may be bold.
const BOLD: u32 = 7;
/// Fewer letters of a cut label are not shown.
const SHORTEST: usize = 5;
/// How high a tick is whose label found no room.
const SMALL: u32 = 6;
/// The height of a row of labels.
pub(super) const ROW: u32 = 15;

/// One thing drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Bar, tick or bare label.
    pub(super) kind: Kind,
    /// Left edge.
    pub(super) x: u32,
    /// Top edge, inside its lane until the lanes are stacked.
    pub(super) y: u32,
    /// Its height.
    pub(super) height: u32,
    /// What the style sheet knows it by.
    pub(super) class: &'static str,
    /// What is written on it, if anything.
    pub(super) label: String,
    /// What hovering tells.
    pub(super) title: String,
    /// The event it stands for.
    pub(super) event: usize,
}

/// The kinds of shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Something that lasts, so many pixels.
    Bar(u32),
    /// A moment.
    Tick,
}

impl Shape {
    /// Returns the width of a bar, if it is one.
    pub(super) fn bar(&self) -> Option<u32> {
        match self.kind {
            Kind::Bar(width) => Some(width),
            Kind::Tick => None,
        }
    }

    /// Returns where the label's baseline is.
    pub(super) fn baseline(&self) -> u32 {
        match self.kind {
            Kind::Bar(_) => self.y + self.height / 2 + 4,
            Kind::Tick => self.y + 11,
        }
    }
}

/// A strip of the timeline.
#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    /// Its name.
    pub(super) name: &'static str,
    /// What it shows, in a sentence.
    pub(super) about: &'static str,
    /// Where it begins.
    pub(super) y: u32,
    /// How high it is.
    pub(super) height: u32,
    /// What is in it.
    pub(super) shapes: Vec<Shape>,
}

impl Lane {
    /// Makes an empty lane.
    pub(super) fn new(name: &'static str, about: &'static str) -> Lane {
        Lane { name, about, ..Lane::default() }
    }

    /// Draws something that lasts from `x` to `end`; the label is cut to what fits.
    pub(super) fn bar(&mut self, x: u32, end: u32, y: u32, mut shape: Named) {
        let width = end.saturating_sub(x).max(3);
        shape.label = fit(&shape.label, width);
        self.push(Kind::Bar(width), x, y, ROW, shape);
    }

    /// Draws a moment; without room for its label, a small tick above all rows.
    pub(super) fn tick(
        &mut self,
        x: u32,
        top: u32,
        rows: &mut Rows,
        limit: usize,
        mut shape: Named,
    ) {
        let width = u32::try_from(shape.label.chars().count()).unwrap_or(u32::MAX) * BOLD + 10;
        let row = match shape.label.is_empty() {
            true => None,
            false => rows.take_within(x, x + width, limit),
        };
        match row {
            Some(row) => self.push(Kind::Tick, x, top + row * ROW, ROW, shape),
            None => {
                shape.label = String::new();
                self.push(Kind::Tick, x, top.saturating_sub(SMALL), SMALL, shape);
            }
        }
    }

    fn push(&mut self, kind: Kind, x: u32, y: u32, height: u32, named: Named) {
        self.height = self.height.max(y + height + 4);
        let Named { class, label, title, event } = named;
        self.shapes.push(Shape { kind, x, y, height, class, label, title, event });
    }
}

/// What a shape is called, before it has a place.
#[derive(Clone, Debug)]
pub(super) struct Named {
    /// What the style sheet knows it by.
    pub(super) class: &'static str,
    /// What is written on it.
    pub(super) label: String,
    /// What hovering tells.
    pub(super) title: String,
    /// The event it stands for.
    pub(super) event: usize,
}

impl Named {
    /// Names a shape.
    pub(super) fn new(
        event: usize,
        class: &'static str,
        label: impl Into<String>,
        title: impl Into<String>,
    ) -> Named {
        Named { class, label: label.into(), title: title.into(), event }
    }
}

/// Cuts a label to what fits into a width, and shows that it was cut; a few letters tell nothing.
fn fit(label: &str, width: u32) -> String {
    let room = usize::try_from(width.saturating_sub(8) / CHARACTER).unwrap_or(0);
    if label.chars().count() <= room {
        return label.to_owned();
    }
    if room < SHORTEST {
        return String::new();
    }
    let cut: String = label.chars().take(room - 1).collect();
    format!("{}…", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use super::fit;

    #[test]
    fn a_label_that_is_too_long_is_cut_and_shows_it() {
        assert_eq!(fit("photos/1 3.00 MB", 8 + 6 * 16), "photos/1 3.00 MB");
        assert_eq!(fit("photos/1 3.00 MB", 8 + 6 * 15), "photos/1 3.00…");
    }

    #[test]
    fn a_label_with_room_for_five_letters_is_shown_and_with_room_for_four_is_not() {
        assert_eq!(fit("suspended", 8 + 6 * 5), "susp…");
        assert_eq!(fit("suspended", 8 + 6 * 4), "");
    }
}
