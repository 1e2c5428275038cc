//! The command line, as clap reads it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, builder::styling};

use crate::Exit;

const STYLES: styling::Styles = styling::Styles::styled()
    .header(styling::AnsiColor::Green.on_default().bold())
    .usage(styling::AnsiColor::Green.on_default().bold())
    .literal(styling::AnsiColor::Cyan.on_default().bold())
    .placeholder(styling::AnsiColor::Cyan.on_default());

/// A deterministic test bench for background transfers: your app sleeps, its transfers walk on.
///
/// Without a command it runs the whole catalogue, each scenario twice, and compares the traces.
#[derive(Debug, Parser)]
#[command(name = "sleepwalker", version, styles = STYLES, after_help = exit_codes())]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Says more on standard error; twice says still more.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
}

/// What there is to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs scenarios: files, names of the catalogue, or the whole catalogue.
    Run(RunArgs),
    /// Lists the catalogue.
    List,
    /// Lists the habits of the scripted app: values, default, the rules that a wrong value breaks, the
    /// Swift line behind it.
    Habits,
    /// Explains a rule: what it says, where it comes from, how it is checked.
    Explain {
        /// The rule's name: BG-LIFE-05, SW-STORE-01, R02.
        id: String,
    },
    /// Downloads a URL with the same engine on real sockets; killed and called again, it resumes.
    Get(GetArgs),
}

/// What to run, and what to write.
#[derive(Debug, Default, Args)]
pub struct RunArgs {
    /// Scenario files (.toml) or names of the catalogue; none: the whole catalogue.
    #[arg(value_name = "FILE or NAME")]
    pub scenarios: Vec<String>,

    /// Runs with this seed in place of the scenario's.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Runs under this profile in place of the scenario's.
    #[arg(long, value_name = "P")]
    pub profile: Option<String>,

    /// How results are told on standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,

    /// Writes NAME.trace and NAME.jsonl of each scenario into this folder.
    #[arg(long, value_name = "D")]
    pub trace_dir: Option<PathBuf>,

    /// Writes one static page with a timeline of each scenario.
    #[arg(long, value_name = "F")]
    pub html: Option<PathBuf>,

    /// Runs each scenario twice and compares the traces.
    #[arg(long)]
    pub twice: bool,
}

/// What to fetch, and where to.
#[derive(Debug, Args)]
pub struct GetArgs {
    /// The http or https URL.
    pub url: String,

    /// Where the file goes. What an unfinished download needs is kept beside it.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

/// How results are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table, and what broke with its surroundings.
    #[default]
    Text,
    /// One JSON object, version 1.
    Json,
}

fn exit_codes() -> String {
    let mut text = String::from("Exit codes:\n");
    for exit in Exit::ALL {
        text.push_str(&format!("  {}  {}\n", exit.code(), exit.meaning()));
    }
    text.push_str("\nResults go to standard output, all else to standard error.");
    text
}
