//! The driver in the world: the bodies that run over real sockets run here too, on held links, the world's
//! clock and files of extents, in jobs that are counted.

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
};
use sleepwalker_core::Host;
use sleepwalker_origin::{HostPlan, Plan};
use sleepwalker_sim::{LinkQuality, Pace, Rate, SimFiles, SimNet, Stage};

const HOST: &str = "origin.example";
const REFUSING: &str = "refusing.example";

/// Runs a body as a job of the device. A body that waits for what can never come is an error that names
/// the jobs.
fn run<F>(body: impl FnOnce(Bench) -> F)
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
    listen(&stage, origin.clone());
    let body = body(Bench::new(world(&stage, origin)));
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
fn listen(stage: &Stage, origin: Origin) {
    let (wire, nursery) = (stage.wire(), stage.origin().clone());
    stage.origin().spawn("listener", async move {
        let serve = |stream| nursery.spawn("origin", origin.clone().serve(Box::new(stream)));
        let ended = wire.listen(serve).await;
        panic!("the origin stopped listening: {ended:?}");
    });
}

fn world(stage: &Stage, origin: Origin) -> World {
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
    let host = |name: &str| Host { secure: false, name: name.into(), port: 80 };
    World {
        files: Arc::new(SimFiles::new(planned.shelf())),
        net: Arc::new(SimNet::new(stage.wire(), &plan, planned)),
        spawn: Arc::new(stage.device().clone()),
        // Nothing here takes longer: driver and origin have no timers, and the link is fast.
        rest: Box::new(move || Box::pin(clock.sleep(Duration::from_secs(3600)))),
        origin,
        host: host(HOST),
        refusing: host(REFUSING),
        unknown: host("nowhere.invalid"),
    }
}

arm!(run);
