//! What a simulated file holds, told by where its bytes come from: versions that somebody published,
//! or the bytes themselves.

use std::{collections::BTreeMap, fmt::Write, sync::Arc};

use bytes::{Bytes, BytesMut};
use sha2::{Digest, Sha256};
use sleepwalker_judge::Content;
use sleepwalker_origin::Version;

/// So many bytes may fit several versions by chance; more do not.
const AMBIGUOUS: u64 = 64;

#[derive(Clone, Debug)]
enum Source {
    /// The bytes that the version has at the same place.
    Version(Arc<Version>),
    /// These bytes.
    Literal(Bytes),
    /// Nobody wrote here: zeros.
    Hole,
}

#[derive(Clone, Debug)]
struct Extent {
    end: u64,
    source: Source,
}

/// A file's content, piece by piece, without gaps, by where a piece begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extents(BTreeMap<u64, Extent>);

impl Extents {
    /// The whole of one version.
    pub(crate) fn version(version: Arc<Version>) -> Extents {
        let mut extents = Extents::default();
        let end = version.length();
        extents.put(0, Extent { end, source: Source::Version(version) });
        extents
    }

    pub(crate) fn length(&self) -> u64 {
        self.0.last_key_value().map_or(0, |(_, last)| last.end)
    }

    pub(crate) fn truncate(&mut self, length: u64) {
        if length < self.length() {
            self.split(length);
            self.0.split_off(&length);
        } else {
            let from = self.length();
            self.put(from, Extent { end: length, source: Source::Hole });
        }
    }

    /// Returns the version of the piece that ends where a write begins: the likeliest one there.
    pub(crate) fn version_before(&self, at: u64) -> Option<&Arc<Version>> {
        match &self.0.range(..at).next_back()?.1.source {
            Source::Version(version) => Some(version),
            Source::Literal(_) | Source::Hole => None,
        }
    }

    /// Writes bytes that are those of `version` at the same place, or of none.
    pub(crate) fn write(&mut self, at: u64, bytes: &Bytes, version: Option<Arc<Version>>) {
        if bytes.is_empty() {
            return;
        }
        if at > self.length() {
            self.truncate(at);
        }
        let end = at + bytes.len() as u64;
        self.split(at);
        self.split(end);
        let rest = self.0.split_off(&at);
        if let Some(version) = &version {
            self.reconsider(at, version);
        }
        let source = version.map_or_else(|| Source::Literal(bytes.clone()), Source::Version);
        self.put(at, Extent { end, source });
        for (from, extent) in rest.into_iter().filter(|(from, _)| *from >= end) {
            self.put(from, extent);
        }
    }

    /// The few bytes before `at` may have been taken for another version's.
    fn reconsider(&mut self, at: u64, version: &Arc<Version>) {
        let Some((from, before)) = self.0.last_key_value() else { return };
        let (from, length) = (*from, before.end - *from);
        if before.end != at || length > AMBIGUOUS || is_same(&before.source, version) {
            return;
        }
        if version.matches(from, &self.read(from, usize::try_from(length).unwrap_or(0))) {
            self.0.remove(&from);
            self.put(from, Extent { end: at, source: Source::Version(version.clone()) });
        }
    }

    /// Cuts the piece that spans `at` in two.
    fn split(&mut self, at: u64) {
        let Some((from, extent)) = self.0.range_mut(..at).next_back() else { return };
        if extent.end <= at {
            return;
        }
        let mut tail = extent.clone();
        extent.end = at;
        if let (Source::Literal(head), Source::Literal(rest)) =
            (&mut extent.source, &mut tail.source)
        {
            let head_length = usize::try_from(at - from).expect("literal bytes are in memory");
            *rest = head.split_off(head_length);
        }
        self.0.insert(at, tail);
    }

    /// Adds a piece behind all others, to the last one where they are of one version.
    fn put(&mut self, from: u64, extent: Extent) {
        if extent.end <= from {
            return;
        }
        if let Some((_, last)) = self.0.iter_mut().next_back()
            && last.end == from
        {
            let one = match (&last.source, &extent.source) {
                (Source::Version(_), Source::Version(version)) => is_same(&last.source, version),
                (Source::Hole, Source::Hole) => true,
                (Source::Version(_) | Source::Literal(_) | Source::Hole, _) => false,
            };
            if one {
                last.end = extent.end;
                return;
            }
        }
        self.0.insert(from, extent);
    }

    /// Reads at most `len` bytes from `at` on.
    pub(crate) fn read(&self, at: u64, len: usize) -> Bytes {
        let end = self.length().min(at.saturating_add(len as u64));
        let mut bytes = BytesMut::new();
        let mut next = at;
        while next < end {
            let Some((from, extent)) = self.0.range(..=next).next_back() else { break };
            let left = usize::try_from(extent.end.min(end) - next).unwrap_or(usize::MAX);
            let piece = match &extent.source {
                Source::Version(version) => version.bytes(next, left),
                Source::Literal(all) => {
                    let skip = usize::try_from(next - from).expect("literal bytes are in memory");
                    all.slice(skip..skip + left)
                }
                Source::Hole => Bytes::from(vec![0; left]),
            };
            if next == at && piece.len() as u64 == end - at {
                return piece;
            }
            next += piece.len() as u64;
            bytes.extend_from_slice(&piece);
        }
        bytes.freeze()
    }

    /// Tells what the bytes are, for the trace.
    pub(crate) fn content(&self) -> Content {
        let mut pieces = self.0.iter();
        if let (Some((_, only)), None) = (pieces.next(), pieces.next())
            && let Source::Version(version) = &only.source
        {
            let (file, number) = (version.file().clone(), version.number());
            return match only.end == version.length() {
                true => Content::Version { file, version: number },
                false => Content::Part { file, version: number, whole: version.length() },
            };
        }
        if self.0.values().any(|extent| matches!(extent.source, Source::Version(_))) {
            return Content::Mixed(self.pieces());
        }
        let mut hash = Sha256::new();
        let mut at = 0;
        while at < self.length() {
            let bytes = self.read(at, 64 << 10);
            at += bytes.len() as u64;
            hash.update(&bytes);
        }
        let digest = hash.finalize();
        Content::Literal(digest.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("writing to a string cannot fail");
            text
        }))
    }

    fn pieces(&self) -> String {
        let mut text = String::new();
        for (from, extent) in &self.0 {
            if !text.is_empty() {
                text.push_str(", ");
            }
            let what = match &extent.source {
                Source::Version(version) => {
                    format!("{} version {}", version.file(), version.number())
                }
                Source::Literal(_) => "other bytes".to_owned(),
                Source::Hole => "nothing".to_owned(),
            };
            write!(text, "{from}..{} {what}", extent.end).expect("writing to a string cannot fail");
        }
        text
    }
}

fn is_same(source: &Source, version: &Arc<Version>) -> bool {
    matches!(source, Source::Version(other)
        if other.file() == version.file() && other.number() == version.number())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(number: u32) -> Arc<Version> {
        Arc::new(Version::new("cdn.example/a", number, 1_000_000))
    }

    fn from(version: &Arc<Version>, at: u64, len: usize) -> (u64, Bytes, Option<Arc<Version>>) {
        (at, version.bytes(at, len), Some(version.clone()))
    }

    #[test]
    fn a_file_written_whole_in_pieces_is_one_version_and_one_extent() {
        let (one, mut file) = (version(1), Extents::default());
        for at in (0..1_000_000).step_by(50_000) {
            let (at, bytes, source) = from(&one, at, 50_000);
            file.write(at, &bytes, source);
        }
        assert_eq!(file.0.len(), 1);
        assert!(matches!(file.content(), Content::Version { version: 1, .. }));
        file.truncate(999_999);
        assert!(matches!(file.content(), Content::Part { whole: 1_000_000, .. }));
    }

    #[test]
    fn a_splice_of_two_versions_is_told() {
        let (one, two, mut file) = (version(1), version(2), Extents::default());
        let (at, bytes, source) = from(&one, 0, 1000);
        file.write(at, &bytes, source);
        let (at, bytes, source) = from(&two, 1000, 1000);
        file.write(at, &bytes, source);
        let told = "0..1000 cdn.example/a version 1, 1000..2000 cdn.example/a version 2";
        assert_eq!(file.content(), Content::Mixed(told.to_owned()));
    }

    #[test]
    fn a_byte_that_two_versions_share_belongs_to_the_one_that_goes_on() {
        let (one, two, mut file) = (version(1), version(2), Extents::default());
        let at = (0..65_000)
            .find(|at| one.bytes(*at, 1) == two.bytes(*at, 1))
            .expect("some byte is the same by chance");
        let (from_at, bytes, source) = from(&two, 0, usize::try_from(at).unwrap());
        file.write(from_at, &bytes, source);
        file.write(at, &one.bytes(at, 1), Some(one.clone()));
        let rest = two.bytes(at + 1, 1000);
        file.write(at + 1, &rest, Some(two.clone()));
        assert!(matches!(file.content(), Content::Part { version: 2, .. }), "{:?}", file.content());
    }

    #[test]
    fn overwriting_the_middle_keeps_both_ends() {
        let (one, mut file) = (version(1), Extents::default());
        let (at, bytes, source) = from(&one, 0, 3000);
        file.write(at, &bytes, source);
        file.write(1000, &Bytes::from_static(&[0; 10]), None);
        assert_eq!(file.length(), 3000);
        assert_eq!(file.read(990, 10), one.bytes(990, 10));
        assert_eq!(&file.read(1000, 10)[..], [0; 10]);
        assert_eq!(file.read(1010, 5000), one.bytes(1010, 1990));
        file.write(1005, &Bytes::from_static(b"hello"), None);
        assert_eq!(&file.read(1000, 10)[..], b"\0\0\0\0\0hello");
    }

    #[test]
    fn what_no_version_has_is_told_by_its_digest() {
        let mut file = Extents::default();
        file.write(0, &Bytes::from_static(b"hello"), None);
        let digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        assert_eq!(file.content(), Content::Literal(digest.to_owned()));
    }
}
