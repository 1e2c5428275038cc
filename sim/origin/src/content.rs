//! The bytes of files: a function of name and version, so that whoever holds some can tell what they
//! are a part of.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, UNIX_EPOCH},
};

use bytes::Bytes;
use rand::{Rng, SeedableRng, rngs::Xoshiro256PlusPlus};
use sha2::{Digest, Sha256};

/// After so many bytes the content repeats. A prime, so that a shift by a page, a segment or a buffer
/// never falls on it.
const PERIOD: usize = 65_521;

/// The longest piece that is handed out at once.
pub const PIECE: usize = 64 << 10;

/// The date of version 0; each version is a day younger. 1 January 2024.
const FIRST_DAY: u64 = 19_723;

/// One version of one file. Its content is a block of [`PIECE`]-odd bytes over and over.
pub struct Version {
    file: Arc<str>,
    number: u32,
    length: u64,
    /// A period and a piece, so that a piece from anywhere in the period is one slice.
    block: OnceLock<Bytes>,
    digest: OnceLock<[u8; 32]>,
}

impl Version {
    /// Makes version `number` of `file`, written `host/path`. Its bytes are made when first asked for.
    pub fn new(file: &str, number: u32, length: u64) -> Version {
        Version {
            file: file.into(),
            number,
            length,
            block: OnceLock::new(),
            digest: OnceLock::new(),
        }
    }

    /// Returns host and path.
    pub fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// Returns which version it is, counted from 1.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Returns its length in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    fn named(&self, what: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(what);
        hash.update([0]);
        hash.update(self.file.as_bytes());
        hash.update([0]);
        hash.update(self.number.to_le_bytes());
        hash.finalize().into()
    }

    /// Content is no secret and no draw of a world: a generator of fixed algorithm that costs a fifth
    /// of ChaCha8 will do, for making content is a good part of a short world.
    fn fill(&self, bytes: &mut [u8]) {
        Xoshiro256PlusPlus::from_seed(self.named("content")).fill_bytes(bytes);
    }

    fn block(&self) -> &Bytes {
        self.block.get_or_init(|| {
            // A file shorter than the period never comes to its end.
            if let Ok(length) = usize::try_from(self.length)
                && length <= PERIOD
            {
                let mut block = vec![0; length];
                self.fill(&mut block);
                return Bytes::from(block);
            }
            let mut block = vec![0; PERIOD + PIECE];
            let (period, again) = block.split_at_mut(PERIOD);
            self.fill(period);
            again[..PERIOD].copy_from_slice(period);
            let rest = PIECE - PERIOD;
            again[PERIOD..].copy_from_slice(&period[..rest]);
            Bytes::from(block)
        })
    }

    /// Returns the bytes at `at`: `len` of them, or less where the file or a [`PIECE`] ends. Nothing is
    /// copied.
    pub fn bytes(&self, at: u64, len: usize) -> Bytes {
        let left = self.length.saturating_sub(at);
        let len = usize::try_from(left).unwrap_or(PIECE).min(len).min(PIECE);
        let start = usize::try_from(at % PERIOD as u64).expect("a remainder of PERIOD");
        self.block().slice(start..start + len)
    }

    /// Returns whether `bytes` are what stands at `at`. Bytes beyond the end never are.
    pub fn matches(&self, at: u64, bytes: &[u8]) -> bool {
        let mut at = at;
        bytes.chunks(PIECE).all(|part| {
            let same = self.bytes(at, part.len()) == *part;
            at += part.len() as u64;
            same
        })
    }

    /// Returns the SHA-256 of the whole; it is computed once.
    pub fn sha256(&self) -> [u8; 32] {
        *self.digest.get_or_init(|| {
            let mut hash = Sha256::new();
            let mut at = 0;
            while at < self.length {
                let piece = self.bytes(at, PIECE);
                hash.update(&piece);
                at += piece.len() as u64;
            }
            hash.finalize().into()
        })
    }

    /// Returns its entity tag, quotes included.
    pub fn etag(&self) -> String {
        let hash = self.named("etag");
        format!("\"{}\"", hex(&hash[..8]))
    }

    /// Returns its `Last-Modified`.
    pub fn last_modified(&self) -> String {
        let days = FIRST_DAY + u64::from(self.number);
        httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(days * 86_400))
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} version {}, {} B", self.file, self.number, self.length)
    }
}

/// Writes bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

/// Every version of every file that the origin ever had, for the device to recognise what it stored.
/// Clones are handles to the same shelf.
#[derive(Clone, Debug, Default)]
pub struct Shelf(Arc<Mutex<Versions>>);

/// By file, oldest first.
type Versions = BTreeMap<Arc<str>, Vec<Arc<Version>>>;

impl Shelf {
    fn all(&self) -> MutexGuard<'_, Versions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the next version of `file` on the shelf.
    pub fn add(&self, file: &str, length: u64) -> Arc<Version> {
        let mut all = self.all();
        let versions = all.entry(file.into()).or_default();
        let number = u32::try_from(versions.len() + 1).expect("fewer than 4 G versions");
        let version = Arc::new(Version::new(file, number, length));
        versions.push(version.clone());
        version
    }

    /// Returns version `number` of `file`.
    pub fn get(&self, file: &str, number: u32) -> Option<Arc<Version>> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.all().get(file)?.get(index).cloned()
    }

    /// Returns the versions of `file`, oldest first.
    pub fn versions(&self, file: &str) -> Vec<Arc<Version>> {
        self.all().get(file).cloned().unwrap_or_default()
    }

    /// Returns the version that has `bytes` at `at`: `likely` if it does, else the first in the order
    /// of names and numbers. A few bytes may be found in several; so ask with whole chunks.
    pub fn recognise(
        &self,
        at: u64,
        bytes: &[u8],
        likely: Option<&Arc<Version>>,
    ) -> Option<Arc<Version>> {
        if let Some(version) = likely.filter(|version| version.matches(at, bytes)) {
            return Some(version.clone());
        }
        let all = self.all();
        all.values().flatten().find(|version| version.matches(at, bytes)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn version() -> Version {
        Version::new("cdn.example/a", 1, 3_000_000)
    }

    #[test]
    fn shifted_content_is_not_taken_for_the_right_one() {
        let version = version();
        for shift in [1, 4096, 16 << 10, 64 << 10, 1 << 20] {
            let there = version.bytes(shift, 4096);
            assert!(version.matches(shift, &there));
            assert!(!version.matches(0, &there), "shift {shift}");
        }
    }

    #[test]
    fn two_versions_and_two_files_have_other_bytes_tags_and_dates() {
        let (one, two) = (version(), Version::new("cdn.example/a", 2, 3_000_000));
        let other = Version::new("cdn.example/b", 1, 3_000_000);
        assert!(!one.matches(0, &two.bytes(0, 64)));
        assert!(!one.matches(0, &other.bytes(0, 64)));
        assert_ne!(one.etag(), two.etag());
        assert_eq!(one.last_modified(), "Tue, 02 Jan 2024 00:00:00 GMT");
        assert_eq!(two.last_modified(), "Wed, 03 Jan 2024 00:00:00 GMT");
    }

    #[test]
    fn bytes_end_with_the_file() {
        let version = Version::new("cdn.example/a", 1, 100);
        assert_eq!(version.bytes(90, 64).len(), 10);
        assert_eq!(version.bytes(100, 64).len(), 0);
        let long = Version::new("cdn.example/a", 1, 101);
        assert!(version.matches(90, &long.bytes(90, 10)));
        assert!(!version.matches(90, &long.bytes(90, 11)), "a byte beyond the end");
    }

    #[test]
    fn the_digest_is_that_of_all_pieces() {
        let version = Version::new("cdn.example/a", 1, 200_001);
        let mut whole = Vec::new();
        while (whole.len() as u64) < version.length() {
            whole.extend_from_slice(&version.bytes(whole.len() as u64, 1000));
        }
        assert_eq!(whole.len(), 200_001);
        assert!(version.matches(0, &whole));
        assert_eq!(<[u8; 32]>::from(Sha256::digest(&whole)), version.sha256());
    }

    #[test]
    fn the_shelf_recognises_versions_it_ever_had() {
        let shelf = Shelf::default();
        let first = shelf.add("cdn.example/a", 1000);
        let second = shelf.add("cdn.example/a", 2000);
        assert_eq!((first.number(), second.number()), (1, 2));
        let found =
            shelf.recognise(500, &first.bytes(500, 100), Some(&second)).expect("on the shelf");
        assert_eq!(found.number(), 1);
        assert!(shelf.recognise(500, &[0; 64], None).is_none());
        assert_eq!(shelf.get("cdn.example/a", 2).expect("on the shelf").length(), 2000);
        assert!(shelf.get("cdn.example/a", 3).is_none());
    }

    proptest! {
        #[test]
        fn a_piece_from_anywhere_equals_its_bytes_one_by_one(at in 0_u64..300_000, len in 0_usize..PIECE) {
            let version = version();
            let piece = version.bytes(at, len);
            prop_assert_eq!(piece.len(), len);
            for index in [0, len / 2, len.saturating_sub(1)] {
                if index < len {
                    prop_assert_eq!(&version.bytes(at + index as u64, 1)[..], &piece[index..=index]);
                }
            }
        }
    }
}
