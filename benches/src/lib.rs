//! What the benchmarks run: crowds of tasks in the bare core, worlds of some days, and the same bytes
//! with and without the engine.

pub mod bare;
pub mod corpus;
pub mod crowd;
