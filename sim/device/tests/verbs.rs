//! The words in which scenarios write acts.

use std::time::Duration;

use serde::Deserialize;
use sleepwalker_core::SessionKind;
use sleepwalker_device::{AppAct, OsAct, SessionSpec, TaskRef, user_act, user_words};
use sleepwalker_judge::UserAct;

#[derive(Debug, Deserialize)]
struct Line {
    app: AppAct,
}

fn app(table: &str) -> Result<AppAct, String> {
    toml::from_str(&format!("app = {table}"))
        .map(|line: Line| line.app)
        .map_err(|e| e.message().to_owned())
}

#[test]
fn every_act_of_the_os_and_the_user_is_read_from_its_own_words() {
    for act in OsAct::ALL {
        assert_eq!(OsAct::parse(act.words()), Ok(*act));
    }
    for act in [UserAct::Open, UserAct::Home, UserAct::ForceQuit, UserAct::Unlock] {
        assert_eq!(user_act(user_words(act)), Ok(act));
    }
}

#[test]
fn unknown_words_are_answered_with_the_known_ones() {
    let error = OsAct::parse("explode").expect_err("no such act");
    assert_eq!(
        error.to_string(),
        "\"os\" cannot do \"explode\": expected one of \"terminate for memory\", \"crash\", \
         \"reboot\", \"power cut\", \"power on\", \"power off\""
    );
    let error = user_act("quit").expect_err("no such act");
    assert!(
        error.to_string().ends_with("\"open\", \"home\", \"force quit\", \"unlock\""),
        "{error}"
    );
}

#[test]
fn a_download_names_its_urls_and_options() {
    let act = app(r#"{ download = ["cdn.example/a", "https://cdn.example/b"], session = "photos",
             earliest-begin = "10 min", priority = 900, cellular = false }"#);
    let Ok(AppAct::Download { targets, session, options }) = act else { panic!("{act:?}") };
    assert_eq!(targets[0].url.as_str(), "http://cdn.example/a");
    assert_eq!(&*targets[0].name, "cdn.example/a");
    assert_eq!(targets[1].url.scheme(), "https");
    assert_eq!(session.as_deref(), Some("photos"));
    assert_eq!(options.earliest_begin, Some(Duration::from_secs(600)));
    assert_eq!(options.priority, Some(900));
    assert!(!options.cellular && options.expensive);
}

#[test]
fn a_range_stands_for_many_urls() {
    let act = app(r#"{ download = "cdn.example/{8..11}.bin" }"#);
    let Ok(AppAct::Download { targets, .. }) = act else { panic!("{act:?}") };
    let names: Vec<&str> = targets.iter().map(|target| &*target.name).collect();
    assert_eq!(
        names,
        ["cdn.example/8.bin", "cdn.example/9.bin", "cdn.example/10.bin", "cdn.example/11.bin"]
    );
    let error = app(r#"{ download = "cdn.example/{9..1}" }"#).expect_err("empty");
    assert!(error.contains("a range is written {1..50}"), "{error}");
}

#[test]
fn a_task_is_named_by_number_or_by_item() {
    let act = app("{ cancel = 2 }");
    assert_eq!(act, Ok(AppAct::Cancel { task: TaskRef::Number(2), session: None }));
    let act = app(r#"{ cancel-by-producing-resume-data = "cdn.example/a" }"#);
    let task = TaskRef::Item("cdn.example/a".into());
    assert_eq!(act, Ok(AppAct::CancelByProducingResumeData { task, session: None }));
}

#[test]
fn an_upload_names_one_of_the_apps_files() {
    let act = app(r#"{ upload = "up.example/in", file = "photo.jpg", from = "data" }"#);
    let Ok(AppAct::Upload { file, from_data, .. }) = act else { panic!("{act:?}") };
    assert_eq!((&*file, from_data), ("photo.jpg", true));
    let error = app(r#"{ upload = "up.example/in" }"#).expect_err("no file");
    assert!(error.contains("needs \"file\""), "{error}");
}

#[test]
fn a_session_is_a_name_or_a_table() {
    let act = app(r#"{ create-session = "photos" }"#);
    assert_eq!(act, Ok(AppAct::CreateSession(SessionSpec::background("photos"))));
    let act = app(
        r#"{ create-session = { name = "live", kind = "in-process", timeout-for-resource = "1 h",
             max-connections-per-host = 2, implements = { did-receive-response = true } } }"#,
    );
    let Ok(AppAct::CreateSession(spec)) = act else { panic!("{act:?}") };
    assert_eq!(spec.kind, SessionKind::InProcess);
    assert_eq!(spec.configuration.timeout_for_resource, Duration::from_secs(3600));
    assert_eq!(spec.configuration.max_connections_per_host, Some(2));
    assert!(spec.implements.did_receive_response);
}

#[test]
fn an_app_edits_a_configuration_and_deletes_a_file() {
    let act = app(r#"{ edit-configuration = { name = "photos", allows-cellular = false } }"#);
    let Ok(AppAct::EditConfiguration(spec)) = act else { panic!("{act:?}") };
    assert!(!spec.configuration.allows_cellular && spec.delegate);
    let act = app(r#"{ delete-file = "photo.jpg" }"#);
    assert_eq!(act, Ok(AppAct::DeleteFile { file: "photo.jpg".into() }));
    let act = app(r#"{ create-session = { name = "photos", delegate = false } }"#);
    assert!(matches!(act, Ok(AppAct::CreateSession(SessionSpec { delegate: false, .. }))));
}

#[test]
fn a_url_of_another_scheme_is_read_if_sessions_are_known_to_refuse_it() {
    for url in ["ftp://cdn.example/a", "file:///a", "data:text/plain,a"] {
        let act = app(&format!("{{ download = \"{url}\" }}"));
        let Ok(AppAct::Download { targets, .. }) = act else { panic!("{act:?}") };
        assert_eq!(targets[0].url.as_str(), url);
    }
    let error = app(r#"{ download = "gopher://cdn.example/a" }"#).expect_err("no such scheme");
    assert!(error.contains("its scheme is none of"), "{error}");
}

#[test]
fn tables_that_mean_nothing_are_refused_with_what_is_wrong() {
    for (table, expected) in [
        ("{}", "told to do nothing"),
        (r#"{ session = "photos" }"#, "told to do nothing"),
        (r#"{ cancel = 1, resume = 1 }"#, "one step is one act: found \"cancel\", \"resume\""),
        (r#"{ cancel = 1, priority = 3 }"#, "\"cancel\" has no option \"priority\""),
        (r#"{ download = "a/b", file = "x" }"#, "\"download\" has no option \"file\""),
        (r#"{ delete-file = "a", session = "photos" }"#, "has no option \"session\""),
        (r#"{ get-all-tasks = "photos", session = "photos" }"#, "has no option \"session\""),
        (r#"{ download = "gopher://a/b" }"#, "its scheme is none of"),
        (r#"{ download = "a b/c" }"#, "is not a URL"),
        (r#"{ download = "a/b", priority = 1001 }"#, "between 0 and 1000"),
        (r#"{ downlaod = "a/b" }"#, "unknown field `downlaod`"),
        (r#"{ cancel = -1 }"#, "-1 is not the number of a task"),
    ] {
        let error = app(table).expect_err(table);
        assert!(error.contains(expected), "{table}: {error}");
    }
}
