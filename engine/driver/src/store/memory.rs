//! A store that lives as long as its process.

use std::collections::BTreeMap;

use sleepwalker_core::{Batch, Change, Row, RowKey};

use super::{Store, StoreError};

/// Rows in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryStore {
    rows: BTreeMap<RowKey, Row>,
}

impl Store for MemoryStore {
    fn load(&mut self) -> Result<Vec<Row>, StoreError> {
        Ok(self.rows.values().cloned().collect())
    }

    fn apply(&mut self, batch: &Batch) -> Result<(), StoreError> {
        for change in &batch.changes {
            match change {
                Change::Put(row) => self.rows.insert(row.key(), row.clone()),
                Change::Delete(key) => self.rows.remove(key),
            };
        }
        Ok(())
    }
}
