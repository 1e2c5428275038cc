//! Messages as origins write them, good and bad.

use sleepwalker_core::{ErrorCode, Report};

use super::bench::{Bench, FILE, into_file, pattern};

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

pub(crate) async fn a_body_until_close_ends_and_its_connection_is_not_reusable(mut bench: Bench) {
    let connection = bench.open().await;
    let attempt = bench.get(connection, "/until-close/70000");
    assert_eq!(bench.head(attempt).await.length, None);
    bench.receive(attempt, into_file(0));
    assert_eq!(bench.event().await, Report::Ended(attempt, false));
    assert_eq!(bench.content(FILE), pattern(0, 70_000));
}

pub(crate) async fn early_hints_and_continue_are_not_heads(mut bench: Bench) {
    let connection = bench.open().await;
    let attempt = bench.get(connection, "/hints");
    assert_eq!(bench.head(attempt).await.status, 200);
    bench.receive(attempt, into_file(0));
    assert_eq!(bench.event().await, Report::Ended(attempt, true));
    assert_eq!(&bench.content(FILE)[..], b"ok");
}
