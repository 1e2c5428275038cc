//! The switch: every message that turmoil holds is stamped, waits for the radio, flies, and is handed
//! over, all on the world's clock. turmoil's own latency, ticks and dice decide nothing.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::IpAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use sleepwalker_core::Time;
use turmoil::{Protocol, Segment, Sim};

use crate::{
    link::{Airtime, LinkQuality, Way},
    radio::{Counters, Flow, Radio},
    seed::Dice,
};

/// Bytes that may be in flight or unread in one flow: the receive window.
const WINDOW: u64 = 768 << 10;

/// Messages that may be in flight or unread in one flow. turmoil's own bound is higher; a FIN behind
/// a full buffer would be parked for ever, so that bound must never be met.
const SEGMENTS: usize = 48;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Syn,
    Data(u64),
    Fin,
    Rst,
}

impl Kind {
    fn of(protocol: &Protocol) -> Kind {
        match protocol {
            Protocol::Tcp(Segment::Syn(_)) => Kind::Syn,
            Protocol::Tcp(Segment::Data(_, bytes)) => Kind::Data(bytes.len() as u64),
            Protocol::Tcp(Segment::Fin(_)) => Kind::Fin,
            Protocol::Tcp(Segment::Rst) => Kind::Rst,
            Protocol::Udp(datagram) => panic!("nothing here speaks UDP, but {datagram} was sent"),
        }
    }

    fn bytes(self) -> u64 {
        match self {
            Kind::Data(bytes) => bytes,
            Kind::Syn | Kind::Fin | Kind::Rst => 0,
        }
    }
}

/// A message that stands on turmoil's link.
#[derive(Debug)]
struct Stamped {
    number: u64,
    flow: Flow,
    kind: Kind,
}

/// What the switch keeps of one flow.
#[derive(Debug)]
struct Lane {
    counters: Arc<Counters>,
    way: Way,
    /// Waiting for the radio.
    queue: VecDeque<(u64, Kind)>,
    /// Taken on by the radio, in bytes.
    sent: u64,
    /// Where each message on its way or unread ends, in bytes.
    ends: VecDeque<u64>,
    flying: usize,
    last_arrival: Time,
}

impl Lane {
    /// Whether the receive window has room for the first message in the queue.
    fn is_open(&mut self) -> bool {
        let Some((_, kind)) = self.queue.front() else { return false };
        let taken = self.counters.taken.load(Relaxed);
        while self.ends.front().is_some_and(|end| *end <= taken) {
            self.ends.pop_front();
        }
        match kind {
            // A reset tells of a lost connection and waits for no reader.
            Kind::Rst | Kind::Syn => true,
            Kind::Data(_) | Kind::Fin => {
                self.counters.is_reset()
                    || self.ends.len() < SEGMENTS && self.sent.saturating_sub(taken) < WINDOW
            }
        }
    }
}

/// One radio between device and origin, one way each.
#[derive(Debug)]
pub(crate) struct Switch {
    radio: Radio,
    device: IpAddr,
    dice: Dice,
    /// In turmoil's order.
    link: VecDeque<Stamped>,
    lanes: BTreeMap<Flow, Lane>,
    /// By arrival.
    flying: BTreeSet<(Time, u64)>,
    air: [Airtime; 2],
    /// Whose turn it was.
    turn: [Option<Flow>; 2],
    stamps: u64,
    /// Bytes handed over, each way.
    carried: [u64; 2],
}

impl Switch {
    pub(crate) fn new(radio: Radio, device: IpAddr, seed: u64) -> Switch {
        Switch {
            radio,
            device,
            dice: Dice::new(seed, "switch"),
            link: VecDeque::new(),
            lanes: BTreeMap::new(),
            flying: BTreeSet::new(),
            air: [Airtime::default(); 2],
            turn: [None; 2],
            stamps: 0,
            carried: [0; 2],
        }
    }

    /// Returns the bytes handed over so far.
    pub(crate) fn carried(&self, way: Way) -> u64 {
        self.carried[way as usize]
    }

    /// Changes the link's quality; what the radio has taken on keeps its times.
    pub(crate) fn set_quality(&mut self, quality: LinkQuality) {
        self.radio.set_quality(quality);
        self.air.iter_mut().for_each(Airtime::change_rate);
    }

    /// Takes note of every message sent since the last call: they stand at the back of the link.
    pub(crate) fn stamp(&mut self, sim: &Sim<'_>) {
        sim.links(|mut links| {
            let link = links.next().expect("device and origin are linked");
            for sent in link.skip(self.link.len()) {
                self.stamps += 1;
                let (flow, kind) = (sent.pair(), Kind::of(sent.protocol()));
                let way = if flow.0.ip() == self.device { Way::Up } else { Way::Down };
                let lane = self.lanes.entry(flow).or_insert_with(|| Lane {
                    counters: self.radio.counters(flow),
                    way,
                    queue: VecDeque::new(),
                    sent: 0,
                    ends: VecDeque::new(),
                    flying: 0,
                    last_arrival: Time::ZERO,
                });
                lane.queue.push_back((self.stamps, kind));
                self.link.push_back(Stamped { number: self.stamps, flow, kind });
            }
            assert!(links.next().is_none(), "a world has two machines and one link");
        });
        for flow in self.radio.take_left() {
            self.forget_if_over(flow);
        }
    }

    /// Gives the radio, where it is free, to the flows in turns, and returns when the next thing
    /// happens here. A writer that waited for room may be woken.
    pub(crate) fn plan(&mut self, now: Time) -> Option<Time> {
        if !self.radio.is_up() {
            return None;
        }
        let quality = self.radio.quality();
        for way in Way::BOTH {
            while self.air[way as usize].free() <= now {
                let Some(flow) = self.next_in_turn(way) else { break };
                self.grant(flow, now, &quality);
            }
        }
        let mut next = self.flying.first().map(|(at, _)| *at);
        for way in Way::BOTH {
            let free = self.air[way as usize].free();
            if free > now && self.next_in_turn(way).is_some() {
                next = Some(next.map_or(free, |next| next.min(free)));
            }
        }
        next
    }

    fn next_in_turn(&mut self, way: Way) -> Option<Flow> {
        let turn = self.turn[way as usize];
        let mut first = None;
        for (flow, lane) in &mut self.lanes {
            if lane.way != way || !lane.is_open() {
                continue;
            }
            if Some(*flow) > turn {
                return Some(*flow);
            }
            first = first.or(Some(*flow));
        }
        first
    }

    fn grant(&mut self, flow: Flow, now: Time, quality: &LinkQuality) {
        let lane = self.lanes.get_mut(&flow).expect("a lane that is open");
        let (number, kind) = lane.queue.pop_front().expect("an open lane has a message");
        let way = lane.way;
        self.turn[way as usize] = Some(flow);
        // What waited for a reader that is gone costs nothing: a kernel would throw it away unsent.
        let bytes = kind.bytes();
        let air = if lane.counters.reader_gone.load(Relaxed) { 0 } else { bytes };
        let sent = self.air[way as usize].spend(now, air, quality.rate(way));
        let mut arrival = sent + quality.latency;
        if !quality.jitter.is_zero() {
            let jitter = u64::try_from(quality.jitter.as_nanos()).unwrap_or(u64::MAX);
            arrival = arrival + std::time::Duration::from_nanos(self.dice.below(jitter));
        }
        if quality.loss_per_million > 0 && self.dice.chance(quality.loss_per_million) {
            arrival = arrival + quality.repair_time();
        }
        // TCP hands over in order; above all a reset must not overtake what was sent before it.
        lane.last_arrival = lane.last_arrival.max(arrival);
        lane.sent += bytes;
        if bytes > 0 {
            lane.ends.push_back(lane.sent);
        }
        lane.flying += 1;
        self.flying.insert((lane.last_arrival, number));
        lane.counters.carry(bytes);
    }

    /// Hands over what has arrived; it is delivered in the next step. Returns whether there was any.
    pub(crate) fn deliver(&mut self, sim: &Sim<'_>, now: Time) -> bool {
        if !self.radio.is_up() {
            return false;
        }
        let mut due = BTreeSet::new();
        while let Some((at, number)) = self.flying.first().copied().filter(|(at, _)| *at <= now) {
            self.flying.remove(&(at, number));
            due.insert(number);
        }
        if due.is_empty() {
            return false;
        }
        sim.links(|links| {
            for (stamped, sent) in self.link.iter().zip(links.flatten()) {
                if due.contains(&stamped.number) {
                    assert_eq!(
                        (sent.pair(), Kind::of(sent.protocol())),
                        (stamped.flow, stamped.kind),
                        "message {} is not the one that was stamped",
                        stamped.number
                    );
                    sent.deliver();
                }
            }
        });
        let mut over = Vec::new();
        self.link.retain(|stamped| {
            let arrived = due.contains(&stamped.number);
            if arrived {
                over.push((stamped.flow, stamped.kind));
            }
            !arrived
        });
        for (flow, kind) in over {
            self.arrived(flow, kind);
        }
        true
    }

    fn arrived(&mut self, flow: Flow, kind: Kind) {
        let lane = self.lanes.get_mut(&flow).expect("a flow with a message in flight");
        lane.flying -= 1;
        self.carried[lane.way as usize] += kind.bytes();
        if kind == Kind::Rst
            && let Some(back) = self.radio.find((flow.1, flow.0))
        {
            back.reset();
        }
        self.forget_if_over(flow);
    }

    /// Drops the counters of a flow with the flow.
    fn forget_if_over(&mut self, flow: Flow) {
        let busy =
            self.lanes.get(&flow).is_some_and(|lane| lane.flying > 0 || !lane.queue.is_empty());
        if !busy && self.radio.find(flow).is_none_or(|counters| counters.is_unused()) {
            self.lanes.remove(&flow);
            self.radio.forget(flow);
        }
    }
}
