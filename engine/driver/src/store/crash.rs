//! A backend in memory that can crash at any operation and lose what was not synced.

use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use redb::StorageBackend;

/// What is lost or kept as one.
const SECTOR: usize = 512;

/// How the machine under a backend dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// The process ends: what was written stays.
    Process,
    /// The power goes: of what was not synced, a subset chosen by the seed stays.
    PowerCut {
        /// Chooses which sectors stay.
        seed: u64,
    },
}

/// Storage in memory whose clones share one disk. A crashed backend refuses everything, so that what
/// still holds it can only be dropped; [`CrashBackend::crash`] gives the disk that is left.
#[derive(Clone, Debug, Default)]
pub struct CrashBackend(Arc<Mutex<Disk>>);

#[derive(Debug, Default)]
struct Disk {
    /// What reads show.
    now: Vec<u8>,
    /// What a power cut leaves at least.
    synced: Vec<u8>,
    /// Sectors that differ or may differ, in order.
    dirty: BTreeSet<usize>,
    /// Operations that change or sync, so far.
    operations: u64,
    /// The operation that is not carried out any more.
    dies_at: Option<u64>,
    dead: bool,
}

impl CrashBackend {
    /// Makes an empty disk.
    pub fn new() -> CrashBackend {
        CrashBackend::default()
    }

    /// Lets the machine die at the n-th operation from now on, counted from 0: a write, a sync or a
    /// change of length. That one and all later ones fail.
    pub fn die_after(&self, operations: u64) {
        let mut disk = self.disk();
        disk.dies_at = Some(disk.operations + operations);
    }

    /// Returns how many operations changed or synced the disk.
    pub fn operations(&self) -> u64 {
        self.disk().operations
    }

    /// Kills whatever uses this disk, and returns the disk that the next start finds.
    pub fn crash(&self, death: Death) -> CrashBackend {
        let mut disk = self.disk();
        disk.dead = true;
        let left = match death {
            Death::Process => disk.now.clone(),
            Death::PowerCut { seed } => disk.after_power_cut(seed),
        };
        CrashBackend(Arc::new(Mutex::new(Disk {
            synced: left.clone(),
            now: left,
            ..Disk::default()
        })))
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Disk {
    fn begin(&mut self) -> io::Result<()> {
        if self.dies_at.is_some_and(|at| self.operations >= at) {
            self.dead = true;
        }
        self.check()?;
        self.operations += 1;
        Ok(())
    }

    fn check(&self) -> io::Result<()> {
        if self.dead {
            return Err(io::Error::other("the machine has crashed"));
        }
        Ok(())
    }

    fn touch(&mut self, from: usize, to: usize) {
        for sector in from / SECTOR..to.div_ceil(SECTOR) {
            self.dirty.insert(sector);
        }
    }

    /// A changed length is one change among the others: it may have reached the disk or not.
    fn after_power_cut(&self, seed: u64) -> Vec<u8> {
        let mut draw = Draw(seed);
        let mut left = self.synced.clone();
        if self.now.len() > left.len() || draw.coin() {
            left.resize(self.now.len(), 0);
        }
        for &sector in &self.dirty {
            let keep = draw.coin();
            let from = sector * SECTOR;
            let to = (from + SECTOR).min(left.len()).min(self.now.len());
            if keep && from < to {
                left[from..to].copy_from_slice(&self.now[from..to]);
            }
        }
        left
    }
}

impl StorageBackend for CrashBackend {
    fn len(&self) -> io::Result<u64> {
        let disk = self.disk();
        disk.check()?;
        Ok(disk.now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let disk = self.disk();
        disk.check()?;
        let from = index(offset);
        let bytes = disk.now.get(from..from + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut disk = self.disk();
        disk.begin()?;
        let (before, after) = (disk.now.len(), index(len));
        disk.now.resize(after, 0);
        disk.touch(before.min(after), before.max(after));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut disk = self.disk();
        disk.begin()?;
        let Disk { now, synced, dirty, .. } = &mut *disk;
        synced.resize(now.len(), 0);
        for &sector in &*dirty {
            let from = sector * SECTOR;
            let to = (from + SECTOR).min(now.len());
            if from < to {
                synced[from..to].copy_from_slice(&now[from..to]);
            }
        }
        dirty.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut disk = self.disk();
        disk.begin()?;
        let from = index(offset);
        let to = from + data.len();
        disk.now.get_mut(from..to).ok_or(io::ErrorKind::UnexpectedEof)?.copy_from_slice(data);
        disk.touch(from, to);
        Ok(())
    }
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("the disk is in memory")
}

/// SplitMix64: small, and the same on every machine.
struct Draw(u64);

impl Draw {
    fn coin(&mut self) -> bool {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) & 1 == 1
    }
}
