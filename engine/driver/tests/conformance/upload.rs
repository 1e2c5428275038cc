//! Bodies of requests.

use sleepwalker_core::{ErrorCode, Into, Report};

use super::bench::{Bench, FILE, into_file};

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

/// The origin refuses, closes its half and reads on, as a good one does: the answer arrives.
pub(crate) async fn an_early_refusal_with_a_half_close_is_told(mut bench: Bench) {
    bench.origin.will_say(
        "HTTP/1.1 413 Content Too Large\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno",
    );
    let body = bench.body_file(64 << 20);
    let connection = bench.open().await;
    let attempt = bench.send(connection, "PUT", "/text-and-shut", &[], Some(body));
    assert_eq!(bench.head(attempt).await.status, 413);
    bench.receive(attempt, into_file(0));
    assert_eq!(bench.event().await, Report::Ended(attempt, false));
    assert_eq!(&bench.content(FILE)[..], b"no");
    assert_eq!(bench.quiet().await, []);
}

/// It reads on, but no answer can come any more.
pub(crate) async fn an_upload_whose_origin_half_closes_without_an_answer_is_lost(mut bench: Bench) {
    let body = bench.body_file(64 << 20);
    let connection = bench.open().await;
    let attempt = bench.send(connection, "PUT", "/text-and-shut", &[], Some(body));
    let lost = ErrorCode::NETWORK_CONNECTION_LOST;
    assert_eq!(bench.event().await, Report::Failed(attempt, lost));
    assert_eq!(bench.quiet().await, []);
}

/// What frames a body is the driver's: a length where there is a body, even an empty one, and nothing
/// where there is none.
pub(crate) async fn the_length_of_a_body_is_told_and_of_no_body_nothing(mut bench: Bench) {
    let connection = bench.open().await;
    let mut expected = Vec::new();
    for (method, target, body, frame) in [
        ("GET", "/bytes/0", None, ""),
        ("POST", "/upload", None, ""),
        ("POST", "/upload", Some(0), "content-length: 0\r\n"),
        ("PUT", "/upload", Some(3), "content-length: 3\r\n"),
    ] {
        let body = body.map(|length| bench.body_file(length));
        let attempt = bench.send(connection, method, target, &[("x-a", "1")], body);
        assert_eq!(bench.head(attempt).await.status, 200);
        bench.receive(attempt, Into::Nowhere);
        assert_eq!(bench.event().await, Report::Ended(attempt, true));
        let host = &bench.host;
        expected
            .push(format!("{method} {target} HTTP/1.1\r\nhost: {host}\r\nx-a: 1\r\n{frame}\r\n"));
    }
    assert_eq!(bench.origin.asked(), expected);
}

pub(crate) async fn a_request_that_cannot_be_written_fails(mut bench: Bench) {
    let connection = bench.open().await;
    let attempt = bench.send(connection, "GET", "/", &[("x", "a\r\nb")], None);
    let code = ErrorCode::UNSUPPORTED_URL;
    assert_eq!(bench.event().await, Report::Failed(attempt, code));
}
