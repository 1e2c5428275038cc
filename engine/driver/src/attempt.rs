//! The job of one attempt: send a request, tell its head, receive its body.

use std::{io, sync::Arc};

use http::Request;
use http_body::Body;
use hyper::{body::Incoming, client::conn::http1::SendRequest};
use sleepwalker_core::{
    AttemptId, BodyFile, ConnectionId, ErrorCode, FileId, Into, Report, RequestHead, ResponseHead,
};
use tokio::sync::{mpsc, oneshot};
use tracing::Instrument;

use crate::{
    body::RequestBody,
    failure::Failure,
    gate::Gate,
    receive::next_data,
    table::{Command, Pen, Shared},
};

/// How many bytes of chunks wait for their callbacks before reading stops.
const WINDOW: usize = 256 << 10;

/// How much of an unwanted body is read to keep its connection.
const DISCARD: u64 = 256 << 10;

/// One attempt while it runs.
pub(crate) struct Job {
    pub(crate) shared: Arc<Shared>,
    pub(crate) attempt: AttemptId,
    pub(crate) connection: ConnectionId,
    pub(crate) gate: Arc<Gate>,
    pub(crate) pen: Arc<Pen>,
    pub(crate) commands: mpsc::UnboundedReceiver<Command>,
}

/// Runs an attempt to its end, or until its table entry is dropped.
pub(crate) async fn run(
    mut job: Job,
    sender: SendRequest<RequestBody>,
    request: Request<RequestBody>,
    dropped: oneshot::Receiver<()>,
) {
    let span = tracing::debug_span!("attempt", id = %job.attempt, connection = job.connection.0);
    let work = async move {
        match job.carry(sender, request).await {
            Ok(sender) => {
                tracing::debug!(reusable = sender.is_some(), "ended");
                job.shared.ended(job.attempt, job.connection, sender);
            }
            Err(failure) => job.fail(failure),
        }
    };
    tokio::select! {
        biased;
        _ = dropped => {}
        () = work.instrument(span) => {}
    }
}

/// Makes the request that a head and a body describe.
pub(crate) fn request(
    head: &RequestHead,
    body: Option<BodyFile>,
    shared: &Shared,
) -> Result<Request<RequestBody>, http::Error> {
    let mut builder = Request::builder().method(head.method.as_str()).uri(head.target.as_str());
    for (name, value) in &head.headers {
        builder = builder.header(&**name, value.as_str());
    }
    if let Some(body) = body {
        builder = builder.header(http::header::CONTENT_LENGTH, body.length);
    }
    builder.body(RequestBody::new(Arc::clone(&shared.providers.files), body))
}

impl Job {
    /// Returns the sender if the connection can carry another request.
    async fn carry(
        &mut self,
        mut sender: SendRequest<RequestBody>,
        request: Request<RequestBody>,
    ) -> Result<Option<SendRequest<RequestBody>>, Failure> {
        let response = sender.send_request(request).await?;
        self.gate.open().await;
        if response.status() == http::StatusCode::SWITCHING_PROTOCOLS {
            return Err(Failure::Wire(ErrorCode::BAD_SERVER_RESPONSE));
        }
        let head = head(&response);
        let expected = head.length;
        tracing::debug!(status = head.status, length = ?expected, "head");
        self.shared.tell(self.attempt, Report::Head(self.attempt, head));
        let into = self.wait_for_receive().await;
        let mut body = response.into_body();
        let complete = match into {
            Into::File { file, at } => self.receive_file(&mut body, expected, file, at).await?,
            Into::Chunks => self.receive_chunks(&mut body, expected).await?,
            Into::Nowhere => self.receive_nowhere(&mut body, expected).await?,
        };
        // A response may come before the request is through; its connection is of no use then.
        if complete && self.gate.through() && sender.ready().await.is_ok() {
            return Ok(Some(sender));
        }
        Ok(None)
    }

    async fn wait_for_receive(&mut self) -> Into {
        loop {
            match self.commands.recv().await {
                Some(Command::Receive(into)) => return into,
                Some(Command::Freed(_)) => {}
                // The attempt was cut: this job is dropped at its next poll.
                None => std::future::pending().await,
            }
        }
    }

    async fn receive_file(
        &mut self,
        body: &mut Incoming,
        expected: Option<u64>,
        file: FileId,
        at: u64,
    ) -> Result<bool, Failure> {
        let files = Arc::clone(&self.shared.providers.files);
        let failed = |error: io::Error| {
            tracing::warn!(%file, %error, "cannot be written");
            Failure::File(file, ErrorCode::CANNOT_WRITE_FILE)
        };
        self.pen
            .write(|| match files.length(file)? {
                Some(length) if length < at => Err(io::ErrorKind::UnexpectedEof.into()),
                None if at > 0 => Err(io::ErrorKind::NotFound.into()),
                Some(_) | None => files.truncate(file, at),
            })
            .transpose()
            .map_err(failed)?;
        let mut received = 0;
        while let Some(bytes) = next_data(body, &self.gate, expected, &mut received).await? {
            let end = at + received;
            self.pen
                .write(|| files.write(file, end - bytes.len() as u64, &bytes))
                .transpose()
                .map_err(failed)?;
            self.shared.tell(self.attempt, Report::Received(self.attempt, end));
        }
        Ok(true)
    }

    async fn receive_chunks(
        &mut self,
        body: &mut Incoming,
        expected: Option<u64>,
    ) -> Result<bool, Failure> {
        let mut waiting = 0;
        let mut received = 0;
        while let Some(mut bytes) = next_data(body, &self.gate, expected, &mut received).await? {
            while !bytes.is_empty() {
                self.make_room(&mut waiting).await;
                self.gate.open().await;
                let piece = bytes.split_to(bytes.len().min(WINDOW - waiting));
                waiting += piece.len();
                self.shared.tell_chunk(self.attempt, piece);
            }
        }
        Ok(true)
    }

    /// Takes note of freed chunks, and waits for one while the window is full.
    async fn make_room(&mut self, waiting: &mut usize) {
        loop {
            let command = if *waiting < WINDOW {
                match self.commands.try_recv() {
                    Ok(command) => command,
                    Err(_) => return,
                }
            } else {
                match self.commands.recv().await {
                    Some(command) => command,
                    None => std::future::pending().await,
                }
            };
            match command {
                Command::Freed(length) => *waiting -= length,
                Command::Receive(into) => tracing::warn!(?into, "is received already"),
            }
        }
    }

    async fn receive_nowhere(
        &mut self,
        body: &mut Incoming,
        expected: Option<u64>,
    ) -> Result<bool, Failure> {
        if expected.is_some_and(|length| length > DISCARD) {
            return Ok(false);
        }
        let mut received = 0;
        while next_data(body, &self.gate, expected, &mut received).await?.is_some() {
            if received > DISCARD {
                return Ok(false);
            }
            self.shared.tell(self.attempt, Report::Received(self.attempt, received));
        }
        Ok(true)
    }

    fn fail(&self, failure: Failure) {
        tracing::debug!(?failure, "broke");
        let code = match failure {
            Failure::Wire(code) => code,
            Failure::File(file, code) => {
                self.shared.tell(self.attempt, Report::FileFailed(file, code));
                code
            }
        };
        self.shared.failed(self.attempt, self.connection, code);
    }
}

fn head(response: &http::Response<Incoming>) -> ResponseHead {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    ResponseHead {
        status: response.status().as_u16(),
        length: response.body().size_hint().exact(),
        headers: response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), text(value)))
            .collect(),
    }
}
