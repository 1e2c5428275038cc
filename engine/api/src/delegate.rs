//! The delegate of a session: what a program is told, and asked.

use std::{
    fs, io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
};

use bytes::Bytes;
use sleepwalker_core::{Implements, Request, ResumeData, TaskError};

use crate::{Session, Task};

/// What to do with the response of a data task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Disposition {
    /// Receives it as data.
    #[default]
    Allow,
    /// Cancels the task.
    Cancel,
    /// Turns the task into a download.
    BecomeDownload,
}

/// A complete download. The file is deleted once
/// [`did_finish_downloading_to`](Delegate::did_finish_downloading_to) has returned, unless it was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemporaryFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its length in bytes.
    pub length: u64,
    /// The HTTP status: an error page is a download, too.
    pub status: u16,
}

impl TemporaryFile {
    /// Moves the file, over an older one: atomically on one file system, by a copy between two.
    ///
    /// # Errors
    ///
    /// The file cannot be moved; it is still where it was.
    pub fn move_to(&self, target: &Path) -> io::Result<()> {
        match fs::rename(&self.path, target) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => self.copy_to(target)?,
            renamed => renamed?,
        }
        sync_folder_of(target)
    }

    fn copy_to(&self, target: &Path) -> io::Result<()> {
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let part = target.with_file_name(name);
        fs::copy(&self.path, &part)?;
        fs::File::open(&part)?.sync_all()?;
        fs::rename(&part, target)
    }
}

#[cfg(unix)]
fn sync_folder_of(file: &Path) -> io::Result<()> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder_of(_: &Path) -> io::Result<()> {
    Ok(())
}

macro_rules! delegate {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $kind:ty),*) -> $answer:ty = $default:expr;)*) => {
        /// What a session tells. Every method has a default that does nothing; methods of one session
        /// run one at a time, and the next waits until this one has returned.
        pub trait Delegate: Send + Sync + 'static {
            /// Returns which optional methods are there: others are not called.
            fn implements(&self) -> Implements {
                Implements::default()
            }

            $(
                $(#[$doc])*
                fn $name(&self, $($argument: $kind),*) -> impl Future<Output = $answer> + Send {
                    $(let _ = $argument;)*
                    async move { $default }
                }
            )*
        }

        /// The same, as an object.
        pub(crate) trait Dispatch: Send + Sync + 'static {
            $(fn $name<'a>(
                &'a self,
                $($argument: $kind),*
            ) -> Pin<Box<dyn Future<Output = $answer> + Send + 'a>>;)*
        }

        impl<T: Delegate> Dispatch for T {
            $(fn $name<'a>(
                &'a self,
                $($argument: $kind),*
            ) -> Pin<Box<dyn Future<Output = $answer> + Send + 'a>> {
                Box::pin(Delegate::$name(self, $($argument),*))
            })*
        }
    };
}

delegate! {
    /// A task was made; optional.
    did_create_task(task: Task) -> () = ();
    /// A data task has its response; optional. The body waits for the answer.
    did_receive_response(task: Task, status: u16, expected: Option<u64>) -> Disposition
        = Disposition::Allow;
    /// Data of a data task, or of an upload's response.
    did_receive_data(task: Task, data: Bytes) -> () = ();
    /// A data task goes on as this download.
    did_become_download_task(task: Task, download: Task) -> () = ();
    /// A task with a begin date is about to start; optional. Answers the request to load, or nothing
    /// to cancel the task.
    will_begin_delayed_request(task: Task, request: Arc<Request>) -> Option<Arc<Request>>
        = Some(request);
    /// So much of a body was sent: since the last call, in all, of so much.
    did_send_body_data(task: Task, sent: u64, total: u64, expected: u64) -> () = ();
    /// So much of a download was written: since the last call, in all, of so much if that is known.
    did_write_data(task: Task, written: u64, total: u64, expected: Option<u64>) -> () = ();
    /// A download made from resume data goes on at this offset.
    did_resume_at_offset(task: Task, offset: u64, expected: Option<u64>) -> () = ();
    /// A download is complete. To keep the file, move it before this returns.
    did_finish_downloading_to(task: Task, file: TemporaryFile) -> () = ();
    /// A task's metrics: requests on the wire and redirects among them; optional.
    did_finish_collecting(task: Task, transactions: u32, redirects: u32) -> () = ();
    /// A task is over. An HTTP error status is not an error here.
    did_complete(task: Task, status: Option<u16>, error: Option<TaskError>) -> () = ();
    /// All that was to be told has been told.
    did_finish_events(session: Session) -> () = ();
    /// The session is invalid; nothing comes after this.
    did_become_invalid(session: Session, error: Option<TaskError>) -> () = ();
}

/// Those who wait for an answer that is not the delegate's.
pub(crate) enum Handler {
    AllTasks(tokio::sync::oneshot::Sender<Vec<Task>>),
    ResumeData(tokio::sync::oneshot::Sender<Option<ResumeData>>),
}
