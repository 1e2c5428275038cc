//! Holds the house: which package may depend on which, what may not be written, how long a file may be,
//! what may stand at the top. It reads the repository's own files and nothing else.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

/// A package, where it lies, and the packages of this workspace that it may name. What a package may
/// name, those that depend on it may name as well.
const ARROWS: &[(&str, &str, &[&str])] = &[
    ("sleepwalker-core", "engine/core", &[]),
    ("sleepwalker-driver", "engine/driver", &["sleepwalker-core"]),
    ("sleepwalker-engine", "engine/api", &["sleepwalker-core", "sleepwalker-driver"]),
    ("sleepwalker-origin", "sim/origin", &[]),
    ("sleepwalker-judge", "sim/judge", &["sleepwalker-core"]),
    ("sleepwalker-device", "sim/device", &["sleepwalker-core", "sleepwalker-judge"]),
    (
        "sleepwalker-sim",
        "sim/world",
        &["sleepwalker-engine", "sleepwalker-origin", "sleepwalker-device"],
    ),
    ("sleepwalker-scenarios", "scenarios/catalogue", &["sleepwalker-sim"]),
    ("sleepwalker", "scenarios/command", &["sleepwalker-scenarios"]),
    ("sleepwalker-snapshots", "snapshots", &["sleepwalker-scenarios"]),
    ("sleepwalker-benches", "benches", &["sleepwalker-scenarios", "sleepwalker-driver"]),
];

/// Crates from outside that only some packages may name, tests excepted.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("turmoil", &["sleepwalker-sim", "sleepwalker-benches"]),
    (
        "rand",
        &["sleepwalker-origin", "sleepwalker-sim", "sleepwalker-scenarios", "sleepwalker-benches"],
    ),
    ("rand_chacha", &["sleepwalker-sim", "sleepwalker-scenarios", "sleepwalker-benches"]),
    ("redb", &["sleepwalker-driver", "sleepwalker-sim", "sleepwalker-benches"]),
    ("clap", &["sleepwalker"]),
    ("indicatif", &["sleepwalker"]),
    ("criterion", &["sleepwalker-benches"]),
];

/// What the packages without I/O may name from outside.
const PURE: &[(&str, &[&str])] = &[
    ("sleepwalker-core", &["http", "serde", "serde_json", "thiserror", "url"]),
    ("sleepwalker-judge", &["serde", "serde_json", "sha2", "thiserror"]),
    ("sleepwalker-device", &["serde", "serde_json", "sha2", "thiserror", "url"]),
];

/// Text that no source file may hold, with the reason.
const BANNED: &[(&str, &str)] = &[
    ("#[allow(", "a lint is silenced by #[expect(…, reason = …)]"),
    ("#![allow(", "a lint is silenced by #![expect(…, reason = …)]"),
    ("todo!(", "what exists is whole"),
    ("unimplemented!(", "what exists is whole"),
    ("FIXME", "what exists is whole"),
    ("#[ignore", "a test runs or is not there"),
    ("#[should_panic", "assert on the error's text instead"),
    ("tokio_unstable", "no --cfg flags: it must build as anybody's dependency"),
    ("StreamMap", "it starts at a random stream"),
    ("unsafe {", "unsafe is forbidden"),
];

const CEILING: usize = 600;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package has a parent").to_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Returns every file below `from` whose name ends so, in order, as paths relative to the root.
fn files(from: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![from.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        for entry in entries {
            let entry = entry.expect("a folder can be read to its end");
            let name = entry.file_name().into_string().expect("file names are UTF-8");
            let kind = entry.file_type().expect("an entry has a type");
            if kind.is_dir() && name != "target" && name != ".git" {
                folders.push(entry.path());
            } else if kind.is_file() && name.ends_with(ending) {
                let path = entry.path();
                found.push(path.strip_prefix(root()).expect("it lies below the root").to_owned());
            }
        }
    }
    found.sort();
    found
}

fn manifest(folder: &str) -> Table {
    let path = root().join(folder).join("Cargo.toml");
    read(&path).parse().unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn table<'a>(of: &'a Table, key: &str) -> Option<&'a Table> {
    of.get(key).and_then(Value::as_table)
}

/// Returns the names under `[dependencies]` and `[build-dependencies]`, or those that tests use.
fn dependencies(manifest: &Table, sections: &[&str]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let targets = table(manifest, "target").into_iter().flat_map(Table::values);
    for holder in targets.filter_map(Value::as_table).chain([manifest]) {
        for section in sections {
            names.extend(table(holder, section).into_iter().flat_map(Table::keys).cloned());
        }
    }
    names
}

fn assert_none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

/// Returns what a package may name, directly or because something that it may name does.
fn reach(package: &str) -> BTreeSet<&'static str> {
    let mut all = BTreeSet::new();
    let direct =
        ARROWS.iter().find(|(name, ..)| *name == package).expect("the table is complete").2;
    for name in direct {
        all.insert(*name);
        all.extend(reach(name));
    }
    all
}

#[test]
fn the_table_of_arrows_names_every_package() {
    let workspace = manifest(".");
    let members = table(&workspace, "workspace").and_then(|w| w.get("members"));
    let members: BTreeSet<&str> = members
        .and_then(Value::as_array)
        .expect("the root names its members")
        .iter()
        .map(|member| member.as_str().expect("a member is a path"))
        .collect();
    assert_eq!(members, ARROWS.iter().map(|(_, folder, _)| *folder).collect());
    for (name, folder, _) in ARROWS {
        let manifest = manifest(folder);
        let found = table(&manifest, "package").and_then(|p| p.get("name")).and_then(Value::as_str);
        assert_eq!(found, Some(*name), "in {folder}");
    }
}

#[test]
fn dependencies_point_one_way() {
    let ours: BTreeSet<&str> = ARROWS.iter().map(|(name, ..)| *name).collect();
    let mut wrong = Vec::new();
    for (name, folder, _) in ARROWS {
        let allowed = reach(name);
        let sections = ["dependencies", "build-dependencies", "dev-dependencies"];
        for dependency in dependencies(&manifest(folder), &sections) {
            if ours.contains(dependency.as_str()) && !allowed.contains(dependency.as_str()) {
                wrong.push(format!("{name} depends on {dependency}"));
            }
        }
    }
    assert_none("arrows that the table does not have", &wrong);
}

#[test]
fn crates_from_outside_stay_where_they_belong() {
    let mut wrong = Vec::new();
    for (name, folder, _) in ARROWS {
        let named = dependencies(&manifest(folder), &["dependencies", "build-dependencies"]);
        for (outside, holders) in OUTSIDE {
            if named.contains(*outside) && !holders.contains(name) {
                wrong.push(format!("{name} depends on {outside}"));
            }
        }
        for (_, allowed) in PURE.iter().filter(|(pure, _)| pure == name) {
            let foreign = named.iter().filter(|d| !d.starts_with("sleepwalker-"));
            for dependency in foreign.filter(|d| !allowed.contains(&d.as_str())) {
                wrong.push(format!("{name} does no I/O and depends on {dependency}"));
            }
        }
    }
    assert_none("crates in the wrong place", &wrong);
}

#[test]
fn every_package_inherits_what_the_root_decides() {
    let mut wrong = Vec::new();
    for (name, folder, _) in ARROWS {
        let manifest = manifest(folder);
        let inherits = |of: Option<&Table>| {
            of.and_then(|t| t.get("workspace")).and_then(Value::as_bool) == Some(true)
        };
        if !inherits(table(&manifest, "lints")) {
            wrong.push(format!("{name} has lints of its own"));
        }
        let package = table(&manifest, "package").expect("a package");
        for key in ["version", "edition", "rust-version", "license", "publish"] {
            if !inherits(table(package, key)) {
                wrong.push(format!("{name} has a {key} of its own"));
            }
        }
        for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
            for (dependency, value) in table(&manifest, section).into_iter().flatten() {
                if !inherits(value.as_table()) {
                    wrong.push(format!("{name} has a version of {dependency} of its own"));
                }
            }
        }
    }
    assert_none("packages that go their own way", &wrong);
}

#[test]
fn no_source_file_holds_what_is_banned() {
    let this = Path::new("snapshots/tests/tidy.rs");
    let mut wrong = Vec::new();
    for path in files(&root(), ".rs").iter().filter(|path| *path != this) {
        let text = read(&root().join(path));
        for (number, line) in text.lines().enumerate() {
            for (banned, reason) in BANNED.iter().filter(|(banned, _)| line.contains(banned)) {
                wrong.push(format!("{}:{}: {banned} ({reason})", path.display(), number + 1));
            }
        }
        for (at, found) in text.match_indices("select!") {
            let body = text[at + found.len()..].trim_start();
            let called = body.starts_with(['{', '(']);
            if called && !body[1..].trim_start().starts_with("biased;") {
                let line = text[..at].lines().count();
                wrong.push(format!("{}:{line}: select! without biased", path.display()));
            }
        }
    }
    assert_none("banned text", &wrong);
}

#[test]
fn nothing_needs_a_cfg_flag() {
    let mut wrong = Vec::new();
    for ending in [".toml", ".yml", "run", ".rs"] {
        for path in files(&root(), ending) {
            let shown = path.display().to_string();
            if shown != "snapshots/tests/tidy.rs" && read(&root().join(&path)).contains("--cfg") {
                wrong.push(shown);
            }
        }
    }
    if root().join(".cargo").exists() {
        wrong.push(".cargo: flags there would not reach those who depend on us".to_owned());
    }
    assert_none("flags that a dependent would have to repeat", &wrong);
}

#[test]
fn no_file_is_longer_than_the_ceiling() {
    let mut wrong = Vec::new();
    for path in files(&root(), ".rs") {
        let lines = read(&root().join(&path)).lines().count();
        if lines > CEILING {
            wrong.push(format!("{}: {lines} lines", path.display()));
        }
    }
    assert_none("files over the ceiling", &wrong);
}

#[test]
fn the_top_level_holds_only_what_was_decided() {
    let allowed = [
        "Cargo.toml",
        "Cargo.lock",
        "README.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "engine",
        "sim",
        "scenarios",
        "snapshots",
        "benches",
        "target",
    ];
    let mut wrong = Vec::new();
    for entry in fs::read_dir(root()).expect("the root can be read") {
        let name = entry.expect("an entry").file_name().into_string().expect("names are UTF-8");
        if !name.starts_with('.') && !allowed.contains(&name.as_str()) {
            wrong.push(name);
        }
    }
    assert_none("strangers at the top level", &wrong);
}

#[test]
fn every_golden_has_a_name_and_every_name_a_golden() {
    let named: BTreeSet<String> = sleepwalker_snapshots::names();
    let mut found = BTreeSet::new();
    let mut wrong = Vec::new();
    for path in files(&root(), ".snap") {
        let name = path
            .strip_prefix("snapshots/goldens")
            .ok()
            .and_then(Path::to_str)
            .and_then(|name| name.strip_suffix(".snap"));
        match name {
            Some(name) if named.contains(name) => {
                found.insert(name.to_owned());
            }
            _ => wrong.push(format!("{}: no test names it", path.display())),
        }
    }
    wrong.extend(named.difference(&found).map(|name| format!("{name}: there is no such golden")));
    assert_none("orphans among the goldens", &wrong);
}

/// Returns the commands of a text: its lines that begin with `cargo`, what follows `#` cut off.
fn cargo_lines(text: &str) -> BTreeMap<String, usize> {
    let mut commands = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim().trim_start_matches("$ ");
        let command = line.split(['#', '|']).next().unwrap_or("").trim();
        let command = command.trim_end_matches("2>&1").trim();
        if command.starts_with("cargo ") {
            commands.entry(command.to_owned()).or_insert(number + 1);
        }
    }
    commands
}

#[test]
fn the_readme_s_two_commands_are_those_of_the_integration() {
    let readme = cargo_lines(&read(&root().join("README.md")));
    let integration = cargo_lines(&read(&root().join(".ci/run")));
    for command in ["cargo run --release", "cargo test --workspace"] {
        assert!(readme.contains_key(command), "README.md lacks `{command}`: {readme:?}");
        assert!(integration.contains_key(command), ".ci/run lacks `{command}`: {integration:?}");
    }
    let workflow = read(&root().join(".github/workflows/ci.yml"));
    assert!(workflow.contains("run: .ci/run"), "the workflow does not call .ci/run");
}
