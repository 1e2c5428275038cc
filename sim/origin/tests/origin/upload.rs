use serde_json::json;
use sha2::{Digest, Sha256};

use crate::setup::{start, to};

const PLAN: &str = r#"
    ["up.example".files]
    "/in" = { upload = true }
    "/full" = { upload = true, status = 507 }
    "/fragile" = { upload = true, cut = { after = "300 kB" } }
    "/a" = { size = "1 kB" }

    ["localhost:3000"]
    posts = true
"#;

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn an_upload_is_echoed_by_length_and_digest() {
    let setup = start(PLAN).await;
    let body: Vec<u8> = (0..1_000_000_u32).map(|index| (index % 251) as u8).collect();
    for method in ["POST", "PUT"] {
        let got = setup.send(to(method, "up.example/in"), &body).await;
        assert_eq!(got.status, 200);
        assert_eq!(got.json(), json!({ "length": 1_000_000, "sha256": hex(&body) }));
    }
    let arrival = &setup.arrivals()[0];
    assert_eq!((arrival.method.as_str(), arrival.target.as_str()), ("POST", "/in"));
    assert_eq!((arrival.length, arrival.whole, arrival.status), (1_000_000, true, Some(200)));
    assert_eq!(arrival.digest, Some(hex(&body)));
}

#[tokio::test]
async fn an_empty_upload_has_the_digest_of_nothing() {
    let setup = start(PLAN).await;
    let got = setup.send(to("POST", "up.example/in"), b"").await;
    assert_eq!(got.json(), json!({ "length": 0, "sha256": hex(b"") }));
    assert_eq!(setup.arrivals()[0].digest, None, "there was no body");
}

#[tokio::test]
async fn an_upload_may_be_refused_after_its_body_or_by_its_method() {
    let setup = start(PLAN).await;
    let full = setup.send(to("POST", "up.example/full"), &[7; 5000]).await;
    assert_eq!(full.status, 507);
    assert_eq!(setup.arrivals()[0].length, 5000);
    let other = setup.send(to("POST", "up.example/a"), b"x").await;
    assert_eq!((other.status.as_u16(), other.header("allow")), (405, Some("GET, HEAD")));
}

#[tokio::test]
async fn an_upload_is_cut_once_and_then_accepted() {
    let setup = start(PLAN).await;
    let body = vec![7; 2_000_000];
    assert!(setup.ask(to("POST", "up.example/fragile"), &body).await.is_err());
    assert!(setup.arrivals().is_empty(), "it never arrived whole");
    assert_eq!(setup.send(to("POST", "up.example/fragile"), &body).await.status, 200);
}

#[tokio::test]
async fn posts_are_an_array_and_a_new_one_gets_the_next_id() {
    let setup = start(PLAN).await;
    let posts = setup.get("localhost:3000/posts", &[]).await.json();
    let posts = posts.as_array().expect("an array");
    assert_eq!((posts.len(), &posts[0]["id"]), (100, &json!(1)));
    assert_eq!(setup.get("localhost:3000/posts/100", &[]).await.json()["id"], 100);
    assert_eq!(setup.get("localhost:3000/posts/101", &[]).await.status, 404);

    for id in [101, 102] {
        let made = setup.send(to("POST", "localhost:3000/posts"), br#"{ "title": "new" }"#).await;
        assert_eq!(made.status, 201);
        assert_eq!(made.json(), json!({ "id": id, "title": "new" }));
    }
    let bad = setup.send(to("POST", "localhost:3000/posts"), b"no json").await;
    assert_eq!(bad.status, 400);
    assert_eq!(setup.get("up.example/posts", &[]).await.status, 404, "only where the plan says so");
}
