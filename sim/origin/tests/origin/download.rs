use crate::setup::{start, to};

const PLAN: &str = r#"
    ["cdn.example".files]
    "/a" = { size = "300 kB" }
    "/weak" = { size = "1 kB", etag = "weak" }
    "/dated" = { size = "1 kB", etag = false }
    "/bare" = { size = "1 kB", etag = false, last-modified = false, ranges = false }
    "/chunked" = { size = "200 kB", length = false }
    "/empty" = {}
    "/moved" = { redirect = { to = "/a" } }
    "/gone" = { status = 404 }
    "/jpeg" = { size = "1 kB", requires = { Accept = "image/jpeg" } }
"#;

#[tokio::test]
async fn a_file_comes_whole_with_its_validators() {
    let setup = start(PLAN).await;
    let got = setup.get("cdn.example/a", &[]).await;
    let version = setup.version("cdn.example/a");
    assert_eq!(got.status, 200);
    assert_eq!(got.body.len(), 300_000);
    assert!(version.matches(0, &got.body));
    assert_eq!(got.header("content-length"), Some("300000"));
    assert_eq!(got.header("accept-ranges"), Some("bytes"));
    assert_eq!(got.header("etag"), Some(&*version.etag()));
    assert_eq!(got.header("last-modified"), Some(&*version.last_modified()));
    assert_eq!(got.header("date"), None, "a date would come from the machine's clock");
}

#[tokio::test]
async fn a_file_that_requires_a_field_is_forbidden_without_it() {
    let setup = start(PLAN).await;
    for (value, status) in [("image/jpeg", 200), ("image/heic", 403)] {
        let got = setup.get("cdn.example/jpeg", &[("accept", value)]).await;
        assert_eq!(got.status, status, "{value}");
    }
    assert_eq!(setup.get("cdn.example/jpeg", &[]).await.status, 403);
}

#[tokio::test]
async fn a_range_is_served_up_to_the_last_byte_and_refused_beyond() {
    let setup = start(PLAN).await;
    let version = setup.version("cdn.example/a");
    let last = setup.get("cdn.example/a", &[("range", "bytes=299999-")]).await;
    assert_eq!(last.status, 206);
    assert_eq!(last.header("content-range"), Some("bytes 299999-299999/300000"));
    assert!(last.body.len() == 1 && version.matches(299_999, &last.body));

    let beyond = setup.get("cdn.example/a", &[("range", "bytes=300000-")]).await;
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.header("content-range"), Some("bytes */300000"));

    let middle = setup.get("cdn.example/a", &[("range", "bytes=65536-131071")]).await;
    assert_eq!(middle.header("content-length"), Some("65536"));
    assert!(version.matches(65_536, &middle.body));
    assert!(!version.matches(0, &middle.body));

    let tail = setup.get("cdn.example/a", &[("range", "bytes=-10")]).await;
    assert_eq!(tail.header("content-range"), Some("bytes 299990-299999/300000"));
}

#[tokio::test]
async fn a_range_of_the_version_at_hand_continues_and_of_another_starts_again() {
    let setup = start(PLAN).await;
    let old = setup.version("cdn.example/a");
    let range = ("range", "bytes=1000-");
    for validator in [old.etag(), old.last_modified()] {
        let got = setup.get("cdn.example/a", &[range, ("if-range", &validator)]).await;
        assert_eq!(got.status, 206, "{validator}");
    }
    setup.act(r#"{ new-version = "cdn.example/a", size = "200 kB" }"#);
    let new = setup.version("cdn.example/a");
    for validator in [old.etag(), old.last_modified()] {
        let got = setup.get("cdn.example/a", &[range, ("if-range", &validator)]).await;
        assert_eq!(got.status, 200, "{validator}");
        assert_eq!(got.body.len(), 200_000);
        assert!(new.matches(0, &got.body) && !old.matches(0, &got.body));
    }
}

#[tokio::test]
async fn a_weak_tag_never_allows_a_range() {
    let setup = start(PLAN).await;
    let tag = format!("W/{}", setup.version("cdn.example/weak").etag());
    let range = ("range", "bytes=10-");
    let got = setup.get("cdn.example/weak", &[range, ("if-range", &tag)]).await;
    assert_eq!((got.status.as_u16(), got.header("etag")), (200, Some(&*tag)));
    let date = setup.version("cdn.example/weak").last_modified();
    let got = setup.get("cdn.example/weak", &[range, ("if-range", &date)]).await;
    assert_eq!(got.status, 206);
}

#[tokio::test]
async fn a_file_may_lack_tag_date_ranges_or_length() {
    let setup = start(PLAN).await;
    let dated = setup.get("cdn.example/dated", &[]).await;
    assert_eq!(dated.header("etag"), None);
    assert!(dated.header("last-modified").is_some());

    let bare = setup.get("cdn.example/bare", &[("range", "bytes=10-")]).await;
    assert_eq!((bare.status.as_u16(), bare.body.len()), (200, 1000));
    for name in ["etag", "last-modified", "accept-ranges", "content-range"] {
        assert_eq!(bare.header(name), None);
    }

    let chunked = setup.get("cdn.example/chunked", &[]).await;
    assert_eq!(chunked.header("content-length"), None);
    assert_eq!(chunked.header("transfer-encoding"), Some("chunked"));
    assert!(chunked.whole && chunked.body.len() == 200_000);

    let empty = setup.get("cdn.example/empty", &[("range", "bytes=0-")]).await;
    assert_eq!(empty.header("content-range"), Some("bytes */0"));
}

#[tokio::test]
async fn head_says_what_get_would_without_a_body() {
    let setup = start(PLAN).await;
    let head = setup.send(to("HEAD", "cdn.example/a").header("range", "bytes=5-"), b"").await;
    assert_eq!(head.status, 200);
    assert_eq!(head.header("content-length"), Some("300000"));
    assert!(head.header("etag").is_some());
    assert!(head.body.is_empty());
    let chunked = setup.send(to("HEAD", "cdn.example/chunked"), b"").await;
    assert_eq!(chunked.header("content-length"), None);
}

#[tokio::test]
async fn an_unchanged_file_is_not_sent_again() {
    let setup = start(PLAN).await;
    let tag = setup.version("cdn.example/a").etag();
    let got = setup.get("cdn.example/a", &[("if-none-match", &tag)]).await;
    assert_eq!((got.status.as_u16(), got.body.len()), (304, 0));
    assert_eq!(got.header("etag"), Some(&*tag));
    setup.act(r#"{ new-version = "cdn.example/a" }"#);
    let got = setup.get("cdn.example/a", &[("if-none-match", &tag)]).await;
    assert_eq!((got.status.as_u16(), got.body.len()), (200, 300_000));
}

#[tokio::test]
async fn redirects_and_errors_come_with_a_small_page() {
    let setup = start(PLAN).await;
    let moved = setup.get("cdn.example/moved", &[]).await;
    assert_eq!((moved.status.as_u16(), moved.header("location")), (302, Some("/a")));
    for (file, status) in
        [("cdn.example/gone", 404), ("cdn.example/unheard-of", 404), ("other.example/a", 421)]
    {
        let got = setup.get(file, &[]).await;
        assert_eq!(got.status, status, "{file}");
        assert!(got.body.starts_with(b"<!doctype html>"), "{file}");
        assert_eq!(got.header("etag"), None, "{file}");
    }
}

#[tokio::test]
async fn hosts_differ_by_name_and_port_and_a_star_answers_for_the_rest() {
    let setup = start(
        r#"
        "a.example".files."/x" = { size = "1 B" }
        "b.example:8080".files."/x" = { size = "2 B" }
        "*".files."/x" = { size = "3 B" }
        "#,
    )
    .await;
    for (file, length) in [
        ("a.example/x", 1),
        ("A.Example:443/x", 1),
        ("b.example:8080/x", 2),
        ("b.example/x", 3),
        ("c.example/x", 3),
    ] {
        assert_eq!(setup.get(file, &[]).await.body.len(), length, "{file}");
    }
}
