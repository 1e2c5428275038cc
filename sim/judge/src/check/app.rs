//! What the app owes its user: the rules `R01` to `R27`, as far as a trace shows them.

mod budget;
mod chain;
mod claim;
mod duplicate;
mod durable;
mod early;
mod handler;
mod kind;
mod lost;
mod orphan;
mod quit;
mod status;
mod twin;
mod zombie;

use super::Checker;

pub(super) const ALL: &[&Checker] = &[
    &handler::CHECKER,
    &early::CHECKER,
    &durable::CHECKER,
    &orphan::CHECKER,
    &duplicate::CHECKER,
    &claim::CHECKER,
    &status::CHECKER,
    &kind::CHECKER,
    &twin::CHECKER,
    &zombie::CHECKER,
    &lost::CHECKER,
    &chain::CHECKER,
    &quit::CHECKER,
    &budget::CHECKER,
];
