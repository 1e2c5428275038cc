//! Connections: how they open, how they end, whether they can be used again.

use sleepwalker_core::{ConnectionId, ErrorCode, Into, Order, Report};

use super::bench::Bench;

pub(crate) async fn a_refused_connection_cannot_connect(mut bench: Bench) {
    bench.driver.order(Order::Open(ConnectionId(5), bench.refusing.clone()));
    let code = ErrorCode::CANNOT_CONNECT_TO_HOST;
    assert_eq!(bench.event().await, Report::OpenFailed(ConnectionId(5), code));
}

pub(crate) async fn an_unknown_name_cannot_be_found(mut bench: Bench) {
    bench.driver.order(Order::Open(ConnectionId(5), bench.unknown.clone()));
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

/// The request may be on its way when the news comes: one report, never two.
pub(crate) async fn an_idle_connection_that_closes_as_it_is_reused_is_lost(mut bench: Bench) {
    let connection = bench.open().await;
    let attempt = bench.get(connection, "/leave");
    bench.head(attempt).await;
    bench.receive(attempt, Into::Nowhere);
    assert_eq!(bench.event().await, Report::Ended(attempt, true));
    bench.origin.go();
    let next = bench.get(connection, "/bytes/1000");
    let lost = ErrorCode::NETWORK_CONNECTION_LOST;
    assert_eq!(bench.event().await, Report::Failed(next, lost));
    assert_eq!(bench.quiet().await, []);
}

pub(crate) async fn a_send_on_a_connection_that_has_gone_is_lost(mut bench: Bench) {
    let attempt = bench.get(ConnectionId(3), "/bytes/1");
    let code = ErrorCode::NETWORK_CONNECTION_LOST;
    assert_eq!(bench.event().await, Report::Failed(attempt, code));
}
