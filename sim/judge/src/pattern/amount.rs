//! Shares and sizes: `50 %`, `64 kB`.

/// How much of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// A share of the whole, in percent.
    Percent(u64),
    /// So many bytes.
    Bytes(u64),
}

impl Amount {
    /// The units that [`Amount::parse`] knows.
    pub const UNITS: &'static str = "%, B, kB, MB, GB, KiB, MiB, GiB";

    /// Reads a whole number and its unit.
    pub fn parse(number: &str, unit: &str) -> Option<Amount> {
        let number: u64 = number.parse().ok()?;
        let size = match unit {
            "%" => return (number <= 100).then_some(Amount::Percent(number)),
            "B" => 1,
            "kB" => 1000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return None,
        };
        number.checked_mul(size).map(Amount::Bytes)
    }

    /// Returns whether so many bytes, of so many, are at least this.
    pub fn reached(self, total: u64, expected: Option<u64>) -> bool {
        match (self, expected) {
            (Amount::Bytes(bytes), _) => total >= bytes,
            (Amount::Percent(percent), Some(expected)) => {
                u128::from(total) * 100 >= u128::from(expected) * u128::from(percent)
            }
            (Amount::Percent(_), None) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_reached_at_its_boundary_and_not_before() {
        let half = Amount::parse("50", "%").expect("a share");
        assert!(half.reached(50, Some(100)));
        assert!(!half.reached(49, Some(100)));
        assert!(!half.reached(u64::MAX, None));
        assert_eq!(Amount::parse("101", "%"), None);
        assert_eq!(Amount::parse("64", "kB"), Some(Amount::Bytes(64_000)));
        assert_eq!(Amount::parse("1", "MiB"), Some(Amount::Bytes(1_048_576)));
        assert_eq!(Amount::parse("1", "parsec"), None);
    }
}
