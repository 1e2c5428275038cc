//! A session.

use std::{fmt, fs, io, io::Read, path::Path, sync::Arc};

use bytes::Bytes;
use sleepwalker_core::{
    Answer, BodyFile, Call, ErrorCode, FileId, Misuse, Request, ResumeData, SessionId, TaskKey,
};
use tokio::sync::oneshot;

use crate::{Task, delegate::Handler, shell::Shell};

/// How much of a body is copied at once.
const PIECE: usize = 1 << 20;

/// A background session. Clones speak of the same one.
#[derive(Clone)]
pub struct Session {
    shell: Arc<Shell>,
    id: SessionId,
}

impl Session {
    pub(crate) fn new(shell: Arc<Shell>, id: SessionId) -> Session {
        Session { shell, id }
    }

    /// Makes a download, suspended.
    ///
    /// # Errors
    ///
    /// The session is invalid or is being invalidated, as for all tasks.
    pub fn download_task(&self, request: Request) -> Result<Task, Misuse> {
        let request = Arc::new(request);
        self.make(Call::DownloadTask { session: self.id, request })
    }

    /// Makes a download that goes on where an earlier one ended, suspended.
    ///
    /// # Errors
    ///
    /// See [`Session::download_task`].
    pub fn download_task_with_resume_data(&self, resume_data: ResumeData) -> Result<Task, Misuse> {
        self.make(Call::DownloadTaskWithResumeData { session: self.id, resume_data })
    }

    /// Makes a data task, suspended. It does not outlive the program.
    ///
    /// # Errors
    ///
    /// See [`Session::download_task`].
    pub fn data_task(&self, request: Request) -> Result<Task, Misuse> {
        let request = Arc::new(request);
        self.make(Call::DataTask { session: self.id, request })
    }

    /// Makes an upload, suspended. The file is copied before this returns; if that fails, so does the
    /// task.
    ///
    /// # Errors
    ///
    /// See [`Session::download_task`].
    pub fn upload_task(&self, request: Request, from: &Path) -> Result<Task, Misuse> {
        let file = self.shell.core().new_file();
        let body = self.copy(from, file).map(|length| BodyFile { file, length });
        let call = Call::UploadTaskFromFile {
            session: self.id,
            request: Arc::new(request),
            body: body.map_err(|error| {
                tracing::warn!(from = %from.display(), %error, "the body cannot be copied");
                match error.kind() {
                    io::ErrorKind::NotFound => ErrorCode::FILE_DOES_NOT_EXIST,
                    _ => ErrorCode::CANNOT_OPEN_FILE,
                }
            }),
        };
        let failed = matches!(&call, Call::UploadTaskFromFile { body: Err(_), .. });
        let made = self.make(call);
        if failed || made.is_err() {
            // A copy that no task names goes at the next start at the latest.
            let _ = self.shell.files().remove(file);
        }
        made
    }

    fn copy(&self, from: &Path, file: FileId) -> io::Result<u64> {
        let mut source = fs::File::open(from)?;
        let files = self.shell.files();
        files.truncate(file, 0)?;
        let mut length = 0;
        loop {
            let mut piece = Vec::new();
            source.by_ref().take(PIECE as u64).read_to_end(&mut piece)?;
            if piece.is_empty() {
                files.sync(file)?;
                return Ok(length);
            }
            let bytes = Bytes::from(piece);
            files.write(file, length, &bytes)?;
            length += bytes.len() as u64;
        }
    }

    fn make(&self, call: Call) -> Result<Task, Misuse> {
        match self.shell.call(call)? {
            Answer::Task(key) => Ok(self.task(key)),
            other => unreachable!("making a task answers with a task, not {other:?}"),
        }
    }

    pub(crate) fn task(&self, key: TaskKey) -> Task {
        Task::new(Arc::clone(&self.shell), key)
    }

    /// Returns the tasks that are not over. Not to be awaited in a delegate method of the same session,
    /// which the answer waits for.
    ///
    /// # Errors
    ///
    /// The session is invalid.
    pub async fn all_tasks(&self) -> Result<Vec<Task>, Misuse> {
        let (sender, answer) = oneshot::channel();
        let handler = Handler::AllTasks(sender);
        self.shell.call_with_handler(self.id, handler, Call::GetAllTasks(self.id))?;
        Ok(answer.await.unwrap_or_default())
    }

    /// Takes no more tasks; the session becomes invalid after the last one.
    ///
    /// # Errors
    ///
    /// The session is invalid.
    pub fn finish_tasks_and_invalidate(&self) -> Result<(), Misuse> {
        self.shell.call(Call::FinishTasksAndInvalidate(self.id)).map(drop)
    }

    /// Cancels all tasks; then the session becomes invalid.
    ///
    /// # Errors
    ///
    /// The session is invalid.
    pub fn invalidate_and_cancel(&self) -> Result<(), Misuse> {
        self.shell.call(Call::InvalidateAndCancel(self.id)).map(drop)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({})", self.id)
    }
}
