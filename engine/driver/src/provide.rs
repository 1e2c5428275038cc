//! What the driver needs from the world around it: a network, files, a place to run jobs, a sink.
//!
//! There is no clock among them on purpose: the core owns time.

use std::{future::Future, io, pin::Pin, sync::Arc};

use bytes::Bytes;
use sleepwalker_core::{ErrorCode, FileId, Host, Report};
use tokio::io::{AsyncRead, AsyncWrite};

/// A boxed future that may move between threads.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A byte stream in both directions.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A boxed stream.
pub type BoxStream = Box<dyn Stream>;

/// Opens connections.
pub trait Net: Send + Sync {
    /// Connects to a host, TLS included where it is secure. Dropping the future gives up.
    fn connect(&self, host: &Host) -> BoxFuture<Result<BoxStream, ErrorCode>>;
}

/// Runs jobs.
pub trait Spawn: Send + Sync {
    /// Runs a job to its end. `name` is for people.
    fn spawn(&self, name: &'static str, job: BoxFuture<()>);
}

/// The files that the engine owns, by number. Calls are short and may block on a local disk.
pub trait Files: Send + Sync {
    /// Writes bytes from an offset on; makes the file if it is not there.
    fn write(&self, file: FileId, at: u64, bytes: &Bytes) -> io::Result<()>;

    /// Sets the length of a file; makes it if it is not there.
    fn truncate(&self, file: FileId, length: u64) -> io::Result<()>;

    /// Returns the length of a file, or nothing if it is not there.
    fn length(&self, file: FileId) -> io::Result<Option<u64>>;

    /// Reads at most `len` bytes from an offset on; fewer only at the end of the file.
    fn read(&self, file: FileId, at: u64, len: usize) -> io::Result<Bytes>;

    /// Makes what the file holds durable and returns its length.
    fn sync(&self, file: FileId) -> io::Result<u64>;

    /// Makes a complete file durable under its final name: sync, rename, sync of the folder.
    fn settle(&self, file: FileId) -> io::Result<()>;

    /// Deletes a file; nothing happens if it is not there.
    fn remove(&self, file: FileId) -> io::Result<()>;

    /// Returns all files, in order.
    fn list(&self) -> io::Result<Vec<FileId>>;
}

/// Where reports go. It must only take note of them: it is called with the driver's table locked, and
/// must not call the driver.
pub type Sink = Arc<dyn Fn(Report) + Send + Sync>;

/// All that a driver needs.
#[derive(Clone)]
pub struct Providers {
    /// Opens connections.
    pub net: Arc<dyn Net>,
    /// Holds bodies.
    pub files: Arc<dyn Files>,
    /// Runs jobs.
    pub spawn: Arc<dyn Spawn>,
    /// Takes reports.
    pub reports: Sink,
}
