//! The driver against a small origin. Each test's body knows nothing of sockets, so that other
//! providers can run it too.

#![expect(clippy::disallowed_methods, reason = "the arm over real sockets")]

mod support;

use std::sync::Arc;

use sleepwalker_core::{ConnectionId, ErrorCode, FileId, Host, Into, Order, Report};
use sleepwalker_driver::{Folder, RealNet, TokioSpawn};
use support::{Bench, World, attempt, origin::Origin, pattern};
use tokio::net::TcpListener;

/// Runs a body over real sockets on loopback and a real folder.
fn real<F: Future<Output = ()>>(body: impl FnOnce(Bench) -> F) {
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
                tokio::spawn(serving.clone().serve(Box::new(stream)));
            }
        });
        let bench = Bench::new(World {
            net: Arc::new(RealNet::new()),
            files: Arc::new(Folder::new(folder.path()).expect("a folder")),
            spawn: Arc::new(TokioSpawn::new(tokio::runtime::Handle::current())),
            origin,
            host: Host { secure: false, name: "127.0.0.1".into(), port },
        });
        body(bench).await;
    });
}

macro_rules! arms {
    ($($name:ident,)*) => {
        $(#[test]
        fn $name() {
            real(bodies::$name);
        })*
    };
}

arms! {
    two_requests_go_over_one_connection,
    a_range_continues_a_file_and_cuts_off_what_stood_behind,
    a_file_that_lacks_bytes_is_never_continued,
    a_body_cut_before_its_length_is_a_lost_connection,
    a_chunked_body_cut_before_its_end_is_a_lost_connection,
    a_malformed_chunk_cannot_be_parsed,
    a_body_until_close_ends_and_its_connection_is_not_reusable,
    a_response_that_is_not_http_cannot_be_parsed,
    a_connection_closed_instead_of_an_answer_is_lost,
    chunks_stop_at_the_window_and_go_on_when_one_is_freed,
    the_body_is_not_read_before_the_order,
    an_upload_streams_in_bounded_memory_and_tells_what_was_carried,
    an_upload_without_bytes_says_so,
    a_body_file_that_is_too_short_fails_the_file,
    an_early_response_ends_without_its_request,
    hold_stops_a_download_and_continue_completes_it,
    hold_stops_an_upload_and_continue_completes_it,
    early_hints_and_continue_are_not_heads,
    a_refused_connection_cannot_connect,
    an_unknown_name_cannot_be_found,
    an_idle_connection_that_the_origin_closes_is_told,
    connection_close_is_not_reusable,
    a_send_on_a_connection_that_has_gone_is_lost,
    cut_is_silent_in_every_phase,
    close_is_silent_while_connecting_and_when_idle,
    a_small_unwanted_body_keeps_its_connection,
    a_large_unwanted_body_costs_its_connection,
    sync_settle_and_remove_are_answered,
    a_request_that_cannot_be_written_fails,
}

mod bodies {
    use super::*;

    const FILE: FileId = FileId(7);

    fn into_file(at: u64) -> Into {
        Into::File { file: FILE, at }
    }

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
        let attempt =
            bench.send(connection, "GET", "/bytes/9000", &[("range", "bytes=4000-")], None);
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

    async fn fails(mut bench: Bench, target: &str, heads: bool, code: ErrorCode) {
        let connection = bench.open().await;
        let attempt = bench.get(connection, target);
        if heads {
            bench.head(attempt).await;
            bench.receive(attempt, into_file(0));
        }
        assert_eq!(bench.event().await, Report::Failed(attempt, code));
        assert_eq!(bench.quiet().await, []);
    }

    pub(crate) async fn a_body_cut_before_its_length_is_a_lost_connection(bench: Bench) {
        fails(bench, "/cut/9000/8999", true, ErrorCode::NETWORK_CONNECTION_LOST).await;
    }

    pub(crate) async fn a_chunked_body_cut_before_its_end_is_a_lost_connection(bench: Bench) {
        fails(bench, "/cut-chunked", true, ErrorCode::NETWORK_CONNECTION_LOST).await;
    }

    pub(crate) async fn a_malformed_chunk_cannot_be_parsed(bench: Bench) {
        fails(bench, "/bad-chunk", true, ErrorCode::CANNOT_PARSE_RESPONSE).await;
    }

    pub(crate) async fn a_response_that_is_not_http_cannot_be_parsed(bench: Bench) {
        fails(bench, "/garbage", false, ErrorCode::CANNOT_PARSE_RESPONSE).await;
    }

    pub(crate) async fn a_connection_closed_instead_of_an_answer_is_lost(bench: Bench) {
        fails(bench, "/hang-up", false, ErrorCode::NETWORK_CONNECTION_LOST).await;
    }

    pub(crate) async fn a_body_until_close_ends_and_its_connection_is_not_reusable(
        mut bench: Bench,
    ) {
        let connection = bench.open().await;
        let attempt = bench.get(connection, "/until-close/70000");
        assert_eq!(bench.head(attempt).await.length, None);
        bench.receive(attempt, into_file(0));
        assert_eq!(bench.event().await, Report::Ended(attempt, false));
        assert_eq!(bench.content(FILE), pattern(0, 70_000));
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

    pub(crate) async fn an_upload_streams_in_bounded_memory_and_tells_what_was_carried(
        mut bench: Bench,
    ) {
        const WHOLE: u64 = 64 << 20;
        let body = bench.body_file(WHOLE);
        let connection = bench.open().await;
        let attempt = bench.send(connection, "PUT", "/stall-upload", &[], Some(body));
        let mut last = 0;
        for report in bench.quiet().await {
            match report {
                Report::Sent(_, total) => {
                    assert!(total > last, "{total} after {last}");
                    last = total;
                }
                other => panic!("unexpected {other:?}"),
            }
        }
        // What the stream took without a reader is what the systems' own buffers hold.
        assert!(last < WHOLE / 2, "{last} bytes sent to an origin that reads nothing");
        bench.origin.go();
        loop {
            match bench.report().await {
                Report::Sent(_, total) => last = total,
                Report::Head(_, head) => break assert_eq!(head.status, 200),
                other => panic!("unexpected {other:?}"),
            }
        }
        assert_eq!((last, bench.origin.read()), (WHOLE, WHOLE));
        bench.receive(attempt, Into::Nowhere);
        assert_eq!(bench.event().await, Report::Ended(attempt, true));
    }

    pub(crate) async fn an_upload_without_bytes_says_so(mut bench: Bench) {
        let body = bench.body_file(0);
        let connection = bench.open().await;
        let attempt = bench.send(connection, "POST", "/upload", &[], Some(body));
        assert_eq!(bench.head(attempt).await.status, 200);
        bench.receive(attempt, Into::Nowhere);
        assert_eq!(bench.event().await, Report::Ended(attempt, true));
    }

    pub(crate) async fn a_body_file_that_is_too_short_fails_the_file(mut bench: Bench) {
        let mut body = bench.body_file(100_000);
        body.length += 1;
        let connection = bench.open().await;
        let attempt = bench.send(connection, "POST", "/upload", &[], Some(body));
        let code = ErrorCode::CANNOT_OPEN_FILE;
        assert_eq!(bench.event().await, Report::FileFailed(body.file, code));
        assert_eq!(bench.event().await, Report::Failed(attempt, code));
    }

    pub(crate) async fn an_early_response_ends_without_its_request(mut bench: Bench) {
        let body = bench.body_file(64 << 20);
        let connection = bench.open().await;
        let attempt = bench.send(connection, "PUT", "/early", &[], Some(body));
        assert_eq!(bench.head(attempt).await.status, 413);
        bench.receive(attempt, Into::Chunks);
        match bench.event().await {
            Report::Chunk(_, chunk, 2) => assert_eq!(&bench.chunk(chunk)[..], b"no"),
            other => panic!("unexpected {other:?}"),
        }
        assert_eq!(bench.event().await, Report::Ended(attempt, false));
        assert_eq!(bench.quiet().await, []);
    }

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

    pub(crate) async fn early_hints_and_continue_are_not_heads(mut bench: Bench) {
        let connection = bench.open().await;
        let attempt = bench.get(connection, "/hints");
        assert_eq!(bench.head(attempt).await.status, 200);
        bench.receive(attempt, into_file(0));
        assert_eq!(bench.event().await, Report::Ended(attempt, true));
        assert_eq!(&bench.content(FILE)[..], b"ok");
    }

    pub(crate) async fn a_refused_connection_cannot_connect(mut bench: Bench) {
        let closed = Host { port: 1, ..bench.host.clone() };
        bench.driver.order(Order::Open(ConnectionId(5), closed));
        let code = ErrorCode::CANNOT_CONNECT_TO_HOST;
        assert_eq!(bench.event().await, Report::OpenFailed(ConnectionId(5), code));
    }

    pub(crate) async fn an_unknown_name_cannot_be_found(mut bench: Bench) {
        let unknown = Host { name: "nowhere.invalid".into(), ..bench.host.clone() };
        bench.driver.order(Order::Open(ConnectionId(5), unknown));
        let code = ErrorCode::CANNOT_FIND_HOST;
        assert_eq!(bench.event().await, Report::OpenFailed(ConnectionId(5), code));
    }

    pub(crate) async fn an_idle_connection_that_the_origin_closes_is_told(mut bench: Bench) {
        let connection = bench.open().await;
        let attempt = bench.get(connection, "/leave");
        bench.head(attempt).await;
        bench.receive(attempt, Into::Nowhere);
        assert_eq!(bench.event().await, Report::Ended(attempt, true));
        bench.origin.go();
        assert_eq!(bench.event().await, Report::Closed(connection));
        assert_eq!(bench.quiet().await, []);
    }

    pub(crate) async fn connection_close_is_not_reusable(mut bench: Bench) {
        let connection = bench.open().await;
        let attempt = bench.get(connection, "/close");
        bench.head(attempt).await;
        bench.receive(attempt, Into::Nowhere);
        assert_eq!(bench.event().await, Report::Ended(attempt, false));
        assert_eq!(bench.quiet().await, []);
    }

    pub(crate) async fn a_send_on_a_connection_that_has_gone_is_lost(mut bench: Bench) {
        let attempt = bench.get(ConnectionId(3), "/bytes/1");
        let code = ErrorCode::NETWORK_CONNECTION_LOST;
        assert_eq!(bench.event().await, Report::Failed(attempt, code));
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

    pub(crate) async fn a_request_that_cannot_be_written_fails(mut bench: Bench) {
        let connection = bench.open().await;
        let attempt = bench.send(connection, "GET", "/", &[("x", "a\r\nb")], None);
        let code = ErrorCode::UNSUPPORTED_URL;
        assert_eq!(bench.event().await, Report::Failed(attempt, code));
    }
}
