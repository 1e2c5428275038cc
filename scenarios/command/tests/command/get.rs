//! `sleepwalker get` over real sockets: whole, refused, killed in mid-body.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use crate::common::{Called, command, sleepwalker};

/// What the server sends, and how far.
#[derive(Clone)]
struct Served {
    body: Vec<u8>,
    etag: &'static str,
    status: u16,
    /// After so many bytes of a body it holds its breath until the client goes.
    hold_after: Option<usize>,
}

impl Served {
    fn new(body: Vec<u8>, etag: &'static str) -> Served {
        Served { body, etag, status: 200, hold_after: None }
    }
}

/// A server of one file, on a port of its own.
struct Server {
    address: SocketAddr,
    served: Arc<Mutex<Served>>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(served: Served) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let server =
            Server { address, served: Arc::new(Mutex::new(served)), heads: Arc::default() };
        let (served, heads) = (Arc::clone(&server.served), Arc::clone(&server.heads));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (served, heads) = (Arc::clone(&served), Arc::clone(&heads));
                thread::spawn(move || serve(stream, &served, &heads));
            }
        });
        server
    }

    fn url(&self) -> String {
        format!("http://{}/file", self.address)
    }

    fn set(&self, served: Served) {
        *self.served.lock().expect("a lock") = served;
    }

    fn last_head(&self) -> String {
        self.heads.lock().expect("a lock").last().cloned().unwrap_or_default()
    }
}

/// Answers until the client goes; what fails then is of no interest.
fn serve(stream: TcpStream, served: &Mutex<Served>, heads: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut writer = stream;
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let head = head.to_ascii_lowercase();
        heads.lock().ok()?.push(head.clone());
        let served = served.lock().ok()?.clone();
        let (start, body) = answer(&served, &head);
        writer.write_all(start.as_bytes()).ok()?;
        match served.hold_after {
            Some(most) if most < body.len() => {
                writer.write_all(&body[..most]).ok()?;
                let _ = reader.read(&mut [0]);
                return None;
            }
            _ => writer.write_all(body).ok()?,
        }
    }
}

fn answer<'a>(served: &'a Served, head: &str) -> (String, &'a [u8]) {
    let field = |name: &str| {
        let line = head.lines().find(|line| line.starts_with(&format!("{name}:")))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let whole = served.body.len();
    let from = field("range")
        .filter(|_| field("if-range").is_none_or(|tag| tag == served.etag))
        .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok())
        .filter(|from| *from < whole);
    let (status, extra, body) = match from {
        Some(from) => {
            let range = format!("content-range: bytes {from}-{}/{whole}\r\n", whole - 1);
            (206, range, &served.body[from..])
        }
        None => (served.status, String::new(), served.body.as_slice()),
    };
    let start = format!(
        "HTTP/1.1 {status} X\r\netag: {}\r\naccept-ranges: bytes\r\ncontent-length: {}\r\n{extra}\r\n",
        served.etag,
        body.len()
    );
    (start, body)
}

fn bytes(length: usize, salt: usize) -> Vec<u8> {
    (0..length)
        .map(|place| u8::try_from((place / 7 + salt + place * place) % 251).unwrap_or(0))
        .collect()
}

fn get(url: &str, output: &Path) -> Called {
    let output = output.to_str().expect("UTF-8");
    sleepwalker(["get", url, "-o", output])
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    names.map(|name| name.to_string_lossy().into_owned()).collect()
}

#[test]
fn a_file_arrives_whole_and_leaves_nothing_beside_it() {
    let body = bytes(300_000, 1);
    let server = Server::start(Served::new(body.clone(), "\"a\""));
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("file");
    let called = get(&server.url(), &output);
    assert_eq!(called.code, 0, "{}", called.stderr);
    assert!(called.stdout.ends_with("file: 300000 bytes\n"), "{}", called.stdout);
    assert!(fs::read(&output).expect("the file") == body);
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn an_error_status_ends_in_1_and_writes_no_file() {
    for status in [300, 404, 503] {
        a_status_is_no_file(status);
    }
}

fn a_status_is_no_file(status: u16) {
    let mut served = Served::new(b"gone".to_vec(), "\"a\"");
    served.status = status;
    let server = Server::start(served);
    let folder = tempfile::tempdir().expect("a folder");
    let called = get(&server.url(), &folder.path().join("file"));
    assert_eq!((called.code, called.stdout.as_str()), (1, ""));
    assert!(called.stderr.contains(&status.to_string()), "{}", called.stderr);
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[test]
fn what_is_no_http_url_and_what_cannot_be_written_end_in_2() {
    let folder = tempfile::tempdir().expect("a folder");
    for url in ["ftp://localhost/x", "not a url"] {
        let called = get(url, &folder.path().join("file"));
        assert_eq!((called.code, called.stdout.as_str()), (2, ""));
        assert!(called.stderr.contains("expected an http or https URL"), "{}", called.stderr);
    }
    let called = get("http://127.0.0.1:9/x", &folder.path().join("no/such/folder/file"));
    assert_eq!((called.code, called.stdout.as_str()), (2, ""));
}

/// Starts a download, and kills it once the server has sent half, so much lies on the disk, and it had
/// some time more.
#[expect(clippy::disallowed_methods, reason = "a child process has no clock of ours")]
fn killed_in_mid_body(server: &Server, output: &Path, half: u64, more: Duration) {
    let mut child = command()
        .args(["get", &server.url(), "-o"])
        .arg(output)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command can be called");
    let folder = output.parent().expect("a folder");
    while longest(folder) < half {
        thread::yield_now();
        assert!(child.try_wait().expect("it can be asked").is_none(), "it ended by itself");
    }
    thread::sleep(more);
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
}

/// The length of the longest file below a folder, the store aside.
fn longest(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    let lengths = entries.flatten().map(|entry| match entry.metadata() {
        Ok(there) if there.is_dir() => longest(&entry.path()),
        Ok(there) if !entry.file_name().to_string_lossy().contains("redb") => there.len(),
        _ => 0,
    });
    lengths.max().unwrap_or(0)
}

#[test]
fn a_killed_download_goes_on_where_it_was_known_to_be_on_disk() {
    let body = bytes(2_000_000, 2);
    let mut held = Served::new(body.clone(), "\"a\"");
    held.hold_after = Some(1_000_000);
    let server = Server::start(held.clone());
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("file");
    // A kill may come before the first checkpoint is noted: then the whole comes again, and that is
    // right. Each try gives it more time.
    for tries in 0..20 {
        server.set(held.clone());
        killed_in_mid_body(&server, &output, 1_000_000, Duration::from_millis(10) * tries * tries);
        assert!(!output.exists());
        server.set(Served::new(body.clone(), "\"a\""));
        let called = get(&server.url(), &output);
        assert_eq!(called.code, 0, "{}", called.stderr);
        assert!(fs::read(&output).expect("the file") == body);
        let head = server.last_head();
        if head.contains("range: bytes=") {
            assert!(head.contains("if-range: \"a\""), "{head}");
            assert!(called.stdout.contains("resumed at "), "{}", called.stdout);
            return;
        }
        fs::remove_file(&output).expect("it is there");
    }
    panic!("no download was ever resumed");
}

#[test]
fn a_file_that_changed_after_the_kill_arrives_new_and_whole() {
    let mut held = Served::new(bytes(2_000_000, 3), "\"a\"");
    held.hold_after = Some(1_000_000);
    let server = Server::start(held);
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("file");
    killed_in_mid_body(&server, &output, 1_000_000, Duration::ZERO);
    let new = bytes(1_500_000, 4);
    server.set(Served::new(new.clone(), "\"b\""));
    let called = get(&server.url(), &output);
    assert_eq!(called.code, 0, "{}", called.stderr);
    assert!(fs::read(&output).expect("the file") == new);
    assert_eq!(names(folder.path()), ["file"]);
}
