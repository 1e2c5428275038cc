//! Calls the built command.

use std::{
    path::PathBuf,
    process::{Command, Output, Stdio},
};

/// What a call of the command gave.
pub(crate) struct Called {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Called {
    fn from(output: Output) -> Called {
        let text = |bytes| String::from_utf8(bytes).expect("the command writes UTF-8");
        Called {
            code: output.status.code().expect("it was not killed"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

/// Returns the command, ready to be given arguments.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sleepwalker"));
    command.stdin(Stdio::null());
    command
}

/// Calls the command.
pub(crate) fn sleepwalker<const N: usize>(args: [&str; N]) -> Called {
    command().args(args).output().expect("the command can be called").into()
}

/// Returns the root of the repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}
