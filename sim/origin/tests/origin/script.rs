use std::time::Duration;

use http_body_util::BodyExt;
use sleepwalker_origin::{ActError, End, Origin, Plan, RealClock};

use crate::setup::{act_of, start, take, to};

const PLAN: &str = r#"
    "cdn.example".files."/a" = { size = "10 MB" }
    "cdn.example".files."/b" = { size = "10 MB" }
    "api.example".files."/c" = { size = "10 MB" }
"#;

#[tokio::test]
async fn a_running_response_goes_on_with_the_version_it_began_with() {
    let setup = start(PLAN).await;
    let old = setup.version("cdn.example/a");
    setup.act(r#"{ stall = "cdn.example/a" }"#);
    let response = setup.ask(to("GET", "cdn.example/a"), b"").await.expect("a head");
    setup.act(r#"{ new-version = "cdn.example/a", size = "1 MB" }"#);
    setup.act(r#"{ restore = "cdn.example/a" }"#);
    let got = take(response).await;
    assert!(got.whole && got.body.len() == 10_000_000);
    let (first, second) = got.body.split_at(5_000_000);
    assert!(old.matches(0, first) && old.matches(5_000_000, second));
    assert_eq!(setup.version("cdn.example/a").number(), 2, "restoring keeps the version");
}

#[tokio::test]
async fn answers_redirects_and_rates_last_until_restored() {
    let setup = start(PLAN).await;
    setup.act(r#"{ answer = "cdn.example/a", status = 503 }"#);
    setup.act(r#"{ redirect = "cdn.example/b", to = "https://api.example/c", status = 307 }"#);
    setup.act(r#"{ slow = "api.example", rate = "80 Mbit/s" }"#);
    assert_eq!(setup.get("cdn.example/a", &[]).await.status, 503);
    let moved = setup.get("cdn.example/b", &[]).await;
    assert_eq!(
        (moved.status.as_u16(), moved.header("location")),
        (307, Some("https://api.example/c"))
    );
    setup.get("api.example/c", &[]).await;
    assert_eq!(setup.slept().iter().sum::<Duration>(), Duration::from_secs(1));

    setup.act(r#"{ restore = "cdn.example" }"#);
    setup.act(r#"{ restore = "api.example" }"#);
    let before = setup.slept().len();
    for file in ["cdn.example/a", "cdn.example/b", "api.example/c"] {
        assert_eq!(setup.get(file, &[]).await.status, 200, "{file}");
    }
    assert_eq!(setup.slept().len(), before);
}

#[tokio::test]
async fn cutting_now_breaks_the_connections_of_that_file_alone() {
    let setup = start(PLAN).await;
    setup.act(r#"{ stall = "cdn.example" }"#);
    let a = setup.ask(to("GET", "cdn.example/a"), b"").await.expect("a head");
    let b = setup.ask(to("GET", "cdn.example/b"), b"").await.expect("a head");
    setup.act(r#"{ cut = "cdn.example/a" }"#);
    assert!(!take(a).await.whole);
    setup.act(r#"{ restore = "cdn.example" }"#);
    assert!(take(b).await.whole);
}

#[tokio::test]
async fn the_next_responses_can_be_cut() {
    let setup = start(PLAN).await;
    setup.act(r#"{ cut = "cdn.example/a", after = "100 B", times = 1 }"#);
    let got = setup.get("cdn.example/a", &[]).await;
    assert_eq!((got.body.len(), got.whole), (100, false));
    assert!(setup.get("cdn.example/a", &[]).await.whole);
}

#[tokio::test]
async fn a_host_that_is_down_breaks_what_runs_and_refuses_what_comes() {
    let setup = start(PLAN).await;
    setup.act(r#"{ stall = "cdn.example" }"#);
    let mut running = setup.ask(to("GET", "cdn.example/a"), b"").await.expect("a head");
    setup.act(r#"{ down = "cdn.example" }"#);
    assert!(running.frame().await.is_some_and(|frame| frame.is_err()));
    assert!(setup.origin.is_down("cdn.example"));
    let arrived = setup.arrivals().len();
    assert!(setup.ask(to("GET", "cdn.example/a"), b"").await.is_err());
    assert_eq!(setup.arrivals().len(), arrived, "who is down sees nothing");
    assert_eq!(setup.get("api.example/c", &[]).await.status, 200);

    setup.act(r#"{ up = "cdn.example" }"#);
    setup.act(r#"{ restore = "cdn.example" }"#);
    assert_eq!(setup.get("cdn.example/a", &[]).await.status, 200);
}

#[tokio::test]
async fn an_act_on_what_is_not_there_is_an_error() {
    let setup = start(PLAN).await;
    for (act, error) in [
        (r#"{ stall = "no.example/a" }"#, ActError::NoHost("no.example".into())),
        (r#"{ stall = "cdn.example/no" }"#, ActError::NoFile("cdn.example/no".into())),
    ] {
        assert_eq!(setup.origin.act(&act_of(act)), Err(error.clone()));
        let plan: Plan = toml::from_str(PLAN).expect("a plan");
        assert_eq!(act_of(act).check(&plan), Err(error));
    }
    let plan: Plan = toml::from_str(PLAN).expect("a plan");
    let bad = act_of(r#"{ answer = "cdn.example/a", status = 199 }"#);
    assert_eq!(bad.check(&plan), Err(ActError::Status(199)));
    let bad = act_of(r#"{ redirect = "cdn.example/a", to = "a\nb" }"#);
    assert_eq!(bad.check(&plan), Err(ActError::Location("a\nb".into())));
    let good = act_of(r#"{ answer = "cdn.example/a", status = 200 }"#);
    assert_eq!(good.check(&plan), Ok(()));
}

#[tokio::test]
async fn a_connection_ends_as_closed_when_the_client_closes_it() {
    let origin = Origin::new(Plan::default(), std::sync::Arc::new(RealClock));
    let (client, server) = tokio::io::duplex(1024);
    let connection = origin.serve_connection(hyper_util::rt::TokioIo::new(server));
    assert_eq!(origin.connections(), 1);
    drop(client);
    assert!(matches!(connection.await, End::Closed));
    assert_eq!(origin.connections(), 0);
}
