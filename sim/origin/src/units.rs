//! Sizes, rates and spans as a person writes them: a whole number and a unit.

use std::{fmt, marker::PhantomData, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// A number of bytes: `3 MB`, `64 KiB`, `512 B`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(pub u64);

/// A number of bits a second: `20 Mbit/s`, or bytes a second: `64 kB/s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(pub u64);

/// A span of time, `25 ms`, `90 s`, `10 min`, `2 h`, `7 d`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub Duration);

/// A text that is no size, rate or span.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("expected {expected}, found {found:?}")]
pub struct UnitError {
    expected: &'static str,
    found: String,
}

const SIZES: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1000),
    ("B", 1),
];
const SIZE: &str = "a size such as \"3 MB\" or \"64 KiB\"";

const RATES: [(&str, u64); 8] = [
    ("Gbit/s", 1_000_000_000),
    ("Mbit/s", 1_000_000),
    ("kbit/s", 1000),
    ("bit/s", 1),
    ("GB/s", 8_000_000_000),
    ("MB/s", 8_000_000),
    ("kB/s", 8000),
    ("B/s", 8),
];
const RATE: &str = "a rate such as \"20 Mbit/s\" or \"64 kB/s\", not zero";

const SPANS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000), ("ms", 1)];
const SPAN: &str = "a span such as \"60 s\" or \"250 ms\"";

/// Reads a whole number and one of the units, with or without spaces between them.
fn number(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (digits, unit) = text.split_at(split);
    let size = units.iter().find(|(name, _)| *name == unit.trim_start())?.1;
    digits.parse::<u64>().ok()?.checked_mul(size)
}

/// Writes a number in the first unit that divides it.
fn text(f: &mut fmt::Formatter<'_>, number: u64, units: &[(&str, u64)]) -> fmt::Result {
    let fits = |size: u64| number != 0 && number.is_multiple_of(size);
    let (name, size) =
        units.iter().find(|(_, size)| fits(*size)).unwrap_or(&units[units.len() - 1]);
    write!(f, "{} {name}", number / size)
}

impl FromStr for Size {
    type Err = UnitError;

    fn from_str(found: &str) -> Result<Size, UnitError> {
        let error = || UnitError { expected: SIZE, found: found.to_owned() };
        number(found, &SIZES).map(Size).ok_or_else(error)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text(f, self.0, &SIZES)
    }
}

impl Rate {
    /// Returns how long `bytes` bytes take, rounded up to a nanosecond.
    pub fn span(self, bytes: u64) -> Duration {
        let nanos = (u128::from(bytes) * 8_000_000_000).div_ceil(u128::from(self.0.max(1)));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Returns how many whole bytes pass in `span`.
    pub fn bytes(self, span: Duration) -> u64 {
        let bytes = u128::from(self.0) * span.as_nanos() / 8_000_000_000;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

impl FromStr for Rate {
    type Err = UnitError;

    fn from_str(found: &str) -> Result<Rate, UnitError> {
        let error = || UnitError { expected: RATE, found: found.to_owned() };
        number(found, &RATES).filter(|bits| *bits > 0).map(Rate).ok_or_else(error)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Bits only: 8 Mbit/s and 1 MB/s are the same rate and get the same text.
        text(f, self.0, &RATES[..4])
    }
}

impl FromStr for Span {
    type Err = UnitError;

    fn from_str(found: &str) -> Result<Span, UnitError> {
        let error = || UnitError { expected: SPAN, found: found.to_owned() };
        let mut millis: u64 = 0;
        let mut words = found.split_whitespace();
        // `1 h 30 min`: each number brings its unit along, or the next word is the unit.
        while let Some(word) = words.next() {
            let bare = word.ends_with(|c: char| c.is_ascii_digit());
            let unit = if bare { words.next().unwrap_or_default() } else { "" };
            let part = number(&format!("{word}{unit}"), &SPANS).ok_or_else(error)?;
            millis = millis.checked_add(part).ok_or_else(error)?;
        }
        match found.trim() {
            "" => Err(error()),
            _ => Ok(Span(Duration::from_millis(millis))),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text(f, u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX), &SPANS)
    }
}

/// Reads a text by `FromStr`; anything else is refused by naming what was expected.
struct Text<T>(&'static str, PhantomData<T>);

impl<T: FromStr<Err = UnitError>> de::Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: de::Error>(self, found: &str) -> Result<T, E> {
        found.parse().map_err(E::custom)
    }
}

/// Lets serde read and write a type as its text.
macro_rules! as_text {
    ($type:ident, $expected:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<$type, D::Error> {
                from.deserialize_str(Text($expected, PhantomData))
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
    };
}

as_text!(Size, SIZE);
as_text!(Rate, RATE);
as_text!(Span, SPAN);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_and_binary_units_differ() {
        assert_eq!("3 MB".parse(), Ok(Size(3_000_000)));
        assert_eq!("3MiB".parse(), Ok(Size(3 << 20)));
        assert_eq!("0 B".parse(), Ok(Size(0)));
        assert_eq!("20 Mbit/s".parse(), Ok(Rate(20_000_000)));
        assert_eq!("2 kB/s".parse(), Ok(Rate(16_000)));
        assert_eq!("1 h 30min".parse(), Ok(Span(Duration::from_secs(5400))));
    }

    #[test]
    fn what_is_no_size_or_rate_is_refused_with_what_was_expected() {
        for bad in ["", "3", "3 mb", "MB", "-1 B", "1.5 MB", "99999999999 GB"] {
            let error = bad.parse::<Size>().expect_err(bad).to_string();
            assert!(error.contains("3 MB"), "{error}");
        }
        assert!("0 bit/s".parse::<Rate>().is_err());
        assert!("1 MB".parse::<Rate>().is_err());
        assert!("5 m".parse::<Span>().is_err());
    }

    #[test]
    fn the_text_of_a_size_reads_back() {
        for size in [0, 1, 999, 1000, 1024, 65_536, 3_000_000, 1 << 30] {
            assert_eq!(Size(size).to_string().parse(), Ok(Size(size)));
            let span = Span(Duration::from_millis(size));
            assert_eq!(span.to_string().parse(), Ok(span));
        }
    }

    #[test]
    fn a_rate_says_how_long_bytes_take() {
        assert_eq!(Rate(8000).span(1000), Duration::from_secs(1));
        assert_eq!(Rate(8000).bytes(Duration::from_secs(1)), 1000);
        assert_eq!(Rate(3).span(1), Duration::from_nanos(2_666_666_667));
    }
}
