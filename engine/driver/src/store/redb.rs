//! The store that lasts: redb, one write transaction a batch.

use std::{
    fs::OpenOptions,
    io,
    ops::Bound,
    path::{Path, PathBuf},
};

use redb::{
    BackendError, Builder, Database, DatabaseError, ReadableDatabase, ReadableTable,
    StorageBackend, StorageError, TableDefinition, TableError, backends::FileBackend,
};
use sleepwalker_core::{Batch, Change, Row};

use super::{
    Store, StoreError,
    format::{self, FORMAT},
};

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");
const FORMAT_KEY: &str = "format";

/// Which death a stored batch survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Loss of power: each batch waits for the disk.
    #[default]
    PowerCut,
    /// Death of the process only: a batch is handed to the operating system, and the disk is waited for
    /// when the store is closed. After a loss of power the store may be unusable, which is told.
    ProcessDeath,
}

/// An encoded row under its key.
type Record = (Vec<u8>, Vec<u8>);

/// Rows in a redb database.
#[derive(Debug)]
pub struct RedbStore {
    database: Database,
    file: PathBuf,
}

impl RedbStore {
    /// Opens the store in a file, or makes it.
    ///
    /// # Errors
    ///
    /// The file is not a store of this format, is damaged, is open elsewhere or cannot be reached.
    pub fn open(file: &Path, durability: Durability) -> Result<RedbStore, StoreError> {
        let unusable = |source: Box<dyn std::error::Error + Send + Sync>| StoreError::Unusable {
            file: file.to_owned(),
            source,
        };
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(file)
            .map_err(|error| unusable(error.into()))?;
        let backend = FileBackend::new(opened).map_err(|error| of_open(file, error))?;
        RedbStore::with_backend(backend, file, durability)
    }

    /// Opens the store that a backend holds, or makes it there. `name` stands in errors.
    ///
    /// # Errors
    ///
    /// As for [`RedbStore::open`].
    pub fn with_backend(
        backend: impl StorageBackend,
        name: impl AsRef<Path>,
        durability: Durability,
    ) -> Result<RedbStore, StoreError> {
        let file = name.as_ref().to_owned();
        forget_unfinished(&backend).map_err(|error| of_open(&file, error))?;
        let mut builder = Builder::new();
        builder.set_cache_size(CACHE);
        let database = match durability {
            Durability::PowerCut => builder.create_with_backend(backend),
            Durability::ProcessDeath => builder.create_with_backend(Unsynced(backend)),
        }
        .map_err(|error| of_open(&file, error))?;
        let store = RedbStore { database, file };
        store.check_format()?;
        Ok(store)
    }

    /// Reads the format, or writes it into a new store.
    fn check_format(&self) -> Result<(), StoreError> {
        match self.format().map_err(|error| self.unusable(error))? {
            Some(FORMAT) => Ok(()),
            Some(found) => {
                Err(StoreError::Format { file: self.file.clone(), found, expected: FORMAT })
            }
            None => self.write_format().map_err(|error| self.unusable(error)),
        }
    }

    fn format(&self) -> Result<Option<u64>, redb::Error> {
        let reading = self.database.begin_read()?;
        match reading.open_table(META) {
            Ok(meta) => Ok(meta.get(FORMAT_KEY)?.map(|found| found.value())),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn write_format(&self) -> Result<(), redb::Error> {
        let writing = self.database.begin_write()?;
        writing.open_table(META)?.insert(FORMAT_KEY, FORMAT)?;
        writing.open_table(ROWS)?;
        writing.commit()?;
        Ok(())
    }

    fn unusable(&self, error: redb::Error) -> StoreError {
        StoreError::Unusable { file: self.file.clone(), source: error.into() }
    }

    fn records(&self) -> Result<Vec<Record>, redb::Error> {
        let reading = self.database.begin_read()?;
        let rows = reading.open_table(ROWS)?;
        let mut records = Vec::new();
        for record in rows.iter()? {
            let (key, value) = record?;
            records.push((key.value().to_vec(), value.value().to_vec()));
        }
        Ok(records)
    }

    fn write(&self, batch: &Batch) -> Result<(), redb::Error> {
        let writing = self.database.begin_write()?;
        {
            let mut rows = writing.open_table(ROWS)?;
            for change in &batch.changes {
                match change {
                    Change::Put(row) => {
                        let key = format::key(row.key());
                        rows.insert(key.as_slice(), format::value(row).as_slice())?;
                    }
                    Change::Delete(key) => {
                        rows.remove(format::key(*key).as_slice())?;
                    }
                }
            }
        }
        writing.commit()?;
        Ok(())
    }
}

impl Store for RedbStore {
    fn load(&mut self) -> Result<Vec<Row>, StoreError> {
        let records = self.records().map_err(|error| self.unusable(error))?;
        records
            .into_iter()
            .map(|(key, value)| {
                format::row(&value).map_err(|source| StoreError::NotARow {
                    file: self.file.clone(),
                    key: key.iter().map(|byte| format!("{byte:02x}")).collect(),
                    source,
                })
            })
            .collect()
    }

    fn apply(&mut self, batch: &Batch) -> Result<(), StoreError> {
        self.write(batch).map_err(|error| self.unusable(error))
    }
}

/// redb's cache; rows are few and small.
const CACHE: usize = 4 << 20;

/// redb writes its magic number last when it makes a database, so storage that begins with zeros there
/// was never finished and holds nothing. Locked, for another process may be about to finish it.
fn forget_unfinished(backend: &impl StorageBackend) -> Result<(), DatabaseError> {
    let all = (Bound::Unbounded, Bound::Unbounded);
    let of = |error: io::Error| DatabaseError::Storage(error.into());
    let locked = match backend.try_lock_range(all.0, all.1) {
        Ok(true) => true,
        Ok(false) => return Err(DatabaseError::DatabaseAlreadyOpen),
        Err(BackendError::Unsupported) => false,
        Err(error) => return Err(DatabaseError::Storage(StorageError::Backend(Box::new(error)))),
    };
    let mut magic = [0; 9];
    let there = backend.len().map_err(of)?.min(magic.len() as u64);
    let magic = &mut magic[..usize::try_from(there).expect("nine at most")];
    backend.read(0, magic).map_err(of)?;
    if !magic.is_empty() && magic.iter().all(|byte| *byte == 0) {
        backend.set_len(0).map_err(of)?;
    }
    if locked {
        backend
            .unlock_range(all.0, all.1)
            .map_err(|error| DatabaseError::Storage(StorageError::Backend(Box::new(error))))?;
    }
    Ok(())
}

fn of_open(file: &Path, error: DatabaseError) -> StoreError {
    let file = file.to_owned();
    match error {
        DatabaseError::DatabaseAlreadyOpen => StoreError::InUse { file },
        error => StoreError::Unusable { file, source: error.into() },
    }
}

/// Storage whose writes are left to the operating system until it is closed.
#[derive(Debug)]
struct Unsynced<B>(B);

impl<B: StorageBackend> StorageBackend for Unsynced<B> {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.0.sync_data()?;
        self.0.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.try_lock_range(start, end)
    }

    fn try_lock_shared_range(
        &self,
        start: Bound<u64>,
        end: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.0.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.query_lock_range(start, end)
    }
}
