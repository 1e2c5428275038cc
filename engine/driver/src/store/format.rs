//! How rows look in a store: keys that sort as their rows do, values as JSON.

use sleepwalker_core::{Row, RowKey};

/// The version of this format. A store with another one is refused.
pub(crate) const FORMAT: u64 = 1;

/// Encodes a key: a tag, then its numbers in big-endian order.
pub(crate) fn key(key: RowKey) -> Vec<u8> {
    let (tag, numbers): (u8, Vec<u64>) = match key {
        RowKey::Limiter => (1, vec![]),
        RowKey::Session(id) => (2, vec![id.0.into()]),
        RowKey::NextTask(id) => (3, vec![id.0.into()]),
        RowKey::Resumable(file) => (5, vec![file.0]),
        RowKey::Task(key) => (4, vec![key.session.0.into(), key.task.0.into()]),
    };
    let mut bytes = vec![tag];
    for number in numbers {
        bytes.extend(number.to_be_bytes());
    }
    bytes
}

/// Encodes a row.
pub(crate) fn value(row: &Row) -> Vec<u8> {
    serde_json::to_vec(row).expect("a row holds nothing that JSON cannot say")
}

/// Decodes a row.
pub(crate) fn row(value: &[u8]) -> Result<Row, serde_json::Error> {
    serde_json::from_slice(value)
}

#[cfg(test)]
mod tests {
    use sleepwalker_core::{SessionId, TaskId, TaskKey};

    use super::*;

    #[test]
    fn keys_sort_as_rows_do() {
        let task = |session, task| {
            RowKey::Task(TaskKey { session: SessionId(session), task: TaskId(task) })
        };
        let keys = [
            RowKey::Limiter,
            RowKey::Session(SessionId(1)),
            RowKey::Session(SessionId(256)),
            RowKey::NextTask(SessionId(1)),
            task(1, 2),
            task(1, 256),
            task(2, 1),
        ];
        assert!(keys.is_sorted());
        assert!(keys.map(key).is_sorted());
    }
}
