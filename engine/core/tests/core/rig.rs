//! A core with a store, an app and a generator of reports around it, all of them plain values.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use sleepwalker_core::{
    Answer, AttemptId, BodyFile, Call, Callback, CallbackId, Change, Configuration, ConnectionId,
    Core, Effect, Faults, FileId, Implements, Input, Knobs, Link, Method, Misuse, Note, Order,
    Path, ProcessId, ProcessState, Report, Request, ResponseHead, Row, RowKey, SessionId,
    SessionKind, Signal, TaskKey, Time, What,
};

pub const APP: ProcessId = ProcessId(1);

/// What the rig keeps of the outside world.
pub struct Rig {
    pub core: Core,
    pub now: Time,
    pub rows: BTreeMap<RowKey, Row>,
    /// Everything that left the core, a line each.
    pub log: Vec<String>,
    pub orders: Vec<Order>,
    pub callbacks: Vec<Callback>,
    pub asks: Vec<String>,
    pub notes: Vec<Note>,
    /// Callbacks return by themselves; gates are allowed.
    pub returns: bool,
}

impl Rig {
    pub fn new() -> Rig {
        Rig::with(Knobs::default(), Faults::default())
    }

    pub fn with(knobs: Knobs, faults: Faults) -> Rig {
        let mut rig = Rig {
            core: Core::new(knobs, faults),
            now: Time::ZERO,
            rows: BTreeMap::new(),
            log: Vec::new(),
            orders: Vec::new(),
            callbacks: Vec::new(),
            asks: Vec::new(),
            notes: Vec::new(),
            returns: true,
        };
        rig.signal(Signal::Path(wifi()));
        rig.signal(Signal::Power(true));
        rig.signal(Signal::Unlocked);
        rig.signal(Signal::Launched(APP, ProcessState::Foreground));
        rig
    }

    pub fn signal(&mut self, signal: Signal) {
        self.input(Input::Signal(signal));
    }

    pub fn report(&mut self, report: Report) {
        self.input(Input::Report(report));
    }

    pub fn input(&mut self, input: Input) {
        self.core.handle(input, self.now);
        self.drain();
    }

    pub fn call(&mut self, call: Call) -> Result<Answer, Misuse> {
        self.call_from(APP, call)
    }

    pub fn call_from(&mut self, process: ProcessId, call: Call) -> Result<Answer, Misuse> {
        let answer = self.core.call(process, call, self.now);
        self.drain();
        answer
    }

    fn drain(&mut self) {
        while let Some(effect) = self.core.poll_effect() {
            self.take(effect);
        }
        let stored: Vec<_> = self.rows.values().cloned().collect();
        assert_eq!(stored, self.core.rows(), "the store and the live core differ");
        let (knobs, faults) = (self.core.knobs().clone(), self.core.faults().clone());
        let at_rest = Core::at_rest(knobs, faults, stored.clone()).expect("rows fit");
        let difference = at_rest.difference(&self.core.without_volatile());
        assert_eq!(difference, None, "rows bring back another core");
        assert_eq!(at_rest.rows(), stored, "a core at rest has other rows than it read");
    }

    fn take(&mut self, effect: Effect) {
        match effect.what {
            What::Store(batch) => {
                for change in batch.changes {
                    match change {
                        Change::Put(row) => drop(self.rows.insert(row.key(), row)),
                        Change::Delete(key) => drop(self.rows.remove(&key)),
                    }
                }
                self.core.handle(Input::Stored(batch.id), self.now);
            }
            What::Order(order) => {
                self.log.push(format!("order {order:?}"));
                self.orders.push(order);
            }
            What::Callback(callback) => {
                self.log.push(callback.method.short_name().to_owned());
                self.callbacks.push(callback.clone());
                if self.returns {
                    if callback.method.is_gate() {
                        let answer = sleepwalker_core::GateAnswer::Allow;
                        self.core.handle(Input::Answered(callback.id, answer), self.now);
                    }
                    self.core.handle(Input::Returned(callback.id), self.now);
                }
            }
            What::Ask(sleepwalker_core::Ask::Wake { session }) => {
                self.log.push(format!("wake {session}"));
                self.asks.push(session);
            }
            What::Note(note) => self.notes.push(note),
        }
    }

    /// The daemon dies and another one starts from the stored rows; orders die with it.
    pub fn restart(&mut self) {
        let (knobs, faults) = (self.core.knobs().clone(), self.core.faults().clone());
        let rows = self.rows.values().cloned();
        self.core = Core::restore(knobs, faults, rows, self.now).expect("rows fit");
        self.orders.clear();
        self.notes.clear();
        self.drain();
        for signal in [Signal::Path(wifi()), Signal::Power(true), Signal::Unlocked] {
            self.signal(signal);
        }
    }

    /// Lets time pass, with every timer on the way.
    pub fn wait(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some((at, _)) = self.core.next_wakeup().filter(|(at, _)| *at <= end) {
            self.now = self.now.max(at);
            self.input(Input::Due);
        }
        self.now = end;
    }

    pub fn session(&mut self, name: &str) -> SessionId {
        self.session_with(name, SessionKind::Background, Implements::default())
    }

    pub fn session_with(
        &mut self,
        name: &str,
        kind: SessionKind,
        implements: Implements,
    ) -> SessionId {
        let call = Call::CreateSession {
            name: name.to_owned(),
            kind,
            configuration: Configuration::default(),
            delegate: Some(implements),
        };
        match self.call(call) {
            Ok(Answer::Session { id, .. }) => id,
            other => panic!("expected a session, got {other:?}"),
        }
    }

    pub fn download(&mut self, session: SessionId, path: &str) -> TaskKey {
        let request = Arc::new(get(path));
        self.resumed(Call::DownloadTask { session, request })
    }

    pub fn upload(&mut self, session: SessionId, path: &str, length: u64) -> TaskKey {
        let file = self.core.new_file();
        let request = Arc::new(Request::new("POST", get(path).url));
        let body = Ok(BodyFile { file, length });
        self.resumed(Call::UploadTaskFromFile { session, request, body })
    }

    pub fn data(&mut self, session: SessionId, path: &str) -> TaskKey {
        let request = Arc::new(get(path));
        self.resumed(Call::DataTask { session, request })
    }

    fn resumed(&mut self, call: Call) -> TaskKey {
        let Ok(Answer::Task(key)) = self.call(call) else { panic!("expected a task") };
        self.call(Call::Resume(key)).expect("the task is there");
        key
    }

    /// Connections that were ordered open and neither reported nor closed are opened.
    pub fn open_all(&mut self) {
        for order in std::mem::take(&mut self.orders) {
            match order {
                Order::Open(connection, _) => self.report(Report::Opened(connection)),
                other => self.orders.push(other),
            }
        }
    }

    /// The last attempt of a task that was sent.
    pub fn attempt(&self, key: TaskKey) -> AttemptId {
        let sent = self.notes.iter().rev().find_map(|note| match note {
            Note::Started { attempt, .. } if attempt.task == key => Some(*attempt),
            _ => None,
        });
        sent.expect("the task was sent")
    }

    pub fn starts(&self) -> usize {
        self.notes.iter().filter(|note| matches!(note, Note::Started { .. })).count()
    }

    /// The whole response of a download, from its head to its settled file.
    pub fn serve(&mut self, key: TaskKey, status: u16, length: u64) {
        let attempt = self.attempt(key);
        self.report(Report::Head(attempt, head(status, length)));
        self.report(Report::Received(attempt, length));
        self.end(key);
    }

    pub fn end(&mut self, key: TaskKey) {
        let attempt = self.attempt(key);
        self.report(Report::Ended(attempt, true));
        for order in std::mem::take(&mut self.orders) {
            match order {
                Order::Settle(file) => self.report(Report::Settled(file)),
                other => self.orders.push(other),
            }
        }
    }

    pub fn suspend_app(&mut self) {
        self.signal(Signal::Changed(APP, ProcessState::Background));
        self.signal(Signal::Changed(APP, ProcessState::Suspended));
    }

    pub fn wake_app(&mut self, session: &str) {
        self.signal(Signal::Changed(APP, ProcessState::Background));
        self.signal(Signal::HandledEvents(APP, session.to_owned()));
    }

    /// The short names of the callbacks so far.
    pub fn told(&self) -> Vec<&'static str> {
        self.callbacks.iter().map(|callback| callback.method.short_name()).collect()
    }

    pub fn completions(&self) -> Vec<&Method> {
        let all = self.callbacks.iter().map(|callback| &callback.method);
        all.filter(|method| matches!(method, Method::DidComplete { .. })).collect()
    }

    pub fn last_callback(&self) -> CallbackId {
        self.callbacks.last().expect("there was a callback").id
    }

    pub fn opened(&self) -> Vec<ConnectionId> {
        let orders = self.orders.iter();
        orders
            .filter_map(|order| match order {
                Order::Open(connection, _) => Some(*connection),
                _ => None,
            })
            .collect()
    }

    pub fn removed(&self, file: FileId) -> bool {
        self.orders.contains(&Order::Remove(file))
    }
}

pub fn wifi() -> Path {
    Path { link: Link::Wifi, expensive: false, constrained: false }
}

pub fn get(path: &str) -> Request {
    Request::get(format!("http://cdn.example{path}").parse().expect("a good URL"))
}

pub fn head(status: u16, length: u64) -> ResponseHead {
    ResponseHead {
        status,
        length: Some(length),
        headers: vec![
            ("etag".to_owned(), "\"v1\"".to_owned()),
            ("accept-ranges".to_owned(), "bytes".to_owned()),
        ],
    }
}

pub fn ranged(from: u64, whole: u64, etag: &str) -> ResponseHead {
    ResponseHead {
        status: 206,
        length: Some(whole - from),
        headers: vec![
            ("etag".to_owned(), etag.to_owned()),
            ("content-range".to_owned(), format!("bytes {from}-{}/{whole}", whole - 1)),
        ],
    }
}
