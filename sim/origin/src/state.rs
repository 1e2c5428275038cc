//! What an origin serves right now: the plan, and what the script has done to it since.

use std::{collections::BTreeMap, sync::Arc, task::Waker};

use crate::{
    ActError, Cut, FilePlan, OriginAct, Plan, Rate, Redirect, Shelf, Size, Stall, Target, Version,
};

/// A file by host and path, as the plan names them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileName {
    pub(crate) host: Arc<str>,
    pub(crate) path: Arc<str>,
}

/// Every host, and who waits for a change.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) hosts: BTreeMap<Arc<str>, HostState>,
    /// Bodies that stand still until an act, by the number of their response.
    waiting: BTreeMap<u64, Waker>,
    responses: u64,
}

#[derive(Debug)]
pub(crate) struct HostState {
    pub(crate) files: BTreeMap<Arc<str>, FileState>,
    pub(crate) posts: bool,
    /// How many posts were made.
    pub(crate) made: u64,
    pub(crate) down: bool,
}

#[derive(Debug)]
pub(crate) struct FileState {
    written: FilePlan,
    /// The plan in force.
    pub(crate) now: FilePlan,
    pub(crate) version: Arc<Version>,
    stalled: bool,
}

/// How fast the body of a response may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Free,
    At(Rate),
    /// Not before an act; the waker is kept.
    Still,
}

impl State {
    pub(crate) fn new(plan: Plan, shelf: &Shelf) -> State {
        let host = |(name, plan): (String, crate::HostPlan)| {
            let files = plan.files.into_iter().map(|(path, plan)| {
                let version = shelf.add(&format!("{name}{path}"), plan.size.0);
                let file = FileState { now: plan.clone(), written: plan, version, stalled: false };
                (Arc::from(path), file)
            });
            let files = files.collect();
            let state = HostState { files, posts: plan.posts, made: 0, down: plan.down };
            (Arc::from(name), state)
        };
        State {
            hosts: plan.hosts.into_iter().map(host).collect(),
            waiting: BTreeMap::new(),
            responses: 0,
        }
    }

    /// Returns the name of the host that answers for what a request calls `authority`.
    pub(crate) fn host(&self, authority: &str) -> Option<Arc<str>> {
        let authority = authority.to_ascii_lowercase();
        let bare = authority.strip_suffix(":80").or_else(|| authority.strip_suffix(":443"));
        [Some(authority.as_str()), bare, Some("*")]
            .into_iter()
            .flatten()
            .find_map(|name| self.hosts.get_key_value(name))
            .map(|(name, _)| name.clone())
    }

    /// Returns a number for a new response.
    pub(crate) fn number(&mut self) -> u64 {
        self.responses += 1;
        self.responses
    }

    pub(crate) fn file(&mut self, name: &FileName) -> Option<&mut FileState> {
        self.hosts.get_mut(&name.host)?.files.get_mut(&name.path)
    }

    /// Returns how fast a body of `name` may move; if it may not, `waker` is woken by the next act.
    pub(crate) fn flow(&mut self, name: &FileName, response: u64, waker: &Waker) -> Flow {
        let Some(file) = self.file(name) else { return Flow::Free };
        if !file.stalled {
            return file.now.rate.map_or(Flow::Free, Flow::At);
        }
        self.waiting.insert(response, waker.clone());
        Flow::Still
    }

    /// Forgets who waits, for a body that is gone.
    pub(crate) fn forget(&mut self, response: u64) {
        self.waiting.remove(&response);
    }

    /// Does an act, but for cutting connections, and returns who must be woken, in order.
    pub(crate) fn act(&mut self, act: &OriginAct, shelf: &Shelf) -> Result<Vec<Waker>, ActError> {
        let target = act.target();
        let name = target.host.as_str();
        let host = self.hosts.get_mut(name).ok_or_else(|| ActError::NoHost(name.to_owned()))?;
        match act {
            OriginAct::Down { .. } => host.down = true,
            OriginAct::Up { .. } => host.down = false,
            _ => {
                for file in host.files_of(target)? {
                    file.act(act, shelf);
                }
            }
        }
        Ok(std::mem::take(&mut self.waiting).into_values().collect())
    }
}

impl HostState {
    fn files_of(&mut self, target: &Target) -> Result<Vec<&mut FileState>, ActError> {
        let wanted = target.path.as_deref();
        let files =
            self.files.iter_mut().filter(|(path, _)| wanted.is_none_or(|one| one == &***path));
        let files: Vec<_> = files.map(|(_, file)| file).collect();
        if wanted.is_some() && files.is_empty() {
            return Err(ActError::NoFile(target.to_string()));
        }
        Ok(files)
    }
}

impl FileState {
    fn act(&mut self, act: &OriginAct, shelf: &Shelf) {
        match act {
            OriginAct::NewVersion { size, .. } => {
                let length = size.map_or(self.version.length(), |size| size.0);
                self.version = shelf.add(self.version.file(), length);
            }
            OriginAct::Answer { status, .. } => self.now.status = Some(*status),
            OriginAct::Redirect { to, status, .. } => {
                self.now.redirect = Some(Redirect { to: to.clone(), status: *status });
            }
            OriginAct::Slow { rate, .. } => self.now.rate = Some(*rate),
            OriginAct::Stall { .. } => self.stalled = true,
            OriginAct::CutNext { after, times, .. } => {
                self.now.cut = Some(Cut { after: *after, times: *times });
            }
            OriginAct::Restore { .. } => {
                self.now = self.written.clone();
                self.stalled = false;
            }
            OriginAct::CutNow { .. } | OriginAct::Down { .. } | OriginAct::Up { .. } => {}
        }
    }

    /// Returns after how many of its `length` bytes a body that begins now is cut, and counts it.
    pub(crate) fn take_cut(&mut self, length: u64) -> Option<u64> {
        let Cut { after: Size(after), times } = self.now.cut.as_mut()?;
        if *times == 0 || *after >= length {
            return None;
        }
        *times -= 1;
        Some(*after)
    }

    /// Returns where a body of the bytes from `start` to before `end` stalls, and counts it.
    pub(crate) fn take_stall(&mut self, start: u64, end: u64) -> Option<Stall> {
        let stall = self.now.stall.as_mut()?;
        if stall.times == 0 || !(start..end).contains(&stall.at.0) {
            return None;
        }
        stall.times -= 1;
        Some(*stall)
    }
}
