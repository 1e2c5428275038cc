//! The command from outside: what it prints where, how it ends, and what the README promises of it.

mod cli;
mod common;
mod get;
mod readme;
