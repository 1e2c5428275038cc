//! The engine's files in a world, and what a crash leaves of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use sleepwalker_core::{FileId, Host};
use sleepwalker_driver::Files;
use sleepwalker_judge::Content;
use sleepwalker_origin::{Shelf, Version};

use crate::extent::Extents;

/// The device's disk, as far as the engine uses it. Clones share it.
#[derive(Clone, Debug)]
pub struct SimFiles(Arc<Mutex<Disk>>);

#[derive(Debug)]
struct Disk {
    shelf: Shelf,
    files: BTreeMap<FileId, File>,
    /// Which file of the origin is being fetched into a file: where to look first.
    hints: BTreeMap<FileId, Arc<str>>,
    /// Deleted, but the folder was not synced since: a power cut brings them back.
    ghosts: BTreeMap<FileId, Extents>,
}

#[derive(Debug, Default)]
struct File {
    now: Extents,
    /// What a power cut leaves; none: not even the name.
    durable: Option<Extents>,
}

impl SimFiles {
    /// Makes an empty disk that recognises what stands on the shelf.
    pub fn new(shelf: Shelf) -> SimFiles {
        SimFiles(Arc::new(Mutex::new(Disk {
            shelf,
            files: BTreeMap::new(),
            hints: BTreeMap::new(),
            ghosts: BTreeMap::new(),
        })))
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells which file of the origin, `host/path`, is about to be received into a file.
    pub fn expect(&self, file: FileId, origin: Arc<str>) {
        self.disk().hints.insert(file, origin);
    }

    /// Copies a file of the app's, durably.
    pub fn copy(&self, file: FileId, of: Arc<Version>) {
        let now = Extents::version(of);
        let durable = Some(now.clone());
        self.disk().files.insert(file, File { now, durable });
    }

    /// Tells what a file holds.
    pub fn content(&self, file: FileId) -> Content {
        let disk = self.disk();
        let Some(stored) = disk.files.get(&file) else { return Content::Missing };
        if stored.now.length() == 0
            && let Some(name) = disk.hints.get(&file)
            && let Some(empty) = disk.shelf.versions(name).iter().rev().find(|v| v.length() == 0)
        {
            return Content::Version { file: name.clone(), version: empty.number() };
        }
        stored.now.content()
    }

    /// The app moves a file away. Returns whether it was there.
    pub fn take(&self, file: FileId) -> bool {
        self.disk().remove(file)
    }

    /// The power goes: what was not synced is lost, names included.
    pub fn cut_power(&self) {
        let mut disk = self.disk();
        let left = std::mem::take(&mut disk.files)
            .into_iter()
            .filter_map(|(id, file)| file.durable.map(|durable| (id, durable)));
        let ghosts = std::mem::take(&mut disk.ghosts);
        // A ghost whose number was used again is gone: its name was taken over.
        disk.files = ghosts
            .into_iter()
            .chain(left)
            .map(|(id, durable)| (id, File { now: durable.clone(), durable: Some(durable) }))
            .collect();
    }
}

impl Disk {
    fn remove(&mut self, file: FileId) -> bool {
        self.hints.remove(&file);
        let Some(removed) = self.files.remove(&file) else { return false };
        if let Some(durable) = removed.durable {
            self.ghosts.insert(file, durable);
        }
        true
    }

    fn existing(&mut self, file: FileId) -> io::Result<&mut File> {
        self.files.get_mut(&file).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn sync(&mut self, file: FileId) -> io::Result<u64> {
        let stored = self.existing(file)?;
        let first = stored.durable.is_none();
        stored.durable = Some(stored.now.clone());
        let length = stored.now.length();
        if first {
            self.sync_folder();
        }
        Ok(length)
    }

    /// Makes every name stand as it is now.
    fn sync_folder(&mut self) {
        self.ghosts.clear();
        for file in self.files.values_mut() {
            file.durable.get_or_insert_default();
        }
    }
}

impl Files for SimFiles {
    fn write(&self, file: FileId, at: u64, bytes: &Bytes) -> io::Result<()> {
        let mut disk = self.disk();
        let Disk { shelf, files, hints, .. } = &mut *disk;
        let stored = files.entry(file).or_default();
        let before = stored.now.version_before(at);
        let version = match before.filter(|version| version.matches(at, bytes)) {
            Some(version) => Some(version.clone()),
            None => {
                let hinted = hints.get(&file).map(|name| shelf.versions(name)).unwrap_or_default();
                let newest =
                    hinted.iter().rev().find(|version| version.matches(at, bytes)).cloned();
                newest.or_else(|| shelf.recognise(at, bytes, None))
            }
        };
        stored.now.write(at, bytes, version);
        Ok(())
    }

    fn truncate(&self, file: FileId, length: u64) -> io::Result<()> {
        self.disk().files.entry(file).or_default().now.truncate(length);
        Ok(())
    }

    fn length(&self, file: FileId) -> io::Result<Option<u64>> {
        Ok(self.disk().files.get(&file).map(|stored| stored.now.length()))
    }

    fn read(&self, file: FileId, at: u64, len: usize) -> io::Result<Bytes> {
        Ok(self.disk().existing(file)?.now.read(at, len))
    }

    fn sync(&self, file: FileId) -> io::Result<u64> {
        self.disk().sync(file)
    }

    fn settle(&self, file: FileId) -> io::Result<()> {
        let mut disk = self.disk();
        disk.sync(file)?;
        disk.sync_folder();
        Ok(())
    }

    fn remove(&self, file: FileId) -> io::Result<()> {
        self.disk().remove(file);
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<FileId>> {
        Ok(self.disk().files.keys().copied().collect())
    }
}

/// The hosts that the origin answers for, by name.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    names: BTreeSet<String>,
}

impl Names {
    pub(crate) fn of(plan: &sleepwalker_origin::Plan) -> Names {
        Names { names: plan.hosts.keys().cloned().collect() }
    }

    /// Returns the name under which the origin answers for a host; none: it has no address.
    pub(crate) fn resolve(&self, host: &Host) -> Option<&str> {
        let whole = host.to_string().to_ascii_lowercase();
        let name = host.name.to_ascii_lowercase();
        let known = |name: &str| self.names.get(name).map(String::as_str);
        known(&whole).or_else(|| known(&name)).or_else(|| known("*"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: FileId = FileId(1);

    fn disk() -> (SimFiles, Arc<Version>) {
        let shelf = Shelf::default();
        let version = shelf.add("cdn.example/a", 200_000);
        let files = SimFiles::new(shelf);
        files.expect(FILE, "cdn.example/a".into());
        (files, version)
    }

    fn part(files: &SimFiles) -> Option<u64> {
        files.length(FILE).expect("lengths can be told")
    }

    #[test]
    fn a_power_cut_leaves_what_was_synced_and_not_a_byte_more() {
        let (files, version) = disk();
        files.write(FILE, 0, &version.bytes(0, 1000)).unwrap();
        assert_eq!(files.sync(FILE).unwrap(), 1000);
        files.write(FILE, 1000, &version.bytes(1000, 500)).unwrap();
        files.cut_power();
        assert_eq!(part(&files), Some(1000));
    }

    #[test]
    fn a_power_cut_takes_a_file_that_was_never_synced() {
        let (files, version) = disk();
        files.write(FILE, 0, &version.bytes(0, 1000)).unwrap();
        files.cut_power();
        assert_eq!(part(&files), None);
        assert_eq!(files.content(FILE), Content::Missing);
    }

    #[test]
    fn a_power_cut_undoes_truncation_and_removal_that_were_not_synced() {
        let (files, version) = disk();
        files.write(FILE, 0, &version.bytes(0, 1000)).unwrap();
        files.sync(FILE).unwrap();
        files.truncate(FILE, 10).unwrap();
        files.remove(FILE).unwrap();
        assert_eq!(part(&files), None);
        files.cut_power();
        assert_eq!(part(&files), Some(1000));
    }

    #[test]
    fn settling_another_file_makes_a_removal_durable() {
        let (files, version) = disk();
        files.write(FILE, 0, &version.bytes(0, 1000)).unwrap();
        files.sync(FILE).unwrap();
        files.remove(FILE).unwrap();
        files.write(FileId(2), 0, &version.bytes(0, 10)).unwrap();
        files.settle(FileId(2)).unwrap();
        files.cut_power();
        assert_eq!(part(&files), None);
        assert_eq!(files.list().unwrap(), [FileId(2)]);
    }

    #[test]
    fn whole_downloads_are_told_as_their_version_and_thirty_gigabytes_fit() {
        let shelf = Shelf::default();
        let version = shelf.add("cdn.example/big", 30_000_000_000);
        let files = SimFiles::new(shelf);
        files.copy(FILE, version);
        assert!(matches!(files.content(FILE), Content::Version { version: 1, .. }));
        assert_eq!(part(&files), Some(30_000_000_000));
    }
}
