//! Messages as origins write them, good and bad.

use sleepwalker_core::{ErrorCode, Into, Report};

use super::bench::{Bench, FILE, into_file, pattern};

/// Asks for a text and expects a whole response: its status, its body, whether its connection can be
/// used again, and if so that it is.
async fn ends(
    mut bench: Bench,
    method: &str,
    text: &str,
    status: u16,
    body: &[u8],
    reusable: bool,
) {
    bench.origin.will_say(text);
    let connection = bench.open().await;
    let attempt = bench.send(connection, method, "/text", &[], None);
    assert_eq!(bench.head(attempt).await.status, status);
    bench.receive(attempt, into_file(0));
    assert_eq!(bench.event().await, Report::Ended(attempt, reusable));
    assert_eq!(&bench.content(FILE)[..], body);
    assert_eq!(bench.quiet().await, []);
    if reusable {
        let next = bench.get(connection, "/bytes/1000");
        assert_eq!(bench.head(next).await.length, Some(1000));
        bench.receive(next, into_file(0));
        assert_eq!(bench.event().await, Report::Ended(next, true));
        assert_eq!(bench.content(FILE), pattern(0, 1000));
    }
}

/// Asks for a text that is no head and expects a failure.
async fn has_no_head(mut bench: Bench, text: &str, code: ErrorCode) {
    bench.origin.will_say(text);
    let connection = bench.open().await;
    let attempt = bench.get(connection, "/text");
    assert_eq!(bench.event().await, Report::Failed(attempt, code));
    assert_eq!(bench.quiet().await, []);
}

/// Asks for a target whose body breaks and expects a failure.
async fn breaks(bench: &mut Bench, target: &str, code: ErrorCode) {
    let connection = bench.open().await;
    let attempt = bench.get(connection, target);
    bench.head(attempt).await;
    bench.receive(attempt, into_file(0));
    assert_eq!(bench.event().await, Report::Failed(attempt, code));
    assert_eq!(bench.quiet().await, []);
}

pub(crate) async fn a_body_cut_before_its_length_is_a_lost_connection(mut bench: Bench) {
    breaks(&mut bench, "/cut/9000/8999", ErrorCode::NETWORK_CONNECTION_LOST).await;
    assert_eq!(bench.content(FILE), pattern(0, 8999));
}

pub(crate) async fn a_chunked_body_cut_before_its_end_is_a_lost_connection(mut bench: Bench) {
    bench.origin.will_say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n");
    breaks(&mut bench, "/text-and-shut", ErrorCode::NETWORK_CONNECTION_LOST).await;
    assert_eq!(&bench.content(FILE)[..], b"abc");
}

pub(crate) async fn a_malformed_chunk_cannot_be_parsed(mut bench: Bench) {
    bench.origin.will_say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzebra\r\n");
    breaks(&mut bench, "/text", ErrorCode::CANNOT_PARSE_RESPONSE).await;
}

pub(crate) async fn a_response_that_is_not_http_cannot_be_parsed(bench: Bench) {
    let text = "this is not HTTP at all\r\n\r\n";
    has_no_head(bench, text, ErrorCode::CANNOT_PARSE_RESPONSE).await;
}

pub(crate) async fn two_lengths_that_differ_cannot_be_parsed(bench: Bench) {
    let text = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok";
    has_no_head(bench, text, ErrorCode::CANNOT_PARSE_RESPONSE).await;
}

pub(crate) async fn a_change_of_protocol_that_nobody_asked_for_is_a_bad_response(bench: Bench) {
    let text = "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n";
    has_no_head(bench, text, ErrorCode::BAD_SERVER_RESPONSE).await;
}

/// A head's size is bounded, like all that the driver keeps in memory.
pub(crate) async fn a_head_of_48_kib_is_read(bench: Bench) {
    ends(bench, "GET", &long_head(32, 48 << 10), 200, b"ok", true).await;
}

pub(crate) async fn a_head_of_256_kib_cannot_be_parsed(bench: Bench) {
    has_no_head(bench, &long_head(32, 256 << 10), ErrorCode::CANNOT_PARSE_RESPONSE).await;
}

pub(crate) async fn a_head_of_1024_fields_is_read(bench: Bench) {
    ends(bench, "GET", &long_head(1024, 0), 200, b"ok", true).await;
}

pub(crate) async fn a_head_of_1025_fields_cannot_be_parsed(bench: Bench) {
    has_no_head(bench, &long_head(1025, 0), ErrorCode::CANNOT_PARSE_RESPONSE).await;
}

/// A response with so many fields, its length among them, whose values are so long together.
fn long_head(fields: usize, bytes: usize) -> String {
    let value = "x".repeat(bytes / fields);
    let others: String = (1..fields).map(|number| format!("x-{number}: {value}\r\n")).collect();
    format!("HTTP/1.1 200 OK\r\n{others}content-length: 2\r\n\r\nok")
}

pub(crate) async fn a_connection_closed_instead_of_an_answer_is_lost(mut bench: Bench) {
    let connection = bench.open().await;
    let attempt = bench.get(connection, "/hang-up");
    let lost = ErrorCode::NETWORK_CONNECTION_LOST;
    assert_eq!(bench.event().await, Report::Failed(attempt, lost));
    assert_eq!(bench.quiet().await, []);
}

pub(crate) async fn a_head_that_ends_in_the_middle_is_a_lost_connection(mut bench: Bench) {
    bench.origin.will_say("HTTP/1.1 200 OK\r\ncontent-le");
    let connection = bench.open().await;
    let attempt = bench.get(connection, "/text-and-shut");
    let lost = ErrorCode::NETWORK_CONNECTION_LOST;
    assert_eq!(bench.event().await, Report::Failed(attempt, lost));
    assert_eq!(bench.quiet().await, []);
}

pub(crate) async fn a_body_until_close_ends_and_its_connection_is_not_reusable(mut bench: Bench) {
    let connection = bench.open().await;
    let attempt = bench.get(connection, "/until-close/70000");
    assert_eq!(bench.head(attempt).await.length, None);
    bench.receive(attempt, into_file(0));
    assert_eq!(bench.event().await, Report::Ended(attempt, false));
    assert_eq!(bench.content(FILE), pattern(0, 70_000));
}

/// The origin has closed its half only: that is enough for the body's end.
pub(crate) async fn a_body_until_a_half_close_ends(mut bench: Bench) {
    bench.origin.will_say("HTTP/1.1 200 OK\r\n\r\nall of it");
    let connection = bench.open().await;
    let attempt = bench.get(connection, "/text-and-shut");
    assert_eq!(bench.head(attempt).await.length, None);
    bench.receive(attempt, into_file(0));
    assert_eq!(bench.event().await, Report::Ended(attempt, false));
    assert_eq!(&bench.content(FILE)[..], b"all of it");
}

pub(crate) async fn early_hints_and_continue_are_not_heads(bench: Bench) {
    let text = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n\
        HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    ends(bench, "GET", text, 200, b"ok", true).await;
}

pub(crate) async fn trailers_are_no_part_of_a_chunked_body(bench: Bench) {
    let text = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n\
        3;name=value\r\nabc\r\n2\r\nde\r\n0\r\nx-sum: 5\r\n\r\n";
    ends(bench, "GET", text, 200, b"abcde", true).await;
}

pub(crate) async fn chunks_go_before_a_length(bench: Bench) {
    let text = "HTTP/1.1 200 OK\r\ncontent-length: 900\r\ntransfer-encoding: chunked\r\n\r\n\
        3\r\nabc\r\n0\r\n\r\n";
    ends(bench, "GET", text, 200, b"abc", true).await;
}

pub(crate) async fn a_body_of_length_zero_ends(bench: Bench) {
    let text = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    ends(bench, "GET", text, 200, b"", true).await;
}

pub(crate) async fn no_content_has_no_body(bench: Bench) {
    ends(bench, "GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, b"", true).await;
}

/// Its length is that of the body which it does not have.
pub(crate) async fn not_modified_has_no_body(bench: Bench) {
    let text = "HTTP/1.1 304 Not Modified\r\ncontent-length: 900\r\n\r\n";
    ends(bench, "GET", text, 304, b"", true).await;
}

pub(crate) async fn the_answer_to_head_has_no_body(bench: Bench) {
    let text = "HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n";
    ends(bench, "HEAD", text, 200, b"", true).await;
}

pub(crate) async fn the_old_http_closes_unless_it_says_otherwise(bench: Bench) {
    let text = "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok";
    ends(bench, "GET", text, 200, b"ok", false).await;
}

pub(crate) async fn the_old_http_keeps_a_connection_if_it_says_so(bench: Bench) {
    let text = "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok";
    ends(bench, "GET", text, 200, b"ok", true).await;
}

pub(crate) async fn connection_close_is_not_reusable(bench: Bench) {
    let text = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";
    ends(bench, "GET", text, 200, b"ok", false).await;
}

/// Else it would be taken for the answer to the next request.
pub(crate) async fn what_follows_a_response_costs_its_connection(bench: Bench) {
    let text = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok\
        HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil";
    ends(bench, "GET", text, 200, b"ok", false).await;
}

pub(crate) async fn an_unwanted_body_without_an_end_costs_its_connection(mut bench: Bench) {
    let connection = bench.open().await;
    let attempt = bench.get(connection, "/endless");
    assert_eq!(bench.head(attempt).await.length, None);
    bench.receive(attempt, Into::Nowhere);
    assert_eq!(bench.event().await, Report::Ended(attempt, false));
    assert_eq!(bench.quiet().await, []);
}
