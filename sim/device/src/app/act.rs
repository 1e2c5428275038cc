//! What a scenario tells the app to do.

use std::sync::Arc;

use sleepwalker_core::{Call, SessionId, SessionKind, TaskKey, Time};
use sleepwalker_judge::ItemState;

use super::{App, AppEffect, ItemKind, Phase, Step};
use crate::{AppAct, SessionSpec, Target, TaskOptions, TaskRef, habits::ItemMap};

/// An act that the app cannot do as it stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ActError {
    /// No process.
    #[error("the app is not running")]
    NotRunning,
    /// A frozen process does nothing.
    #[error("the app is suspended")]
    Suspended,
    /// A session that the app does not have.
    #[error("the app has no session {found:?}; it has {known}")]
    UnknownSession {
        /// What was asked for.
        found: String,
        /// What there is.
        known: String,
    },
    /// A session that the app has not created in this process.
    #[error("the app has not created session {0:?} since its launch")]
    NotConnected(String),
    /// A task or an item that the app does not have.
    #[error("the app knows no task {0}")]
    UnknownTask(String),
    /// An in-process session has no identifier: nobody could tell a second one of its label from it.
    #[error("the app has a live in-process session {0:?} already; another one needs another name")]
    SameLabel(String),
    /// A task that works leaves no resume data.
    #[error("{0} still works: there is nothing to go on from before it is cancelled or fails")]
    StillWorks(String),
}

impl App {
    /// The script tells the app to do something.
    pub fn act(&mut self, act: &AppAct, now: Time) -> Result<(), ActError> {
        match &self.life {
            None => return Err(ActError::NotRunning),
            Some(life) if life.frozen() => return Err(ActError::Suspended),
            Some(_) => {}
        }
        match act {
            AppAct::Download { targets, session, options } => {
                self.want(targets, &ItemKind::Download, session.as_ref(), options, now)
            }
            AppAct::Data { targets, session, options } => {
                self.want(targets, &ItemKind::Data, session.as_ref(), options, now)
            }
            AppAct::Upload { to, file, from_data, session, options } => {
                let kind = ItemKind::Upload { file: file.clone(), from_data: *from_data };
                self.want(std::slice::from_ref(to), &kind, session.as_ref(), options, now)
            }
            AppAct::DownloadWithResumeData { task, session } => self.go_on(task, session.as_ref()),
            AppAct::Cancel { task, session } => {
                let (key, item) = self.task(task, session.as_ref())?;
                if let Some(item) = item {
                    self.disk.items[item].cancelled = true;
                }
                self.call(Call::Cancel(key));
                Ok(())
            }
            AppAct::CancelByProducingResumeData { task, session } => {
                let (key, item) = self.task(task, session.as_ref())?;
                // Only a download has such a method; what else is asked for it raises, and goes on.
                if let Some(item) = item {
                    let item = &mut self.disk.items[item];
                    item.pausing = item.kind == ItemKind::Download;
                }
                self.call(Call::CancelByProducingResumeData(key));
                Ok(())
            }
            AppAct::Suspend { task, session } => {
                let (key, item) = self.task(task, session.as_ref())?;
                if let Some(item) = item {
                    self.disk.items[item].suspended = true;
                }
                self.call(Call::Suspend(key));
                Ok(())
            }
            AppAct::Resume { task, session } => {
                let (key, item) = self.task(task, session.as_ref())?;
                if let Some(item) = item {
                    self.disk.items[item].suspended = false;
                }
                self.call(Call::Resume(key));
                Ok(())
            }
            AppAct::CreateSession(spec) => {
                let lives = self.life.as_ref().is_some_and(|l| l.sessions.contains_key(&spec.name));
                if lives && spec.kind == SessionKind::InProcess {
                    return Err(ActError::SameLabel(spec.name.to_string()));
                }
                self.create_session(spec);
                Ok(())
            }
            AppAct::Invalidate { session, cancel } => {
                let id = self.connected_session(session)?;
                self.call(match cancel {
                    true => Call::InvalidateAndCancel(id),
                    false => Call::FinishTasksAndInvalidate(id),
                });
                Ok(())
            }
            AppAct::EditConfiguration(spec) => {
                let session = self.connected_session(&spec.name)?;
                let configuration = spec.configuration.clone();
                self.call(Call::EditConfiguration { session, configuration });
                Ok(())
            }
            AppAct::DeleteFile { file } => {
                if let Some(life) = &mut self.life {
                    life.later(AppEffect::DeleteFile { file: file.clone() });
                }
                Ok(())
            }
            AppAct::GetAllTasks { session } => {
                let id = self.connected_session(session)?;
                self.call(Call::GetAllTasks(id));
                Ok(())
            }
        }
    }

    pub(super) fn call(&mut self, call: Call) {
        if let Some(life) = &mut self.life {
            life.later(AppEffect::Call(call));
        }
    }

    /// Adds items to the queue, and creates their session if it is not there.
    fn want(
        &mut self,
        targets: &[Target],
        kind: &ItemKind,
        session: Option<&Arc<str>>,
        options: &TaskOptions,
        now: Time,
    ) -> Result<(), ActError> {
        let session = self.session_name(session)?;
        for target in targets {
            let item = self.disk.add(target, kind.clone(), &session, options);
            self.disk.items[item].earliest_begin = options.earliest_begin.map(|delay| now + delay);
            self.mark(item, None, ItemState::Queued, None);
        }
        self.connect(&session);
        self.pump(&session);
        Ok(())
    }

    /// Goes on with an item that the app stopped or gave up.
    fn go_on(&mut self, task: &TaskRef, session: Option<&Arc<str>>) -> Result<(), ActError> {
        let item = match task {
            TaskRef::Item(name) => self.disk.items.iter().position(|item| item.name == *name),
            TaskRef::Number(_) => {
                let (key, _) = self.task(task, session)?;
                self.disk.items.iter().position(|item| item.task == Some(key))
            }
        };
        let item = item.ok_or_else(|| ActError::UnknownTask(task.to_string()))?;
        let stored = &mut self.disk.items[item];
        let known = |key| self.life.as_ref().is_some_and(|life| life.map.contains_key(key));
        if matches!(&stored.phase, Phase::Given(key) if !stored.pausing && known(key)) {
            return Err(ActError::StillWorks(task.to_string()));
        }
        stored.cancelled = false;
        stored.pausing = false;
        let data = stored.resume_data.take();
        let name = stored.session.clone();
        self.again(item, data);
        self.connect(&name);
        self.pump(&name);
        Ok(())
    }

    fn create_session(&mut self, spec: &SessionSpec) {
        match self.disk.sessions.iter_mut().find(|known| known.name == spec.name) {
            Some(known) => *known = spec.clone(),
            None => self.disk.sessions.push(spec.clone()),
        }
        if let Some(life) = &mut self.life {
            life.steps.push_back(Step::Create(spec.name.clone()));
        }
    }

    /// Creates a session that this process does not have, nor is about to.
    fn connect(&mut self, name: &Arc<str>) {
        let Some(life) = &mut self.life else { return };
        let on_its_way = life
            .steps
            .iter()
            .chain(&life.waiting)
            .any(|step| matches!(step, Step::Create(other) if other == name));
        if !on_its_way && !life.sessions.contains_key(name) {
            life.steps.push_back(Step::Create(name.clone()));
        }
    }

    /// The name of the session that an act means: the app's first where it names none.
    fn session_name(&self, session: Option<&Arc<str>>) -> Result<Arc<str>, ActError> {
        let found = match session {
            Some(name) => self.disk.session(name),
            None => self.disk.sessions.first(),
        };
        found.map(|spec| spec.name.clone()).ok_or_else(|| {
            let known: Vec<&str> = self.disk.sessions.iter().map(|spec| &*spec.name).collect();
            ActError::UnknownSession {
                found: session.map_or_else(String::new, ToString::to_string),
                known: if known.is_empty() { "none".to_owned() } else { known.join(", ") },
            }
        })
    }

    fn connected_session(&self, name: &Arc<str>) -> Result<SessionId, ActError> {
        let name = self.session_name(Some(name))?;
        let life = self.life.as_ref().ok_or(ActError::NotRunning)?;
        let id = life.sessions.get(&name).copied();
        id.ok_or_else(|| ActError::NotConnected(name.to_string()))
    }

    /// The task that an act means, with the item that it serves.
    fn task(
        &self,
        task: &TaskRef,
        session: Option<&Arc<str>>,
    ) -> Result<(TaskKey, Option<usize>), ActError> {
        let unknown = || ActError::UnknownTask(task.to_string());
        match task {
            TaskRef::Number(number) => {
                let session = self.connected_session(&self.session_name(session)?)?;
                let key = super::key(session, sleepwalker_core::TaskId(*number));
                let item = self.disk.items.iter().position(|item| item.task == Some(key));
                Ok((key, item))
            }
            TaskRef::Item(name) => {
                let item = self.disk.items.iter().position(|item| item.name == *name);
                let item = item.ok_or_else(unknown)?;
                let key = self.disk.items[item].task.ok_or_else(unknown)?;
                Ok((key, Some(item)))
            }
        }
    }

    /// Makes the call that gives an item a task; none if it wants none any more.
    pub(super) fn begin(&mut self, index: usize) -> Option<AppEffect> {
        let life = self.life.as_mut()?;
        let item = &mut self.disk.items[index];
        let session = life.sessions.get(&item.session).copied();
        let (Some(session), Phase::Wanted) = (session, item.phase) else {
            life.beginning.remove(&index);
            return None;
        };
        let request = item.request.clone();
        let resume_data = item.resume_data.take();
        Some(match (&item.kind, resume_data) {
            (ItemKind::Download, Some(resume_data)) => {
                AppEffect::Call(Call::DownloadTaskWithResumeData { session, resume_data })
            }
            (ItemKind::Download, None) => AppEffect::Call(Call::DownloadTask { session, request }),
            (ItemKind::Data, _) => AppEffect::Call(Call::DataTask { session, request }),
            (ItemKind::Upload { file, from_data }, _) => {
                AppEffect::Upload { session, request, file: file.clone(), from_data: *from_data }
            }
        })
    }

    /// A task was made for an item: it is described, dated and resumed before anything else.
    pub(super) fn begun(&mut self, index: usize, task: TaskKey) {
        let Some(life) = &mut self.life else { return };
        life.beginning.remove(&index);
        life.map.insert(task, index);
        let item = &mut self.disk.items[index];
        item.phase = Phase::Given(task);
        item.task = Some(task);
        item.file = super::Claimed::Not;
        let mut calls = Vec::new();
        if self.habits.item_map == ItemMap::TaskDescription {
            calls.push(Call::SetTaskDescription(task, item.name.to_string()));
        }
        if let Some(priority) = item.priority {
            calls.push(Call::SetPriority(task, priority));
        }
        if let Some(date) = item.earliest_begin {
            calls.push(Call::SetEarliestBeginDate(task, date));
        }
        if self.habits.resume {
            calls.push(Call::Resume(task));
        }
        for call in calls.into_iter().rev() {
            life.steps.push_front(Step::Do(AppEffect::Call(call)));
        }
    }
}
