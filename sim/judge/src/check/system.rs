//! What the system owes the app: the invariants of the ledger's `BG-*` rules.

mod behind;
mod cancel;
mod caps;
mod completion;
mod connected;
mod content;
mod creation;
mod cut;
mod delayed;
mod direct;
mod discretionary;
mod error;
mod file;
mod force_quit;
mod invalid;
mod launch;
mod limiter;
mod liveness;
mod misuse;
mod never;
mod progress;
mod retry;
mod serial;
mod start;
mod wake;
mod window;

use super::Checker;

pub(super) const ALL: &[&Checker] = &[
    &completion::CHECKER,
    &file::CHECKER,
    &never::CHECKER,
    &creation::CHECKER,
    &delayed::CHECKER,
    &wake::CHECKER,
    &direct::CHECKER,
    &window::CHECKER,
    &connected::CHECKER,
    &error::CHECKER,
    &force_quit::CHECKER,
    &caps::CHECKER,
    &limiter::CHECKER,
    &serial::CHECKER,
    &content::CHECKER,
    &liveness::CHECKER,
    &start::CHECKER,
    &progress::CHECKER,
    &invalid::CHECKER,
    &cut::CHECKER,
    &discretionary::CHECKER,
    &launch::CHECKER,
    &retry::CHECKER,
    &misuse::CHECKER,
    &behind::CHECKER,
    &cancel::CHECKER,
];
