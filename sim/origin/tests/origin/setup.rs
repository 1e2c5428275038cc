//! An origin on a port of its own, and a client with one connection.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use sleepwalker_origin::{Arrival, Clock, Origin, OriginAct, Plan, Version, Wait, serve};
use tokio::net::{TcpListener, TcpStream};

/// A clock whose waits are over at once; it notes how long they would have been.
#[derive(Default)]
pub(crate) struct NoWait(Mutex<Vec<Duration>>);

impl Clock for NoWait {
    fn sleep(&self, span: Duration) -> Wait {
        self.0.lock().expect("no test panics with it").push(span);
        Box::pin(std::future::ready(()))
    }
}

pub(crate) struct Setup {
    pub(crate) origin: Origin,
    port: u16,
    clock: Arc<NoWait>,
    arrivals: Arc<Mutex<Vec<Arrival>>>,
}

/// A response as far as it came.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Whether the body came to its end.
    pub(crate) whole: bool,
}

#[expect(clippy::disallowed_methods, reason = "a test on loopback is no world")]
fn spawn(job: impl Future<Output: Send> + Send + 'static) {
    tokio::spawn(job);
}

pub(crate) async fn start(plan: &str) -> Setup {
    let plan: Plan = toml::from_str(plan).expect("a plan");
    plan.check().expect("a plan that can be served");
    let clock = Arc::new(NoWait::default());
    let arrivals = Arc::new(Mutex::new(Vec::new()));
    let observer = {
        let arrivals = arrivals.clone();
        Arc::new(move |arrival| arrivals.lock().expect("no test panics with it").push(arrival))
    };
    let origin = Origin::with_observer(plan, clock.clone(), observer);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    spawn(serve(listener, origin.clone()));
    Setup { origin, port, clock, arrivals }
}

impl Setup {
    pub(crate) async fn connect(&self) -> SendRequest<Full<Bytes>> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.expect("it listens");
        let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("a handshake");
        spawn(connection);
        sender
    }

    /// Sends a request on a new connection, without waiting for its body.
    pub(crate) async fn ask(
        &self,
        request: http::request::Builder,
        body: &[u8],
    ) -> hyper::Result<http::Response<hyper::body::Incoming>> {
        let request = request.body(Full::new(Bytes::copy_from_slice(body))).expect("a request");
        self.connect().await.send_request(request).await
    }

    /// Sends a request on a new connection and takes what comes.
    pub(crate) async fn send(&self, request: http::request::Builder, body: &[u8]) -> Got {
        take(self.ask(request, body).await.expect("a response")).await
    }

    pub(crate) async fn get(&self, file: &str, headers: &[(&str, &str)]) -> Got {
        let request =
            headers.iter().fold(to("GET", file), |all, (name, value)| all.header(*name, *value));
        self.send(request, b"").await
    }

    pub(crate) fn version(&self, file: &str) -> Arc<Version> {
        let slash = file.find('/').expect("a path");
        self.origin.version(&file[..slash], &file[slash..]).expect("a file of the plan")
    }

    pub(crate) fn act(&self, act: &str) {
        self.origin.act(&act_of(act)).expect("an act that can be done");
    }

    pub(crate) fn slept(&self) -> Vec<Duration> {
        self.clock.0.lock().expect("no test panics with it").clone()
    }

    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        self.arrivals.lock().expect("no test panics with it").clone()
    }
}

pub(crate) fn act_of(text: &str) -> OriginAct {
    #[derive(serde::Deserialize)]
    struct Step {
        origin: OriginAct,
    }
    toml::from_str::<Step>(&format!("origin = {text}")).expect("an act").origin
}

/// Begins a request for `cdn.example/a`.
pub(crate) fn to(method: &str, file: &str) -> http::request::Builder {
    let slash = file.find('/').expect("a path");
    Request::builder().method(method).uri(&file[slash..]).header("host", &file[..slash])
}

pub(crate) async fn take(response: http::Response<hyper::body::Incoming>) -> Got {
    let (parts, mut incoming) = response.into_parts();
    let mut got =
        Got { status: parts.status, headers: parts.headers, body: Vec::new(), whole: true };
    while let Some(frame) = incoming.frame().await {
        match frame {
            Ok(frame) => got.body.extend_from_slice(frame.data_ref().unwrap_or(&Bytes::new())),
            Err(_) => {
                got.whole = false;
                break;
            }
        }
    }
    got
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!(self.header("content-type"), Some("application/json"));
        serde_json::from_slice(&self.body).expect("JSON")
    }
}
