//! What the app keeps on disk: its sessions and its items.

use std::sync::Arc;

use sleepwalker_core::{Request, ResumeData, SessionKind, TaskKey, Time};
use sleepwalker_judge::ItemState;
use url::Url;

use crate::{SessionSpec, Target, TaskOptions};

/// What is wanted of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// A file from the origin.
    Download,
    /// Bytes from the origin.
    Data,
    /// A file of the app's to the origin.
    Upload {
        /// Which file.
        file: Arc<str>,
        /// From memory.
        from_data: bool,
    },
}

/// How far an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No task serves it; one is to be made.
    Wanted,
    /// A task serves it, or did before its end was told.
    Given(TaskKey),
    /// Stopped by the app, to be gone on with.
    Paused,
    /// Done or failed.
    Over,
}

/// Something that the app wants to have transferred.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its name, unique in the app.
    pub name: Arc<str>,
    /// What is wanted.
    pub kind: ItemKind,
    /// By which of the app's sessions.
    pub session: Arc<str>,
    /// The request.
    pub request: Arc<Request>,
    /// `earliestBeginDate`.
    pub earliest_begin: Option<Time>,
    /// `priority`, in thousandths.
    pub priority: Option<u16>,
    /// How far it is.
    pub phase: Phase,
    /// How it was marked last.
    pub state: ItemState,
    /// The newest task that served it.
    pub task: Option<TaskKey>,
    /// What that task left.
    pub resume_data: Option<ResumeData>,
    pub(super) file: Claimed,
    pub(super) tries: u32,
    /// The app cancelled it for good.
    pub(super) cancelled: bool,
    /// The app stopped it to go on later.
    pub(super) pausing: bool,
    /// The app suspended its task.
    pub(super) suspended: bool,
    /// `getAllTasks` did not list its task when it was last asked.
    pub(super) missing: bool,
}

/// What became of the file of a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claimed {
    /// None was told yet.
    Not,
    /// The app has it.
    Held,
    /// It was gone when the app came for it.
    Lost,
}

impl Item {
    /// Makes a request for a target.
    pub(super) fn request(method: &str, url: &Url, options: &TaskOptions) -> Arc<Request> {
        let mut request = Request::new(options.method.as_deref().unwrap_or(method), url.clone());
        request.headers.clone_from(&options.headers);
        request.allows_cellular = options.cellular;
        request.allows_expensive = options.expensive;
        request.allows_constrained = options.constrained;
        request.timeout = options.timeout;
        Arc::new(request)
    }
}

/// Everything of the app that outlives its processes.
#[derive(Clone, Debug)]
pub(super) struct Disk {
    pub(super) sessions: Vec<SessionSpec>,
    pub(super) items: Vec<Item>,
    /// How often the app was launched.
    pub(super) launches: u32,
}

impl Disk {
    pub(super) fn session(&self, name: &str) -> Option<&SessionSpec> {
        self.sessions.iter().find(|spec| &*spec.name == name)
    }

    /// Adds an item, under a name of its own where the target was wanted before.
    pub(super) fn add(
        &mut self,
        target: &Target,
        kind: ItemKind,
        session: &Arc<str>,
        options: &TaskOptions,
    ) -> usize {
        let same = |item: &&Item| {
            item.name.strip_prefix(&*target.name).is_some_and(|rest| {
                rest.is_empty() || rest.strip_prefix('#').is_some_and(|n| n.parse::<u32>().is_ok())
            })
        };
        let name = match self.items.iter().filter(same).count() {
            0 => target.name.clone(),
            count => format!("{}#{}", target.name, count + 1).into(),
        };
        let method = match kind {
            ItemKind::Upload { .. } => "POST",
            ItemKind::Download | ItemKind::Data => "GET",
        };
        self.items.push(Item {
            name,
            kind,
            session: session.clone(),
            request: Item::request(method, &target.url, options),
            earliest_begin: None,
            priority: options.priority,
            phase: Phase::Wanted,
            state: ItemState::Queued,
            task: None,
            resume_data: None,
            file: Claimed::Not,
            tries: 0,
            cancelled: false,
            pausing: false,
            suspended: false,
            missing: false,
        });
        self.items.len() - 1
    }

    /// Returns whether the session's tasks die with the process.
    pub(super) fn in_process(&self, session: &str) -> bool {
        self.session(session).is_some_and(|spec| spec.kind == SessionKind::InProcess)
    }
}
