//! Traces of background transfers, the rules they are held against, and verdicts.
//!
//! Here stands neither a simulator nor a driver: a trace that was recorded elsewhere is judged by the
//! same functions as one of ours.

mod check;
mod diff;
mod dispute;
mod event;
mod header;
mod ledger;
mod line;
mod pattern;
mod samples;
mod trace;
mod verdict;
mod vocabulary;

pub use check::{Breach, Checker, checkers};
pub use diff::{Difference, diff};
pub use dispute::{Dispute, disputes};
pub use event::{ApiCall, Cause, Content, Event, Fact, ItemState, TaskName, UserAct};
pub use header::{FORMAT, Header, Named, Witness};
pub use ledger::{App, Entry, House, Ledger, Reason, System};
pub use line::{Cells, death_word, line_number, method_detail, path_words, state_words, why_words};
pub use pattern::{Amount, Counter, OutOfOrder, Pattern, PatternError, in_order};
pub use samples::every_line;
pub use trace::{ReadError, Trace, sha256};
pub use verdict::{
    Finding, NotJudged, Verdict, Violation, every_verdict, excerpt, judge, judge_cut,
};
pub use vocabulary::{VOCABULARY, Word};
