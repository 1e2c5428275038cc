//! Many tasks in the core alone: a generator of reports stands in for driver and origin.

use std::sync::Arc;

use sleepwalker_core::{
    Answer, Call, Configuration, Core, Effect, Faults, Implements, Input, Knobs, Link, Order, Path,
    ProcessId, ProcessState, Report, Request, ResponseHead, SessionKind, Signal, Time, What,
};

const APP: ProcessId = ProcessId(1);

/// The length of each body, in bytes.
const LENGTH: u64 = 1000;

/// What a crowd cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Calls and inputs that entered the core.
    pub inputs: u64,
    /// Steps on ordered tables inside it.
    pub operations: u64,
}

/// Creates and resumes so many background downloads over four hosts, then serves one after the other
/// until all are delivered to an app in front.
pub fn downloads(tasks: u32) -> Cost {
    let mut crowd = Crowd::new();
    crowd.create(tasks);
    crowd.serve_all();
    let busy = crowd.core.busy_sessions();
    assert!(busy.is_empty(), "undelivered tasks in {busy:?}");
    Cost { inputs: crowd.inputs, operations: crowd.core.operations() }
}

struct Crowd {
    core: Core,
    inputs: u64,
    now: Time,
    orders: Vec<Order>,
}

impl Crowd {
    fn new() -> Crowd {
        let core = Core::new(Knobs::default(), Faults::default());
        let mut crowd = Crowd { core, inputs: 0, now: Time::ZERO, orders: Vec::new() };
        let path = Path { link: Link::Wifi, expensive: false, constrained: false };
        for signal in [
            Signal::Path(path),
            Signal::Power(true),
            Signal::Unlocked,
            Signal::Launched(APP, ProcessState::Foreground),
        ] {
            crowd.input(Input::Signal(signal));
        }
        crowd
    }

    fn create(&mut self, tasks: u32) {
        let create = Call::CreateSession {
            name: "crowd".to_owned(),
            kind: SessionKind::Background,
            configuration: Configuration::default(),
            delegate: Some(Implements::default()),
        };
        let Ok(Answer::Session { id: session, .. }) = self.call(create) else {
            panic!("a session is made");
        };
        let requests: Vec<_> = (0..4)
            .map(|host| format!("http://host{host}.example/file").parse().expect("a good URL"))
            .map(|url| Arc::new(Request::get(url)))
            .collect();
        for task in 0..tasks {
            let request = requests[task as usize % requests.len()].clone();
            let Ok(Answer::Task(key)) = self.call(Call::DownloadTask { session, request }) else {
                panic!("a task is made");
            };
            self.call(Call::Resume(key)).expect("the task is there");
        }
    }

    fn serve_all(&mut self) {
        while let Some(order) = self.orders.pop() {
            match order {
                Order::Open(connection, _) => self.report(Report::Opened(connection)),
                Order::Send { attempt, .. } => {
                    let headers = vec![("accept-ranges".to_owned(), "bytes".to_owned())];
                    let head = ResponseHead { status: 200, length: Some(LENGTH), headers };
                    self.report(Report::Head(attempt, head));
                }
                Order::Receive(attempt, _) => {
                    self.report(Report::Received(attempt, LENGTH));
                    self.report(Report::Ended(attempt, true));
                }
                Order::Settle(file) => self.report(Report::Settled(file)),
                _ => {}
            }
        }
    }

    fn call(&mut self, call: Call) -> Result<Answer, sleepwalker_core::Misuse> {
        self.inputs += 1;
        let answer = self.core.call(APP, call, self.now);
        self.drain();
        answer
    }

    fn report(&mut self, report: Report) {
        self.input(Input::Report(report));
    }

    fn input(&mut self, input: Input) {
        self.inputs += 1;
        self.core.handle(input, self.now);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(Effect { what, .. }) = self.core.poll_effect() {
            let answer = match what {
                What::Store(batch) => Input::Stored(batch.id),
                What::Callback(callback) => Input::Returned(callback.id),
                What::Order(order) => {
                    self.orders.push(order);
                    continue;
                }
                What::Ask(_) | What::Note(_) => continue,
            };
            self.inputs += 1;
            self.core.handle(answer, self.now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_costs_as_many_operations_in_a_crowd_of_a_hundred_thousand_as_in_one_of_a_thousand() {
        let [small, large] = [1000, 100_000].map(|tasks| {
            let cost = downloads(tasks);
            cost.operations as f64 / f64::from(tasks)
        });
        assert!(large <= small * 1.05, "{small} operations a task became {large}");
    }
}
