//! `get` over real sockets: killed and started again, changed meanwhile, refused.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};

use sleepwalker_engine::{
    ErrorCode,
    get::{Downloaded, Get, GetError, Progress},
};

use super::origin::{CUT, LENGTH, Origin, content};

/// Names the URL and the output for a test process that is to be killed.
const CHILD: &str = "SLEEPWALKER_GET_CHILD";

fn run(get: &Get) -> (Result<Downloaded, GetError>, Vec<Progress>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let teller = Arc::clone(&told);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let result = runtime.block_on(get.run(move |progress| {
        teller.lock().expect("no panic").push(progress);
    }));
    let told = told.lock().expect("no panic").clone();
    (result, told)
}

/// Not a test: the process that the tests below start and kill.
#[test]
fn child() {
    let Ok(wanted) = std::env::var(CHILD) else {
        return;
    };
    let (url, output) = wanted.split_once(' ').expect("two words");
    let get = Get::new(url.parse().expect("a URL"), output);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime
        .block_on(get.run(|progress| eprintln!("{progress:?}")))
        .expect("downloads, unless it is killed before");
}

fn start(url: &url::Url, output: &Path) -> Child {
    Command::new(std::env::current_exe().expect("this test"))
        .args(["get::child", "--exact", "--nocapture"])
        .env(CHILD, format!("{url} {}", output.display()))
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("starts")
}

/// Starts a download, lets so many bytes through and kills it when it has told of some progress twice:
/// what it told first is on disk by then.
fn kill_on_the_way(origin: &Origin, path: &str, output: &Path) {
    origin.allow(LENGTH / 2);
    let mut child = start(&origin.url(path), output);
    let lines = BufReader::new(child.stderr.take().expect("piped")).lines();
    let told = lines.map_while(Result::ok).filter(|line| line.starts_with("Received"));
    assert_eq!(told.take(2).count(), 2, "the child ended early");
    child.kill().expect("killed");
    child.wait().expect("is dead");
}

#[test]
fn a_killed_download_goes_on_with_a_range_and_a_validator() {
    let origin = Origin::start();
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("film.mp4");
    kill_on_the_way(&origin, "/file", &output);
    assert!(!output.exists());
    origin.allow_all();
    let get = Get::new(origin.url("/file"), &output);
    assert!(get.state_folder().is_dir());
    let (result, told) = run(&get);
    let done = result.expect("downloads");
    let from = done.resumed_from.expect("goes on");
    assert!(from > 0);
    assert!(told.contains(&Progress::Started { from: Some(from) }));
    assert!(told.contains(&Progress::Resumed { from }));
    let head = origin.heads().pop().expect("a request");
    assert_eq!(head["range"], format!("bytes={from}-"));
    assert_eq!(head["if-range"], "\"v0\"");
    assert!(fs::read(&output).expect("is there") == content(0), "the bytes differ");
    assert!(!get.state_folder().exists());
}

#[test]
fn a_file_that_changed_meanwhile_arrives_new_and_whole() {
    let origin = Origin::start();
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("film.mp4");
    kill_on_the_way(&origin, "/file", &output);
    origin.change();
    origin.allow_all();
    let (result, told) = run(&Get::new(origin.url("/file"), &output));
    let done = result.expect("downloads");
    assert_eq!(done, Downloaded { bytes: LENGTH, resumed_from: None });
    assert!(told.contains(&Progress::Restarted), "{told:?}");
    assert!(fs::read(&output).expect("is there") == content(1), "the bytes differ");
}

#[test]
fn a_server_that_is_silent_about_ranges_is_asked_for_one() {
    let origin = Origin::start();
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("film.mp4");
    kill_on_the_way(&origin, "/silent", &output);
    origin.allow_all();
    let (result, _) = run(&Get::new(origin.url("/silent"), &output));
    assert!(result.expect("downloads").resumed_from.is_some());
    assert!(fs::read(&output).expect("is there") == content(0), "the bytes differ");
}

#[test]
fn killed_again_and_again_it_still_arrives_whole() {
    let origin = Origin::start();
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("film.mp4");
    kill_on_the_way(&origin, "/file", &output);
    for _ in 0..5 {
        origin.allow(LENGTH);
        let mut child = start(&origin.url("/file"), &output);
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let head = lines.any(|line| line.is_ok_and(|line| line.starts_with("Resumed")));
        assert!(head, "the child ended early");
        child.kill().expect("killed");
        child.wait().expect("is dead");
    }
    origin.allow_all();
    let (result, _) = run(&Get::new(origin.url("/file"), &output));
    assert!(result.expect("downloads").resumed_from.is_some());
    assert!(fs::read(&output).expect("is there") == content(0), "the bytes differ");
}

#[test]
fn the_state_of_another_url_is_not_used() {
    let origin = Origin::start();
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("film.mp4");
    kill_on_the_way(&origin, "/file", &output);
    origin.allow_all();
    let (result, _) = run(&Get::new(origin.url("/gone"), &output));
    assert!(matches!(result, Err(GetError::Status(404))), "{result:?}");
    assert!(!output.exists());
}

#[test]
fn an_older_file_is_replaced() {
    let origin = Origin::start();
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("film.mp4");
    fs::write(&output, "old").expect("writes");
    let (result, told) = run(&Get::new(origin.url("/file"), &output));
    assert_eq!(result.expect("downloads"), Downloaded { bytes: LENGTH, resumed_from: None });
    assert_eq!(told[0], Progress::Started { from: None });
    assert!(fs::read(&output).expect("is there") == content(0), "the bytes differ");
}

#[test]
fn an_error_status_is_an_error_and_leaves_nothing() {
    let origin = Origin::start();
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("film.mp4");
    fs::write(&output, "old").expect("writes");
    let (result, _) = run(&Get::new(origin.url("/gone"), &output));
    assert!(matches!(result, Err(GetError::Status(404))), "{result:?}");
    assert_eq!(fs::read(&output).expect("is there"), b"old");
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1);
}

#[test]
fn a_port_that_nobody_listens_on_is_given_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = "http://127.0.0.1:1/file".parse().expect("a URL");
    let mut get = Get::new(url, folder.path().join("film.mp4"));
    get.tries = 2;
    let (result, told) = run(&get);
    let refused = ErrorCode::CANNOT_CONNECT_TO_HOST;
    assert!(
        matches!(result, Err(GetError::GaveUp { tries: 2, last, kept: 0 }) if last == refused),
        "{result:?}"
    );
    assert!(matches!(told[..], [Progress::Retries { .. }]), "{told:?}");
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 0);
}

#[test]
fn only_what_can_be_resumed_is_kept_when_a_download_is_given_up() {
    let origin = Origin::start();
    for (path, bytes, left) in [("/cut", CUT, 1), ("/cut-unnamed", 0, 0)] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut get = Get::new(origin.url(path), folder.path().join("film.mp4"));
        get.tries = 2;
        let (result, _) = run(&get);
        assert!(
            matches!(result, Err(GetError::GaveUp { kept, .. }) if kept == bytes),
            "{path}: {result:?}"
        );
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), left, "{path}");
    }
}

#[test]
fn an_output_that_cannot_be_a_file_is_refused_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let url: url::Url = "http://127.0.0.1:1/file".parse().expect("a URL");
    for output in [folder.path().to_owned(), folder.path().join("none/film.mp4")] {
        let (result, _) = run(&Get::new(url.clone(), &output));
        assert!(matches!(result, Err(GetError::Output { .. })), "{result:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 0);
}
