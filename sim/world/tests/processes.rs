//! One seed gives one log, in twenty processes and without skipping too: hyper over the switch, with
//! concurrent flows, jitter, loss, stalls and cuts.

use std::{
    convert::Infallible,
    future::poll_fn,
    pin::Pin,
    process::Command,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::{
    Request, Response,
    body::{Body, Frame, Incoming},
    client::conn::http1 as client,
    server::conn::http1 as server,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use sha2::{Digest, Sha256};
use sleepwalker_sim::{Clock, LinkQuality, Nursery, Pace, Rate, Sleep, Stage, Wire};

/// How many downloads run at a time.
const FLOWS: usize = 6;

#[derive(Clone)]
struct Log {
    clock: Clock,
    lines: Arc<Mutex<Vec<String>>>,
    done: Arc<Mutex<usize>>,
}

impl Log {
    fn add(&self, line: &str) {
        let now = self.clock.now().as_nanos();
        self.lines.lock().unwrap().push(format!("{now} {line}"));
    }
}

/// A body of so many pieces that may stall in its middle.
struct Pieces {
    left: u32,
    stall: Option<(u32, Sleep)>,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let left = self.left;
        if let Some((at, sleep)) = &mut self.stall
            && *at == left
        {
            std::task::ready!(Pin::new(sleep).poll(cx));
            self.stall = None;
        }
        if left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[7; 8192])))))
    }
}

fn serve(stage: &Stage, log: &Log) {
    let (wire, nursery, log) = (stage.wire(), stage.origin().clone(), log.clone());
    stage.origin().spawn("listener", async move {
        let accept = |stream| {
            let (log, end) = (log.clone(), log.clone());
            let service = service_fn(move |request: Request<Incoming>| {
                let log = log.clone();
                async move {
                    let path = request.uri().path().to_owned();
                    log.add(&format!("origin {path}"));
                    let number: u32 = path[1..].parse().unwrap();
                    let stall =
                        (number % 5 == 3).then(|| (20, log.clock.sleep(Duration::from_secs(600))));
                    Ok::<_, Infallible>(Response::new(Pieces { left: 40 + number, stall }))
                }
            });
            let connection = server::Builder::new()
                .auto_date_header(false)
                .timer(log_clock(&end))
                .serve_connection(TokioIo::new(stream), service);
            nursery.spawn("connection", async move {
                let result = connection.await;
                end.add(&format!("origin closed, well: {}", result.is_ok()));
            });
        };
        let _ = wire.listen(accept).await;
    });
}

fn log_clock(log: &Log) -> Clock {
    log.clock.clone()
}

/// Three downloads one after the other on one connection; the last is cut in its body.
async fn downloads(flow: usize, wire: Wire, nursery: Nursery, log: Log) {
    let stream = wire.connect().await.unwrap();
    let (mut sender, connection) = client::handshake(TokioIo::new(stream)).await.unwrap();
    nursery.spawn("client", async move {
        let _ = connection.await;
    });
    for round in 0..3 {
        let request = Request::get(format!("/{}", flow * 3 + round)).body(Empty::<Bytes>::new());
        let response = sender.send_request(request.unwrap()).await.unwrap();
        let (mut body, mut total) = (response.into_body(), 0);
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { break };
            total += frame.data_ref().map_or(0, Bytes::len);
            if round == 2 && total > 100_000 {
                break;
            }
        }
        log.add(&format!("device {flow}.{round} {total}"));
        if round < 2 {
            poll_fn(|cx| sender.poll_ready(cx)).await.unwrap();
        }
    }
    *log.done.lock().unwrap() += 1;
}

/// Runs the workload and returns the SHA-256 of its log with times, and its steps.
fn run(seed: u64, pace: Pace) -> (String, u64) {
    let quality = LinkQuality {
        down: Rate::bits(20_000_000),
        up: Rate::bits(5_000_000),
        latency: Duration::from_millis(20),
        jitter: Duration::from_millis(60),
        loss_per_million: 10_000,
    };
    let mut stage = Stage::new(seed, quality, pace);
    let log = Log { clock: stage.clock().clone(), lines: Arc::default(), done: Arc::default() };
    serve(&stage, &log);
    for flow in 0..FLOWS {
        let (wire, nursery) = (stage.wire(), stage.device().clone());
        stage.device().spawn("downloads", downloads(flow, wire, nursery, log.clone()));
    }
    stage.run_until(|| *log.done.lock().unwrap() == FLOWS).unwrap();
    let mut hash = Sha256::new();
    for line in log.lines.lock().unwrap().iter() {
        hash.update(line);
        hash.update("\n");
    }
    let digest = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    (digest, stage.steps())
}

#[test]
fn print_digest() {
    println!("digest {}", run(7, Pace::default()).0);
}

#[test]
fn twenty_processes_give_one_digest() {
    let own = run(7, Pace::default()).0;
    for process in 0..20 {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "print_digest", "--nocapture"])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(&format!("digest {own}")), "process {process}: {text}, not {own}");
    }
}

#[test]
fn skipping_silence_changes_nothing_but_the_steps() {
    let (skipped, few) = run(7, Pace::default());
    let (walked, many) = run(7, Pace { skip: false, ..Pace::default() });
    assert_eq!(skipped, walked);
    assert!(many > 50 * few, "{many} steps against {few}");
}

#[test]
fn another_seed_gives_another_log() {
    assert_ne!(run(7, Pace::default()).0, run(8, Pace::default()).0);
}
