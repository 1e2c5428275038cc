//! The table of habits, for people: what each stands for in Swift, and what its wrong values break.

use crate::habits::{
    Cache, Claim, Delayed, Handler, Handlers, Identifier, ItemMap, KnownTasks, Mark, Redirect,
    Response, Sessions,
};

/// What a habit may be beside its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Free {
    /// A span of time.
    Span,
    /// A number from 1 on.
    Count,
}

/// One habit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habit {
    /// The name by which scenarios set it.
    pub name: &'static str,
    /// The words that it may be; for a free value, examples.
    pub values: &'static [&'static str],
    /// What it may be beside them.
    pub free: Option<Free>,
    /// What a good app does.
    pub default: &'static str,
    /// Which values break which app rules.
    pub breaks: &'static [(&'static str, &'static [&'static str])],
    /// The Swift that the default stands for.
    pub swift: &'static str,
    /// What it decides.
    pub doc: &'static str,
}

const SWITCH: &[&str] = &["on", "off"];

pub(crate) const TABLE: &[Habit] = &[
    Habit {
        name: "sessions",
        values: Sessions::WORDS,
        free: None,
        default: "at launch",
        breaks: &[
            ("in handleEvents", &["R04"]),
            ("at launch and in handleEvents", &["R05"]),
            ("never", &["R01", "R04"]),
        ],
        swift: "func application(_:didFinishLaunchingWithOptions:) { \
                storedIdentifiers.forEach(makeSession) }",
        doc: "When a launched app creates its background sessions again.",
    },
    Habit {
        name: "identifier",
        values: Identifier::WORDS,
        free: None,
        default: "stable",
        breaks: &[("new each launch", &["R01", "R04"])],
        swift: "URLSessionConfiguration.background(withIdentifier: \"photos\")",
        doc: "By which identifier a launched app creates its sessions.",
    },
    Habit {
        name: "handler",
        values: Handler::WORDS,
        free: None,
        default: "after finish events",
        breaks: &[
            ("before finish events", &["R02"]),
            ("at once", &["R02"]),
            ("twice", &["R01"]),
            ("never", &["R01"]),
        ],
        swift: "func urlSessionDidFinishEvents(forBackgroundURLSession: URLSession) { \
                DispatchQueue.main.async { handler() } }",
        doc: "When the completion handler of handleEvents is called.",
    },
    Habit {
        name: "handlers",
        values: Handlers::WORDS,
        free: None,
        default: "one per session",
        breaks: &[("one for all", &["R01", "R02"])],
        swift: "handlers[identifier] = completionHandler",
        doc: "Where the completion handlers are kept until they are called.",
    },
    Habit {
        name: "claim",
        values: Claim::WORDS,
        free: None,
        default: "in the callback",
        breaks: &[("after it returned", &["R06"]), ("never", &["R06"])],
        swift: "func urlSession(_:downloadTask:didFinishDownloadingTo location: URL) { try \
                FileManager.default.moveItem(at: location, to: target) }",
        doc: "When the temporary file of a download is moved to where the app wants it.",
    },
    Habit {
        name: "mark",
        values: Mark::WORDS,
        free: None,
        default: "at completion",
        breaks: &[("in both callbacks", &["R07"])],
        swift: "func urlSession(_:task:didCompleteWithError error: Error?) { item.state = .done }",
        doc: "When an item is noted as done.",
    },
    Habit {
        name: "status check",
        values: SWITCH,
        free: None,
        default: "on",
        breaks: &[("off", &["R07"])],
        swift: "guard let http = task.response as? HTTPURLResponse, 200..<300 ~= http.statusCode \
                else { return fail() }",
        doc: "Whether the HTTP status decides what becomes of a transfer without error.",
    },
    Habit {
        name: "next",
        values: &["all", "one at a time"],
        free: Some(Free::Count),
        default: "all",
        breaks: &[("one at a time", &["R15"])],
        swift: "items.map(session.downloadTask).forEach { $0.resume() }",
        doc: "How many items are given to a session at a time; with fewer than all, each that ends \
                starts the next.",
    },
    Habit {
        name: "response",
        values: Response::WORDS,
        free: None,
        default: "absent",
        breaks: &[("never answered", &["R24"])],
        swift: "func urlSession(_:dataTask:didReceive:completionHandler:) { \
                completionHandler(.allow) }",
        doc: "What the response gate of data tasks is answered.",
    },
    Habit {
        name: "redirect",
        values: Redirect::WORDS,
        free: None,
        default: "absent",
        breaks: &[("never answered", &["R24"])],
        swift: "func urlSession(_:task:willPerformHTTPRedirection:newRequest:completionHandler:) { \
                completionHandler(request) }",
        doc: "What the redirect gate is answered; background sessions do not ask.",
    },
    Habit {
        name: "cache",
        values: Cache::WORDS,
        free: None,
        default: "absent",
        breaks: &[("never answered", &["R24"])],
        swift: "func urlSession(_:dataTask:willCacheResponse:completionHandler:) { \
                completionHandler(proposed) }",
        doc: "What the cache gate of data tasks is answered.",
    },
    Habit {
        name: "delayed request",
        values: Delayed::WORDS,
        free: None,
        default: "absent",
        breaks: &[("never answered", &["R24"])],
        swift: "func urlSession(_:task:willBeginDelayedRequest:completionHandler:) { \
                completionHandler(.continueLoading, nil) }",
        doc: "What is answered before a task with an earliest begin date starts.",
    },
    Habit {
        name: "callback time",
        values: &["0 s"],
        free: Some(Free::Span),
        default: "0 s",
        breaks: &[("40 s", &["R24"])],
        swift: "// nothing that takes long on the delegate queue",
        doc: "How long each delegate method takes.",
    },
    Habit {
        name: "retry on resume data",
        values: SWITCH,
        free: None,
        default: "on",
        breaks: &[],
        swift: "if let data = error.userInfo[NSURLSessionDownloadTaskResumeData] as? Data { \
                session.downloadTask(withResumeData: data).resume() }",
        doc: "Whether a download that failed with resume data is gone on with, up to three times.",
    },
    Habit {
        name: "recover after force quit",
        values: SWITCH,
        free: None,
        default: "on",
        breaks: &[("off", &["R21"])],
        swift: "if error.userInfo[NSURLErrorBackgroundTaskCancelledReasonKey] != nil { \
                enqueueAgain(item) }",
        doc: "Whether what the system cancelled is queued again and not taken for the user's wish.",
    },
    Habit {
        name: "known tasks",
        values: KnownTasks::WORDS,
        free: None,
        default: "asked for",
        breaks: &[("ignored", &["R12"]), ("everything again", &["R07", "R11"])],
        swift: "session.getAllTasks { tasks in reconcile(items, with: tasks) }",
        doc: "How a launched app finds out which of its items still run.",
    },
    Habit {
        name: "item map",
        values: ItemMap::WORDS,
        free: None,
        default: "task description",
        breaks: &[("memory", &["R12", "R13"])],
        swift: "task.taskDescription = item.id",
        doc: "By what a callback's task finds its item.",
    },
    Habit {
        name: "resume",
        values: &["called", "forgotten"],
        free: None,
        default: "called",
        breaks: &[("forgotten", &["R12"])],
        swift: "task.resume()",
        doc: "Whether a new task is resumed.",
    },
    Habit {
        name: "metrics",
        values: SWITCH,
        free: None,
        default: "off",
        breaks: &[],
        swift: "func urlSession(_:task:didFinishCollecting metrics: URLSessionTaskMetrics) {}",
        doc: "Whether the delegate implements the metrics method.",
    },
];
