//! How the command ends.

use std::process::{ExitCode, Termination};

/// The exit codes of `sleepwalker`: part of its interface, stable between versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: everything did as expected.
    AsExpected,
    /// 1: a rule broke, an expectation failed, or a transfer of `get` did.
    Broken,
    /// 2: the command line or a file cannot be used.
    Unusable,
    /// 3: one seed gave two traces. Worse than a broken rule: no other answer can be trusted.
    TwoTraces,
}

impl Exit {
    /// Every code, in order.
    pub const ALL: [Exit; 4] = [Exit::AsExpected, Exit::Broken, Exit::Unusable, Exit::TwoTraces];

    /// Returns the number that the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Exit::AsExpected => 0,
            Exit::Broken => 1,
            Exit::Unusable => 2,
            Exit::TwoTraces => 3,
        }
    }

    /// Returns what the code means, in the words of `--help`.
    pub const fn meaning(self) -> &'static str {
        match self {
            Exit::AsExpected => "everything did as expected",
            Exit::Broken => "a rule broke, an expectation failed, or a transfer of `get` did",
            Exit::Unusable => "the command line or a file cannot be used",
            Exit::TwoTraces => "one seed gave two traces",
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}
