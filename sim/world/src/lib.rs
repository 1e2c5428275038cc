//! The world: clock, switch, files, seeds and the run loop.
//!
//! A world is two machines under one clock that only the world moves. The device runs the engine that
//! ships, the origin one HTTP service; the operating system, the app and the script stand beside them.
//! Everything that happens becomes a line of the trace, and one scenario with one seed gives one trace.

mod actor;
mod clock;
mod error;
mod extent;
mod files;
mod jobs;
mod link;
mod provider;
mod radio;
mod record;
mod run;
pub mod scenario;
mod script;
mod seed;
mod stage;
mod store;
mod stream;
mod switch;
mod world;

pub use clock::{Clock, Sleep};
pub use error::RunError;
pub use files::SimFiles;
pub use jobs::{BoxFuture, Job, Jobs, Nursery};
pub use link::{LinkQuality, Rate, Way};
pub use provider::SimNet;
pub use run::{CrashPoint, Run, RunOptions, run};
pub use seed::Dice;
pub use stage::{Pace, Stage, Wire};
pub use store::StoreKind;
pub use stream::Stream;
