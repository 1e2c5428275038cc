//! Background transfers for Rust programs, with the semantics of Apple's `URLSession`.
//!
//! An [`Engine`] keeps its sessions in a folder. A download that a program began goes on after the
//! program ended and was started again: it opens the engine in the same folder, creates the session
//! with the same identifier, and the delegate hears what happened meanwhile. Daemon and process die
//! together here, so nothing is transferred while the program is not running.
//!
//! Delegate methods of one session are called one at a time. All sessions are background sessions.
//!
//! ```no_run
//! use sleepwalker_engine::{Configuration, Delegate, Engine, Request, Task, TemporaryFile};
//!
//! struct Library;
//!
//! impl Delegate for Library {
//!     async fn did_finish_downloading_to(&self, _: Task, file: TemporaryFile) {
//!         if let Err(error) = file.move_to("/srv/library/film.mp4".as_ref()) {
//!             eprintln!("not moved: {error}");
//!         }
//!     }
//! }
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::builder("/srv/library/.transfers").open()?;
//! let session = engine.session("library", Configuration::default(), Library)?;
//! let request = Request::get("https://cdn.example/film.mp4".parse()?);
//! session.download_task(request)?.resume()?;
//! # Ok(())
//! # }
//! ```

mod callback;
mod clock;
mod delegate;
mod engine;
pub mod get;
mod session;
mod shell;
mod task;

pub use delegate::{Delegate, Disposition, TemporaryFile};
pub use engine::{Builder, Engine, OpenError};
pub use session::Session;
pub use task::Task;

pub use sleepwalker_core::{
    CancelReason, Configuration, ErrorCode, Implements, Knobs, Misuse, Note, Request, ResumeData,
    TaskError, TaskId, TaskInfo, Time, Why,
};
pub use sleepwalker_driver::{Durability, Net, RealNet, StoreError};
