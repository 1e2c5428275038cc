use std::time::Duration;

use crate::setup::{start, to};

#[tokio::test]
async fn a_cut_comes_after_exactly_so_many_bytes_and_so_often() {
    for length in [true, false] {
        let cut = r#"cut = { after = "500001 B", times = 2 }"#;
        let file = format!(r#"{{ size = "1 MB", length = {length}, {cut} }}"#);
        let setup = start(&format!(r#""cdn.example".files."/a" = {file}"#)).await;
        let version = setup.version("cdn.example/a");
        let first = setup.get("cdn.example/a", &[]).await;
        assert!(!first.whole);
        assert_eq!(first.body.len(), 500_001);
        assert!(version.matches(0, &first.body));

        let second = setup.get("cdn.example/a", &[("range", "bytes=100-")]).await;
        assert!(!second.whole);
        assert!(second.body.len() == 500_001 && version.matches(100, &second.body));

        let third = setup.get("cdn.example/a", &[("range", "bytes=500001-")]).await;
        assert!(third.whole);
        assert_eq!(third.body.len(), 499_999);
    }
}

#[tokio::test]
async fn a_cut_at_the_first_byte_still_sends_the_head_and_one_at_the_end_is_none() {
    let setup = start(
        r#"
        ["cdn.example".files]
        "/first" = { size = "10 B", cut = { after = "0 B" } }
        "/end" = { size = "10 B", cut = { after = "10 B" } }
        "#,
    )
    .await;
    let first = setup.get("cdn.example/first", &[]).await;
    assert_eq!((first.status.as_u16(), first.body.len(), first.whole), (200, 0, false));
    let end = setup.get("cdn.example/end", &[]).await;
    assert_eq!((end.body.len(), end.whole), (10, true));
}

#[tokio::test]
async fn a_slow_body_takes_as_long_as_its_rate_says() {
    let setup = start(r#""cdn.example".files."/a" = { size = "10 kB", rate = "32 kbit/s" }"#).await;
    let got = setup.get("cdn.example/a", &[]).await;
    assert!(got.whole && got.body.len() == 10_000);
    assert_eq!(setup.slept().iter().sum::<Duration>(), Duration::from_millis(2500));
}

#[tokio::test]
async fn a_body_stalls_once_at_its_byte_and_a_head_is_delayed_each_time() {
    let setup = start(
        r#"
        ["cdn.example".files]
        "/a" = { size = "1 MB", stall = { at = "600 kB", for = "10 min" }, delay = "25 ms" }
        "#,
    )
    .await;
    let (delay, stall) = (Duration::from_millis(25), Duration::from_secs(600));
    setup.get("cdn.example/a", &[("range", "bytes=600001-")]).await;
    assert_eq!(setup.slept(), [delay], "the stall lies before");
    assert!(setup.get("cdn.example/a", &[("range", "bytes=1-")]).await.whole);
    assert_eq!(setup.slept(), [delay, delay, stall]);
    assert!(setup.get("cdn.example/a", &[]).await.whole);
    assert_eq!(setup.slept(), [delay, delay, stall, delay], "once is once");
}

#[tokio::test]
async fn each_rule_of_resuming_can_be_broken() {
    let setup = start(
        r#"
        ["cdn.example".files]
        "/ignored" = { size = "1 kB", ranges = "ignored" }
        "/shifted" = { size = "1 kB", ranges = "shifted" }
        "/blind" = { size = "1 kB", if-range = false }
        "#,
    )
    .await;
    let range = ("range", "bytes=100-");
    let ignored = setup.get("cdn.example/ignored", &[range]).await;
    assert_eq!((ignored.status.as_u16(), ignored.header("accept-ranges")), (200, Some("bytes")));

    let shifted = setup.get("cdn.example/shifted", &[range]).await;
    assert_eq!(shifted.status, 206);
    assert_eq!(shifted.header("content-range"), Some("bytes 99-999/1000"));
    assert!(setup.version("cdn.example/shifted").matches(99, &shifted.body));

    let tag = setup.version("cdn.example/blind").etag();
    setup.act(r#"{ new-version = "cdn.example/blind" }"#);
    let blind = setup.get("cdn.example/blind", &[range, ("if-range", &tag)]).await;
    assert_eq!(blind.status, 206);
    assert_ne!(blind.header("etag"), Some(&*tag));
}

#[tokio::test]
async fn a_client_that_leaves_in_mid_body_ends_the_connection() {
    let setup = start(
        r#""cdn.example".files."/a" = { size = "1 GB", stall = { at = "1 MB", for = "1 s" } }"#,
    )
    .await;
    setup.act(r#"{ stall = "cdn.example/a" }"#);
    let response = setup.ask(to("GET", "cdn.example/a"), b"").await.expect("a head");
    assert_eq!(setup.origin.connections(), 1);
    drop(response);
    while setup.origin.connections() > 0 {
        tokio::task::yield_now().await;
    }
}
