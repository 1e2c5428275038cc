//! `Range`, `If-Range` and `If-None-Match`: RFC 9110, sections 13 and 14.

/// What a request gets of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it, with 200.
    Whole,
    /// The bytes from `start` to before `end`, with 206.
    Bytes { start: u64, end: u64 },
    /// Nothing, with 416.
    Outside,
}

/// Reads a `Range` for a file of `length` bytes. What is not one single range of bytes is ignored, as
/// section 14.2 allows.
pub(crate) fn part(range: &str, length: u64) -> Part {
    parse(range, length).unwrap_or(Part::Whole)
}

fn parse(range: &str, length: u64) -> Option<Part> {
    let (unit, set) = range.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = set.trim().split_once('-')?;
    if first.is_empty() {
        let suffix = position(last)?;
        return Some(match suffix.min(length) {
            0 => Part::Outside,
            suffix => Part::Bytes { start: length - suffix, end: length },
        });
    }
    let start = position(first)?;
    let last = if last.is_empty() { u64::MAX } else { position(last)? };
    if last < start {
        return None;
    }
    Some(if start >= length {
        Part::Outside
    } else {
        Part::Bytes { start, end: last.saturating_add(1).min(length) }
    })
}

/// Reads digits alone: no sign, no space. What is too great for a number is beyond every end.
fn position(digits: &str) -> Option<u64> {
    let fits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| digits.parse().unwrap_or(u64::MAX))
}

/// Returns whether an `If-Range` names the file as it is now. A tag must be strong and equal; a date
/// must be the very `Last-Modified`, which is strong here since a version lasts a day.
pub(crate) fn if_range(given: &str, etag: Option<&str>, last_modified: Option<&str>) -> bool {
    let given = given.trim();
    if given.starts_with('"') {
        return etag == Some(given);
    }
    if given.starts_with("W/") {
        return false;
    }
    last_modified.is_some_and(|date| {
        match (httpdate::parse_http_date(given), httpdate::parse_http_date(date)) {
            (Ok(given), Ok(now)) => given == now,
            _ => false,
        }
    })
}

/// Returns whether an `If-None-Match` names the tag; weak tags count (section 8.8.3.2).
pub(crate) fn if_none_match(given: &str, etag: Option<&str>) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    given.trim() == "*"
        || etag.is_some_and(|etag| given.split(',').any(|tag| opaque(tag) == opaque(etag)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(start: u64, end: u64) -> Part {
        Part::Bytes { start, end }
    }

    #[test]
    fn a_range_begins_inside_or_is_refused() {
        assert_eq!(part("bytes=0-", 100), bytes(0, 100));
        assert_eq!(part("bytes=99-", 100), bytes(99, 100));
        assert_eq!(part("bytes=100-", 100), Part::Outside);
        assert_eq!(part("bytes=0-", 0), Part::Outside);
    }

    #[test]
    fn a_range_ends_with_the_file() {
        assert_eq!(part("bytes=10-98", 100), bytes(10, 99));
        assert_eq!(part("bytes=10-99", 100), bytes(10, 100));
        assert_eq!(part("bytes=10-100", 100), bytes(10, 100));
        assert_eq!(part("bytes=10-99999999999999999999999", 100), bytes(10, 100));
    }

    #[test]
    fn a_suffix_counts_from_the_end() {
        assert_eq!(part("bytes=-1", 100), bytes(99, 100));
        assert_eq!(part("bytes=-100", 100), bytes(0, 100));
        assert_eq!(part("bytes=-101", 100), bytes(0, 100));
        assert_eq!(part("bytes=-0", 100), Part::Outside);
    }

    #[test]
    fn what_is_not_one_range_of_bytes_is_ignored() {
        for range in ["", "bytes", "bytes=", "bytes=5-4", "bytes=0-1,3-4", "lines=0-1", "bytes=+1-"]
        {
            assert_eq!(part(range, 100), Part::Whole, "{range}");
        }
    }

    #[test]
    fn only_a_strong_equal_validator_allows_a_range() {
        let date = "Tue, 02 Jan 2024 00:00:00 GMT";
        assert!(if_range("\"a\"", Some("\"a\""), None));
        assert!(!if_range("\"b\"", Some("\"a\""), None));
        assert!(!if_range("W/\"a\"", Some("W/\"a\""), None));
        assert!(!if_range("\"a\"", Some("W/\"a\""), None));
        assert!(!if_range("\"a\"", None, Some(date)));
        assert!(if_range(date, None, Some(date)));
        assert!(!if_range("Wed, 03 Jan 2024 00:00:00 GMT", None, Some(date)));
        assert!(!if_range(date, Some("\"a\""), None));
    }

    #[test]
    fn weak_tags_count_for_if_none_match() {
        assert!(if_none_match("\"b\", W/\"a\"", Some("\"a\"")));
        assert!(if_none_match("*", None));
        assert!(!if_none_match("\"b\"", Some("\"a\"")));
    }
}
