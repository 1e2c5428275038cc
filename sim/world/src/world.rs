//! The world: the core and what surrounds it, and the pump that carries effects between them.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sleepwalker_core::{
    AttemptId, Batch, CallbackId, ConnectionId, Core, Faults, FileId, Input, Into, Knobs, Order,
    Path, Report, Rule, Signal, Time, What,
};
use sleepwalker_device::{App, Os};
use sleepwalker_driver::{Driver, Providers};
use sleepwalker_judge::{Event, Fact, UserAct};
use sleepwalker_origin::{Arrival, Origin, Version};

use crate::{
    error::RunError,
    files::SimFiles,
    provider::SimNet,
    record,
    run::{CrashPoint, RunOptions},
    scenario::{Budget, NetworkPlan, Scenario},
    script::Script,
    stage::Stage,
    store::DeviceStore,
};

/// A queue that jobs fill and the pump empties.
pub(crate) type Inbox<T> = Arc<Mutex<VecDeque<T>>>;

fn pop<T>(inbox: &Inbox<T>) -> Option<T> {
    inbox.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
}

fn push<T>(inbox: &Inbox<T>, item: T) {
    inbox.lock().unwrap_or_else(PoisonError::into_inner).push_back(item);
}

/// Everything of one run.
pub(crate) struct World {
    pub(crate) stage: Stage,
    pub(crate) core: Core,
    pub(crate) os: Os,
    pub(crate) app: App,
    pub(crate) origin: Origin,
    pub(crate) script: Script,
    pub(crate) events: Vec<Event>,
    pub(crate) store: DeviceStore,
    pub(crate) files: SimFiles,
    pub(crate) knobs: Knobs,
    pub(crate) faults: Faults,
    pub(crate) network: NetworkPlan,
    pub(crate) outage: bool,
    pub(crate) power: bool,
    /// Batches stored so far.
    pub(crate) batches: u64,
    pub(crate) crash: Option<CrashPoint>,
    /// A crash point was met: the script may not fit any more.
    pub(crate) crashed: bool,
    /// What the user does after it.
    pub(crate) comeback: VecDeque<UserAct>,
    pub(crate) app_files: BTreeMap<Arc<str>, Arc<Version>>,
    /// Bodies that are not copies of the app's files but those themselves.
    pub(crate) lent: BTreeMap<Arc<str>, Vec<FileId>>,
    /// How long a batch takes to be stored.
    pub(crate) storing: Duration,
    /// Batches that are being stored, and until when: one, where effects wait for it.
    pub(crate) under_way: VecDeque<(Time, Batch)>,
    /// Callbacks that the app has not returned from: whose, and how a gate was answered.
    pub(crate) callbacks: BTreeMap<CallbackId, (Arc<str>, Option<String>)>,
    pub(crate) budget: Budget,
    /// Turns of the pump since the clock moved.
    pub(crate) turns: u64,
    /// The core was changed since its rows were last compared.
    pub(crate) changed: bool,
    pub(crate) checks_rows: bool,
    driver: Driver,
    net: SimNet,
    reports: Inbox<Report>,
    arrivals: Inbox<Arrival>,
    hosts: BTreeMap<ConnectionId, Arc<str>>,
    targets: BTreeMap<AttemptId, Arc<str>>,
}

impl World {
    /// Sets everything up: the device is on and unlocked, the origin listens, the script has not begun.
    pub(crate) fn new(scenario: &Scenario, options: &RunOptions) -> Result<World, RunError> {
        let knobs = scenario.knobs.over(&options.knobs);
        let off = scenario.faults.iter().chain(options.faults.iter());
        let faults = Faults::without(off);
        let stage = Stage::new(options.seed, scenario.network.quality, options.pace);
        let arrivals = Inbox::default();
        let observer = {
            let arrivals = Arc::clone(&arrivals);
            Arc::new(move |arrival| push(&arrivals, arrival))
        };
        let clock = Arc::new(stage.clock().clone());
        let origin = Origin::with_observer(scenario.origin.clone(), clock, observer);
        let store = DeviceStore::open(options.store)
            .map_err(|error| RunError::Store { at: Time::ZERO, message: error.to_string() })?;
        let files = SimFiles::new(origin.shelf());
        let net = SimNet::new(stage.wire(), &scenario.origin, origin.clone());
        let reports = Inbox::default();
        let driver = make_driver(&stage, &net, &files, &reports);
        let app_files = scenario.app.files.iter().map(|(name, length)| {
            let version = Version::new(&format!("app/{name}"), 1, *length);
            (Arc::from(name.as_str()), Arc::new(version))
        });
        let mut world = World {
            core: Core::new(knobs.clone(), faults.clone()),
            os: Os::new(knobs.clone(), faults.clone()),
            app: App::new(scenario.app.habits.clone(), scenario.app.sessions.clone()),
            script: Script::new(scenario),
            events: Vec::new(),
            store,
            knobs,
            faults,
            network: scenario.network,
            outage: false,
            power: scenario.device.power,
            batches: 0,
            crash: options.crash,
            crashed: false,
            comeback: VecDeque::new(),
            app_files: app_files.collect(),
            lent: BTreeMap::new(),
            storing: scenario.device.storing,
            under_way: VecDeque::new(),
            callbacks: BTreeMap::new(),
            budget: scenario.budget,
            turns: 0,
            changed: false,
            checks_rows: options.checks_rows,
            driver,
            net,
            reports,
            arrivals,
            hosts: BTreeMap::new(),
            targets: BTreeMap::new(),
            stage,
            origin,
            files,
        };
        world.listen();
        world.record(Fact::PathChanges { path: world.network.path }, None);
        if world.power {
            world.record(Fact::PowerChanges { external: true }, None);
        }
        world.tell_conditions();
        world.set_radio();
        Ok(world)
    }

    pub(crate) fn now(&self) -> Time {
        self.stage.clock().now()
    }

    /// Writes a line of the trace.
    pub(crate) fn record(&mut self, fact: Fact, rule: Option<Rule>) {
        let rule = rule.map(|rule| rule.id().into());
        self.events.push(Event { at: self.now(), fact, rule });
    }

    /// The origin accepts connections on its one machine, for every host.
    fn listen(&self) {
        let (wire, nursery, origin) =
            (self.stage.wire(), self.stage.origin().clone(), self.origin.clone());
        self.stage.origin().spawn("listener", async move {
            let serve = |stream| {
                let connection = origin.serve_connection(hyper_util::rt::TokioIo::new(stream));
                nursery.spawn("origin", async move {
                    connection.await;
                });
            };
            let ended = wire.listen(serve).await;
            panic!("the origin stopped listening: {ended:?}");
        });
    }

    /// Tells a core that knows nothing how the network and the power are.
    fn tell_conditions(&mut self) {
        let (path, power) = (self.network.path, self.power);
        self.signal(Signal::Path(path));
        self.signal(Signal::Power(power));
    }

    pub(crate) fn signal(&mut self, signal: Signal) {
        self.handle(Input::Signal(signal));
    }

    pub(crate) fn handle(&mut self, input: Input) {
        self.changed = true;
        let now = self.now();
        self.core.handle(input, now);
    }

    /// The radio carries something while there is a path and no outage.
    pub(crate) fn set_radio(&mut self) {
        let Path { link, .. } = self.network.path;
        let up = link != sleepwalker_core::Link::None && !self.outage;
        self.stage.set_up(up);
        self.stage.set_quality(self.network.quality);
    }

    /// Carries effects until nobody has any left at this instant. The OS goes before the core, so that
    /// a wake hands events over before the first callback, and the core before the app, so that an
    /// answered call's effects come before the next call.
    pub(crate) fn pump(&mut self, turns: u64) -> Result<(), RunError> {
        loop {
            self.turns += 1;
            if self.turns > turns {
                let (at, woken) = (self.now(), self.stage.jobs().last_woken());
                return Err(RunError::Endless { at, steps: self.turns, woken });
            }
            self.check_budget()?;
            if let Some(arrival) = pop(&self.arrivals) {
                self.record(record::arrival(arrival), None);
            } else if let Some(effect) = self.os.poll() {
                self.on_os(effect)?;
            } else if let Some(effect) = self.core.poll_effect() {
                self.on_core(effect.what, effect.rule)?;
            } else if self.come_back() || self.perform_fired()? {
                self.check_rows()?;
            } else if let Some(effect) = self.app.poll() {
                self.on_app(effect);
            } else if let Some(report) = pop(&self.reports) {
                self.handle(Input::Report(report));
            } else {
                return self.check_rows();
            }
        }
    }

    fn on_core(&mut self, what: What, rule: Rule) -> Result<(), RunError> {
        let now = self.now();
        match what {
            What::Callback(callback) => self.on_callback(callback, rule),
            What::Order(order) => self.on_order(order),
            What::Ask(ask) => self.os.ask(ask, now),
            What::Store(batch) => return self.on_batch(&batch),
            What::Note(note) => {
                let fact = record::note(&self.core, note);
                self.record(fact, Some(rule));
            }
        }
        Ok(())
    }

    /// Passes an order on, and notes what is being fetched into which file.
    fn on_order(&mut self, order: Order) {
        match &order {
            Order::Open(connection, host) => {
                if let Some(name) = self.net.resolve(host) {
                    self.hosts.insert(*connection, name.into());
                }
            }
            Order::Send { attempt, connection, head, .. } => {
                if let Some(host) = self.hosts.get(connection) {
                    let path = head.target.split('?').next().unwrap_or_default();
                    self.targets.insert(*attempt, format!("{host}{path}").into());
                }
            }
            Order::Receive(attempt, into) => {
                let target = self.targets.remove(attempt);
                if let (Into::File { file, .. }, Some(target)) = (into, target) {
                    self.files.expect(*file, target);
                }
            }
            Order::Cut(attempt) => {
                self.targets.remove(attempt);
            }
            Order::Close(connection) => {
                self.hosts.remove(connection);
            }
            Order::Free(..)
            | Order::Hold(_)
            | Order::Continue(_)
            | Order::Sync(_)
            | Order::Settle(_)
            | Order::Remove(_) => {}
        }
        self.driver.order(order);
    }

    /// The device starts again with what is left, and learns how things are.
    pub(crate) fn boot(&mut self, power_cut: bool) -> Result<(), RunError> {
        let now = self.now();
        let store_error = |error: sleepwalker_driver::StoreError| RunError::Store {
            at: now,
            message: error.to_string(),
        };
        self.stage.device().kill();
        self.stage.lose_connections();
        self.reports = Inbox::default();
        self.driver = make_driver(&self.stage, &self.net, &self.files, &self.reports);
        let death = if power_cut {
            self.files.cut_power();
            sleepwalker_driver::Death::PowerCut { seed: self.batches }
        } else {
            sleepwalker_driver::Death::Process
        };
        self.store.crash(death).map_err(store_error)?;
        self.hosts.clear();
        self.targets.clear();
        self.callbacks.clear();
        self.under_way.clear();
        let rows = self.store.load().map_err(store_error)?;
        let (knobs, faults) = (self.knobs.clone(), self.faults.clone());
        self.core = Core::restore(knobs, faults, rows, now).map_err(|error| RunError::Rows {
            at: now,
            batch: self.batches,
            why: error.to_string(),
        })?;
        sleepwalker_driver::reconcile(&mut self.core, &self.files, now).map_err(|error| {
            RunError::Store { at: now, message: format!("the files cannot be listed: {error}") }
        })?;
        self.changed = true;
        self.tell_conditions();
        Ok(())
    }
}

fn make_driver(stage: &Stage, net: &SimNet, files: &SimFiles, reports: &Inbox<Report>) -> Driver {
    let reports = Arc::clone(reports);
    Driver::new(Providers {
        net: Arc::new(net.clone()),
        files: Arc::new(files.clone()),
        spawn: Arc::new(stage.device().clone()),
        reports: Arc::new(move |report| push(&reports, report)),
    })
}
