//! Jobs on a tokio runtime.

use tokio::runtime::Handle;

use crate::{BoxFuture, Spawn};

/// Runs jobs on a runtime.
#[derive(Clone, Debug)]
pub struct TokioSpawn(Handle);

impl TokioSpawn {
    /// Runs jobs on this runtime.
    pub fn new(runtime: Handle) -> TokioSpawn {
        TokioSpawn(runtime)
    }
}

impl Spawn for TokioSpawn {
    #[expect(clippy::disallowed_methods, reason = "this is the spawn provider of real life")]
    fn spawn(&self, _: &'static str, job: BoxFuture<()>) {
        drop(self.0.spawn(job));
    }
}
