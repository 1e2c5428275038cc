//! The `sleepwalker` command.

use clap::Parser;
use sleepwalker::{Exit, args::Cli};
use tracing_subscriber::filter::LevelFilter;

fn main() -> Exit {
    let cli = Cli::parse();
    let level = match cli.verbose {
        0 => LevelFilter::OFF,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    // What the spans tell is for people, and never parsed.
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .without_time()
        .init();
    sleepwalker::main(&cli)
}
