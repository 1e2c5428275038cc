//! Bodies of requests.

use sleepwalker_core::{ErrorCode, Into, Report};

use super::bench::Bench;

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

pub(crate) async fn a_request_that_cannot_be_written_fails(mut bench: Bench) {
    let connection = bench.open().await;
    let attempt = bench.send(connection, "GET", "/", &[("x", "a\r\nb")], None);
    let code = ErrorCode::UNSUPPORTED_URL;
    assert_eq!(bench.event().await, Report::Failed(attempt, code));
}
