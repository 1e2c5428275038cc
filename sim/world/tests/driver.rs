//! The driver in the world: the bodies that run over real sockets run here too, on held links, the world's
//! clock and files of extents, in jobs that are counted.
//!
//! Scenarios know no TLS: its keys are drawn from the machine, and certificates are held against the
//! machine's date, so that nothing of it may show in a trace. Here it runs over the world's streams all
//! the same; the bodies assert neither bytes on the wire nor times.

#[path = "../../../engine/driver/tests/conformance/mod.rs"]
mod conformance;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use conformance::{
    arm,
    bench::{Bench, World},
    origin::Origin,
    security::Security,
};
use sleepwalker_core::{ErrorCode, Host};
use sleepwalker_driver::{BoxFuture, BoxStream, Net, Tls};
use sleepwalker_origin::{HostPlan, Plan};
use sleepwalker_sim::{LinkQuality, Pace, Rate, SimFiles, SimNet, Stage};

/// The name in the certificates.
const HOST: &str = "localhost";
const REFUSING: &str = "refusing.example";

/// The world's net, with TLS over it where the host is secure.
struct SecureNet {
    net: SimNet,
    tls: Tls,
}

impl Net for SecureNet {
    fn connect(&self, host: &Host) -> BoxFuture<Result<BoxStream, ErrorCode>> {
        let (connecting, tls, host) = (self.net.connect(host), self.tls.clone(), host.clone());
        Box::pin(async move {
            let stream = connecting.await?;
            if host.secure { tls.secure(&host.name, stream).await } else { Ok(stream) }
        })
    }
}

/// Runs a body as a job of the device. A body that waits for what can never come is an error that names
/// the jobs.
fn run<F>(security: Security, body: impl FnOnce(Bench) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let quality = LinkQuality {
        down: Rate::bits(1_000_000_000),
        up: Rate::bits(1_000_000_000),
        latency: Duration::from_millis(20),
        ..LinkQuality::default()
    };
    let mut stage = Stage::new(1, quality, Pace::default());
    let origin = Origin::default();
    listen(&stage, security, origin.clone());
    let body = body(Bench::new(world(&stage, security, origin)));
    let done = Arc::new(AtomicBool::new(false));
    stage.device().spawn("body", {
        let done = Arc::clone(&done);
        async move {
            body.await;
            done.store(true, Relaxed);
        }
    });
    if let Err(error) = stage.run_until(|| done.load(Relaxed)) {
        panic!("{error}");
    }
}

/// The origin of the bodies stands on the origin's machine.
fn listen(stage: &Stage, security: Security, origin: Origin) {
    let (wire, nursery) = (stage.wire(), stage.origin().clone());
    stage.origin().spawn("listener", async move {
        let serve = |stream| {
            nursery.spawn("origin", origin.clone().serve(security, Box::new(stream)));
        };
        let ended = wire.listen(serve).await;
        panic!("the origin stopped listening: {ended:?}");
    });
}

fn world(stage: &Stage, security: Security, origin: Origin) -> World {
    let down = HostPlan { down: true, ..HostPlan::default() };
    let hosts = [(HOST, HostPlan::default()), (REFUSING, down)];
    let plan = Plan {
        hosts: hosts
            .map(|(name, plan)| (name.to_owned(), plan))
            .into_iter()
            .collect::<BTreeMap<_, _>>(),
    };
    let clock = stage.clock().clone();
    let planned = sleepwalker_origin::Origin::new(plan.clone(), Arc::new(clock.clone()));
    let (secure, port) = (security.secure, if security.secure { 443 } else { 80 });
    let host = |name: &str| Host { secure, name: name.into(), port };
    let tls = match security.trusts {
        Some(authority) => Tls::default().trust_pem(authority).expect("a certificate"),
        None => Tls::default(),
    };
    let net = SimNet::new(stage.wire(), &plan, planned.clone());
    World {
        files: Arc::new(SimFiles::new(planned.shelf())),
        net: Arc::new(SecureNet { net, tls }),
        spawn: Arc::new(stage.device().clone()),
        // Nothing here takes longer: driver and origin have no timers, and the link is fast.
        rest: Box::new(move || Box::pin(clock.sleep(Duration::from_secs(3600)))),
        origin,
        host: host(HOST),
        refusing: host(REFUSING),
        unknown: host("nowhere.invalid"),
    }
}

arm!(crate::run);
