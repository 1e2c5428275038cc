//! What only the whole file can tell: that what steps name is there, and that it fits its budget.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use sleepwalker_device::{AppAct, Target};
use sleepwalker_origin::{ActError, Plan};
use sleepwalker_sim::scenario::{Act, Scenario, Step};

use crate::{
    nearest::nearest,
    reader::{Node, Reader, Section},
};

/// Checks the sessions, hosts and files that steps and reactions name.
pub(super) fn references<'a>(
    reader: &mut Reader<'a>,
    root: &Section<'a>,
    scenario: &Scenario,
    steps: &[(Step, Node<'a>)],
) {
    let mut sessions: BTreeSet<Arc<str>> = BTreeSet::new();
    sessions.extend(scenario.app.sessions.iter().map(|spec| Arc::clone(&spec.name)));
    let made = steps.iter().filter_map(|(step, _)| match &step.act {
        Act::App(AppAct::CreateSession(spec)) => Some(Arc::clone(&spec.name)),
        Act::App(_) | Act::User(_) | Act::Os(_) | Act::Network(_) | Act::Origin(_) => None,
    });
    sessions.extend(made);
    for (step, node) in steps {
        match &step.act {
            Act::App(act) => app_act(reader, scenario, &sessions, act, node),
            Act::Origin(act) => {
                if let Err(error) = act.check(&scenario.origin) {
                    refused(reader, &scenario.origin, &error, node.span());
                }
            }
            Act::User(_) | Act::Os(_) | Act::Network(_) => {}
        }
    }
    let place = root.get("app");
    for reaction in &scenario.app.reactions {
        if let Some(node) = place {
            let node = reaction_node(node, reader, reaction.line).unwrap_or(node);
            app_act(reader, scenario, &sessions, &reaction.act, node);
        }
    }
}

/// Finds the table of a reaction by its line.
fn reaction_node<'a>(app: Node<'a>, reader: &Reader<'a>, line: usize) -> Option<Node<'a>> {
    let all = app.get_ref().get("reactions")?.get_ref().as_array()?;
    all.iter().find(|node| reader.line(&node.span()) == line)?.get_ref().get("do")
}

fn app_act<'a>(
    reader: &mut Reader<'a>,
    scenario: &Scenario,
    sessions: &BTreeSet<Arc<str>>,
    act: &AppAct,
    node: Node<'a>,
) {
    let place = |key: &str| node.get_ref().get(key).map_or_else(|| node.span(), |node| node.span());
    let session = match act {
        AppAct::Download { targets, session, .. } => {
            served(reader, &scenario.origin, targets, place("download"));
            session.as_ref()
        }
        AppAct::Data { targets, session, .. } => {
            served(reader, &scenario.origin, targets, place("data"));
            session.as_ref()
        }
        AppAct::Upload { to, file, session, .. } => {
            served(reader, &scenario.origin, std::slice::from_ref(to), place("upload"));
            app_file(reader, scenario, file, place("file"));
            session.as_ref()
        }
        AppAct::DownloadWithResumeData { session, .. }
        | AppAct::Cancel { session, .. }
        | AppAct::CancelByProducingResumeData { session, .. }
        | AppAct::Suspend { session, .. }
        | AppAct::Resume { session, .. } => session.as_ref(),
        AppAct::Invalidate { session, .. } | AppAct::GetAllTasks { session } => Some(session),
        AppAct::EditConfiguration(spec) => Some(&spec.name),
        AppAct::DeleteFile { file } => {
            app_file(reader, scenario, file, place("delete-file"));
            return;
        }
        AppAct::CreateSession(spec) => {
            let known = scenario.app.sessions.iter().find(|known| known.name == spec.name);
            if known.is_some_and(|known| known.kind != spec.kind) && !spec.is_bare() {
                let message = format!("the app's session {:?} is of another kind", spec.name);
                reader.fail(place("create-session"), message, "another name, or the same kind");
            }
            return;
        }
    };
    match session {
        Some(name) if !sessions.contains(name) => {
            let message = format!("the app has no session {name:?}");
            let known = sessions.iter().map(|name| &**name);
            reader.unknown(place("session"), message, name, known);
        }
        None if sessions.is_empty() => {
            let expected = "`sessions = [\"…\"]` in `[app]`";
            reader.fail(node.span(), "the app has no session to do this with", expected);
        }
        Some(_) | None => {}
    }
}

/// Tells a file that the app never had.
fn app_file(reader: &mut Reader<'_>, scenario: &Scenario, file: &str, span: Range<usize>) {
    if !scenario.app.files.contains_key(file) {
        let known = scenario.app.files.keys().map(String::as_str);
        reader.unknown(span, format!("the app has no file {file:?}"), file, known);
    }
}

/// Finds out whether the origin serves what is asked of it, and tells what it does not.
fn served(reader: &mut Reader<'_>, plan: &Plan, targets: &[Target], span: Range<usize>) {
    let asked = targets.iter().filter(|target| matches!(target.url.scheme(), "http" | "https"));
    for target in asked {
        let host = host_of(target);
        let Some(serves) = plan.hosts.get(&host).or_else(|| plan.hosts.get("*")) else {
            let message = format!("the origin has no host {host:?}");
            reader.unknown(span, message, &host, plan.hosts.keys().map(String::as_str));
            return;
        };
        let path = target.url.path();
        let posts = serves.posts && (path == "/posts" || path.starts_with("/posts/"));
        if !posts && !serves.files.contains_key(path) {
            no_file(reader, plan, &host, path, span);
            return;
        }
    }
}

fn host_of(target: &Target) -> String {
    let host = target.url.host_str().unwrap_or_default();
    match target.url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn refused(reader: &mut Reader<'_>, plan: &Plan, error: &ActError, span: Range<usize>) {
    match error {
        ActError::NoHost(host) => {
            let known = plan.hosts.keys().map(String::as_str);
            reader.unknown(span, error.to_string(), host, known);
        }
        ActError::NoFile(file) => {
            let at = file.find('/').unwrap_or(file.len());
            no_file(reader, plan, &file[..at], &file[at..], span);
        }
        ActError::Status(_) => reader.fail(span, error.to_string(), "a status from 200 to 599"),
        ActError::Leads(_) => reader.fail(span, error.to_string(), "301, 302, 303, 307 or 308"),
        ActError::Location(_) => reader.fail(span, error.to_string(), "a path or a URL"),
    }
}

fn no_file(reader: &mut Reader<'_>, plan: &Plan, host: &str, path: &str, span: Range<usize>) {
    let files = plan.hosts.get(host).map(|host| &host.files);
    let known: Vec<&str> = files.into_iter().flatten().map(|(path, _)| path.as_str()).collect();
    let message = format!("the host {host:?} has no file {path:?}");
    match nearest(path, known.iter().copied()) {
        Some(near) => reader.unknown(span, message, path, [near]),
        None => reader.unknown(span, message, path, known),
    }
}

/// Checks what the file alone uses of its budget.
pub(super) fn sizes<'a>(reader: &mut Reader<'a>, root: &Section<'a>, scenario: &Scenario) {
    let steps = scenario.steps.len() as u64;
    let served = scenario.origin.hosts.values().map(|host| host.files.len());
    let files = (served.sum::<usize>() + scenario.app.files.len()) as u64;
    for (what, found, limit) in
        [("steps", steps, &scenario.budget.steps), ("files", files, &scenario.budget.files)]
    {
        if found > limit.most {
            let place = root.get("budget").and_then(|budget| budget.get_ref().get(what));
            let span = place.map_or(0..0, |node| node.span());
            let message = format!("{found} {what} are more than the budget of {}", limit.most);
            reader.fail(span, message, format!("at most {} {what}", limit.most));
        }
    }
}
