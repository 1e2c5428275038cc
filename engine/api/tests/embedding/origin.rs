//! A small origin with versions, ranges and a budget of bytes, on a real port.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Duration,
};

/// The length of `/file`.
pub(crate) const LENGTH: u64 = 3_000_000;

/// Where the bodies of `/cut` and `/cut-unnamed` end.
pub(crate) const CUT: u64 = 10_000;

#[derive(Default)]
struct State {
    version: u8,
    /// How many bytes of bodies may still go out.
    budget: u64,
    heads: Vec<BTreeMap<String, String>>,
    bodies: Vec<Vec<u8>>,
}

/// The origin. Its threads end with the test.
#[derive(Clone)]
pub(crate) struct Origin {
    state: Arc<(Mutex<State>, Condvar)>,
    port: u16,
}

/// The bytes of a version of `/file`.
pub(crate) fn content(version: u8) -> Vec<u8> {
    (0..LENGTH).map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8 ^ version).collect()
}

impl Origin {
    /// Starts an origin that may send as much as it likes.
    pub(crate) fn start() -> Origin {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let state = State { budget: u64::MAX / 2, ..State::default() };
        let origin = Origin { state: Arc::new((Mutex::new(state), Condvar::new())), port };
        let serving = origin.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = serving.clone();
                thread::spawn(move || serving.serve(stream));
            }
        });
        origin
    }

    pub(crate) fn url(&self, path: &str) -> url::Url {
        format!("http://127.0.0.1:{}{path}", self.port).parse().expect("a URL")
    }

    /// Lets only so many bytes of bodies go out from now on.
    pub(crate) fn allow(&self, bytes: u64) {
        self.state.0.lock().expect("no panic").budget = bytes;
        self.state.1.notify_all();
    }

    pub(crate) fn allow_all(&self) {
        self.allow(u64::MAX / 2);
    }

    pub(crate) fn change(&self) {
        self.state.0.lock().expect("no panic").version += 1;
    }

    /// The heads of all requests so far, by lower-case name; `:target` is the first line.
    pub(crate) fn heads(&self) -> Vec<BTreeMap<String, String>> {
        self.state.0.lock().expect("no panic").heads.clone()
    }

    pub(crate) fn bodies(&self) -> Vec<Vec<u8>> {
        self.state.0.lock().expect("no panic").bodies.clone()
    }

    fn serve(&self, stream: TcpStream) {
        // A client that is killed or gives up breaks the connection.
        let _ = self.try_serve(stream);
    }

    fn try_serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        while let Some(head) = read_head(&mut reader)? {
            let length: usize =
                head.get("content-length").map_or(0, |l| l.parse().expect("a length"));
            let mut body = vec![0; length];
            reader.read_exact(&mut body)?;
            let version = {
                let mut state = self.state.0.lock().expect("no panic");
                state.heads.push(head.clone());
                state.bodies.push(body);
                state.version
            };
            let target = head[":target"].split(' ').nth(1).expect("a target").to_owned();
            match target.as_str() {
                "/file" => self.send_file(&mut stream, &head, version, true)?,
                "/silent" => self.send_file(&mut stream, &head, version, false)?,
                "/cut" => return cut_short(&mut stream, "etag: \"v\"\r\naccept-ranges: bytes\r\n"),
                "/cut-unnamed" => return cut_short(&mut stream, ""),
                "/upload" => {
                    write!(stream, "HTTP/1.1 201 Created\r\ncontent-length: 7\r\n\r\nthanks!")?
                }
                _ => write!(stream, "HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\ngone")?,
            }
        }
        Ok(())
    }

    fn send_file(
        &self,
        stream: &mut TcpStream,
        head: &BTreeMap<String, String>,
        version: u8,
        tells_ranges: bool,
    ) -> io::Result<()> {
        let etag = format!("\"v{version}\"");
        let fits = head.get("if-range").is_none_or(|range| *range == etag);
        let from = head
            .get("range")
            .filter(|_| fits)
            .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
        match from {
            Some(from) => write!(
                stream,
                "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes {from}-{}/{LENGTH}\r\n",
                LENGTH - 1
            )?,
            None => write!(stream, "HTTP/1.1 200 OK\r\n")?,
        }
        let from: u64 = from.unwrap_or(0);
        let ranges = if tells_ranges { "accept-ranges: bytes\r\n" } else { "" };
        write!(stream, "etag: {etag}\r\n{ranges}content-length: {}\r\n\r\n", LENGTH - from)?;
        for piece in content(version)[from as usize..].chunks(16 << 10) {
            self.spend(piece.len() as u64);
            stream.write_all(piece)?;
        }
        Ok(())
    }

    fn spend(&self, bytes: u64) {
        let (state, changed) = &*self.state;
        let mut state = state.lock().expect("no panic");
        while state.budget < bytes {
            state = changed.wait(state).expect("no panic");
        }
        state.budget -= bytes;
        let unlimited = state.budget > u64::MAX / 4;
        drop(state);
        // Where the test stops the transfer half-way, it shall come in steps.
        if !unlimited {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Sends the head of a long body and its first [`CUT`] bytes; the connection ends there.
fn cut_short(stream: &mut TcpStream, fields: &str) -> io::Result<()> {
    write!(stream, "HTTP/1.1 200 OK\r\n{fields}content-length: {LENGTH}\r\n\r\n")?;
    stream.write_all(&content(0)[..CUT as usize])
}

fn read_head(reader: &mut impl BufRead) -> io::Result<Option<BTreeMap<String, String>>> {
    let mut head = BTreeMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim_end();
        match line.split_once(": ") {
            _ if head.is_empty() => {
                head.insert(":target".to_owned(), line.to_owned());
            }
            Some((name, value)) => {
                head.insert(name.to_ascii_lowercase(), value.to_owned());
            }
            None => return Ok(Some(head)),
        }
    }
}
