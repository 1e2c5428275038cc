//! The catalogue of scenarios, the loader of scenario files and profiles, and the suites that run them.
//!
//! A scenario file is read whole before anything runs: all that is wrong with it is told at once, each
//! with its line. `FORMAT.md` documents the format.

mod catalogue;
mod expectation;
mod loader;
mod nearest;
mod problem;
mod profile;
mod reader;
mod suite;
mod units;

pub use catalogue::{Entry, catalogue, load};
pub use expectation::{Failure, failures};
pub use loader::parse;
pub use problem::{LoadError, Problem};
pub use profile::{Profile, Source, names as profile_names, parse as parse_profile, profile};
pub use sleepwalker_sim::{CrashPoint, RunError, StoreKind};
pub use suite::{Options, Outcome, run, run_with};
