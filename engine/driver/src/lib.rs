//! The driver: turns the core's orders into HTTP, and tells it what happened.
//!
//! It owns its table of connections; hyper carries one HTTP/1.1 request at a time on each. There are no
//! timers here on purpose: the core owns time. There is no pooling, no retry and no redirect either: one
//! [`sleepwalker_core::Order::Send`] is one request on the wire. The same driver runs over real sockets and
//! inside a simulated world; what differs are the [`Providers`].

mod attempt;
mod body;
mod connection;
mod driver;
mod failure;
mod gate;
mod provide;
mod real;
mod receive;
mod reconcile;
mod store;
mod table;
mod wire;

pub use driver::Driver;
pub use provide::{BoxFuture, BoxStream, Files, Net, Providers, Sink, Spawn, Stream};
pub use real::{Folder, RealNet, Tls, TlsError, TokioSpawn};
pub use reconcile::reconcile;
pub use store::{CrashBackend, Death, Durability, MemoryStore, RedbStore, Store, StoreError};
