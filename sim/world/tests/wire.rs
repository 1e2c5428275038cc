//! What the switch promises, and what it relies on in turmoil, held with bare streams.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use sleepwalker_core::Time;
use sleepwalker_sim::{LinkQuality, Pace, Rate, RunError, Stage, Stream, Way};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const LATENCY: Duration = Duration::from_millis(20);

/// What jobs note, with the time.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<(Time, String)>>>);

impl Notes {
    fn add(&self, at: Time, what: impl Into<String>) {
        self.0.lock().unwrap().push((at, what.into()));
    }

    fn all(&self) -> Vec<(Time, String)> {
        self.0.lock().unwrap().clone()
    }

    fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

fn link(bits: u64) -> LinkQuality {
    LinkQuality {
        down: Rate::bits(bits),
        up: Rate::bits(bits),
        latency: LATENCY,
        ..LinkQuality::default()
    }
}

/// An origin that gives every connection to `serve`.
fn origin<F>(stage: &Stage, serve: impl Fn(Stream) -> F + Send + Sync + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    let (wire, nursery) = (stage.wire(), stage.origin().clone());
    stage.origin().spawn("listener", async move {
        let listened = wire.listen(|stream| nursery.spawn("connection", serve(stream))).await;
        panic!("the listener ended: {listened:?}");
    });
}

/// Writes so many pieces of so many bytes and closes.
async fn pour(mut stream: Stream, pieces: usize, size: usize) {
    let piece = vec![7; size];
    for _ in 0..pieces {
        if stream.write_all(&piece).await.is_err() {
            return;
        }
    }
    let _ = stream.shutdown().await;
    // Until the other side closes too: what is dropped unread resets.
    let _ = stream.read(&mut [0; 1]).await;
}

/// A device job that connects, waits for `pause` and reads to the end.
fn fetch(stage: &Stage, notes: &Notes, name: &str, pause: Duration) {
    let (wire, clock, notes) = (stage.wire(), stage.clock().clone(), notes.clone());
    let name = name.to_owned();
    stage.device().spawn("fetch", async move {
        let mut stream = wire.connect().await.expect("the origin listens");
        clock.sleep(pause).await;
        let mut body = Vec::new();
        let end = stream.read_to_end(&mut body).await.map_err(|error| error.kind());
        let text = match end {
            Ok(count) => format!("{name} {count}"),
            Err(kind) => format!("{name} {} {kind:?}", body.len()),
        };
        notes.add(clock.now(), text);
    });
}

fn at(millis: u64) -> Time {
    Time::from_millis(millis)
}

#[test]
fn bytes_take_their_bits_by_the_rate_plus_latency() {
    // 1 Mbit in 1 s and 3 Mbit in 3 s at 1 Mbit/s; connect and first byte take two latencies.
    for (bytes, end) in [(125_000, 1_060), (375_000, 3_060)] {
        let mut stage = Stage::new(1, link(1_000_000), Pace::default());
        let notes = Notes::default();
        origin(&stage, move |stream| pour(stream, bytes / 1000, 1000));
        fetch(&stage, &notes, "a", Duration::ZERO);
        stage.run_until(|| notes.len() == 1).unwrap();
        let (when, what) = notes.all().remove(0);
        assert_eq!(what, format!("a {bytes}"));
        // SYN 20 ms, then the origin sends: N*8/R, and 20 ms of flight.
        assert_eq!(when, at(end - 20), "{bytes} bytes");
        assert_eq!(stage.carried(Way::Down), bytes as u64);
    }
}

#[test]
fn two_flows_share_the_radio_in_turns() {
    let mut stage = Stage::new(1, link(1_000_000), Pace::default());
    let notes = Notes::default();
    origin(&stage, |stream| pour(stream, 125, 1000));
    fetch(&stage, &notes, "a", Duration::ZERO);
    fetch(&stage, &notes, "b", Duration::ZERO);
    stage.run_until(|| notes.len() == 2).unwrap();
    let ends: Vec<Time> = notes.all().iter().map(|(when, _)| *when).collect();
    // Together 2 s of radio; nobody is a segment's time ahead of the other.
    assert_eq!(ends[1], at(2_040));
    assert!(ends[0] >= at(2_040 - 16), "the first ended at {}", ends[0]);
}

#[test]
fn an_outage_delays_all_by_its_length() {
    let mut stage = Stage::new(1, link(1_000_000), Pace::default());
    let notes = Notes::default();
    origin(&stage, |stream| pour(stream, 125, 1000));
    fetch(&stage, &notes, "a", Duration::ZERO);
    let clock = stage.clock().clone();
    stage.run_until(|| clock.now() >= at(500)).unwrap();
    stage.set_up(false);
    let day = clock.now() + Duration::from_secs(86_400);
    let steps = stage.steps();
    while clock.now() < day {
        stage.step().unwrap();
        if stage.is_silent() {
            let next = stage.next_event().map_or(day, |next| next.min(day));
            stage.advance(next);
        }
    }
    assert!(stage.steps() - steps < 100, "a silent day took {} steps", stage.steps() - steps);
    assert_eq!(notes.len(), 0);
    stage.set_up(true);
    stage.run_until(|| notes.len() == 1).unwrap();
    let (when, what) = notes.all().remove(0);
    assert_eq!(what, "a 125000");
    let late = when.since(at(1_040));
    assert!(
        (Duration::from_secs(86_399)..=Duration::from_secs(86_400)).contains(&late),
        "late by {late:?}"
    );
}

#[test]
fn a_reader_that_is_behind_by_64_segments_and_a_close_gets_everything() {
    for (pieces, size) in [(63, 100), (64, 100), (65, 100), (200, 100), (64, 16_384), (200, 16_384)]
    {
        let mut stage = Stage::new(1, link(1_000_000_000), Pace::default());
        let notes = Notes::default();
        origin(&stage, move |stream| pour(stream, pieces, size));
        fetch(&stage, &notes, "slow", Duration::from_secs(10));
        stage.run_until(|| notes.len() == 1).unwrap();
        assert_eq!(notes.all()[0].1, format!("slow {}", pieces * size), "{pieces} of {size}");
    }
}

#[test]
fn sixty_five_connections_in_one_instant_are_all_served() {
    let mut stage = Stage::new(1, link(1_000_000_000), Pace::default());
    let notes = Notes::default();
    origin(&stage, |stream| pour(stream, 1, 1000));
    for _ in 0..65 {
        fetch(&stage, &notes, "one", Duration::ZERO);
    }
    stage.run_until(|| notes.len() == 65).unwrap();
    assert!(notes.all().iter().all(|(_, what)| what == "one 1000"));
}

#[test]
fn counters_go_with_their_flows() {
    let mut stage = Stage::new(1, link(10_000_000), Pace::default());
    let notes = Notes::default();
    origin(&stage, |stream| pour(stream, 3, 1000));
    for round in 0..50 {
        fetch(&stage, &notes, "again", Duration::ZERO);
        stage.run_until(|| notes.len() == round + 1).unwrap();
    }
    let until = stage.clock().now() + Duration::from_secs(1);
    stage.device().spawn("wait", {
        let (clock, notes) = (stage.clock().clone(), notes.clone());
        async move {
            clock.sleep_until(until).await;
            notes.add(clock.now(), "over");
        }
    });
    stage.run_until(|| notes.len() == 51).unwrap();
    assert_eq!(stage.flows(), 0);
}

#[test]
fn killed_jobs_close_their_connections() {
    let mut stage = Stage::new(1, link(1_000_000), Pace::default());
    let notes = Notes::default();
    let (clock, seen) = (stage.clock().clone(), notes.clone());
    origin(&stage, move |mut stream| {
        let (clock, seen) = (clock.clone(), seen.clone());
        async move {
            let mut sent = 0_u64;
            while stream.write_all(&[7; 1000]).await.is_ok() {
                sent += 1000;
            }
            seen.add(clock.now(), format!("cut after {sent}"));
        }
    });
    fetch(&stage, &notes, "a", Duration::ZERO);
    let clock = stage.clock().clone();
    stage.run_until(|| clock.now() >= at(1_000)).unwrap();
    stage.device().kill();
    stage.run_until(|| notes.len() == 1).unwrap();
    let (when, what) = notes.all().remove(0);
    // One latency for the reset to come.
    assert!((at(1_020)..at(1_080)).contains(&when), "{what} at {when}");
    assert!(what.starts_with("cut after"));
}

#[test]
fn a_wait_that_nothing_can_end_is_an_error_that_names_the_job() {
    let mut stage = Stage::new(1, link(1_000_000), Pace::default());
    stage.device().spawn("forgetful", std::future::pending());
    let error = stage.run_until(|| false).unwrap_err();
    assert!(
        matches!(&error, RunError::Dead { woken, .. } if woken.contains(&"forgetful")),
        "{error}"
    );
}

#[test]
fn an_instant_that_does_not_end_is_an_error_that_names_the_job() {
    let pace = Pace { steps_per_instant: 100, ..Pace::default() };
    let mut stage = Stage::new(1, link(1_000_000), pace);
    stage.device().spawn(
        "spinner",
        std::future::poll_fn(|cx| {
            cx.waker().wake_by_ref();
            std::task::Poll::Pending
        }),
    );
    let error = stage.run_until(|| false).unwrap_err();
    assert!(
        matches!(&error, RunError::Endless { woken, .. } if woken.contains(&"spinner")),
        "{error}"
    );
}
