//! What the OS does: signals for the core, and changes of the process.

use sleepwalker_core::{Death, ProcessId, ProcessState, Rule, Signal};
use sleepwalker_judge::{Cause, Fact};

/// One thing that the OS does, with the rule that decided it, where one did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OsEffect {
    /// Why.
    pub rule: Option<Rule>,
    /// What.
    pub what: OsWhat,
}

/// The kinds of what the OS does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OsWhat {
    /// Tells the core a fact.
    Signal(Signal),
    /// Launches the app; returns when `didFinishLaunching` has.
    Launch {
        /// The new process.
        process: ProcessId,
        /// In which state it starts.
        state: ProcessState,
        /// Why.
        cause: Cause,
    },
    /// Changes the state of the process: to `Suspended` it freezes, from there it goes on.
    Move {
        /// Which.
        process: ProcessId,
        /// To what.
        state: ProcessState,
        /// Why.
        cause: Cause,
    },
    /// Ends the process, whatever it is doing.
    Kill {
        /// Which.
        process: ProcessId,
        /// How.
        death: Death,
    },
    /// Calls `application(_:handleEventsForBackgroundURLSession:completionHandler:)`.
    HandleEvents {
        /// The process.
        process: ProcessId,
        /// The session's identifier.
        session: String,
    },
    /// Takes the app's picture.
    Snapshot {
        /// Of which process.
        process: ProcessId,
    },
    /// Starts the device again, locked: the daemon is restored from what was stored.
    Boot {
        /// What ended its last run: `Reboot` or `PowerCut`.
        after: Death,
    },
}

impl OsWhat {
    /// Returns the fact for the trace, where the effect is one.
    pub fn fact(&self) -> Option<Fact> {
        match self {
            OsWhat::Signal(Signal::Power(external)) => {
                Some(Fact::PowerChanges { external: *external })
            }
            OsWhat::Signal(_) => None,
            OsWhat::Launch { process, state, cause } => {
                Some(Fact::Launches { process: process.0, state: *state, cause: cause.clone() })
            }
            OsWhat::Move { process, state, cause } => {
                Some(Fact::Moves { process: process.0, state: *state, cause: cause.clone() })
            }
            OsWhat::Kill { process, death } => {
                Some(Fact::Kills { process: process.0, death: *death })
            }
            OsWhat::HandleEvents { process, session } => {
                Some(Fact::HandlesEvents { process: process.0, session: session.as_str().into() })
            }
            OsWhat::Snapshot { process } => Some(Fact::Snapshots { process: process.0 }),
            OsWhat::Boot { after } => Some(Fact::Boots { after: *after }),
        }
    }
}
