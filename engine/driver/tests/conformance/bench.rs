//! A driver under test: orders go in by hand, reports come out in order.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use sleepwalker_core::{
    AttemptId, BodyFile, ChunkId, ConnectionId, Field, FileId, Host, Into, Order, Report,
    RequestHead, ResponseHead, SessionId, TaskId, TaskKey,
};
use sleepwalker_driver::{BoxFuture, Driver, Files, Net, Providers, Spawn};
use tokio::sync::mpsc;

use super::origin::Origin;

/// The file that the bodies receive into.
pub(crate) const FILE: FileId = FileId(7);

/// What differs between the arms.
pub(crate) struct World {
    pub(crate) net: Arc<dyn Net>,
    pub(crate) files: Arc<dyn Files>,
    pub(crate) spawn: Arc<dyn Spawn>,
    /// Lets everything run until it can only wait.
    pub(crate) rest: Box<dyn Fn() -> BoxFuture<()> + Send + Sync>,
    pub(crate) origin: Origin,
    /// Where the origin listens.
    pub(crate) host: Host,
    /// Where nobody listens.
    pub(crate) refusing: Host,
    /// A host without an address.
    pub(crate) unknown: Host,
}

/// The driver and a stand-in for the core.
pub(crate) struct Bench {
    pub(crate) driver: Driver,
    pub(crate) files: Arc<dyn Files>,
    pub(crate) origin: Origin,
    pub(crate) host: Host,
    pub(crate) refusing: Host,
    pub(crate) unknown: Host,
    rest: Box<dyn Fn() -> BoxFuture<()> + Send + Sync>,
    reports: mpsc::UnboundedReceiver<Report>,
    last: Mutex<u32>,
}

impl Bench {
    pub(crate) fn new(world: World) -> Bench {
        let (sink, reports) = mpsc::unbounded_channel();
        let driver = Driver::new(Providers {
            net: world.net,
            files: Arc::clone(&world.files),
            spawn: world.spawn,
            reports: Arc::new(move |report| {
                // The bench may be gone while jobs still end.
                let _ = sink.send(report);
            }),
        });
        Bench {
            driver,
            files: world.files,
            origin: world.origin,
            host: world.host,
            refusing: world.refusing,
            unknown: world.unknown,
            rest: world.rest,
            reports,
            last: Mutex::new(0),
        }
    }

    pub(crate) async fn report(&mut self) -> Report {
        self.reports.recv().await.expect("the driver holds the sink")
    }

    /// The next report that is not mere progress.
    pub(crate) async fn event(&mut self) -> Report {
        loop {
            match self.report().await {
                Report::Sent(..) | Report::Received(..) => {}
                report => return report,
            }
        }
    }

    /// Lets everything that can run do so, and returns what was told.
    pub(crate) async fn quiet(&mut self) -> Vec<Report> {
        (self.rest)().await;
        std::iter::from_fn(|| self.reports.try_recv().ok()).collect()
    }

    /// Forgets what was told so far.
    pub(crate) fn drain(&mut self) {
        while self.reports.try_recv().is_ok() {}
    }

    pub(crate) async fn open(&mut self) -> ConnectionId {
        let connection = ConnectionId(1);
        self.driver.order(Order::Open(connection, self.host.clone()));
        assert_eq!(self.report().await, Report::Opened(connection));
        connection
    }

    pub(crate) fn next_attempt(&self) -> AttemptId {
        let mut last = self.last.lock().expect("one thread");
        *last += 1;
        attempt(*last)
    }

    pub(crate) fn send(
        &self,
        connection: ConnectionId,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Option<BodyFile>,
    ) -> AttemptId {
        let attempt = self.next_attempt();
        let mut all: Vec<Field> = vec![("host".into(), self.host.to_string())];
        all.extend(
            headers.iter().map(|(name, value)| (name.to_string().into(), value.to_string())),
        );
        self.driver.order(Order::Send {
            attempt,
            connection,
            head: RequestHead {
                method: method.to_owned(),
                target: target.to_owned(),
                headers: all,
            },
            body,
        });
        attempt
    }

    pub(crate) fn get(&self, connection: ConnectionId, target: &str) -> AttemptId {
        self.send(connection, "GET", target, &[], None)
    }

    pub(crate) async fn head(&mut self, of: AttemptId) -> ResponseHead {
        match self.event().await {
            Report::Head(attempt, head) if attempt == of => head,
            other => panic!("expected the head of {of}, found {other:?}"),
        }
    }

    pub(crate) fn receive(&self, attempt: AttemptId, into: Into) {
        self.driver.order(Order::Receive(attempt, into));
    }

    /// A file with `length` bytes of the pattern.
    pub(crate) fn body_file(&self, length: u64) -> BodyFile {
        let file = FileId(900);
        self.files.truncate(file, 0).expect("a file");
        let mut at = 0;
        while at < length {
            let piece = (length - at).min(1 << 20);
            self.files.write(file, at, &pattern(at, piece)).expect("room");
            at += piece;
        }
        BodyFile { file, length }
    }

    pub(crate) fn content(&self, file: FileId) -> Bytes {
        let length = self.files.length(file).expect("a file").expect("is there");
        self.files.read(file, 0, length.try_into().expect("small")).expect("can be read")
    }

    pub(crate) fn chunk(&self, chunk: ChunkId) -> Bytes {
        self.driver.chunk(chunk).expect("not freed")
    }
}

pub(crate) fn attempt(number: u32) -> AttemptId {
    AttemptId { task: TaskKey { session: SessionId(1), task: TaskId(1) }, number }
}

pub(crate) fn into_file(at: u64) -> Into {
    Into::File { file: FILE, at }
}

/// The bytes of every body here: each tells its own place.
pub(crate) fn pattern(at: u64, length: u64) -> Bytes {
    (at..at + length).map(|place| (place ^ (place >> 8) ^ (place >> 16)) as u8).collect()
}
