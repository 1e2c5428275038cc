//! What sizes, rates and spans look like: one grammar for the whole file.

use sleepwalker_origin::Size;
use sleepwalker_sim::Rate;

/// What a size looks like, for a message.
pub(crate) const SIZE: &str =
    "a size such as \"3 MB\": a whole number and B, kB, MB, GB, KiB, MiB or GiB";
/// What a rate looks like, for a message.
pub(crate) const RATE: &str =
    "a rate such as \"20 Mbit/s\" or \"2 kB/s\", not zero, or \"unlimited\"";
/// What a span looks like, for a message.
pub(crate) const SPAN: &str =
    "a span such as \"1 s\" or \"1 h 30 min\": whole numbers and ms, s, min, h or d";
/// What a share looks like, for a message.
pub(crate) const SHARE: &str = "a share such as \"1 %\" or \"0.1 %\", of at most \"50 %\"";

/// Reads a size in bytes.
pub(crate) fn size(text: &str) -> Option<u64> {
    text.parse::<Size>().ok().map(|size| size.0)
}

/// Reads a rate; nothing is not one: an outage is told otherwise.
pub(crate) fn rate(text: &str) -> Option<Rate> {
    if text.trim() == "unlimited" {
        return Some(Rate::Unlimited);
    }
    let rate = text.parse::<sleepwalker_origin::Rate>().ok()?;
    Some(Rate::bits(rate.0))
}

/// Reads a share in millionths.
pub(crate) fn share(text: &str) -> Option<u32> {
    let number = text.trim().strip_suffix('%')?.trim_end();
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if whole.is_empty() || part.len() > 4 || !digits(whole) || !digits(part) {
        return None;
    }
    let millionths: u32 = format!("{whole}{part:0<4}").parse().ok()?;
    (millionths <= 500_000).then_some(millionths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_exact() {
        assert_eq!(Some(3_000_000), size("3 MB"));
        assert_eq!(Some(65_536), size("64KiB"));
        assert_eq!(None, size("3 mb"));
        assert_eq!(None, size("3"));
        assert_eq!(None, size("99999999999999999999 GB"));
    }

    #[test]
    fn rates_are_in_bits_and_never_nothing() {
        assert_eq!(Some(Rate::bits(100_000)), rate("100 kbit/s"));
        assert_eq!(Some(Rate::Unlimited), rate("unlimited"));
        assert_eq!(None, rate("0 bit/s"));
        assert_eq!(None, rate("20 Mbit"));
    }

    #[test]
    fn shares_are_exact_to_a_millionth() {
        assert_eq!(Some(10_000), share("1 %"));
        assert_eq!(Some(1_500), share("0.15%"));
        assert_eq!(Some(500_000), share("50 %"));
        assert_eq!(None, share("50.1 %"));
        assert_eq!(None, share("0.00001 %"));
        assert_eq!(None, share("1"));
    }
}
