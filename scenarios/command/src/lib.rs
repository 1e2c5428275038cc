//! The command line of Sleepwalker.
//!
//! Results go to standard output, all else to standard error; the exit code is an [`Exit`].

pub mod args;
mod bench;
mod exit;
mod get;
mod json;
mod outcome;
pub mod page;
mod paint;
mod run;
mod shelf;
mod text;

use std::io::{self, Write};

use args::{Cli, Command, RunArgs};

pub use exit::Exit;

/// Does what the command line says.
pub fn main(cli: &Cli) -> Exit {
    let mut stdout = anstream::stdout();
    match dispatch(&mut stdout, cli).and_then(|exit| stdout.flush().map(|()| exit)) {
        Ok(exit) => exit,
        // Whoever read the results has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::AsExpected,
        Err(error) => {
            anstream::eprintln!("{error}");
            Exit::Unusable
        }
    }
}

fn dispatch(to: &mut impl Write, cli: &Cli) -> io::Result<Exit> {
    match &cli.command {
        None => run::run(to, &RunArgs { twice: true, ..RunArgs::default() }),
        Some(Command::Run(args)) => run::run(to, args),
        Some(Command::List) => shelf::list(to),
        Some(Command::Habits) => shelf::habits(to),
        Some(Command::Explain { id }) => shelf::explain(to, id),
        Some(Command::Get(args)) => get::get(to, args),
    }
}
