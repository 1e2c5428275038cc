//! A small server that does what the path says, good and bad.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use sleepwalker_driver::BoxStream;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Notify,
};

use super::{bench::pattern, security::Security};

/// The server, and what it has seen.
#[derive(Clone, Default)]
pub(crate) struct Origin(Arc<Seen>);

#[derive(Default)]
struct Seen {
    connections: AtomicU64,
    read: AtomicU64,
    written: AtomicU64,
    go: Notify,
    text: Mutex<String>,
    asked: Mutex<Vec<String>>,
}

struct Asked {
    head: String,
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

    /// The heads of all requests, as they came.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.0.asked.lock().expect("no body panicked").clone()
    }

    /// Sets what `/text` answers, head and all.
    pub(crate) fn will_say(&self, text: &str) {
        *self.0.text.lock().expect("no body panicked") = text.to_owned();
    }

    /// Lets a request that waits go on.
    pub(crate) fn go(&self) {
        self.0.go.notify_one();
    }

    /// Serves one connection to its end.
    pub(crate) async fn serve(self, security: Security, stream: BoxStream) {
        let Some(mut stream) = security.accept(stream).await else { return };
        self.0.connections.fetch_add(1, Ordering::SeqCst);
        while let Some(asked) = head(&mut stream).await {
            self.0.asked.lock().expect("no body panicked").push(asked.head.clone());
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
            "until-close" => {
                say(stream, "200 OK").await?;
                self.body(stream, 0, number(1)).await?;
                stream.shutdown().await?;
                return Ok(false);
            }
            "until-drop" => {
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
            "text" => self.text(stream).await?,
            "text-and-shut" => {
                self.text_and_shut(stream).await?;
                return Ok(false);
            }
            "endless" => self.endless(stream).await?,
            "silence" => self.0.go.notified().await,
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

    /// Says the text of [`Origin::will_say`].
    async fn text(&self, stream: &mut BoxStream) -> io::Result<()> {
        let text = self.0.text.lock().expect("no body panicked").clone();
        stream.write_all(text.as_bytes()).await?;
        stream.flush().await
    }

    /// Says the text and no more, but reads on until the other side closes.
    async fn text_and_shut(&self, stream: &mut BoxStream) -> io::Result<()> {
        self.text(stream).await?;
        stream.shutdown().await?;
        let mut piece = vec![0; 32 << 10];
        while stream.read(&mut piece).await? > 0 {}
        Ok(())
    }

    /// A chunked body that never ends.
    async fn endless(&self, stream: &mut BoxStream) -> io::Result<()> {
        say(stream, "200 OK\r\ntransfer-encoding: chunked").await?;
        loop {
            stream.write_all(b"1000\r\n").await?;
            stream.write_all(&pattern(0, 0x1000)).await?;
            stream.write_all(b"\r\n").await?;
        }
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
        head: text.clone(),
        path: target.split('/').skip(1).map(str::to_owned).collect(),
        length: field("content-length").map_or(0, |length| length.parse().expect("a length")),
        from: field("range").map(|range| {
            let from = range.strip_prefix("bytes=").and_then(|range| range.strip_suffix('-'));
            from.expect("an open range").parse().expect("a number")
        }),
    })
}
