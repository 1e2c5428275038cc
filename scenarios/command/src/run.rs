//! `sleepwalker run`: loads all, runs all, tells all.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use indicatif::{ProgressBar, ProgressStyle};
use sleepwalker_scenarios::{LoadError, catalogue, load};
use sleepwalker_sim::scenario::Scenario;

use crate::{
    Exit,
    args::{Format, RunArgs},
    bench::{self, Settings},
    json,
    outcome::Outcome,
    page, shelf, text,
};

/// Runs scenarios and writes what was asked for.
pub(crate) fn run(to: &mut impl Write, args: &RunArgs) -> io::Result<Exit> {
    let settings = Settings::of(args);
    let mut scenarios = Vec::new();
    let mut unusable = false;
    for (name, loaded) in wanted(&args.scenarios) {
        match loaded {
            Ok(scenario) => scenarios.push((name, scenario)),
            Err(error) => {
                shelf::unusable(&error)?;
                unusable = true;
            }
        }
    }
    // What can be used is run all the same, so that one broken file hides no verdict on the others; a
    // report for programs is written even if it is empty.
    if scenarios.is_empty() && args.format == Format::Text {
        return Ok(Exit::Unusable);
    }
    let outcomes = match all(&scenarios, &settings) {
        Ok(outcomes) => outcomes,
        Err(error) => return shelf::unusable(&error),
    };
    tell(to, args, &outcomes)?;
    let exit = outcomes.iter().map(Outcome::exit).max().unwrap_or(Exit::AsExpected);
    Ok(if unusable { exit.max(Exit::Unusable) } else { exit })
}

/// Loads what was named, or the catalogue.
fn wanted(names: &[String]) -> Vec<(String, Result<Scenario, LoadError>)> {
    match names.is_empty() {
        true => catalogue().iter().map(|entry| (entry.name.to_owned(), entry.load())).collect(),
        false => names.iter().map(|name| (name.clone(), load(name))).collect(),
    }
}

/// Runs every scenario, some at a time; each world is alone in its thread, so their number shows nowhere.
fn all(scenarios: &[(String, Scenario)], settings: &Settings) -> Result<Vec<Outcome>, LoadError> {
    let bar = progress(scenarios.len());
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, usize::from).min(scenarios.len());
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some((name, scenario)) = scenarios.get(place) else {
                        return;
                    };
                    bar.set_message(name.clone());
                    let result = bench::run(name, scenario, settings);
                    let mut done = done.lock().expect("no worker panics with the lock");
                    done.push((place, result));
                    bar.inc(1);
                }
            });
        }
    });
    bar.finish_and_clear();
    let mut done = done.into_inner().expect("no worker panics with the lock");
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

/// A bar on standard error, if that is a terminal.
fn progress(count: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}");
    let length = u64::try_from(count).unwrap_or(u64::MAX);
    let bar = ProgressBar::new(length);
    bar.set_style(style.expect("the template is well-formed"));
    bar
}

fn tell(to: &mut impl Write, args: &RunArgs, outcomes: &[Outcome]) -> io::Result<()> {
    if let Some(folder) = &args.trace_dir {
        traces(folder, outcomes)?;
    }
    if let Some(path) = &args.html {
        let chapters: Vec<page::Chapter> = outcomes.iter().map(Outcome::chapter).collect();
        let html = page::render(&chapters).map_err(io::Error::other)?;
        fs::write(path, html).map_err(|error| named(path, &error))?;
    }
    match args.format {
        Format::Text => text::write(to, outcomes),
        Format::Json => {
            json::write(to, outcomes)?;
            let mut stderr = anstream::stderr();
            for outcome in outcomes.iter().filter(|outcome| !outcome.passed()) {
                if let Some(error) = &outcome.first.error {
                    writeln!(stderr, "{}: {error}", outcome.asked)?;
                }
                for failure in &outcome.first.failures {
                    writeln!(stderr, "{}: {failure}", outcome.asked)?;
                }
            }
            Ok(())
        }
    }
}

/// Writes NAME.trace and NAME.jsonl of each scenario.
fn traces(folder: &Path, outcomes: &[Outcome]) -> io::Result<()> {
    fs::create_dir_all(folder).map_err(|error| named(folder, &error))?;
    for outcome in outcomes {
        let place =
            |ending: &str| -> PathBuf { folder.join(format!("{}.{ending}", outcome.name())) };
        let text = place("trace");
        write_with(&text, |to| outcome.trace().write_text(to))
            .map_err(|error| named(&text, &error))?;
        let json = place("jsonl");
        write_with(&json, |to| outcome.trace().write_json(to))
            .map_err(|error| named(&json, &error))?;
    }
    Ok(())
}

fn write_with(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    write(&mut file)?;
    file.flush()
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
