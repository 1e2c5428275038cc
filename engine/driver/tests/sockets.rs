//! The driver over real sockets on loopback, in a real folder.

#![expect(clippy::disallowed_methods, reason = "the arm over real sockets")]

mod conformance;

use std::sync::Arc;

use conformance::{
    arm,
    bench::{Bench, World},
    origin::Origin,
    security::Security,
};
use sleepwalker_core::Host;
use sleepwalker_driver::{Folder, RealNet, TokioSpawn};
use tokio::{net::TcpListener, runtime::Handle, task::yield_now};

fn run<F: Future<Output = ()>>(security: Security, body: impl FnOnce(Bench) -> F) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let origin = Origin::default();
        let serving = origin.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(security, Box::new(stream)));
            }
        });
        let net = match security.trusts {
            Some(authority) => RealNet::new().trust_pem(authority).expect("a certificate"),
            None => RealNet::new(),
        };
        let secure = security.secure;
        let host = |name: &str, port| Host { secure, name: name.into(), port };
        let bench = Bench::new(World {
            net: Arc::new(net),
            files: Arc::new(Folder::new(folder.path()).expect("a folder")),
            spawn: Arc::new(TokioSpawn::new(Handle::current())),
            rest: Box::new(|| Box::pin(rest())),
            origin,
            host: host("127.0.0.1", port),
            refusing: host("127.0.0.1", 1),
            unknown: host("nowhere.invalid", port),
        });
        body(bench).await;
    });
}

/// Lets everything on this thread run that can, many times over.
async fn rest() {
    for _ in 0..2000 {
        yield_now().await;
    }
}

arm!(crate::run);
