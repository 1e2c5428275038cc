//! The server half of a world: one hyper service that serves files, redirects, uploads and JSON, and
//! breaks every rule of resuming when asked to. It runs in a simulated world or on a real port.
//!
//! Nothing here reads a clock or draws a random number: time comes from the [`Clock`] it is given, and
//! the bytes of a file are a function of its name and version.

mod act;
mod answer;
mod clock;
mod content;
mod line;
mod origin;
mod pace;
mod plan;
mod posts;
mod range;
mod reply;
mod serve;
mod state;
mod units;
mod upload;

pub use act::{ActError, OriginAct, Target};
pub use clock::{Clock, RealClock, Wait};
pub use content::{PIECE, Shelf, Version};
pub use origin::{Arrival, End, Observer, Origin};
pub use plan::{Cut, ETag, FilePlan, HostPlan, Plan, PlanError, Ranges, Redirect, Stall};
pub use serve::serve;
pub use units::{Rate, Size, Span, UnitError};
