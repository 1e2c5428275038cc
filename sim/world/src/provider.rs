//! What the driver gets of the world: connections and a place to run jobs.

use std::sync::Arc;

use sleepwalker_core::{ErrorCode, Host};
use sleepwalker_driver::{BoxFuture, BoxStream, Net, Spawn};
use sleepwalker_origin::{Origin, Wait};

use crate::{clock::Clock, files::Names, jobs::Nursery, stage::Wire};

/// Connections to the origin, by the name of the host. TLS is not modelled: a secure host is reached
/// as any other.
pub(crate) struct SimNet {
    pub(crate) wire: Wire,
    pub(crate) names: Arc<Names>,
    pub(crate) origin: Origin,
}

impl Net for SimNet {
    fn connect(&self, host: &Host) -> BoxFuture<Result<BoxStream, ErrorCode>> {
        let (wire, names, origin) = (self.wire.clone(), self.names.clone(), self.origin.clone());
        let host = host.clone();
        Box::pin(async move {
            if names.resolve(&host).is_none() {
                wire.ask().await;
                return Err(ErrorCode::CANNOT_FIND_HOST);
            }
            // One machine answers for all hosts, so that a host that is down is told apart here.
            let stream = wire.connect().await.map_err(|_| ErrorCode::CANNOT_CONNECT_TO_HOST)?;
            if origin.is_down(&host.to_string()) {
                return Err(ErrorCode::CANNOT_CONNECT_TO_HOST);
            }
            Ok(Box::new(stream) as BoxStream)
        })
    }
}

impl Spawn for Nursery {
    fn spawn(&self, name: &'static str, job: BoxFuture<()>) {
        Nursery::spawn(self, name, job);
    }
}

impl sleepwalker_origin::Clock for Clock {
    fn sleep(&self, span: std::time::Duration) -> Wait {
        Box::pin(Clock::sleep(self, span))
    }
}
