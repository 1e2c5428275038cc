//! Whatever comes in whatever order: the core's books agree, rows are the live state, and every task
//! that ends is told exactly once.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crate::rig::{Rig, head, ranged, wifi};
use proptest::prelude::*;
use sleepwalker_core::{
    Answer, AttemptId, Call, Configuration, Death, ErrorCode, GateAnswer, Implements, Input,
    Method, Note, Order, Path, ProcessId, ProcessState, Report, SessionId, SessionKind, Signal,
    TaskId, TaskKey,
};

#[derive(Clone, Debug)]
enum Step {
    Create(u8, u8),
    Resume(u8),
    Suspend(u8),
    Cancel(u8, bool),
    Invalidate(u8, bool),
    Process(u8),
    Path(u8),
    Power(bool),
    Serve(u8, u8),
    Fail(u8, u8),
    Wait(u16),
    HandledEvents(u8),
    Answer(u8),
    ResumeFrom(u8, u8),
    Priority(u8, u16),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (any::<u8>(), any::<u8>()).prop_map(|(a, b)| Step::Create(a, b)),
        4 => any::<u8>().prop_map(Step::Resume),
        1 => any::<u8>().prop_map(Step::Suspend),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(a, b)| Step::Cancel(a, b)),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(a, b)| Step::Invalidate(a, b)),
        3 => any::<u8>().prop_map(Step::Process),
        2 => any::<u8>().prop_map(Step::Path),
        1 => any::<bool>().prop_map(Step::Power),
        8 => (any::<u8>(), any::<u8>()).prop_map(|(a, b)| Step::Serve(a, b)),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(a, b)| Step::Fail(a, b)),
        3 => any::<u16>().prop_map(Step::Wait),
        2 => any::<u8>().prop_map(Step::HandledEvents),
        2 => any::<u8>().prop_map(Step::Answer),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(a, b)| Step::ResumeFrom(a, b)),
        1 => (any::<u8>(), 0..1001_u16).prop_map(|(a, b)| Step::Priority(a, b)),
        1 => Just(Step::Restart),
    ]
}

struct Model {
    rig: Rig,
    process: u32,
    state: Option<ProcessState>,
    sessions: Vec<SessionId>,
    tasks: Vec<TaskKey>,
    /// How often each number was given to a new session: after a restart it may be given again.
    made: BTreeMap<SessionId, u32>,
    /// Callbacks that were looked at, and the tasks that they completed.
    seen: usize,
    done: BTreeSet<(SessionId, u32, TaskId)>,
}

const NAMES: [&str; 3] = ["one", "two", "own"];

impl Model {
    fn new() -> Model {
        let mut model = Model {
            rig: Rig::new(),
            process: 1,
            state: Some(ProcessState::Foreground),
            sessions: Vec::new(),
            tasks: Vec::new(),
            made: BTreeMap::new(),
            seen: 0,
            done: BTreeSet::new(),
        };
        model.connect();
        model
    }

    fn connect(&mut self) {
        self.sessions.clear();
        for (n, name) in NAMES.into_iter().enumerate() {
            let kind = if n < 2 { SessionKind::Background } else { SessionKind::InProcess };
            let delegate = Some(Implements {
                did_receive_response: n != 1,
                will_perform_redirection: true,
                will_cache_response: true,
                will_begin_delayed_request: n == 0,
                did_create_task: n == 1,
                did_finish_collecting: n == 1,
            });
            let configuration = Configuration::default();
            let name = name.to_owned();
            let call = Call::CreateSession { name, kind, configuration, delegate };
            let answer = self.rig.call_from(ProcessId(self.process), call);
            if let Ok(Answer::Session { id, existed }) = answer {
                *self.made.entry(id).or_default() += u32::from(!existed);
                self.sessions.push(id);
            }
        }
    }

    fn pick<T: Copy>(items: &[T], n: u8) -> Option<T> {
        (!items.is_empty()).then(|| items[usize::from(n) % items.len()])
    }

    fn call(&mut self, call: Call) -> Option<Answer> {
        // A frozen process does not call.
        if self.state.is_none_or(|state| state == ProcessState::Suspended) {
            return None;
        }
        self.rig.call_from(ProcessId(self.process), call).ok()
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Create(session, kind) => self.create(session, kind),
            Step::Resume(n) => {
                if let Some(key) = Self::pick(&self.tasks, n) {
                    self.call(Call::Resume(key));
                }
            }
            Step::Suspend(n) => {
                if let Some(key) = Self::pick(&self.tasks, n) {
                    self.call(Call::Suspend(key));
                }
            }
            Step::Cancel(n, produce) => {
                if let Some(key) = Self::pick(&self.tasks, n) {
                    self.call(match produce {
                        true => Call::CancelByProducingResumeData(key),
                        false => Call::Cancel(key),
                    });
                }
            }
            Step::Invalidate(n, cancel) => {
                if let Some(id) = Self::pick(&self.sessions, n) {
                    self.call(match cancel {
                        true => Call::InvalidateAndCancel(id),
                        false => Call::FinishTasksAndInvalidate(id),
                    });
                }
            }
            Step::Process(n) => self.process(n),
            Step::Path(n) => {
                let path = if n % 3 == 0 { Path::default() } else { wifi() };
                self.rig.signal(Signal::Path(path));
            }
            Step::Power(power) => self.rig.signal(Signal::Power(power)),
            Step::Serve(n, how) => self.serve(n, how),
            Step::Fail(n, how) => self.fail(n, how),
            Step::Wait(seconds) => self.rig.wait(Duration::from_secs(u64::from(seconds))),
            Step::HandledEvents(n) => {
                if self.state.is_some_and(|state| state != ProcessState::Suspended)
                    && let Some(name) = Self::pick(
                        &self.rig.asks.clone().iter().map(String::as_str).collect::<Vec<_>>(),
                        n,
                    )
                {
                    let process = ProcessId(self.process);
                    self.rig.signal(Signal::HandledEvents(process, name.to_owned()));
                }
            }
            Step::ResumeFrom(session, n) => self.resume_from(session, n),
            Step::Priority(n, priority) => {
                if let Some(key) = Self::pick(&self.tasks, n) {
                    self.call(Call::SetPriority(key, priority));
                }
            }
            Step::Restart => {
                self.rig.restart();
                self.state = None;
            }
            Step::Answer(n) => {
                self.rig.returns = n % 4 != 0;
                let last = self.rig.callbacks.last().map(|callback| callback.id);
                if let Some(id) = last {
                    let answer = match n % 3 {
                        0 => GateAnswer::Allow,
                        1 => GateAnswer::BecomeDownload,
                        _ => GateAnswer::Cancel,
                    };
                    self.rig.input(Input::Answered(id, answer));
                    self.rig.input(Input::Returned(id));
                }
            }
        }
    }

    fn create(&mut self, session: u8, kind: u8) {
        let Some(session) = Self::pick(&self.sessions, session) else {
            return;
        };
        let request = std::sync::Arc::new(crate::rig::get(&format!("/{kind}")));
        let call = match kind % 3 {
            0 => Call::DownloadTask { session, request },
            1 => Call::DataTask { session, request },
            _ => {
                let file = self.rig.core.new_file();
                let body = Ok(sleepwalker_core::BodyFile { file, length: 100 });
                Call::UploadTaskFromFile { session, request, body }
            }
        };
        if let Some(Answer::Task(key)) = self.call(call) {
            self.tasks.push(key);
            if kind.is_multiple_of(5) {
                let at = self.rig.now + Duration::from_secs(100);
                self.call(Call::SetEarliestBeginDate(key, at));
            }
        }
    }

    /// Makes a task from resume data that some callback carried, used or not.
    fn resume_from(&mut self, session: u8, n: u8) {
        let carried = self.rig.callbacks.iter().filter_map(|callback| match &callback.method {
            Method::ResumeData { data } => data.clone(),
            Method::DidComplete { error, .. } => error.as_ref()?.resume_data.clone(),
            _ => None,
        });
        let carried: Vec<_> = carried.collect();
        if let Some(session) = Self::pick(&self.sessions, session)
            && let Some(index) = Self::pick(&(0..carried.len()).collect::<Vec<_>>(), n)
        {
            let resume_data = carried[index].clone();
            let call = Call::DownloadTaskWithResumeData { session, resume_data };
            if let Some(Answer::Task(key)) = self.call(call) {
                self.tasks.push(key);
            }
        }
    }

    /// Every task is completed at most once, also over restarts, and hears nothing afterwards.
    fn check_callbacks(&mut self) -> Result<(), String> {
        for callback in &self.rig.callbacks[self.seen..] {
            let Some(task) = callback.task else { continue };
            let made = self.made.get(&callback.session).copied().unwrap_or_default();
            let fresh = match callback.method {
                Method::DidComplete { .. } => self.done.insert((callback.session, made, task)),
                // Its place beside the completion is free (DELEGATE_ORDER section 9).
                Method::ResumeData { .. } => true,
                _ => !self.done.contains(&(callback.session, made, task)),
            };
            if !fresh {
                return Err(format!("{callback:?} came after the completion"));
            }
        }
        self.seen = self.rig.callbacks.len();
        Ok(())
    }

    fn process(&mut self, n: u8) {
        let process = ProcessId(self.process);
        let next = match (self.state, n % 6) {
            (None, _) => {
                self.process += 1;
                let state = if n.is_multiple_of(2) {
                    ProcessState::Foreground
                } else {
                    ProcessState::Background
                };
                self.rig.signal(Signal::Launched(ProcessId(self.process), state));
                self.state = Some(state);
                return self.connect();
            }
            (Some(_), 0) => None,
            (Some(_), 1) => {
                self.state = None;
                return self.rig.signal(Signal::Died(process, Death::ForceQuit));
            }
            (Some(_), 2) => Some(ProcessState::Foreground),
            (Some(ProcessState::Background), 3) => Some(ProcessState::Suspended),
            (Some(_), _) => Some(ProcessState::Background),
        };
        self.state = next;
        match next {
            Some(state) => self.rig.signal(Signal::Changed(process, state)),
            None => self.rig.signal(Signal::Died(process, Death::Memory)),
        }
    }

    fn live(&mut self, n: u8) -> Option<AttemptId> {
        self.rig.open_all();
        let mut live = BTreeMap::new();
        for note in &self.rig.notes {
            match note {
                Note::Started { attempt, .. } => {
                    live.insert(*attempt, ());
                }
                Note::Ended { attempt, .. } | Note::Stopped { attempt, .. } => {
                    live.remove(attempt);
                }
                _ => {}
            }
        }
        Self::pick(&live.into_keys().collect::<Vec<_>>(), n)
    }

    fn serve(&mut self, n: u8, how: u8) {
        let Some(attempt) = self.live(n) else { return };
        let answer = match how % 5 {
            0 => ranged(64, 1_000_000, "\"v1\""),
            1 => {
                let mut moved = head(302, 0);
                moved.headers.push(("location".to_owned(), "/next".to_owned()));
                moved
            }
            2 => head(404, 20),
            _ => head(200, 1_000_000),
        };
        let length = answer.length.unwrap_or(0);
        self.rig.report(Report::Head(attempt, answer));
        let into_file = self.rig.orders.iter().rev().find_map(|order| match order {
            Order::Receive(of, into) if *of == attempt => Some(*into),
            _ => None,
        });
        let total = match into_file {
            Some(sleepwalker_core::Into::File { at, .. }) => at + length,
            Some(sleepwalker_core::Into::Nowhere) => length,
            Some(sleepwalker_core::Into::Chunks) => {
                let chunk = sleepwalker_core::ChunkId(u64::from(attempt.number));
                self.rig.report(Report::Chunk(attempt, chunk, length));
                length
            }
            None => return,
        };
        if how % 7 == 6 {
            return self.rig.report(Report::Received(attempt, total / 2));
        }
        self.rig.report(Report::Received(attempt, total));
        self.rig.report(Report::Ended(attempt, how.is_multiple_of(2)));
        for order in std::mem::take(&mut self.rig.orders) {
            match order {
                Order::Settle(file) => self.rig.report(Report::Settled(file)),
                Order::Sync(file) => self.rig.report(Report::Synced(file, 10)),
                other => self.rig.orders.push(other),
            }
        }
    }

    fn fail(&mut self, n: u8, how: u8) {
        if let Some(attempt) = self.live(n) {
            let code = match how % 3 {
                0 => ErrorCode::NETWORK_CONNECTION_LOST,
                1 => ErrorCode::CANNOT_PARSE_RESPONSE,
                _ => ErrorCode::CERTIFICATE_UNTRUSTED,
            };
            self.rig.report(Report::Failed(attempt, code));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn every_task_is_completed_at_most_once_and_the_books_agree(steps in prop::collection::vec(step(), 1..80)) {
        let mut model = Model::new();
        for step in steps {
            model.step(step);
            prop_assert_eq!(model.rig.core.check(), Ok(()));
            prop_assert_eq!(model.check_callbacks(), Ok(()));
        }
    }
}
