//! The real providers: sockets with TLS, a folder, tokio.

mod folder;
mod net;
mod spawn;

pub use folder::Folder;
pub use net::{RealNet, TlsError};
pub use spawn::TokioSpawn;
