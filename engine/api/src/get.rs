//! One download to one file, which survives the death of its program: what `sleepwalker get` does.
//!
//! Beside the output stands a hidden folder with the state. It goes when the download is over; if the
//! program is killed, or gives up after bytes came, the next start finds it and goes on from there.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sleepwalker_core::{Row, TaskKey};
use sleepwalker_driver::{RealNet, StoreError};
use tokio::sync::mpsc;
use url::Url;

use crate::{
    Configuration, Delegate, Engine, ErrorCode, Knobs, Misuse, Note, OpenError, Request, Session,
    Task, TaskError, TaskId, TemporaryFile, Why, clock::Clock,
};

/// The only session in the state folder.
const SESSION: &str = "get";

/// Bytes after which a checkpoint is written: so much is fetched again after a kill, at most.
const CHECKPOINT: u64 = 128 << 10;

/// What to download, and where to.
#[derive(Clone, Debug)]
pub struct Get {
    /// Where from.
    pub url: Url,
    /// Which file shall hold it. An older one is replaced at the end, atomically.
    pub output: PathBuf,
    /// Fields to send besides.
    pub headers: Vec<(String, String)>,
    /// How many attempts may fail in a row without a byte, before it gives up.
    pub tries: u32,
    /// How connections are opened.
    pub net: RealNet,
}

/// What a download tells on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// A request goes on the wire; for a part, with its first byte.
    Started {
        /// The first byte asked for; none: the whole.
        from: Option<u64>,
    },
    /// The origin sends the rest: what is here is a part of the same version.
    Resumed {
        /// The first byte that it sends.
        from: u64,
    },
    /// The origin sends another version, or cannot send parts: it comes whole.
    Restarted,
    /// So much is here.
    Received {
        /// Bytes in all.
        total: u64,
        /// Bytes of the whole, if known.
        expected: Option<u64>,
    },
    /// An attempt broke; another one follows.
    Retries {
        /// In how long.
        after: Duration,
        /// Why.
        why: Why,
    },
}

/// A finished download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Downloaded {
    /// The length of the file in bytes.
    pub bytes: u64,
    /// Where this run went on, if it did.
    pub resumed_from: Option<u64>,
}

/// Why a download did not succeed. The output is as it was before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GetError {
    /// The output cannot be a file.
    #[error("{} cannot be written", output.display())]
    Output {
        /// The output.
        output: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The state cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The state cannot be written any more.
    #[error(transparent)]
    Store(Arc<StoreError>),
    /// The origin answered with an error.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// The task failed.
    #[error("{0} ({name})", name = .0.code.name())]
    Failed(TaskError),
    /// It never worked, or did not any more. What is here is kept for the next start.
    #[error("gave up after {tries} attempts: {last} ({name})", name = last.name())]
    GaveUp {
        /// How many attempts failed in a row.
        tries: u32,
        /// How the last one failed.
        last: ErrorCode,
        /// How many bytes are kept for the next start; none that could not be resumed.
        kept: u64,
    },
    /// The engine refused a call.
    #[error(transparent)]
    Misuse(#[from] Misuse),
}

impl Get {
    /// Downloads a URL to a file.
    pub fn new(url: Url, output: impl Into<PathBuf>) -> Get {
        Get { url, output: output.into(), headers: Vec::new(), tries: 6, net: RealNet::new() }
    }

    /// Returns the folder that holds the state until the download is over.
    pub fn state_folder(&self) -> PathBuf {
        let name = self.output.file_name().unwrap_or_default().to_string_lossy();
        self.output.with_file_name(format!(".{name}.sleepwalker"))
    }

    /// Runs the download to its end, on the tokio runtime that this is called on: one with more than one
    /// thread, for the state is written to disk without a detour.
    ///
    /// # Errors
    ///
    /// It did not succeed.
    pub async fn run(
        &self,
        on_progress: impl Fn(Progress) + Send + Sync + 'static,
    ) -> Result<Downloaded, GetError> {
        self.check_output()?;
        let folder = self.state_folder();
        let (happened, inbox) = mpsc::unbounded_channel();
        let engine = self.open(&folder, &happened).await?;
        let mut run = Run {
            get: self,
            inbox,
            on_progress: &on_progress,
            wanted: Arc::default(),
            asked_from: None,
            resumed_from: None,
            failures: 0,
            bytes: 0,
            moved: None,
        };
        let result = run.run(&engine, happened).await;
        engine.close().await;
        let kept = matches!(
            result,
            Err(GetError::GaveUp { kept: 1.., .. } | GetError::Store(_) | GetError::Output { .. })
        );
        if !kept && let Err(error) = fs::remove_dir_all(&folder) {
            tracing::warn!(folder = %folder.display(), %error, "cannot be removed");
        }
        result
    }

    /// Opens the engine; waits a moment for an earlier run that was killed and is not quite gone.
    #[expect(clippy::disallowed_methods, reason = "the real clock")]
    async fn open(
        &self,
        folder: &Path,
        happened: &mpsc::UnboundedSender<Happened>,
    ) -> Result<Engine, OpenError> {
        let mut patience = 20;
        loop {
            let notes = happened.clone();
            let opened = Engine::builder(folder)
                .knobs(Knobs {
                    checkpoint_bytes: CHECKPOINT,
                    // A file is worth having from a slow server, too.
                    throughput_floor: 0,
                    // After a kill between the move and its note, better twice than never.
                    repeat_interrupted_callbacks: true,
                    ..Knobs::default()
                })
                .net(self.net.clone())
                .try_ranges(true)
                .on_note(move |note| {
                    let _ = notes.send(Happened::Note(note.clone()));
                })
                .open();
            match opened {
                Err(OpenError::Store(StoreError::InUse { .. })) if patience > 0 => {
                    patience -= 1;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                opened => return opened,
            }
        }
    }

    fn check_output(&self) -> Result<(), GetError> {
        let wrong = |source: io::Error| GetError::Output { output: self.output.clone(), source };
        if self.output.is_dir() {
            return Err(wrong(io::ErrorKind::IsADirectory.into()));
        }
        if self.output.file_name().is_none() {
            return Err(wrong(io::ErrorKind::InvalidInput.into()));
        }
        let folder = match self.output.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            Some(_) | None => Path::new("."),
        };
        fs::metadata(folder).map_err(wrong).map(drop)
    }
}

enum Happened {
    Note(Note),
    Written { total: u64, expected: Option<u64> },
    Moved(io::Result<u64>),
    Complete(TaskId, Option<u16>, Option<TaskError>),
}

/// The one task whose file is wanted.
type Wanted = Arc<Mutex<Option<TaskId>>>;

struct Taker {
    happened: mpsc::UnboundedSender<Happened>,
    output: PathBuf,
    wanted: Wanted,
}

impl Taker {
    fn wants(&self, task: &Task) -> bool {
        *self.wanted.lock().unwrap_or_else(PoisonError::into_inner) == Some(task.id())
    }

    /// A run that was killed right after the move is told of the file again: then it is there.
    fn take(&self, file: &TemporaryFile) -> io::Result<u64> {
        let there = || fs::metadata(&self.output).is_ok_and(|there| there.len() == file.length);
        match file.move_to(&self.output) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && there() => Ok(file.length),
            moved => moved.map(|()| file.length),
        }
    }

    fn tell(&self, what: Happened) {
        // The run may have given up already.
        let _ = self.happened.send(what);
    }
}

impl Delegate for Taker {
    async fn did_write_data(&self, task: Task, _: u64, total: u64, expected: Option<u64>) {
        if self.wants(&task) {
            self.tell(Happened::Written { total, expected });
        }
    }

    async fn did_finish_downloading_to(&self, task: Task, file: TemporaryFile) {
        if self.wants(&task) && (200..300).contains(&file.status) {
            self.tell(Happened::Moved(self.take(&file)));
        }
    }

    async fn did_complete(&self, task: Task, status: Option<u16>, error: Option<TaskError>) {
        self.tell(Happened::Complete(task.id(), status, error));
    }
}

struct Run<'a> {
    get: &'a Get,
    inbox: mpsc::UnboundedReceiver<Happened>,
    on_progress: &'a (dyn Fn(Progress) + Send + Sync),
    wanted: Wanted,
    asked_from: Option<u64>,
    resumed_from: Option<u64>,
    failures: u32,
    /// What was here when an attempt last failed.
    bytes: u64,
    moved: Option<u64>,
}

impl Run<'_> {
    async fn run(
        &mut self,
        engine: &Engine,
        happened: mpsc::UnboundedSender<Happened>,
    ) -> Result<Downloaded, GetError> {
        let stored = self.stored(engine);
        self.want(stored.go_on);
        let taker =
            Taker { happened, output: self.get.output.clone(), wanted: Arc::clone(&self.wanted) };
        let session = engine.session(SESSION, Configuration::default(), taker)?;
        for key in stored.unwanted {
            // It may be over by now.
            let _ = session.task(key).cancel();
        }
        let mut task = match stored.go_on {
            Some(key) => session.task(key),
            None => self.begin(&session, None)?,
        };
        let mut adopted = stored.go_on.is_some();
        // A task that was already resumed, or is over, is not changed by this.
        let _ = task.resume();
        loop {
            let happened = tokio::select! {
                biased;
                happened = self.inbox.recv() => happened.expect("the delegate holds a sender"),
                error = engine.failed() => return Err(GetError::Store(error)),
            };
            match happened {
                Happened::Note(note) => self.note(&note, &task)?,
                Happened::Written { total, expected } => {
                    (self.on_progress)(Progress::Received { total, expected });
                }
                Happened::Moved(Ok(bytes)) => self.moved = Some(bytes),
                Happened::Moved(Err(source)) => {
                    return Err(GetError::Output { output: self.get.output.clone(), source });
                }
                Happened::Complete(id, status, error) if id == task.id() => {
                    let again = match self.end(status, error) {
                        // An old failure is no reason not to try again now.
                        Err(GetError::Failed(error)) if adopted => error.resume_data,
                        Err(error) => return Err(error),
                        Ok(Some(done)) => return Ok(done),
                        Ok(None) => None,
                    };
                    adopted = false;
                    task = self.begin(&session, again)?;
                    task.resume()?;
                }
                Happened::Complete(..) => {}
            }
        }
    }

    fn want(&self, key: Option<TaskKey>) {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        *wanted = key.map(|key| key.task);
    }

    fn request(&self) -> Request {
        Request { headers: self.get.headers.clone(), ..Request::get(self.get.url.clone()) }
    }

    fn begin(
        &self,
        session: &Session,
        resume_data: Option<crate::ResumeData>,
    ) -> Result<Task, Misuse> {
        let task = match resume_data {
            Some(data) => session.download_task_with_resume_data(data)?,
            None => session.download_task(self.request())?,
        };
        self.want(Some(task.key()));
        Ok(task)
    }

    /// What an earlier run left: the task for the same URL that has not failed, and all others.
    fn stored(&self, engine: &Engine) -> Stored {
        let mut stored = Stored { go_on: None, unwanted: Vec::new() };
        for row in engine.rows() {
            let Row::Task(key, row) = row else { continue };
            let failed = row.result.as_ref().is_some_and(|result| {
                result.error.is_some()
                    || result.status.is_some_and(|status| !(200..300).contains(&status))
            });
            let same = *row.request == self.request();
            if stored.go_on.is_none() && same && !failed {
                stored.go_on = Some(key);
            } else {
                stored.unwanted.push(key);
            }
        }
        stored
    }

    fn note(&mut self, note: &Note, task: &Task) -> Result<(), GetError> {
        match note {
            Note::Started { attempt, from, .. } if attempt.task == task.key() => {
                self.asked_from = *from;
                if from.is_none() {
                    self.resumed_from = None;
                }
                (self.on_progress)(Progress::Started { from: *from });
            }
            Note::Head { attempt, status, from, .. } if attempt.task == task.key() => {
                match (self.asked_from.take(), from) {
                    (Some(_), Some(from)) => {
                        self.resumed_from.get_or_insert(*from);
                        (self.on_progress)(Progress::Resumed { from: *from });
                    }
                    (Some(_), None) if *status == 200 => {
                        self.resumed_from = None;
                        (self.on_progress)(Progress::Restarted);
                    }
                    _ => {}
                }
            }
            Note::Retries { task: key, why, at } if *key == task.key() => {
                return self.retries(*why, at.since(Clock::new().now()), task);
            }
            _ => {}
        }
        Ok(())
    }

    fn retries(&mut self, why: Why, after: Duration, task: &Task) -> Result<(), GetError> {
        let info = task.info();
        let bytes = info.as_ref().map_or(0, |info| info.bytes);
        self.failures = if bytes > self.bytes { 1 } else { self.failures + 1 };
        self.bytes = bytes;
        if self.failures < self.get.tries {
            (self.on_progress)(Progress::Retries { after, why });
            return Ok(());
        }
        Err(GetError::GaveUp {
            tries: self.failures,
            last: match why {
                Why::Failed(code) => code,
                Why::Idle | Why::Slow => ErrorCode::TIMED_OUT,
                _ => ErrorCode::NETWORK_CONNECTION_LOST,
            },
            kept: if info.is_some_and(|info| info.resumable) { bytes } else { 0 },
        })
    }

    /// Returns nothing where there is nothing to show, and the download has to begin anew.
    fn end(
        &self,
        status: Option<u16>,
        error: Option<TaskError>,
    ) -> Result<Option<Downloaded>, GetError> {
        if let Some(error) = error {
            return Err(GetError::Failed(error));
        }
        if let Some(status) = status.filter(|status| !(200..300).contains(status)) {
            return Err(GetError::Status(status));
        }
        // A run that was killed after the move and before the end left the file where it belongs.
        let there = || fs::metadata(&self.get.output).ok().map(|there| there.len());
        let bytes = self.moved.or_else(there);
        Ok(bytes.map(|bytes| Downloaded { bytes, resumed_from: self.resumed_from }))
    }
}

struct Stored {
    go_on: Option<TaskKey>,
    unwanted: Vec<TaskKey>,
}
