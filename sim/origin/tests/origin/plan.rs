use sleepwalker_origin::{ETag, FilePlan, OriginAct, Plan, PlanError, Ranges, Size};

use crate::setup::act_of;

#[test]
fn a_file_without_keys_is_well_behaved() {
    let plan: Plan =
        toml::from_str(r#""cdn.example".files."/b" = { size = "1 MB" }"#).expect("a plan");
    let file = &plan.hosts["cdn.example"].files["/b"];
    assert_eq!(*file, FilePlan { size: Size(1_000_000), ..FilePlan::default() });
    assert_eq!((file.etag, file.ranges, file.length), (ETag::Strong, Ranges::Honoured, true));
}

#[test]
fn a_plan_with_every_key_reads_back_as_it_was_written() {
    let text = r#"
        ["cdn.example"]
        posts = true
        down = true
        [files."/a"]
        "#;
    assert!(toml::from_str::<Plan>(text).is_err(), "files belong to a host");
    let plan: Plan = toml::from_str(
        r#"
        ["cdn.example"]
        posts = true
        down = true
        ["cdn.example".files."/a"]
        size = "3 MB"
        etag = "weak"
        last-modified = false
        ranges = "ignored"
        if-range = false
        length = false
        status = 500
        requires = { Accept = "image/jpeg" }
        redirect = { to = "/b", status = 308 }
        upload = true
        rate = "20 Mbit/s"
        stall = { at = "64 KiB", for = "1 min 30 s", times = 2 }
        cut = { after = "10 kB" }
        delay = "25 ms"
        "#,
    )
    .expect("a plan");
    let text = toml::to_string(&plan).expect("a text");
    assert_eq!(toml::from_str::<Plan>(&text).expect("a plan"), plan, "{text}");
}

#[test]
fn unknown_keys_units_and_words_are_refused_with_what_was_expected() {
    for (file, expected) in [
        ("{ sise = '3 MB' }", "sise"),
        ("{ size = '3 mb' }", "a size such as"),
        ("{ size = 3 }", "a size such as"),
        ("{ rate = '3 MB' }", "a rate such as"),
        ("{ delay = '3' }", "a span such as"),
        ("{ etag = 'firm' }", "strong"),
        ("{ etag = 3 }", "true, false"),
        ("{ ranges = 'some' }", "shifted"),
        ("{ stall = { at = '1 B' } }", "for"),
    ] {
        let error = toml::from_str::<Plan>(&format!("'a.example'.files.'/a' = {file}"));
        let error = error.expect_err(file).to_string();
        assert!(error.contains(expected), "{file}: {error}");
    }
}

#[test]
fn what_no_origin_can_serve_is_told_before_it_runs() {
    let check = |text: &str| toml::from_str::<Plan>(text).expect("a plan").check();
    assert_eq!(check("'a.example'.files.'/a' = { status = 200 }"), Ok(()));
    let error = PlanError::Status { file: "a.example/a".into(), status: 199 };
    assert_eq!(check("'a.example'.files.'/a' = { status = 199 }"), Err(error));
    assert!(matches!(check("'a.example'.files.a = {}"), Err(PlanError::Path { .. })));
    assert!(matches!(check("'A.example'.files.'/a' = {}"), Err(PlanError::Host(_))));
    let requires = "'a.example'.files.'/a' = { requires = { 'a b' = 'c' } }";
    assert!(matches!(check(requires), Err(PlanError::Field { .. })));
    let to = "'a.example'.files.'/a' = { redirect = { to = \"a\\nb\" } }";
    assert!(matches!(check(to), Err(PlanError::Location { .. })));
}

#[test]
fn acts_read_back_and_tell_themselves_in_words() {
    for (act, words) in [
        (r#"{ new-version = "cdn.example/a" }"#, "new version of /a"),
        (r#"{ new-version = "cdn.example/a", size = "2 MB" }"#, "new version of /a, 2 MB"),
        (r#"{ answer = "cdn.example/a", status = 503 }"#, "answers /a with 503"),
        (r#"{ redirect = "cdn.example/a", to = "/b" }"#, "redirects /a to /b with 302"),
        (r#"{ slow = "cdn.example/a", rate = "1 kB/s" }"#, "slows /a to 8 kbit/s"),
        (r#"{ stall = "cdn.example" }"#, "stalls all files"),
        (r#"{ cut = "cdn.example" }"#, "cuts its connections"),
        (
            r#"{ cut = "cdn.example/a", after = "10 kB" }"#,
            "cuts the next response of /a after 10 kB",
        ),
        (
            r#"{ cut = "cdn.example", after = "1 B", times = 3 }"#,
            "cuts the next 3 responses of all files after 1 B",
        ),
        (r#"{ restore = "cdn.example/a" }"#, "restores /a"),
        (r#"{ down = "cdn.example" }"#, "goes down"),
        (r#"{ up = "cdn.example" }"#, "comes up"),
    ] {
        let read = act_of(act);
        assert_eq!(read.to_string(), words);
        assert_eq!(read.target().host, "cdn.example");
        let json = serde_json::to_string(&read).expect("a text");
        assert_eq!(serde_json::from_str::<OriginAct>(&json).expect("an act"), read, "{json}");
    }
}

#[test]
fn an_act_has_one_verb_and_only_its_own_keys() {
    for (act, expected) in [
        ("{}", "expected one of new-version"),
        ("{ stall = 'a/b', cut = 'a/b' }", "both stall and cut"),
        ("{ answer = 'a/b' }", "answer needs status"),
        ("{ stall = 'a/b', rate = '1 B/s' }", "stall takes no rate"),
        ("{ cut = 'a/b', times = 2 }", "cut takes no times"),
        ("{ down = 'a/b' }", "down takes a host"),
        ("{ explode = 'a/b' }", "explode"),
    ] {
        let error =
            toml::from_str::<std::collections::BTreeMap<String, OriginAct>>(&format!("x = {act}"));
        let error = error.expect_err(act).to_string();
        assert!(error.contains(expected), "{act}: {error}");
    }
}
