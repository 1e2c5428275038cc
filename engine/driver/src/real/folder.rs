//! Files in a folder: `N.part` while a file grows, `N.done` once it is settled.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use sleepwalker_core::FileId;

use crate::Files;

/// Open files that are kept for the next piece; the rest are opened again.
const KEPT: usize = 32;

/// Files by number in one folder, which is used for nothing else.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    open: BTreeMap<FileId, Arc<File>>,
    /// Files whose entry in the folder is durable.
    entered: BTreeSet<FileId>,
}

impl Folder {
    /// Uses a folder; makes it if it is not there.
    ///
    /// # Errors
    ///
    /// The folder cannot be made.
    pub fn new(path: impl Into<PathBuf>) -> io::Result<Folder> {
        let path = path.into();
        fs::create_dir_all(&path)?;
        Ok(Folder { path, state: Mutex::default() })
    }

    /// Returns where a file stands now.
    pub fn path(&self, file: FileId) -> PathBuf {
        let done = self.done(file);
        if done.exists() { done } else { self.part(file) }
    }

    fn part(&self, file: FileId) -> PathBuf {
        self.path.join(format!("{file}.part"))
    }

    fn done(&self, file: FileId) -> PathBuf {
        self.path.join(format!("{file}.done"))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, file: FileId, create: bool) -> io::Result<Arc<File>> {
        let mut state = self.state();
        if let Some(open) = state.open.get(&file) {
            return Ok(Arc::clone(open));
        }
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(create)
            .truncate(false)
            .open(self.path(file))?;
        let opened = Arc::new(opened);
        if state.open.len() >= KEPT {
            state.open.pop_first();
        }
        state.open.insert(file, Arc::clone(&opened));
        Ok(opened)
    }
}

impl Files for Folder {
    fn write(&self, file: FileId, at: u64, bytes: &Bytes) -> io::Result<()> {
        let open = self.open(file, true)?;
        write_all_at(&open, bytes, at)
    }

    fn truncate(&self, file: FileId, length: u64) -> io::Result<()> {
        self.open(file, true)?.set_len(length)
    }

    fn length(&self, file: FileId) -> io::Result<Option<u64>> {
        match fs::metadata(self.path(file)) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn read(&self, file: FileId, at: u64, len: usize) -> io::Result<Bytes> {
        let open = self.open(file, false)?;
        let mut bytes = vec![0; len];
        let mut filled = 0;
        while filled < len {
            match read_at(&open, &mut bytes[filled..], at + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(filled);
        Ok(bytes.into())
    }

    fn sync(&self, file: FileId) -> io::Result<u64> {
        let open = self.open(file, false)?;
        let length = open.metadata()?.len();
        open.sync_data()?;
        if !self.state().entered.contains(&file) {
            sync_folder(&self.path)?;
            self.state().entered.insert(file);
        }
        Ok(length)
    }

    fn settle(&self, file: FileId) -> io::Result<()> {
        self.open(file, false)?.sync_all()?;
        // Some systems do not rename what is open.
        self.state().open.remove(&file);
        let part = self.part(file);
        if part.exists() {
            fs::rename(part, self.done(file))?;
        }
        sync_folder(&self.path)
    }

    fn remove(&self, file: FileId) -> io::Result<()> {
        let mut state = self.state();
        state.open.remove(&file);
        state.entered.remove(&file);
        drop(state);
        for path in [self.part(file), self.done(file)] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<FileId>> {
        let mut files = BTreeSet::new();
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            let number = name
                .to_str()
                .and_then(|name| name.strip_suffix(".part").or(name.strip_suffix(".done")))
                .and_then(|number| number.parse().ok());
            files.extend(number.map(FileId));
        }
        Ok(files.into_iter().collect())
    }
}

#[cfg(unix)]
fn write_all_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, bytes, at)
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
fn write_all_at(mut file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    use std::io::{Seek, Write};
    file.seek(io::SeekFrom::Start(at))?;
    file.write_all(bytes)
}

#[cfg(not(unix))]
fn read_at(mut file: &File, bytes: &mut [u8], at: u64) -> io::Result<usize> {
    use std::io::{Read, Seek};
    file.seek(io::SeekFrom::Start(at))?;
    file.read(bytes)
}

/// Elsewhere a folder is not a thing that can be synced.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
