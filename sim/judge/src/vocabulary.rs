//! The words in which the ledger's checks speak, and the trace lines that carry them.

use sleepwalker_core::{Method, ProcessState};

use crate::{ApiCall, Event, Fact};

/// A word of the ledger's checks.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// The word, as checks write it.
    pub word: &'static str,
    /// The trace line that carries it, in words.
    pub line: &'static str,
    carries: fn(&Fact) -> bool,
}

impl Word {
    /// Returns whether a line of a trace carries the word.
    pub fn is_carried_by(&self, event: &Event) -> bool {
        (self.carries)(&event.fact)
    }
}

macro_rules! words {
    ($($word:literal = $line:literal => $pattern:pat,)*) => {
        &[$(Word { word: $word, line: $line, carries: |fact| matches!(fact, $pattern) },)*]
    };
}

/// Every word that a check of the ledger uses for an event.
pub const VOCABULARY: &[Word] = words! {
    "AppLaunch" = "os launches app" => Fact::Launches { .. },
    "AppState" = "os moves app, os launches app" => Fact::Moves { .. } | Fact::Launches { .. },
    "Wake" = "os moves app, in background, for the events of a session" =>
        Fact::Moves { state: ProcessState::Background, cause: crate::Cause::Session(_), .. },
    "Suspend" = "os moves app, suspended" => Fact::Moves { state: ProcessState::Suspended, .. },
    "Terminate" = "os kills app" => Fact::Kills { .. },
    "HandleEvents" = "os calls application(_:handleEventsForBackgroundURLSession:completionHandler:)" =>
        Fact::HandlesEvents { .. },
    "HandlerCalled" = "app calls completionHandler()" => Fact::CallsHandler { .. },
    "Snapshot" = "os snapshots app" => Fact::Snapshots { .. },
    "SessionCreate" = "app calls URLSession" =>
        Fact::Calls { call: ApiCall::CreateSession { .. }, .. },
    "Invalidate" = "app calls finishTasksAndInvalidate, invalidateAndCancel" => Fact::Calls {
            call: ApiCall::FinishTasksAndInvalidate | ApiCall::InvalidateAndCancel, ..
        },
    "TaskCreate" = "app calls downloadTask, dataTask, uploadTask" => Fact::Calls {
            call: ApiCall::DataTask { .. }
                | ApiCall::DownloadTask { .. }
                | ApiCall::DownloadTaskWithResumeData { .. }
                | ApiCall::UploadTaskFromFile { .. }
                | ApiCall::UploadTaskFromData { .. },
            ..
        },
    "TaskResume" = "app calls resume()" => Fact::Calls { call: ApiCall::Resume, .. },
    "TaskCancel" = "app calls cancel(), cancel(byProducingResumeData:)" =>
        Fact::Calls { call: ApiCall::Cancel | ApiCall::CancelByProducingResumeData, .. },
    "taskDescription" = "app calls taskDescription =" =>
        Fact::Calls { call: ApiCall::SetTaskDescription(_), .. },
    "getAllTasks" = "daemon delivers getAllTasks" =>
        Fact::Delivers { method: Method::AllTasks { .. }, .. },
    "didCreateTask" = "daemon delivers didCreateTask" =>
        Fact::Delivers { method: Method::DidCreateTask, .. },
    "didReceiveResponse" = "daemon delivers didReceive response" =>
        Fact::Delivers { method: Method::DidReceiveResponse { .. }, .. },
    "willCacheResponse" = "daemon delivers willCacheResponse" =>
        Fact::Delivers { method: Method::WillCacheResponse, .. },
    "totalBytesWritten" = "daemon delivers didWriteData" =>
        Fact::Delivers { method: Method::DidWriteData { .. }, .. },
    "didFinishDownloadingTo" = "daemon delivers didFinishDownloadingTo" =>
        Fact::Delivers { method: Method::DidFinishDownloadingTo { .. }, .. },
    "didCompleteWithError" = "daemon delivers didCompleteWithError" =>
        Fact::Delivers { method: Method::DidComplete { .. }, .. },
    "didFinishEvents" = "daemon delivers urlSessionDidFinishEvents" =>
        Fact::Delivers { method: Method::DidFinishEvents, .. },
    "didBecomeInvalid" = "daemon delivers didBecomeInvalidWithError" =>
        Fact::Delivers { method: Method::DidBecomeInvalid { .. }, .. },
    "DEnqueue" = "daemon enqueues a task" => Fact::Enqueues { .. },
    "DEligible" = "daemon releases a task" => Fact::Releases { .. },
    "DStart" = "daemon starts an attempt" => Fact::Starts { .. },
    "DStop" = "daemon stops an attempt" => Fact::Stops { .. },
    "DRetryAt" = "daemon retries a task" => Fact::Retries { .. },
    "DDone" = "daemon finishes a task" => Fact::Finishes { .. },
    "DDelay" = "daemon delays limiter" => Fact::Delays { .. },
    "delay" = "daemon delays limiter" => Fact::Delays { .. },
    "ReqSent" = "origin receives a request" => Fact::Arrives { .. },
    "RespHead" = "wire answers an attempt" => Fact::Head { .. },
    "Body" = "wire receives bytes of an attempt" => Fact::Receives { .. },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ledger, ledger::Entry};

    #[test]
    fn every_word_of_a_check_is_carried_by_a_line() {
        let mut missing = Vec::new();
        for entry in Ledger::entries() {
            let Entry::System(rule) = entry else { continue };
            let Some(check) = &rule.check else { continue };
            for quoted in check.split('`').skip(1).step_by(2) {
                let word = quoted.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
                if !VOCABULARY.iter().any(|known| known.word == word) {
                    missing.push(format!("{}: {word}", rule.id));
                }
            }
        }
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn every_word_has_a_line_among_the_samples() {
        let samples = crate::samples::events();
        for word in VOCABULARY {
            let found = samples.iter().any(|event| word.is_carried_by(event));
            assert!(found, "no sample of {}", word.word);
        }
    }
}
