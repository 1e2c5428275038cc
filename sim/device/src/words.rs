//! The table in which a scenario writes what the app does.

use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;

use crate::{
    AppAct, SessionSpec, Target, TargetError, TaskOptions, TaskRef, session::Span, verb::quoted,
};

/// The table as written: one verb, and options. [`AppAct`] reads it and checks that they fit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AppTable {
    download: Option<OneOrMany>,
    data: Option<OneOrMany>,
    upload: Option<String>,
    cancel: Option<TaskRef>,
    cancel_by_producing_resume_data: Option<TaskRef>,
    download_with_resume_data: Option<TaskRef>,
    suspend: Option<TaskRef>,
    resume: Option<TaskRef>,
    create_session: Option<SessionSpec>,
    invalidate_and_cancel: Option<String>,
    finish_tasks_and_invalidate: Option<String>,
    get_all_tasks: Option<String>,
    edit_configuration: Option<SessionSpec>,
    delete_file: Option<String>,
    session: Option<String>,
    file: Option<String>,
    from: Option<Source>,
    method: Option<String>,
    headers: Option<BTreeMap<String, String>>,
    cellular: Option<bool>,
    expensive: Option<bool>,
    constrained: Option<bool>,
    timeout: Option<Span>,
    earliest_begin: Option<Span>,
    priority: Option<u16>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a URL such as \"cdn.example/a\", or a list of them")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Source {
    File,
    Data,
}

/// A table that means nothing the app could do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerbError {
    /// No verb.
    #[error("the app is told to do nothing: expected one of {}", quoted(VERBS))]
    NoVerb,
    /// More than one verb.
    #[error("one step is one act: found {}", quoted(.0))]
    ManyVerbs(Vec<&'static str>),
    /// An option that the verb does not have.
    #[error("{verb:?} has no option {option:?}")]
    NoSuchOption {
        /// The verb.
        verb: &'static str,
        /// The option.
        option: &'static str,
    },
    /// An upload that does not say what it sends.
    #[error("an upload needs \"file\", the name of one of the app's files")]
    NoFile,
    /// A priority above 1.
    #[error("a priority stands between 0 and 1000, found {0}")]
    Priority(u16),
    /// A method that cannot stand in a request.
    #[error("{0:?} is no method of HTTP")]
    Method(String),
    /// A field that cannot stand in a request.
    #[error("\"{0}: {1}\" is no header field of HTTP")]
    Header(String, String),
    /// A URL that cannot be read.
    #[error(transparent)]
    Target(#[from] TargetError),
}

const VERBS: &[&str] = &[
    "download",
    "data",
    "upload",
    "cancel",
    "cancel-by-producing-resume-data",
    "download-with-resume-data",
    "suspend",
    "resume",
    "create-session",
    "invalidate-and-cancel",
    "finish-tasks-and-invalidate",
    "get-all-tasks",
    "edit-configuration",
    "delete-file",
];

impl AppTable {
    /// The verbs of this table, in the order of [`VERBS`].
    fn verbs(&self) -> Vec<&'static str> {
        let present = [
            self.download.is_some(),
            self.data.is_some(),
            self.upload.is_some(),
            self.cancel.is_some(),
            self.cancel_by_producing_resume_data.is_some(),
            self.download_with_resume_data.is_some(),
            self.suspend.is_some(),
            self.resume.is_some(),
            self.create_session.is_some(),
            self.invalidate_and_cancel.is_some(),
            self.finish_tasks_and_invalidate.is_some(),
            self.get_all_tasks.is_some(),
            self.edit_configuration.is_some(),
            self.delete_file.is_some(),
        ];
        VERBS.iter().zip(present).filter(|(_, is)| *is).map(|(verb, _)| *verb).collect()
    }

    /// The first option that only verbs have that make tasks.
    fn task_option(&self) -> Option<&'static str> {
        let present = [
            ("method", self.method.is_some()),
            ("headers", self.headers.is_some()),
            ("cellular", self.cellular.is_some()),
            ("expensive", self.expensive.is_some()),
            ("constrained", self.constrained.is_some()),
            ("timeout", self.timeout.is_some()),
            ("earliest-begin", self.earliest_begin.is_some()),
            ("priority", self.priority.is_some()),
        ];
        present.iter().find(|(_, is)| *is).map(|(option, _)| *option)
    }

    /// Tells the one verb, after checking that the options belong to it.
    fn verb(&self) -> Result<&'static str, VerbError> {
        let verb = match self.verbs().as_slice() {
            [] => return Err(VerbError::NoVerb),
            [verb] => *verb,
            verbs => return Err(VerbError::ManyVerbs(verbs.to_vec())),
        };
        let no = |option| Err(VerbError::NoSuchOption { verb, option });
        if verb != "upload" {
            if self.file.is_some() {
                return no("file");
            }
            if self.from.is_some() {
                return no("from");
            }
        }
        if let Some(option) = self.task_option()
            && !matches!(verb, "download" | "data" | "upload")
        {
            return no(option);
        }
        let own_session = matches!(
            verb,
            "create-session"
                | "invalidate-and-cancel"
                | "finish-tasks-and-invalidate"
                | "get-all-tasks"
                | "edit-configuration"
                | "delete-file"
        );
        if own_session && self.session.is_some() {
            return no("session");
        }
        Ok(verb)
    }
}

impl TryFrom<AppTable> for AppAct {
    type Error = VerbError;

    fn try_from(table: AppTable) -> Result<AppAct, VerbError> {
        table.verb()?;
        let options = options(&table)?;
        let session: Option<Arc<str>> = table.session.map(Arc::from);
        if let Some(texts) = table.download {
            let targets = targets(texts)?;
            return Ok(AppAct::Download { targets, session, options });
        }
        if let Some(texts) = table.data {
            let targets = targets(texts)?;
            return Ok(AppAct::Data { targets, session, options });
        }
        if let Some(to) = table.upload {
            let file = table.file.ok_or(VerbError::NoFile)?.into();
            return Ok(AppAct::Upload {
                to: Target::parse(&to)?,
                file,
                from_data: matches!(table.from, Some(Source::Data)),
                session,
                options,
            });
        }
        if let Some(task) = table.cancel {
            return Ok(AppAct::Cancel { task, session });
        }
        if let Some(task) = table.cancel_by_producing_resume_data {
            return Ok(AppAct::CancelByProducingResumeData { task, session });
        }
        if let Some(task) = table.download_with_resume_data {
            return Ok(AppAct::DownloadWithResumeData { task, session });
        }
        if let Some(task) = table.suspend {
            return Ok(AppAct::Suspend { task, session });
        }
        if let Some(task) = table.resume {
            return Ok(AppAct::Resume { task, session });
        }
        if let Some(spec) = table.create_session {
            return Ok(AppAct::CreateSession(spec));
        }
        if let Some(session) = table.invalidate_and_cancel {
            return Ok(AppAct::Invalidate { session: session.into(), cancel: true });
        }
        if let Some(session) = table.finish_tasks_and_invalidate {
            return Ok(AppAct::Invalidate { session: session.into(), cancel: false });
        }
        if let Some(session) = table.get_all_tasks {
            return Ok(AppAct::GetAllTasks { session: session.into() });
        }
        if let Some(spec) = table.edit_configuration {
            return Ok(AppAct::EditConfiguration(spec));
        }
        if let Some(file) = table.delete_file {
            return Ok(AppAct::DeleteFile { file: file.into() });
        }
        Err(VerbError::NoVerb)
    }
}

fn options(table: &AppTable) -> Result<TaskOptions, VerbError> {
    if let Some(priority) = table.priority.filter(|priority| *priority > 1000) {
        return Err(VerbError::Priority(priority));
    }
    if let Some(method) = table.method.as_ref().filter(|method| !is_token(method)) {
        return Err(VerbError::Method(method.clone()));
    }
    let usual = TaskOptions::default();
    let headers = table.headers.iter().flatten();
    let is_field = |name: &str, value: &str| is_token(name) && !value.contains(char::is_control);
    if let Some((name, value)) = headers.clone().find(|(name, value)| !is_field(name, value)) {
        return Err(VerbError::Header(name.clone(), value.clone()));
    }
    Ok(TaskOptions {
        method: table.method.clone(),
        headers: headers.map(|(name, value)| (name.clone(), value.clone())).collect(),
        cellular: table.cellular.unwrap_or(usual.cellular),
        expensive: table.expensive.unwrap_or(usual.expensive),
        constrained: table.constrained.unwrap_or(usual.constrained),
        timeout: table.timeout.map(|span| span.0),
        earliest_begin: table.earliest_begin.map(|span| span.0),
        priority: table.priority,
    })
}

/// A token of HTTP: what methods and the names of header fields are made of.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}

fn targets(texts: OneOrMany) -> Result<Vec<Target>, TargetError> {
    let texts = match texts {
        OneOrMany::One(text) => vec![text],
        OneOrMany::Many(texts) => texts,
    };
    let mut all = Vec::new();
    for text in texts {
        all.extend(Target::parse_all(&text)?);
    }
    Ok(all)
}
