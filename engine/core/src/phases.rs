//! Every phase of a task against every input: the table that a reviewer sees change.

use std::{fmt::Write, sync::Arc, time::Duration};

use crate::{
    Answer, AttemptId, Call, CallbackId, Configuration, ConnectionId, Core, Death, ErrorCode,
    Faults, FileId, GateAnswer, Implements, Input, Knobs, Link, Order, Path, ProcessId,
    ProcessState, Report, Request, ResponseHead, SessionKind, Signal, TaskKey, Time, What,
};

const APP: ProcessId = ProcessId(1);

/// A core with one task, and what an outsider knows of it.
struct Specimen {
    core: Core,
    key: TaskKey,
    now: Time,
    attempt: Option<AttemptId>,
    connection: Option<ConnectionId>,
    file: Option<FileId>,
    gate: Option<CallbackId>,
}

/// The phases, each with how a task comes to be in it.
const PHASES: [&str; 13] = [
    "suspended",
    "held",
    "asking",
    "waiting",
    "backoff",
    "connecting",
    "requesting",
    "deciding",
    "redirecting",
    "receiving",
    "caching",
    "settling",
    "finished",
];

const INPUTS: [&str; 25] = [
    "resume",
    "suspend",
    "cancel",
    "cancel producing resume data",
    "connection opened",
    "connection failed",
    "head 200",
    "head 302",
    "head 404",
    "bytes received",
    "response ended",
    "attempt failed",
    "file settled",
    "file failed",
    "60 s without a byte",
    "7 days since resume",
    "path lost",
    "path back",
    "app suspended",
    "app killed",
    "app force quit",
    "app in front",
    "gate allowed",
    "gate cancelled",
    "gate becomes download",
];

/// Returns the table *phase x input*: the next phase, `-` where nothing changes, `refused` where the
/// call is misuse, `gone` where the task is over and told.
pub fn table() -> String {
    let mut text = String::new();
    for phase in PHASES {
        writeln!(text, "# {phase}").expect("text grows");
        for input in INPUTS {
            let mut specimen = Specimen::new(phase);
            let next = specimen.apply(input);
            writeln!(text, "{input:<30}{next}").expect("text grows");
        }
        text.push('\n');
    }
    text
}

/// Returns the same as a graph in the DOT language: an edge for each input that changes the phase.
pub fn graph() -> String {
    let mut text = String::from("digraph task {\n");
    for phase in PHASES {
        for input in INPUTS {
            let next = Specimen::new(phase).apply(input);
            if next != "-" && next != "refused" {
                writeln!(text, "  {phase} -> {next} [label=\"{input}\"];").expect("text grows");
            }
        }
    }
    text.push_str("}\n");
    text
}

impl Specimen {
    /// Brings a task to a phase by inputs alone.
    fn new(phase: &str) -> Specimen {
        let kind = match phase {
            "deciding" | "caching" => SessionKind::InProcess,
            _ => SessionKind::Background,
        };
        let mut specimen = Specimen::with_task(kind);
        match phase {
            "suspended" => {}
            "held" => {
                specimen.call(Call::SetEarliestBeginDate(specimen.key, Time::from_secs(1000)));
                specimen.apply("resume");
            }
            "asking" => {
                specimen.call(Call::SetEarliestBeginDate(specimen.key, Time::ZERO));
                specimen.apply("resume");
            }
            "waiting" => {
                specimen.input(Input::Signal(Signal::Path(Path::default())));
                specimen.apply("resume");
            }
            "connecting" => drop(specimen.apply("resume")),
            "requesting" => specimen.lead(&["connection opened"]),
            "backoff" => specimen.lead(&["connection failed"]),
            "deciding" => specimen.lead(&["connection opened", "head 200"]),
            "redirecting" => specimen.lead(&["connection opened", "head 302"]),
            "receiving" => specimen.lead(&["connection opened", "head 200", "bytes received"]),
            "caching" => {
                specimen.lead(&["connection opened", "head 200", "gate allowed", "response ended"]);
            }
            "settling" => {
                specimen.lead(&[
                    "connection opened",
                    "head 200",
                    "bytes received",
                    "response ended",
                ]);
            }
            "finished" => {
                specimen.lead(&["app suspended", "connection opened", "head 200"]);
                specimen.lead_on(&["bytes received", "response ended", "file settled"]);
            }
            other => panic!("{other} is not a phase"),
        }
        let reached = specimen.phase();
        assert_eq!(reached, phase, "the way to {phase} leads to {reached}");
        specimen
    }

    fn with_task(kind: SessionKind) -> Specimen {
        let mut core = Core::new(Knobs::default(), Faults::default());
        let wifi = Path { link: Link::Wifi, expensive: false, constrained: false };
        for signal in [
            Signal::Path(wifi),
            Signal::Power(true),
            Signal::Unlocked,
            Signal::Launched(APP, ProcessState::Foreground),
        ] {
            core.handle(Input::Signal(signal), Time::ZERO);
        }
        let create = Call::CreateSession {
            name: "specimen".to_owned(),
            kind,
            configuration: Configuration::default(),
            delegate: Some(Implements {
                did_receive_response: true,
                will_cache_response: true,
                will_begin_delayed_request: true,
                ..Implements::default()
            }),
        };
        let Ok(Answer::Session { id: session, .. }) = core.call(APP, create, Time::ZERO) else {
            panic!("a session is made");
        };
        let url = "http://cdn.example/a".parse().expect("a good URL");
        let request = Arc::new(Request::get(url));
        let call = match kind {
            SessionKind::Background => Call::DownloadTask { session, request },
            SessionKind::InProcess => Call::DataTask { session, request },
        };
        let Ok(Answer::Task(key)) = core.call(APP, call, Time::ZERO) else {
            panic!("a task is made");
        };
        let mut specimen = Specimen {
            core,
            key,
            now: Time::ZERO,
            attempt: None,
            connection: None,
            file: None,
            gate: None,
        };
        specimen.drain();
        specimen
    }

    fn lead(&mut self, inputs: &[&str]) {
        self.apply("resume");
        self.lead_on(inputs);
    }

    fn lead_on(&mut self, inputs: &[&str]) {
        for input in inputs {
            self.apply(input);
        }
    }

    fn phase(&self) -> &'static str {
        self.core.task(self.key).map_or("gone", |task| task.phase.name())
    }

    fn call(&mut self, call: Call) -> bool {
        let refused = self.core.call(APP, call, self.now).is_err();
        self.drain();
        refused
    }

    fn input(&mut self, input: Input) {
        self.core.handle(input, self.now);
        self.drain();
    }

    fn report(&mut self, report: Option<Report>) {
        if let Some(report) = report {
            self.input(Input::Report(report));
        }
    }

    /// Applies an input and tells what became of the phase.
    fn apply(&mut self, input: &str) -> String {
        let before = self.phase();
        if self.put(input) {
            return "refused".to_owned();
        }
        let after = self.phase();
        if before == after { "-".to_owned() } else { after.to_owned() }
    }

    fn put(&mut self, input: &str) -> bool {
        let key = self.key;
        let (attempt, connection, file) = (self.attempt, self.connection, self.file);
        let code = ErrorCode::NETWORK_CONNECTION_LOST;
        match input {
            "resume" => return self.call(Call::Resume(key)),
            "suspend" => return self.call(Call::Suspend(key)),
            "cancel" => return self.call(Call::Cancel(key)),
            "cancel producing resume data" => {
                return self.call(Call::CancelByProducingResumeData(key));
            }
            "connection opened" => self.report(connection.map(Report::Opened)),
            "connection failed" => self.report(connection.map(|c| Report::OpenFailed(c, code))),
            "head 200" => self.report(attempt.map(|a| Report::Head(a, head(200)))),
            "head 302" => self.report(attempt.map(|a| Report::Head(a, head(302)))),
            "head 404" => self.report(attempt.map(|a| Report::Head(a, head(404)))),
            "bytes received" => self.report(attempt.map(|a| Report::Received(a, 50))),
            "response ended" => self.report(attempt.map(|a| Report::Ended(a, true))),
            "attempt failed" => self.report(attempt.map(|a| Report::Failed(a, code))),
            "file settled" => self.report(file.map(Report::Settled)),
            "file failed" => {
                let code = ErrorCode::CANNOT_WRITE_FILE;
                self.report(file.map(|f| Report::FileFailed(f, code)));
            }
            "60 s without a byte" => self.pass(Duration::from_secs(60)),
            "7 days since resume" => self.pass(Duration::from_secs(604_800)),
            "path lost" => self.input(Input::Signal(Signal::Path(Path::default()))),
            "path back" => {
                let wifi = Path { link: Link::Wifi, expensive: false, constrained: false };
                self.input(Input::Signal(Signal::Path(wifi)));
            }
            "app suspended" => {
                self.input(Input::Signal(Signal::Changed(APP, ProcessState::Suspended)));
            }
            "app killed" => self.input(Input::Signal(Signal::Died(APP, Death::Memory))),
            "app force quit" => self.input(Input::Signal(Signal::Died(APP, Death::ForceQuit))),
            "app in front" => {
                self.input(Input::Signal(Signal::Changed(APP, ProcessState::Foreground)));
            }
            "gate allowed" => self.answer(GateAnswer::Allow),
            "gate cancelled" => self.answer(GateAnswer::Cancel),
            "gate becomes download" => self.answer(GateAnswer::BecomeDownload),
            other => panic!("{other} is not an input"),
        }
        false
    }

    fn answer(&mut self, answer: GateAnswer) {
        if let Some(gate) = self.gate.take() {
            self.input(Input::Answered(gate, answer));
        }
    }

    /// Lets time pass and nothing else; a retry that comes due stays unanswered.
    fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some((at, _)) = self.core.next_wakeup().filter(|(at, _)| *at <= end) {
            self.now = self.now.max(at);
            self.input(Input::Due);
        }
        self.now = end;
    }

    fn drain(&mut self) {
        while let Some(effect) = self.core.poll_effect() {
            match effect.what {
                What::Store(batch) => self.core.handle(Input::Stored(batch.id), self.now),
                What::Order(Order::Open(connection, _)) => self.connection = Some(connection),
                What::Order(Order::Send { attempt, .. }) => self.attempt = Some(attempt),
                What::Order(Order::Settle(file)) => self.file = Some(file),
                What::Callback(callback) => {
                    if callback.method.is_gate() {
                        self.gate = Some(callback.id);
                    }
                    self.core.handle(Input::Returned(callback.id), self.now);
                }
                What::Order(_) | What::Ask(_) | What::Note(_) => {}
            }
        }
    }
}

fn head(status: u16) -> ResponseHead {
    ResponseHead {
        status,
        length: Some(100),
        headers: vec![
            ("etag".to_owned(), "\"v1\"".to_owned()),
            ("accept-ranges".to_owned(), "bytes".to_owned()),
            ("location".to_owned(), "/next".to_owned()),
        ],
    }
}
