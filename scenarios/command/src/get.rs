//! `sleepwalker get`: the engine on real sockets.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use sleepwalker_engine::get::{Downloaded, Get, GetError, Progress};
use tokio::runtime;
use url::Url;

use crate::{Exit, args::GetArgs, page::words};

/// Downloads one URL.
pub(crate) fn get(to: &mut impl Write, args: &GetArgs) -> io::Result<Exit> {
    let url = match Url::parse(&args.url) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url,
        Ok(url) => {
            return complain(&format!("{url}: expected an http or https URL"), Exit::Unusable);
        }
        Err(error) => {
            let message = format!("{}: expected an http or https URL: {error}", args.url);
            return complain(&message, Exit::Unusable);
        }
    };
    let get = Get::new(url, &args.output);
    let meter = Meter::new();
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(get.run({
        let meter = meter.clone();
        move |progress| meter.tell(&progress)
    }));
    meter.bar.finish_and_clear();
    match result {
        Ok(downloaded) => {
            writeln!(to, "{}", told(args, downloaded))?;
            Ok(Exit::AsExpected)
        }
        Err(error) => {
            let exit = match error {
                GetError::Output { .. } | GetError::Open(_) => Exit::Unusable,
                _ => Exit::Broken,
            };
            let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
            let kept = match error {
                GetError::GaveUp { kept: kept @ 1.., .. } => {
                    format!("; {} are kept for the next start", words::bytes(kept))
                }
                _ => String::new(),
            };
            let source = source.unwrap_or_default();
            complain(&format!("{}: {error}{source}{kept}", args.url), exit)
        }
    }
}

fn told(args: &GetArgs, downloaded: Downloaded) -> String {
    let resumed = match downloaded.resumed_from {
        Some(from) => format!(", resumed at {from}"),
        None => String::new(),
    };
    format!("{}: {} bytes{resumed}", args.output.display(), downloaded.bytes)
}

fn complain(message: &str, exit: Exit) -> io::Result<Exit> {
    writeln!(anstream::stderr(), "{message}")?;
    Ok(exit)
}

/// A bar on a terminal; lines for what a person should know anywhere.
#[derive(Clone)]
struct Meter {
    bar: ProgressBar,
    said: Arc<Mutex<String>>,
}

impl Meter {
    fn new() -> Meter {
        let style = ProgressStyle::with_template(
            "{bar:30} {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {eta} {msg}",
        );
        let bar = ProgressBar::new(0);
        bar.set_style(style.expect("the template is well-formed"));
        Meter { bar, said: Arc::default() }
    }

    fn tell(&self, progress: &Progress) {
        match progress {
            Progress::Received { total, expected } => {
                self.bar.set_length(expected.unwrap_or(*total));
                self.bar.set_position(*total);
            }
            Progress::Started { from: None } => {}
            Progress::Started { from: Some(from) } => {
                self.say(format!("asks for the rest from byte {from}"))
            }
            Progress::Resumed { from } => self.say(format!("resumed at byte {from}")),
            Progress::Restarted => self.say(
                "the server sends the whole: it has another version, or sends no parts".to_owned(),
            ),
            Progress::Retries { after, why } => {
                let why = sleepwalker_judge::why_words(*why);
                // In whole seconds, the part of one that has passed by now included.
                let after =
                    Duration::from_secs(after.as_secs() + u64::from(after.subsec_nanos() > 0));
                self.say(format!("broken off by {why}; again in {}", words::span(after)));
            }
            _ => {}
        }
    }

    /// Says a thing once in a row.
    fn say(&self, what: String) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if *said != what {
            self.bar.suspend(|| anstream::eprintln!("{what}"));
            *said = what;
        }
    }
}
