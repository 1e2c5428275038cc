//! Times, spans and amounts in words.

use std::time::Duration;

use sleepwalker_core::Time;

/// A time without what is zero before it: `2.310 s`, `1:02:03`, `3 d 04:00:00`.
pub(crate) fn clock(at: Time) -> String {
    let span = at.since_origin();
    let secs = span.as_secs();
    let (days, hours, minutes) = (secs / 86_400, secs / 3600 % 24, secs / 60 % 60);
    if days > 0 {
        format!("{days} d {hours:02}:{minutes:02}:{:02}", secs % 60)
    } else if hours > 0 || minutes > 0 {
        format!("{hours}:{minutes:02}:{:02}", secs % 60)
    } else {
        format!("{secs}.{:03} s", span.subsec_millis())
    }
}

/// A span by its two largest units: `2 h 8 min`, `7 d`, `41 s`.
pub(crate) fn span(span: Duration) -> String {
    let secs = span.as_secs();
    let parts =
        [(secs / 86_400, "d"), (secs / 3600 % 24, "h"), (secs / 60 % 60, "min"), (secs % 60, "s")];
    let first = parts.iter().position(|(count, _)| *count > 0);
    match first {
        None => format!("{} ms", span.as_millis()),
        Some(first) => {
            let shown = parts[first..].iter().take(2).filter(|(count, _)| *count > 0);
            let shown: Vec<String> = shown.map(|(count, unit)| format!("{count} {unit}")).collect();
            shown.join(" ")
        }
    }
}

/// Bytes with three digits at most, cut and not rounded: `999 B`, `3.00 MB`.
pub(crate) fn bytes(count: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")];
    match units.iter().find(|(size, _)| count >= *size) {
        None => format!("{count} B"),
        Some((size, unit)) => {
            let (whole, part) = (count / size, count % size * 100 / size);
            match whole {
                0..10 => format!("{whole}.{part:02} {unit}"),
                10..100 => format!("{whole}.{} {unit}", part / 10),
                _ => format!("{whole} {unit}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sleepwalker_core::Time;

    use super::{bytes, clock, span};

    #[test]
    fn a_clock_shows_no_leading_zeros() {
        assert_eq!(clock(Time::from_millis(2310)), "2.310 s");
        assert_eq!(clock(Time::from_secs(59)), "59.000 s");
        assert_eq!(clock(Time::from_secs(60)), "0:01:00");
        assert_eq!(clock(Time::from_secs(3 * 86_400 + 14_400)), "3 d 04:00:00");
    }

    #[test]
    fn a_span_shows_its_two_largest_units() {
        assert_eq!(span(Duration::from_secs(7680)), "2 h 8 min");
        assert_eq!(span(Duration::from_secs(7 * 86_400)), "7 d");
        assert_eq!(span(Duration::from_millis(20)), "20 ms");
    }

    #[test]
    fn bytes_have_three_digits() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1000), "1.00 kB");
        assert_eq!(bytes(12_345_678), "12.3 MB");
        assert_eq!(bytes(123_456_789), "123 MB");
    }
}
