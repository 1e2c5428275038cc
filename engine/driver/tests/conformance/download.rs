//! Bodies of responses: into a file, in chunks, nowhere.

use sleepwalker_core::{ErrorCode, Into, Order, Report};

use super::bench::{Bench, FILE, into_file, pattern};

pub(crate) async fn two_requests_go_over_one_connection(mut bench: Bench) {
    let connection = bench.open().await;
    for _ in 0..2 {
        let attempt = bench.get(connection, "/bytes/100000");
        let head = bench.head(attempt).await;
        assert_eq!((head.status, head.length), (200, Some(100_000)));
        bench.receive(attempt, into_file(0));
        assert_eq!(bench.event().await, Report::Ended(attempt, true));
        assert_eq!(bench.content(FILE), pattern(0, 100_000));
    }
    assert_eq!(bench.origin.connections(), 1);
}

pub(crate) async fn a_range_continues_a_file_and_cuts_off_what_stood_behind(mut bench: Bench) {
    let connection = bench.open().await;
    bench.files.write(FILE, 0, &pattern(0, 5000)).unwrap();
    bench.files.write(FILE, 4000, &pattern(77, 90_000)).unwrap();
    let attempt = bench.send(connection, "GET", "/bytes/9000", &[("range", "bytes=4000-")], None);
    let head = bench.head(attempt).await;
    assert_eq!((head.status, head.length), (206, Some(5000)));
    assert_eq!(head.get("content-range"), Some("bytes 4000-8999/9000"));
    bench.receive(attempt, into_file(4000));
    let mut last = 4000;
    loop {
        match bench.report().await {
            Report::Received(_, total) => last = total,
            Report::Ended(..) => break,
            other => panic!("unexpected {other:?}"),
        }
    }
    assert_eq!(last, 9000);
    assert_eq!(bench.content(FILE), pattern(0, 9000));
}

pub(crate) async fn a_file_that_lacks_bytes_is_never_continued(mut bench: Bench) {
    let connection = bench.open().await;
    bench.files.write(FILE, 0, &pattern(0, 3999)).unwrap();
    let attempt = bench.get(connection, "/bytes/9000");
    bench.head(attempt).await;
    bench.receive(attempt, into_file(4000));
    let code = ErrorCode::CANNOT_WRITE_FILE;
    assert_eq!(bench.event().await, Report::FileFailed(FILE, code));
    assert_eq!(bench.event().await, Report::Failed(attempt, code));
    assert_eq!(bench.content(FILE), pattern(0, 3999));
}

pub(crate) async fn chunks_stop_at_the_window_and_go_on_when_one_is_freed(mut bench: Bench) {
    const WHOLE: u64 = 2_000_000;
    const WINDOW: u64 = 256 << 10;
    let connection = bench.open().await;
    let attempt = bench.get(connection, &format!("/bytes/{WHOLE}"));
    bench.head(attempt).await;
    bench.receive(attempt, Into::Chunks);
    let (mut waiting, mut held, mut all) = (Vec::new(), 0, Vec::new());
    while held < WINDOW {
        match bench.event().await {
            Report::Chunk(_, chunk, length) => {
                held += length;
                waiting.push((chunk, length));
            }
            other => panic!("unexpected {other:?}"),
        }
    }
    assert_eq!(held, WINDOW);
    assert_eq!(bench.quiet().await, []);
    let mut next = 0;
    loop {
        if next < waiting.len() {
            let (chunk, length) = waiting[next];
            let bytes = bench.chunk(chunk);
            assert_eq!(bytes.len() as u64, length);
            all.extend_from_slice(&bytes);
            bench.driver.order(Order::Free(attempt, chunk));
            assert_eq!(bench.driver.chunk(chunk), None);
            next += 1;
            continue;
        }
        match bench.event().await {
            Report::Chunk(_, chunk, length) => waiting.push((chunk, length)),
            Report::Ended(_, reusable) => break assert!(reusable),
            other => panic!("unexpected {other:?}"),
        }
    }
    assert!(all == pattern(0, WHOLE), "the bytes differ");
}

pub(crate) async fn the_body_is_not_read_before_the_order(mut bench: Bench) {
    const WHOLE: u64 = 64 << 20;
    let connection = bench.open().await;
    let attempt = bench.get(connection, &format!("/bytes/{WHOLE}"));
    bench.head(attempt).await;
    assert_eq!(bench.quiet().await, []);
    assert!(bench.origin.written() < WHOLE / 2);
    bench.receive(attempt, into_file(0));
    assert_eq!(bench.event().await, Report::Ended(attempt, true));
    assert_eq!(bench.files.length(FILE).unwrap(), Some(WHOLE));
}

pub(crate) async fn a_small_unwanted_body_keeps_its_connection(mut bench: Bench) {
    unwanted(&mut bench, "/bytes/262144", true).await;
}

pub(crate) async fn a_large_unwanted_body_costs_its_connection(mut bench: Bench) {
    unwanted(&mut bench, "/bytes/262145", false).await;
}

async fn unwanted(bench: &mut Bench, target: &str, reusable: bool) {
    let connection = bench.open().await;
    let attempt = bench.get(connection, target);
    bench.head(attempt).await;
    bench.receive(attempt, Into::Nowhere);
    assert_eq!(bench.event().await, Report::Ended(attempt, reusable));
}
