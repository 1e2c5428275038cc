//! The device beside the engine: its operating system, the app's processes and the scripted app, each a
//! pure machine. Time is an argument, inputs go in, effects come out.

mod app;
mod habit_table;
mod habits;
mod os;
mod session;
mod target;
mod verb;
mod words;

pub use app::{ActError, App, AppEffect, Item, ItemKind, Phase};
pub use habit_table::{Free, Habit};
pub use habits::{
    Cache, Claim, Delayed, HabitError, Habits, Handler, Handlers, Identifier, ItemMap, KnownTasks,
    Mark, Next, Redirect, Response, Sessions,
};
pub use os::{Impossible, Os, OsEffect, OsWhat};
pub use session::SessionSpec;
pub use target::{Target, TargetError};
pub use verb::{AppAct, OsAct, TaskOptions, TaskRef, UnknownVerb, user_act, user_words};
pub use words::{AppTable, VerbError};
