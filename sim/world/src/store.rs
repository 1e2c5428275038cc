//! The device's rows: where batches go, and what a crash leaves of them.

use sleepwalker_core::{Batch, Row};
use sleepwalker_driver::{
    CrashBackend, Death, Durability, MemoryStore, RedbStore, Store, StoreError,
};

/// What the rows of a world are kept in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StoreKind {
    /// A table in memory: a stored batch is durable at once.
    #[default]
    Memory,
    /// The engine's own store, on a disk that loses what was not synced.
    Redb,
}

/// The rows of a device.
#[derive(Debug)]
pub(crate) enum DeviceStore {
    Memory(MemoryStore),
    Redb { store: Option<RedbStore>, disk: CrashBackend },
}

const NAME: &str = "rows of the device";

impl DeviceStore {
    pub(crate) fn open(kind: StoreKind) -> Result<DeviceStore, StoreError> {
        match kind {
            StoreKind::Memory => Ok(DeviceStore::Memory(MemoryStore::default())),
            StoreKind::Redb => DeviceStore::on(CrashBackend::new()),
        }
    }

    fn on(disk: CrashBackend) -> Result<DeviceStore, StoreError> {
        let store = Some(RedbStore::with_backend(disk.clone(), NAME, Durability::PowerCut)?);
        Ok(DeviceStore::Redb { store, disk })
    }

    fn store(&mut self) -> &mut dyn Store {
        match self {
            DeviceStore::Memory(store) => store,
            DeviceStore::Redb { store, .. } => store.as_mut().expect("open between two crashes"),
        }
    }

    /// Makes a batch durable.
    pub(crate) fn apply(&mut self, batch: &Batch) -> Result<(), StoreError> {
        self.store().apply(batch)
    }

    /// Returns all rows, in the order of their keys.
    pub(crate) fn load(&mut self) -> Result<Vec<Row>, StoreError> {
        self.store().load()
    }

    /// The machine dies, and what is left is opened again.
    pub(crate) fn crash(&mut self, death: Death) -> Result<(), StoreError> {
        if let DeviceStore::Redb { store, disk } = self {
            let left = disk.crash(death);
            // Its last writes fail, as those of a dead process never come.
            drop(store.take());
            *self = DeviceStore::on(left)?;
        }
        Ok(())
    }
}
