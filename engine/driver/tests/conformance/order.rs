//! Orders that stop, end and settle.

use sleepwalker_core::{ConnectionId, ErrorCode, Order, Report};

use super::bench::{Bench, FILE, attempt, into_file, pattern};

pub(crate) async fn hold_stops_a_download_and_continue_completes_it(mut bench: Bench) {
    const WHOLE: u64 = 32 << 20;
    let connection = bench.open().await;
    let attempt = bench.get(connection, &format!("/bytes/{WHOLE}"));
    bench.head(attempt).await;
    bench.receive(attempt, into_file(0));
    assert!(matches!(bench.report().await, Report::Received(..)));
    bench.driver.order(Order::Hold(attempt));
    bench.quiet().await;
    let held = bench.files.length(FILE).unwrap();
    assert!(held < Some(WHOLE));
    assert_eq!(bench.quiet().await, []);
    assert_eq!(bench.files.length(FILE).unwrap(), held);
    bench.driver.order(Order::Continue(attempt));
    assert_eq!(bench.event().await, Report::Ended(attempt, true));
    assert!(bench.content(FILE) == pattern(0, WHOLE), "the bytes differ");
}

pub(crate) async fn hold_stops_an_upload_and_continue_completes_it(mut bench: Bench) {
    const WHOLE: u64 = 32 << 20;
    let body = bench.body_file(WHOLE);
    let connection = bench.open().await;
    let attempt = bench.send(connection, "PUT", "/upload", &[], Some(body));
    assert!(matches!(bench.report().await, Report::Sent(..)));
    bench.driver.order(Order::Hold(attempt));
    bench.quiet().await;
    assert!(bench.origin.read() < WHOLE);
    assert_eq!(bench.quiet().await, []);
    bench.driver.order(Order::Continue(attempt));
    assert_eq!(bench.head(attempt).await.status, 200);
    assert_eq!(bench.origin.read(), WHOLE);
}

pub(crate) async fn cut_is_silent_in_every_phase(mut bench: Bench) {
    // Before the head, before the body, in the body, and in the body of a request.
    let cases = ["/silence", "/bytes/9000000", "/bytes/9000000", "/early"];
    for (number, target) in (1..).zip(cases) {
        let connection = ConnectionId(number);
        bench.driver.order(Order::Open(connection, bench.host.clone()));
        assert_eq!(bench.event().await, Report::Opened(connection));
        let body = (target == "/early").then(|| bench.body_file(32 << 20));
        let attempt = bench.send(connection, "GET", target, &[], body);
        match number {
            2 | 4 => drop(bench.head(attempt).await),
            3 => {
                bench.head(attempt).await;
                bench.receive(attempt, into_file(0));
                assert!(matches!(bench.report().await, Report::Received(..)));
            }
            _ => {}
        }
        bench.driver.order(Order::Cut(attempt));
        // What was told before the order may still lie in the queue.
        bench.drain();
        let length = bench.files.length(FILE).unwrap();
        assert_eq!(bench.quiet().await, [], "{target}");
        assert_eq!(bench.files.length(FILE).unwrap(), length);
        let again = bench.get(connection, "/bytes/1");
        let lost = ErrorCode::NETWORK_CONNECTION_LOST;
        assert_eq!(bench.event().await, Report::Failed(again, lost));
    }
}

pub(crate) async fn close_is_silent_while_connecting_and_when_idle(mut bench: Bench) {
    bench.driver.order(Order::Open(ConnectionId(9), bench.host.clone()));
    bench.driver.order(Order::Close(ConnectionId(9)));
    assert_eq!(bench.quiet().await, []);
    let connection = bench.open().await;
    bench.driver.order(Order::Close(connection));
    assert_eq!(bench.quiet().await, []);
    bench.driver.order(Order::Cut(attempt(1)));
    assert_eq!(bench.quiet().await, []);
}

pub(crate) async fn sync_settle_and_remove_are_answered(mut bench: Bench) {
    bench.files.write(FILE, 0, &pattern(0, 1000)).unwrap();
    bench.driver.order(Order::Sync(FILE));
    assert_eq!(bench.event().await, Report::Synced(FILE, 1000));
    bench.driver.order(Order::Settle(FILE));
    assert_eq!(bench.event().await, Report::Settled(FILE));
    assert_eq!(bench.content(FILE), pattern(0, 1000));
    assert_eq!(bench.files.list().unwrap(), [FILE]);
    bench.driver.order(Order::Remove(FILE));
    assert_eq!(bench.files.length(FILE).unwrap(), None);
    bench.driver.order(Order::Remove(FILE));
    bench.driver.order(Order::Settle(FILE));
    let code = ErrorCode::CANNOT_MOVE_FILE;
    assert_eq!(bench.event().await, Report::FileFailed(FILE, code));
}
