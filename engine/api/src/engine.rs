//! The engine: opens what was stored, and runs until it is closed.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use sleepwalker_core::{
    Call, Configuration, Core, Faults, Input, Knobs, Link, Misuse, Note, ProcessState, Report,
    RestoreError, SessionKind, Signal,
};
use sleepwalker_driver::{
    Driver, Durability, Folder, Net, Providers, RealNet, RedbStore, Store, StoreError, TokioSpawn,
    reconcile,
};
use tokio::{runtime::Handle, sync::mpsc};

use crate::{
    Delegate, Session,
    clock::Clock,
    delegate::Dispatch,
    shell::{Ending, Event, Loop, OnNote, PROCESS, Shell},
};

/// How an engine is to be opened.
pub struct Builder {
    folder: PathBuf,
    knobs: Knobs,
    durability: Durability,
    net: Option<Arc<dyn Net>>,
    on_note: Option<OnNote>,
    try_ranges: bool,
}

/// Why an engine cannot be opened. Nothing in its folder was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder cannot be used.
    #[error("the folder {} cannot be used", folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The rows of the store do not fit each other.
    #[error("the store in {} is inconsistent", folder.display())]
    Rows {
        /// Which.
        folder: PathBuf,
        /// Why.
        source: RestoreError,
    },
    /// There is no tokio runtime here.
    #[error("an engine needs a tokio runtime to run on")]
    NoRuntime,
}

/// Background transfers over real sockets, kept in a folder. It stops when it is dropped; what it has
/// stored goes on at the next start.
pub struct Engine {
    shell: Arc<Shell>,
    ending: Arc<Ending>,
}

impl Engine {
    /// Prepares an engine whose store and files are in this folder, which is used for nothing else.
    pub fn builder(folder: impl Into<PathBuf>) -> Builder {
        Builder {
            folder: folder.into(),
            knobs: Knobs::default(),
            durability: Durability::default(),
            net: None,
            on_note: None,
            try_ranges: false,
        }
    }

    /// Creates the background session with this identifier, or connects to it: what was stored for it
    /// is then told to the delegate. A session that this engine has already keeps its first delegate.
    ///
    /// # Errors
    ///
    /// The identifier is empty, or a session with it is being invalidated.
    pub fn session(
        &self,
        identifier: &str,
        configuration: Configuration,
        delegate: impl Delegate,
    ) -> Result<Session, Misuse> {
        let call = Call::CreateSession {
            name: identifier.to_owned(),
            kind: SessionKind::Background,
            configuration,
            delegate: Some(delegate.implements()),
        };
        let delegate: Arc<dyn Dispatch> = Arc::new(delegate);
        let id = self.shell.connect(call, delegate)?;
        Ok(Session::new(Arc::clone(&self.shell), id))
    }

    /// Returns the identifiers of sessions that have tasks, be they only undelivered: those to create
    /// again after a start.
    pub fn busy_sessions(&self) -> Vec<String> {
        let core = self.shell.core();
        core.busy_sessions()
            .into_iter()
            .filter_map(|id| core.session_name(id).map(|name| name.to_string()))
            .collect()
    }

    pub(crate) fn rows(&self) -> Vec<sleepwalker_core::Row> {
        self.shell.core().rows()
    }

    /// Waits until the engine has stopped by itself, and returns why.
    pub async fn failed(&self) -> Arc<StoreError> {
        match self.ending.wait().await {
            Err(error) => error,
            Ok(()) => std::future::pending().await,
        }
    }

    /// Stops the engine and frees its folder.
    pub async fn close(self) {
        self.shell.tell(Event::Close);
        // Why it ended does not matter to who wants it to.
        let _ = self.ending.wait().await;
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.shell.tell(Event::Close);
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("ending", &self.ending).finish_non_exhaustive()
    }
}

impl Builder {
    /// Sets the numbers that the engine goes by.
    #[must_use]
    pub fn knobs(mut self, knobs: Knobs) -> Builder {
        self.knobs = knobs;
        self
    }

    /// Sets which death stored state survives.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Builder {
        self.durability = durability;
        self
    }

    /// Sets how connections are opened.
    #[must_use]
    pub fn net(mut self, net: impl Net + 'static) -> Builder {
        self.net = Some(Arc::new(net));
        self
    }

    /// Is told what the engine does beside its callbacks: attempts, retries, connections. Called by the
    /// engine's own job, so it must be quick.
    #[must_use]
    pub fn on_note(mut self, on_note: impl Fn(&Note) + Send + Sync + 'static) -> Builder {
        self.on_note = Some(Arc::new(on_note));
        self
    }

    /// Resumes also where an origin gives a validator and does not say whether it takes ranges. That is
    /// safe, for `If-Range` goes with the range; Apple's system wants `Accept-Ranges: bytes`.
    #[must_use]
    pub fn try_ranges(mut self, try_ranges: bool) -> Builder {
        self.try_ranges = try_ranges;
        self
    }

    /// Opens the engine on the tokio runtime that this is called on; better one with more than one
    /// thread, for the engine writes to disk without a detour. Unfinished tasks go on at once.
    ///
    /// # Errors
    ///
    /// The folder or the store cannot be used, or there is no runtime.
    #[expect(
        clippy::disallowed_methods,
        reason = "the engine's loop runs on the embedder's runtime"
    )]
    pub fn open(self) -> Result<Engine, OpenError> {
        let runtime = Handle::try_current().map_err(|_| OpenError::NoRuntime)?;
        let clock = Clock::new();
        let folder = Folder::new(self.folder.join("files")).map_err(|e| self.of_folder(e))?;
        let folder = Arc::new(folder);
        let mut store = RedbStore::open(&self.folder.join("store.redb"), self.durability)?;
        let core = self.restore(&mut store, &folder, clock)?;
        let (events, inbox) = mpsc::unbounded_channel();
        let (reports, try_ranges) = (events.clone(), self.try_ranges);
        let driver = Driver::new(Providers {
            net: self.net.unwrap_or_else(|| Arc::new(RealNet::new())),
            files: folder.clone(),
            spawn: Arc::new(TokioSpawn::new(runtime.clone())),
            reports: Arc::new(move |mut report| {
                if let Report::Head(_, head) = &mut report
                    && try_ranges
                    && head.get("accept-ranges").is_none()
                {
                    head.headers.push(("accept-ranges".to_owned(), "bytes".to_owned()));
                }
                // Nobody listens any more when the engine is closing.
                let _ = reports.send(Event::Input(Input::Report(report)));
            }),
        });
        let shell = Arc::new(Shell::new(core, clock, folder, events, runtime.clone()));
        let ending = Arc::new(Ending::default());
        let looping = Loop {
            shell: Arc::clone(&shell),
            driver,
            store: Box::new(store),
            events: inbox,
            on_note: self.on_note,
            ending: Arc::clone(&ending),
        };
        drop(runtime.spawn(looping.run()));
        Ok(Engine { shell, ending })
    }

    fn of_folder(&self, source: io::Error) -> OpenError {
        OpenError::Folder { folder: self.folder.clone(), source }
    }

    /// A start is a launch: in front of the user, on a good path, with power.
    fn restore(
        &self,
        store: &mut RedbStore,
        folder: &Folder,
        clock: Clock,
    ) -> Result<Core, OpenError> {
        let rows = store.load()?;
        let knobs = self.knobs.clone();
        let mut core = Core::restore(knobs, Faults::default(), rows, clock.now())
            .map_err(|source| OpenError::Rows { folder: self.folder.clone(), source })?;
        reconcile(&mut core, folder, clock.now()).map_err(|error| self.of_folder(error))?;
        let path = sleepwalker_core::Path { link: Link::Wifi, ..sleepwalker_core::Path::default() };
        for signal in [
            Signal::Unlocked,
            Signal::Power(true),
            Signal::Path(path),
            Signal::Launched(PROCESS, ProcessState::Foreground),
        ] {
            core.handle(Input::Signal(signal), clock.now());
        }
        Ok(core)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder: &Path = &self.folder;
        f.debug_struct("Builder").field("folder", &folder).finish_non_exhaustive()
    }
}
