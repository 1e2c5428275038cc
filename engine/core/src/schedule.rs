//! Who starts when: what holds a task, whose turn it is, and on which connection.

use crate::{
    Core, ErrorCode, Host, Link, Method, Note, Order, ProcessState, Rule, TaskKey, Time, Wakeup,
    What, Why,
    lanes::{Lane, Urgency},
    sessions::Item,
    task::Phase,
};

impl Core {
    /// Puts a resumed task where it belongs: held, asked about, or in a lane.
    pub(crate) fn enqueue(&mut self, key: TaskKey, now: Time) {
        let background = self.is_background(key);
        let Some(task) = self.task(key) else { return };
        let scheme = task.next_request().url.scheme();
        if !matches!(scheme, "http" | "https") && self.keep(Rule::BG_CFG_08) {
            let error = ErrorCode::UNSUPPORTED_URL.into();
            return self.finish(key, Rule::BG_CFG_08, Some(error), None, now);
        }
        if background && let Some((rule, why, until)) = self.obstacle(key, now) {
            return self.hold(key, rule, why, until, now);
        }
        let lane = self.lane(key, now);
        let has_path = self.path.link != Link::None && self.path_allows(&lane);
        let waits = background && self.keep(Rule::BG_CFG_11);
        if !waits && !has_path && !self.wait_for_path(key, now) {
            return;
        }
        if background && !self.is_open(&lane) {
            let (rule, why) = self.closed_because(&lane);
            self.emit(rule, What::Note(Note::Waits { task: key, why, until: None }));
        } else if background && self.running >= self.knobs.concurrent_transfers {
            let note = Note::Waits { task: key, why: Why::Cap, until: None };
            self.emit(Rule::BG_SCHED_12, What::Note(note));
        }
        self.set_phase(key, Phase::Waiting(lane));
        self.may_start = true;
    }

    /// What keeps a background task out of the lanes: its date, its delegate, the limiter.
    fn obstacle(&mut self, key: TaskKey, now: Time) -> Option<(Rule, Why, Option<Time>)> {
        let limiter = self.limiter.until().filter(|until| *until > now);
        let task = self.task(key)?;
        let date = task.row.earliest_begin.filter(|date| *date > now && !task.row.delay_answered);
        if date.is_some() && self.keep(Rule::BG_SCHED_17) {
            return Some((Rule::BG_SCHED_17, Why::Date, date));
        }
        let dated = task.row.earliest_begin.is_some() || !self.keep(Rule::BG_SCHED_19);
        let asks = dated && !task.row.delay_answered;
        let asks = asks && self.sessions[&key.session].implements.will_begin_delayed_request;
        if asks {
            return Some((Rule::BG_SCHED_19, Why::Delegate, None));
        }
        if task.row.held && limiter.is_some() {
            return Some((Rule::BG_RATE_07, Why::Limiter, limiter));
        }
        None
    }

    fn hold(&mut self, key: TaskKey, rule: Rule, why: Why, until: Option<Time>, now: Time) {
        self.emit(rule, What::Note(Note::Waits { task: key, why, until }));
        match why {
            Why::Delegate => {
                self.set_phase(key, Phase::Asking);
                self.ask_delegate(key, now);
            }
            Why::Date => {
                let at = until.expect("a date is known");
                self.set_phase(key, Phase::Held);
                self.timers.arm(at, Wakeup::Date(key));
                self.task_mut(key).expect("the task is held").timer = Some(at);
            }
            _ => {
                self.set_phase(key, Phase::Held);
                self.held.insert(key);
            }
        }
    }

    fn ask_delegate(&mut self, key: TaskKey, now: Time) {
        if self.keep(Rule::BG_SCHED_20) {
            let session = self.sessions.get_mut(&key.session).expect("the task has a session");
            session.wake_worthy += 1;
            session.asked = false;
        }
        self.push(key.session, Item::Say(Some(key.task), Method::WillBeginDelayedRequest));
        self.consider_wake(key.session, now);
    }

    /// An in-process task without a path that it may use fails or, if its session says so, waits (BG-NET-16).
    fn wait_for_path(&mut self, key: TaskKey, now: Time) -> bool {
        let (fails, tells) = (self.keep(Rule::BG_NET_16), self.keep(Rule::BG_ORD_09));
        let task = self.task_mut(key).expect("the task is resumed");
        let connected_once = task.attempts > 0;
        if (!task.row.configuration.waits_for_connectivity || connected_once) && fails {
            let error = ErrorCode::NOT_CONNECTED.into();
            self.finish(key, Rule::BG_NET_16, Some(error), None, now);
            return false;
        }
        if !task.told_waiting && tells {
            task.told_waiting = true;
            let method = Method::TaskIsWaitingForConnectivity;
            self.push(key.session, Item::Say(Some(key.task), method));
        }
        true
    }

    /// The lane of a task, and the timer for when it becomes less choosy.
    fn lane(&mut self, key: TaskKey, now: Time) -> Lane {
        let background = self.is_background(key);
        let profile = self.knobs.connections_per_host;
        let (wifi_from, late_from) = self.urgency_times(key);
        let strict = self.keep(Rule::BG_CFG_16);
        let choosy = background && self.keep(Rule::BG_SCHED_01);
        let at_once = self.keep(Rule::BG_SCHED_08);
        let original = self.keep(Rule::BG_SCHED_21);
        let task = self.task_mut(key).expect("the task is resumed");
        let mut urgency = Urgency::Now;
        if choosy && (task.is_discretionary() || !at_once) {
            let (stage, next) = match () {
                () if now < wifi_from => (Urgency::WifiAndPower, Some(wifi_from)),
                () if now < late_from => (Urgency::Wifi, Some(late_from)),
                () => (Urgency::Late, None),
            };
            urgency = stage;
            if let Some(at) = next {
                task.timer = Some(at);
                self.timers.arm(at, Wakeup::Urgency(key));
            }
        }
        let task = self.task(key).expect("the task is resumed");
        // The flags of the original hold, whatever a delayed request says (BG-SCHED-21).
        let request = if original { &task.row.request } else { task.next_request() };
        let configuration = &task.row.configuration;
        Lane {
            background,
            urgency,
            cellular: request.allows_cellular && (configuration.allows_cellular || !strict),
            expensive: request.allows_expensive && (configuration.allows_expensive || !strict),
            constrained: request.allows_constrained
                && (configuration.allows_constrained || !strict),
            session: key.session,
            host: host_of(&task.next_request().url),
            connections: configuration.max_connections_per_host.unwrap_or(profile),
        }
    }

    /// When a discretionary task stops waiting for power, and when for Wi-Fi.
    fn urgency_times(&self, key: TaskKey) -> (Time, Time) {
        let task = self.task(key).expect("the task is resumed");
        let start = task.row.resumed_at.expect("the task is resumed");
        if !self.keep(Rule::BG_SCHED_04) {
            return (Time::MAX, Time::MAX);
        }
        let timeout = task.row.configuration.timeout_for_resource;
        let share = |thousandths: u32| start + timeout / 1000 * thousandths;
        let knobs = &self.knobs;
        (share(knobs.discretionary_power_until), share(knobs.discretionary_wifi_until))
    }

    fn is_open(&self, lane: &Lane) -> bool {
        let limit = if self.keep(Rule::BG_SCHED_13) { lane.connections } else { u32::MAX };
        self.path_allows(lane) && self.connections.has_room(lane.session, &lane.host, limit)
    }

    fn path_allows(&self, lane: &Lane) -> bool {
        let path = self.path;
        let link = match path.link {
            Link::None => !self.keep(Rule::BG_NET_04),
            Link::Wifi => true,
            Link::Cellular => lane.cellular || !self.keep(Rule::BG_SCHED_22),
        };
        let calm = !path.constrained || !self.keep(Rule::BG_SCHED_09);
        let moment = match lane.urgency {
            Urgency::Now => true,
            Urgency::Late => calm,
            Urgency::Wifi => calm && path.link == Link::Wifi,
            Urgency::WifiAndPower => calm && path.link == Link::Wifi && self.power,
        };
        let locked = lane.background
            && !self.unlocked
            && self.knobs.first_unlock_gate
            && self.keep(Rule::BG_QUIT_09);
        link && moment
            && !locked
            && (lane.expensive || !path.expensive)
            && (lane.constrained || !path.constrained)
    }

    fn closed_because(&self, lane: &Lane) -> (Rule, Why) {
        if !self.unlocked && self.knobs.first_unlock_gate {
            return (Rule::BG_QUIT_09, Why::Locked);
        }
        if self.path_allows(lane) {
            return (Rule::BG_SCHED_13, Why::Cap);
        }
        let any = Lane { urgency: Urgency::Now, ..lane.clone() };
        match self.path_allows(&any) {
            true if self.path.constrained => (Rule::BG_SCHED_09, Why::Discretionary),
            true => (Rule::BG_SCHED_01, Why::Discretionary),
            false if self.path.link == Link::None => (Rule::BG_NET_04, Why::Path),
            false => (Rule::BG_SCHED_22, Why::Path),
        }
    }

    /// Starts all that may start.
    pub(crate) fn schedule(&mut self, now: Time) {
        loop {
            let cap = self.knobs.concurrent_transfers;
            let alone = self.processes.values().all(|state| *state == ProcessState::Suspended);
            let room = (self.running < cap || !self.keep(Rule::BG_SCHED_12))
                && (!alone || self.keep(Rule::BG_SCHED_15));
            let next = self.lanes.first(|lane| (!lane.background || room) && self.is_open(lane));
            self.count(self.lanes.len());
            let Some(key) = next else { return };
            self.start(key, now);
        }
    }

    fn start(&mut self, key: TaskKey, now: Time) {
        let Some(Phase::Waiting(lane)) = self.task(key).map(|task| &task.phase) else {
            panic!("task {key} is in a lane and does not wait");
        };
        let host = lane.host.clone();
        if let Some(connection) = self.connections.take_idle(key.session, &host) {
            if let Some(crate::connections::Use::Idle(until)) =
                self.connections.get(connection).map(|c| c.used.clone())
            {
                self.timers.disarm(until, Wakeup::Connection(connection));
            }
            self.send(key, connection, true, now);
        } else {
            let until = self.idle_from(key, now) + self.request_timeout(key);
            let connection = self.connections.open(key.session, &host, key, until);
            self.timers.arm(until, Wakeup::Opening(connection));
            self.set_phase(key, Phase::Connecting(connection));
            self.order(Rule::BG_SCHED_15, Order::Open(connection, host));
        }
    }

    /// From when the request timeout counts: a task that waited for its path begins to count as it
    /// connects (BG-NET-08).
    fn idle_from(&self, key: TaskKey, now: Time) -> Time {
        if self.is_background(key) || self.keep(Rule::BG_NET_08) {
            return now;
        }
        self.task(key).and_then(|task| task.row.resumed_at).unwrap_or(now)
    }

    /// Moves a task to another phase, and keeps the books of the phase it leaves and enters.
    pub(crate) fn set_phase(&mut self, key: TaskKey, phase: Phase) {
        let background = self.is_background(key);
        let task = self.task_mut(key).expect("the task is there");
        let was_running = task.phase.is_running();
        let is_running = phase.is_running();
        let place = task.place();
        let timer = task.timer.take();
        let old = std::mem::replace(&mut task.phase, Phase::Suspended);
        if matches!(phase, Phase::Waiting(_)) {
            // Armed by `lane`, for the phase that begins here.
            task.timer = timer;
        } else if let Some(at) = timer {
            self.timers.disarm(at, Wakeup::Date(key));
            self.timers.disarm(at, Wakeup::Urgency(key));
        }
        match &old {
            Phase::Waiting(lane) => self.lanes.remove(lane, place),
            Phase::Backoff(at) => self.timers.disarm(*at, Wakeup::Retry(key)),
            Phase::Held => {
                self.held.remove(&key);
            }
            _ => {}
        }
        match &phase {
            Phase::Waiting(lane) => self.lanes.insert(lane, place, key),
            Phase::Backoff(at) => self.timers.arm(*at, Wakeup::Retry(key)),
            _ => {}
        }
        let asks = [&old, &phase].map(|phase| usize::from(matches!(phase, Phase::Asking)));
        self.task_mut(key).expect("just seen").phase = phase;
        if asks != [0, 0] {
            let session = self.sessions.get_mut(&key.session).expect("the task has a session");
            session.asking = session.asking + asks[1] - asks[0];
        }
        if background && was_running != is_running {
            if is_running {
                self.running += 1;
            } else {
                self.running -= 1;
                self.may_start = true;
            }
        }
    }

    /// Puts waiting tasks into their lanes anew: they are less choosy now, or are held no more.
    pub(crate) fn release(&mut self, key: TaskKey, rule: Rule, why: Why, now: Time) {
        let Some(task) = self.task(key) else { return };
        if !matches!(task.phase, Phase::Held | Phase::Waiting(_)) {
            return;
        }
        self.emit(rule, What::Note(Note::Released { task: key, why }));
        self.set_phase(key, Phase::Suspended);
        self.enqueue(key, now);
    }
}

/// Where a URL leads.
pub(crate) fn host_of(url: &url::Url) -> Host {
    Host {
        secure: url.scheme() == "https",
        name: url.host_str().unwrap_or_default().into(),
        port: url.port_or_known_default().unwrap_or(80),
    }
}
