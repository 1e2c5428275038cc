//! `[origin]`: hosts and their files.

use std::{collections::BTreeMap, ops::Range};

use sleepwalker_origin::{FilePlan, HostPlan, Plan};
use toml::de::DeValue;

use crate::reader::{Node, Reader};

/// How many files one range of paths may stand for.
const MOST: u32 = 10_000;

/// Reads `[origin."host"]` with its files.
pub(super) fn plan<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Plan {
    let mut plan = Plan::default();
    let Some(hosts) = reader.section(node, "a table of hosts") else {
        return plan;
    };
    for (name, span, node) in hosts.entries() {
        fits(reader, name, HostPlan::default(), span);
        if let Some(host) = host(reader, name, node) {
            plan.hosts.insert(name.to_owned(), host);
        }
    }
    plan
}

fn host<'a>(reader: &mut Reader<'a>, name: &str, node: Node<'a>) -> Option<HostPlan> {
    let section = reader.section(node, "a host: a table with `files`")?;
    let mut files = BTreeMap::new();
    if let Some(node) = section.get("files")
        && let Some(all) = reader.section(node, "files by path")
    {
        for (path, span, node) in all.entries() {
            // What is wrong with it was told; that it is not there would be noise.
            let file = reader.typed::<FilePlan>(node, "a file of the origin").unwrap_or_default();
            let mut one = HostPlan::default();
            one.files.insert(path.to_owned(), file.clone());
            fits(reader, name, one, span.clone());
            for path in expand(reader, path, span) {
                files.insert(path, file.clone());
            }
        }
    }
    let mut rest = node.clone();
    if let DeValue::Table(table) = rest.get_mut() {
        table.remove("files");
    }
    let mut host = reader.typed_owned::<HostPlan>(rest, "a host of the origin").unwrap_or_default();
    host.files = files;
    Some(host)
}

/// Tells what no origin can serve.
fn fits(reader: &mut Reader<'_>, name: &str, host: HostPlan, span: Range<usize>) {
    let plan = Plan { hosts: BTreeMap::from([(name.to_owned(), host)]) };
    if let Err(error) = plan.check() {
        let error = error.to_string();
        let (what, expected) = error.split_once("; expected ").unwrap_or((&error, "another value"));
        reader.fail(span, what, expected);
    }
}

/// Makes many paths of one that holds a range: `/f{1..20}`.
fn expand(reader: &mut Reader<'_>, path: &str, span: Range<usize>) -> Vec<String> {
    let Some((before, rest)) = path.split_once('{') else {
        return vec![path.to_owned()];
    };
    let range = rest.split_once('}').and_then(|(range, after)| {
        let (first, last) = range.split_once("..")?;
        Some((first.parse::<u32>().ok()?, last.parse::<u32>().ok()?, after))
    });
    match range {
        Some((first, last, after)) if first <= last && last - first < MOST => {
            (first..=last).map(|number| format!("{before}{number}{after}")).collect()
        }
        _ => {
            let expected = format!("a range such as \"/f{{1..20}}\", of at most {MOST} files");
            reader.fail(span, format!("{path:?} cannot be read"), expected);
            Vec::new()
        }
    }
}
