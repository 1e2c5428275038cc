//! Where an event stands on the page: in order, with long silences compressed.

use std::time::Duration;

use sleepwalker_core::Method;
use sleepwalker_judge::{Event, Fact};

use super::words;

/// A silence at least this long is drawn as a break with its length written on it.
const BREAK: Duration = Duration::from_secs(60);
const LEFT: u32 = 12;
const BESIDE: u32 = 9;
const BREAK_WIDTH: u32 = 84;
const BETWEEN_TICKS: u32 = 96;

/// The places of all events, and what is written on the axis.
#[derive(Clone, Debug, Default)]
pub(super) struct Scale {
    places: Vec<u32>,
    /// The width of the whole.
    pub(super) width: u32,
    /// The long silences.
    pub(super) breaks: Vec<Break>,
    /// Times written on the axis.
    pub(super) ticks: Vec<Tick>,
}

/// A long silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Break {
    /// Where its middle is.
    pub(super) x: u32,
    /// How long it is, in words.
    pub(super) label: String,
}

/// A time on the axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tick {
    /// Where.
    pub(super) x: u32,
    /// The time.
    pub(super) label: String,
}

impl Scale {
    /// Places the events of a trace.
    pub(super) fn of(events: &[Event]) -> Scale {
        let mut scale = Scale { places: vec![LEFT; events.len()], ..Scale::default() };
        let mut x = LEFT;
        let mut last: Option<usize> = None;
        let mut tick_free_from = 0;
        for (index, event) in events.iter().enumerate() {
            if is_quiet(&event.fact) && index + 1 != events.len() {
                continue;
            }
            if let Some(last) = last {
                let silence = event.at.since(events[last].at);
                let step = step(silence);
                if silence >= BREAK {
                    scale.breaks.push(Break { x: x + step / 2, label: words::span(silence) });
                }
                scale.interpolate(events, last, index, step);
                x += step;
            }
            scale.places[index] = x;
            if x >= tick_free_from {
                let label = words::clock(event.at);
                scale.ticks.push(Tick { x, label });
                tick_free_from = x + BETWEEN_TICKS;
            }
            last = Some(index);
        }
        scale.width = x + 200;
        scale
    }

    /// Places the quiet events between two others in proportion to their times.
    fn interpolate(&mut self, events: &[Event], from: usize, to: usize, step: u32) {
        let start = self.places[from];
        let whole = events[to].at.since(events[from].at).as_nanos().max(1);
        for index in from + 1..to {
            let part = events[index].at.since(events[from].at).as_nanos();
            let offset = u128::from(step) * part / whole;
            self.places[index] = start + u32::try_from(offset).unwrap_or(step);
        }
    }

    /// Returns where an event stands; what lies behind the last one stands at the end.
    pub(super) fn at(&self, index: usize) -> u32 {
        self.places.get(index).copied().unwrap_or(self.width)
    }

    /// Returns where the last event stands.
    pub(super) fn end(&self) -> u32 {
        self.places.last().copied().unwrap_or(LEFT)
    }
}

/// Facts that come in streams and are shown as part of something longer.
pub(super) fn is_quiet(fact: &Fact) -> bool {
    match fact {
        Fact::Receives { .. }
        | Fact::Sends { .. }
        | Fact::Returns { .. }
        | Fact::Opens { .. }
        | Fact::Closes { .. } => true,
        Fact::Delivers { method, .. } => is_progress(method),
        _ => false,
    }
}

/// Callbacks that come in streams.
pub(super) fn is_progress(method: &Method) -> bool {
    matches!(
        method,
        Method::DidWriteData { .. }
            | Method::DidSendBodyData { .. }
            | Method::DidReceiveData { .. }
    )
}

/// The width of a silence: each doubling adds the same, and a break has room for its label.
fn step(silence: Duration) -> u32 {
    let units = silence.as_millis() / 5;
    let doublings = u128::BITS - units.leading_zeros();
    let width = BESIDE + 4 * doublings;
    if silence >= BREAK { width.max(BREAK_WIDTH) } else { width }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sleepwalker_core::Time;
    use sleepwalker_judge::{Event, Fact, UserAct};

    use super::{BREAK, Scale, step};

    fn at(secs: u64) -> Event {
        Event { at: Time::from_secs(secs), fact: Fact::User { act: UserAct::Open }, rule: None }
    }

    #[test]
    fn later_events_stand_further_right_even_in_one_instant() {
        let scale = Scale::of(&[at(0), at(0), at(1)]);
        assert!(scale.at(0) < scale.at(1));
        assert!(scale.at(1) < scale.at(2));
    }

    #[test]
    fn a_silence_of_a_minute_is_a_break_and_a_shorter_one_is_not() {
        assert_eq!(Scale::of(&[at(0), at(59)]).breaks, []);
        assert_eq!(Scale::of(&[at(0), at(60)]).breaks.len(), 1);
    }

    #[test]
    fn a_week_is_hardly_wider_than_a_minute() {
        let week = step(Duration::from_secs(7 * 86_400));
        assert!(week <= 3 * step(BREAK), "{week}");
    }
}
