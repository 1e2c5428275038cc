//! After a restore: files and rows are made to agree.

use std::{collections::BTreeSet, io};

use sleepwalker_core::{Core, Input, Report, Time};

use crate::Files;

/// Deletes the files that the core does not name, and tells it which of its files are shorter than
/// their rows say, or gone. Longer ones stay: the next [`sleepwalker_core::Into::File`] cuts them back.
///
/// # Errors
///
/// The files could not be listed.
pub fn reconcile(core: &mut Core, files: &dyn Files, now: Time) -> io::Result<()> {
    let named = core.files();
    let keep: BTreeSet<_> = named.iter().map(|(file, _)| *file).collect();
    for file in files.list()? {
        if !keep.contains(&file)
            && let Err(error) = files.remove(file)
        {
            tracing::warn!(%file, %error, "cannot be removed");
        }
    }
    for (file, length) in named {
        let there = files.length(file).unwrap_or_else(|error| {
            tracing::warn!(%file, %error, "cannot be read");
            None
        });
        if there.is_none_or(|there| there < length) {
            core.handle(Input::Report(Report::Short(file)), now);
        }
    }
    Ok(())
}
