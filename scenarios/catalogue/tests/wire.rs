//! What the requests of a task look like to the origin.

use sleepwalker_scenarios::{Options, parse, run};

#[test]
fn a_redirect_that_makes_a_get_of_an_upload_leaves_its_body_behind() {
    for (status, method, length) in [(303, "GET", 0), (302, "GET", 0), (307, "POST", 1000)] {
        let text = format!(
            r#"
title = "an upload that is redirected"
[origin."cdn.example".files]
"/moved" = {{ redirect = {{ to = "/there", status = {status} }} }}
"/there" = {{ size = "10 B", upload = true }}
[app]
sessions = ["photos"]
[app.files]
"photo.jpg" = "1000 B"
[[step]]
at = "0 s"
user = "open"
[[step]]
after = "1 s"
app = {{ upload = "cdn.example/moved", file = "photo.jpg" }}
[expect]
order = ["didComplete ok photos/1"]
"#
        );
        let scenario = parse("moved", "moved.toml", &text).unwrap_or_else(|e| panic!("{e}"));
        let outcome = run(&scenario, &Options::default()).expect("its profile is there");
        assert!(outcome.passed(), "{}", outcome.text());
        let lines = outcome.trace.events.iter().map(ToString::to_string);
        let mut arrived = lines.filter(|line| line.contains("origin  receives"));
        let last = arrived.next_back().expect("a request arrives");
        assert!(last.contains(&format!("{method} /there, {length} B")), "{status}: {last}");
    }
}
