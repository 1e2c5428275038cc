//! The real providers: sockets with TLS, a folder, tokio.

mod folder;
mod net;
mod spawn;
mod tls;

pub use folder::Folder;
pub use net::RealNet;
pub use spawn::TokioSpawn;
pub use tls::{Tls, TlsError};
