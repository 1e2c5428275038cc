//! What the driver gets of the world: connections and a place to run jobs.

use std::sync::Arc;

use sleepwalker_core::{ErrorCode, Host};
use sleepwalker_driver::{BoxFuture, BoxStream, Net, Spawn};
use sleepwalker_origin::{Origin, Plan, Wait};

use crate::{clock::Clock, files::Names, jobs::Nursery, stage::Wire};

/// Connections to the origin, by the name of the host. TLS is not modelled: a secure host is reached
/// as any other.
#[derive(Clone)]
pub struct SimNet {
    wire: Wire,
    names: Arc<Names>,
    origin: Origin,
}

impl std::fmt::Debug for SimNet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimNet").field("names", &self.names).finish_non_exhaustive()
    }
}

impl SimNet {
    /// Makes a net that knows the hosts of `plan`, which `origin` serves.
    pub fn new(wire: Wire, plan: &Plan, origin: Origin) -> SimNet {
        SimNet { wire, names: Arc::new(Names::of(plan)), origin }
    }

    /// Returns the name under which the origin answers for a host; none: it has no address.
    pub(crate) fn resolve(&self, host: &Host) -> Option<&str> {
        self.names.resolve(host)
    }
}

impl Net for SimNet {
    fn connect(&self, host: &Host) -> BoxFuture<Result<BoxStream, ErrorCode>> {
        let (net, host) = (self.clone(), host.clone());
        Box::pin(async move {
            if net.resolve(&host).is_none() {
                net.wire.ask().await;
                return Err(ErrorCode::CANNOT_FIND_HOST);
            }
            // One machine answers for all hosts, so that a host that is down is told apart here.
            let stream = net.wire.connect().await.map_err(|_| ErrorCode::CANNOT_CONNECT_TO_HOST)?;
            if net.origin.is_down(&host.to_string()) {
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
