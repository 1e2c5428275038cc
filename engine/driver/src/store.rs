//! Where rows are kept: a store takes batches whole or not at all.

mod crash;
mod format;
mod memory;
mod redb;

use std::path::PathBuf;

use sleepwalker_core::{Batch, Row};

pub use self::redb::{Durability, RedbStore};
pub use crash::{CrashBackend, Death};
pub use memory::MemoryStore;

/// Durable rows.
pub trait Store: Send {
    /// Returns all rows, in the order of their keys.
    ///
    /// # Errors
    ///
    /// The store cannot be read, or holds what is not a row.
    fn load(&mut self) -> Result<Vec<Row>, StoreError>;

    /// Makes a batch durable: all of it, or on an error nothing.
    ///
    /// # Errors
    ///
    /// The store cannot be written.
    fn apply(&mut self, batch: &Batch) -> Result<(), StoreError>;
}

/// Why a store cannot be used. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file is not a store, is damaged, or cannot be read or written.
    #[error("the store {} cannot be used; it was left as it is", file.display())]
    Unusable {
        /// The file.
        file: PathBuf,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another process has the store open.
    #[error("the store {} is open in another process", file.display())]
    InUse {
        /// The file.
        file: PathBuf,
    },
    /// Another version of this program wrote the store.
    #[error(
        "the store {} has format {found}, this program reads format {expected}; it was left as it is",
        file.display()
    )]
    Format {
        /// The file.
        file: PathBuf,
        /// What it says.
        found: u64,
        /// What this program writes.
        expected: u64,
    },
    /// A record is not a row.
    #[error("the store {} holds a record that is not a row ({key}); it was left as it is", file.display())]
    NotARow {
        /// The file.
        file: PathBuf,
        /// The record's key, in hexadecimal.
        key: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}
