//! Stores: what was committed is there after every death, and no batch is ever half there.

use std::{collections::BTreeMap, fs, sync::Arc};

use proptest::{prelude::*, sample::Index};
use sleepwalker_core::{
    Batch, BatchId, Change, Configuration, FileId, Implements, LimiterRow, Partial, Request, Row,
    SessionId, SessionRow, TaskId, TaskKey, TaskKind, TaskRow, Time, Validator,
};
use sleepwalker_driver::{
    CrashBackend, Death, Durability, MemoryStore, RedbStore, Store, StoreError,
};

fn open(backend: &CrashBackend, durability: Durability) -> Result<RedbStore, StoreError> {
    RedbStore::with_backend(backend.clone(), "rows.redb", durability)
}

fn task_row(length: u64) -> TaskRow {
    TaskRow {
        kind: TaskKind::Download,
        request: Arc::new(Request::get("https://cdn.example/a?b=c".parse().expect("a URL"))),
        configuration: Arc::new(Configuration::default()),
        description: Some("x".repeat((length % 3000) as usize)),
        partial: Some(Partial {
            file: FileId(length),
            length,
            expected: None,
            validator: Some(Validator::ETag("\"v1\"".to_owned())),
        }),
        priority: 500,
        suspensions: 1,
        resumed_at: None,
        order: length,
        auto_discretionary: false,
        held: false,
        earliest_begin: None,
        delay_answered: false,
        replacement: None,
        result: None,
    }
}

fn row(kind: u8, number: u32, value: u32) -> Row {
    let session = SessionId(number);
    match kind {
        0 => Row::Limiter(LimiterRow {
            last_wake: Time::from_secs(value.into()),
            ..LimiterRow::default()
        }),
        1 => Row::Session(
            session,
            SessionRow {
                identifier: format!("session {value}"),
                configuration: Arc::new(Configuration::default()),
                implements: Implements::default(),
                invalidating: value.is_multiple_of(2),
            },
        ),
        2 => Row::NextTask(session, TaskId(value)),
        3 => Row::Resumable(FileId(number.into()), value.into()),
        _ => Row::Task(
            TaskKey { session, task: TaskId(value % 5) },
            Arc::new(task_row(value.into())),
        ),
    }
}

fn batches() -> impl Strategy<Value = Vec<Batch>> {
    let change = (0_u8..8, 0_u32..4, any::<u32>(), any::<bool>());
    let batch = prop::collection::vec(change, 0..8);
    prop::collection::vec(batch, 1..12).prop_map(|batches| {
        (1..)
            .zip(batches)
            .map(|(id, changes)| {
                let changes: BTreeMap<_, _> = changes
                    .into_iter()
                    .map(|(kind, number, value, put)| {
                        let row = row(kind, number, value);
                        let key = row.key();
                        (key, if put { Change::Put(row) } else { Change::Delete(key) })
                    })
                    .collect();
                Batch { id: BatchId(id), changes: changes.into_values().collect() }
            })
            .collect()
    })
}

fn death() -> impl Strategy<Value = Death> {
    prop_oneof![Just(Death::Process), any::<u64>().prop_map(|seed| Death::PowerCut { seed }),]
}

/// What a store holds after the first `count` batches.
fn model(batches: &[Batch], count: usize) -> Vec<Row> {
    let mut memory = MemoryStore::default();
    for batch in &batches[..count] {
        memory.apply(batch).expect("memory takes all");
    }
    memory.load().expect("memory gives all")
}

/// Applies batches until the first failure; returns how many were committed.
fn run(backend: &CrashBackend, durability: Durability, batches: &[Batch]) -> usize {
    let Ok(mut store) = open(backend, durability) else {
        return 0;
    };
    let committed = batches.iter().take_while(|batch| store.apply(batch).is_ok());
    let committed = committed.count();
    // A dead process runs no destructors.
    std::mem::forget(store);
    committed
}

fn survives(
    batches: &[Batch],
    durability: Durability,
    death: Death,
    moment: Index,
) -> Result<(), TestCaseError> {
    let rehearsal = CrashBackend::new();
    prop_assert_eq!(run(&rehearsal, durability, batches), batches.len());
    let disk = CrashBackend::new();
    // One past the last operation is a death at rest.
    disk.die_after(moment.index(rehearsal.operations() as usize + 1) as u64);
    let committed = run(&disk, durability, batches);
    let left = disk.crash(death);
    let mut store = open(&left, durability).map_err(|error| {
        TestCaseError::fail(format!("{error}: {:?}", std::error::Error::source(&error)))
    })?;
    let rows = store.load().expect("a store that opens can be read");
    let next = (committed + 1).min(batches.len());
    prop_assert!(
        rows == model(batches, committed) || rows == model(batches, next),
        "after {} of {} batches: {:?}",
        committed,
        batches.len(),
        rows
    );
    for batch in &batches[committed..] {
        store.apply(batch).expect("the store goes on");
    }
    prop_assert_eq!(store.load().expect("readable"), model(batches, batches.len()));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_committed_batch_survives_any_death_whole(
        batches in batches(),
        death in death(),
        moment in any::<Index>(),
    ) {
        survives(&batches, Durability::PowerCut, death, moment)?;
    }

    #[test]
    fn without_waiting_for_the_disk_it_survives_the_death_of_the_process(
        batches in batches(),
        moment in any::<Index>(),
    ) {
        survives(&batches, Durability::ProcessDeath, Death::Process, moment)?;
    }
}

#[test]
fn an_unsynced_batch_can_be_lost_with_the_power() {
    let batches = [Batch { id: BatchId(1), changes: vec![Change::Put(row(2, 1, 9))] }];
    let lost = (0..64).any(|seed| {
        let disk = CrashBackend::new();
        run(&disk, Durability::ProcessDeath, &batches);
        let left = disk.crash(Death::PowerCut { seed });
        let rows = open(&left, Durability::ProcessDeath).and_then(|mut store| store.load());
        !rows.is_ok_and(|rows| rows.len() == 1)
    });
    assert!(lost, "the backend loses nothing, so the tests above show nothing");
}

#[test]
fn a_store_in_a_file_is_there_again_and_is_not_shared() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rows.redb");
    for durability in [Durability::PowerCut, Durability::ProcessDeath] {
        let mut store = RedbStore::open(&file, durability).expect("opens");
        let second = RedbStore::open(&file, durability).expect_err("is open");
        assert!(matches!(second, StoreError::InUse { .. }), "{second:?}");
        let rows = vec![row(0, 0, 1), row(1, 1, 2), row(7, 1, 3)];
        let changes = rows.iter().cloned().map(Change::Put).collect();
        let id = BatchId(1);
        store.apply(&Batch { id, changes }).expect("writes");
        drop(store);
        let mut store = RedbStore::open(&file, durability).expect("opens again");
        assert_eq!(store.load().expect("reads"), rows);
    }
}

#[test]
fn what_is_not_a_store_is_named_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rows.redb");
    for content in [b"short".to_vec(), vec![7; 100_000]] {
        fs::write(&file, &content).expect("written");
        let error = RedbStore::open(&file, Durability::PowerCut).expect_err("not a store");
        assert!(matches!(error, StoreError::Unusable { .. }), "{error:?}");
        assert!(error.to_string().contains("rows.redb"), "{error}");
        assert_eq!(fs::read(&file).expect("still there"), content);
    }
}

#[test]
fn a_store_of_another_format_is_named_and_left_alone() {
    let disk = CrashBackend::new();
    drop(open(&disk, Durability::PowerCut).expect("opens"));
    let disk = disk.crash(Death::Process);
    let database = redb::Builder::new().create_with_backend(disk.clone()).expect("opens");
    let writing = database.begin_write().expect("writes");
    writing
        .open_table(redb::TableDefinition::<&str, u64>::new("meta"))
        .and_then(|mut meta| Ok(meta.insert("format", 2).map(drop)?))
        .expect("writes");
    writing.commit().expect("writes");
    drop(database);
    let disk = disk.crash(Death::Process);
    let error = open(&disk, Durability::PowerCut).expect_err("too new");
    assert!(matches!(error, StoreError::Format { found: 2, expected: 1, .. }), "{error:?}");
}
