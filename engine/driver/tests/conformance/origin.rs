//! A small server that does what the path says, good and bad.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use sleepwalker_driver::BoxStream;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Notify,
};

use super::bench::pattern;

/// The server, and what it has seen.
#[derive(Clone, Default)]
pub(crate) struct Origin(Arc<Seen>);

#[derive(Default)]
struct Seen {
    connections: AtomicU64,
    read: AtomicU64,
    written: AtomicU64,
    go: Notify,
}

struct Asked {
    path: Vec<String>,
    length: u64,
    from: Option<u64>,
}

impl Origin {
    pub(crate) fn connections(&self) -> u64 {
        self.0.connections.load(Ordering::SeqCst)
    }

    /// Bytes of bodies read.
    pub(crate) fn read(&self) -> u64 {
        self.0.read.load(Ordering::SeqCst)
    }

    /// Bytes of bodies written.
    pub(crate) fn written(&self) -> u64 {
        self.0.written.load(Ordering::SeqCst)
    }

    /// Lets a request that waits go on.
    pub(crate) fn go(&self) {
        self.0.go.notify_one();
    }

    /// Serves one connection to its end.
    pub(crate) async fn serve(self, mut stream: BoxStream) {
        self.0.connections.fetch_add(1, Ordering::SeqCst);
        while let Some(asked) = head(&mut stream).await {
            match self.answer(&mut stream, asked).await {
                Ok(true) => {}
                Ok(false) | Err(_) => return,
            }
        }
    }

    async fn answer(&self, stream: &mut BoxStream, asked: Asked) -> io::Result<bool> {
        let number = |place: usize| -> u64 { asked.path[place].parse().expect("a number") };
        match asked.path[0].as_str() {
            "bytes" => {
                let (length, from) = (number(1), asked.from.unwrap_or(0));
                let status = match asked.from {
                    Some(from) => format!(
                        "206 Partial Content\r\ncontent-range: bytes {from}-{}/{length}",
                        length - 1
                    ),
                    None => "200 OK".to_owned(),
                };
                say(stream, &format!("{status}\r\ncontent-length: {}", length - from)).await?;
                self.body(stream, from, length).await?;
            }
            "cut" => {
                say(stream, &format!("200 OK\r\ncontent-length: {}", number(1))).await?;
                self.body(stream, 0, number(2)).await?;
                return Ok(false);
            }
            "cut-chunked" => {
                say(stream, "200 OK\r\ntransfer-encoding: chunked").await?;
                stream.write_all(b"3\r\nabc\r\n").await?;
                return Ok(false);
            }
            "bad-chunk" => {
                say(stream, "200 OK\r\ntransfer-encoding: chunked").await?;
                stream.write_all(b"zebra\r\n").await?;
            }
            "until-close" => {
                say(stream, "200 OK").await?;
                self.body(stream, 0, number(1)).await?;
                return Ok(false);
            }
            "upload" => {
                self.discard(stream, asked.length).await?;
                say(stream, "200 OK\r\ncontent-length: 0").await?;
            }
            "stall-upload" => {
                self.0.go.notified().await;
                self.discard(stream, asked.length).await?;
                say(stream, "200 OK\r\ncontent-length: 0").await?;
            }
            "early" => {
                say(stream, "413 Content Too Large\r\ncontent-length: 2").await?;
                stream.write_all(b"no").await?;
                self.0.go.notified().await;
                return Ok(false);
            }
            "hints" => {
                stream.write_all(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n").await?;
                stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
                say(stream, "200 OK\r\ncontent-length: 2").await?;
                stream.write_all(b"ok").await?;
            }
            "garbage" => stream.write_all(b"this is not HTTP at all\r\n\r\n").await?,
            "silence" => self.0.go.notified().await,
            "close" => {
                say(stream, "200 OK\r\nconnection: close\r\ncontent-length: 2").await?;
                stream.write_all(b"ok").await?;
                return Ok(false);
            }
            "leave" => {
                say(stream, "200 OK\r\ncontent-length: 2").await?;
                stream.write_all(b"ok").await?;
                self.0.go.notified().await;
                return Ok(false);
            }
            "hang-up" => return Ok(false),
            other => panic!("no such path: {other}"),
        }
        Ok(true)
    }

    async fn body(&self, stream: &mut BoxStream, from: u64, to: u64) -> io::Result<()> {
        let mut at = from;
        while at < to {
            let piece = (to - at).min(32 << 10);
            stream.write_all(&pattern(at, piece)).await?;
            self.0.written.fetch_add(piece, Ordering::SeqCst);
            at += piece;
        }
        stream.flush().await
    }

    async fn discard(&self, stream: &mut BoxStream, length: u64) -> io::Result<()> {
        let mut piece = vec![0; 32 << 10];
        let mut at = 0;
        while at < length {
            let most = piece.len().min((length - at) as usize);
            let read = stream.read(&mut piece[..most]).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            assert_eq!(piece[..read], pattern(at, read as u64), "body at {at}");
            at += read as u64;
            self.0.read.fetch_add(read as u64, Ordering::SeqCst);
        }
        Ok(())
    }
}

async fn say(stream: &mut BoxStream, status_and_fields: &str) -> io::Result<()> {
    let text = format!("HTTP/1.1 {status_and_fields}\r\n\r\n");
    stream.write_all(text.as_bytes()).await
}

async fn head(stream: &mut BoxStream) -> Option<Asked> {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        text.push(stream.read_u8().await.ok()?);
    }
    let text = String::from_utf8(text).expect("a head in ASCII");
    let target = text.split(' ').nth(1).expect("a target");
    let field =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    Some(Asked {
        path: target.split('/').skip(1).map(str::to_owned).collect(),
        length: field("content-length").map_or(0, |length| length.parse().expect("a length")),
        from: field("range").map(|range| {
            let from = range.strip_prefix("bytes=").and_then(|range| range.strip_suffix('-'));
            from.expect("an open range").parse().expect("a number")
        }),
    })
}
