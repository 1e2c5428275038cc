//! The radio's qualities, and what follows from them.

use std::{num::NonZeroU64, time::Duration};

use serde::{Deserialize, Serialize};
use sleepwalker_core::Time;

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// From the origin to the device.
    Down,
    /// From the device to the origin.
    Up,
}

impl Way {
    /// Both ways.
    pub const BOTH: [Way; 2] = [Way::Down, Way::Up];
}

/// How many bits a second pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rate {
    /// Any number, in no time.
    #[default]
    Unlimited,
    /// So many bits a second.
    BitsPerSecond(NonZeroU64),
}

impl Rate {
    /// Returns the rate of so many bits a second; zero is no limit.
    pub fn bits(bits_per_second: u64) -> Rate {
        NonZeroU64::new(bits_per_second).map_or(Rate::Unlimited, Rate::BitsPerSecond)
    }

    /// Returns how many whole bytes pass in a span; none: any number.
    fn bytes_in(self, span: Duration) -> Option<u64> {
        let Rate::BitsPerSecond(bits) = self else { return None };
        let bytes = u128::from(bits.get()) * span.as_nanos() / 8_000_000_000;
        Some(u64::try_from(bytes).unwrap_or(u64::MAX))
    }

    /// Returns the most that one message carries. Smaller ones at a low rate keep progress fine and
    /// turns between flows short; larger ones at a high rate save steps.
    pub(crate) fn segment(self) -> u64 {
        let most = 64 << 10;
        self.bytes_in(Duration::from_secs(1)).map_or(most, |bytes| bytes.clamp(1460, most))
    }

    /// Returns how far a writer may be ahead of the radio. Without a bound a killed sender would go on
    /// sending for as long as its queue lasts.
    pub(crate) fn room(self) -> u64 {
        let (least, most) = (64 << 10, 1 << 20);
        self.bytes_in(Duration::from_millis(100)).map_or(most, |bytes| bytes.clamp(least, most))
    }
}

/// The quality of the radio link between device and origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct LinkQuality {
    /// From the origin to the device.
    pub down: Rate,
    /// From the device to the origin.
    pub up: Rate,
    /// How long a message flies, each way.
    pub latency: Duration,
    /// By how much at most it is late, drawn for each message.
    pub jitter: Duration,
    /// How many in a million messages are lost once and sent again: later, never not at all.
    pub loss_per_million: u32,
}

impl LinkQuality {
    /// Returns the rate of one way.
    pub fn rate(&self, way: Way) -> Rate {
        match way {
            Way::Down => self.down,
            Way::Up => self.up,
        }
    }

    /// Returns by how much a message that was lost once comes later.
    pub(crate) fn repair_time(&self) -> Duration {
        (self.latency * 2).max(Duration::from_millis(200))
    }
}

/// When one way of the radio is free again. It counts bits from the start of a busy time, so that the
/// nanoseconds cut off do not add up.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Airtime {
    from: Time,
    bits: u128,
    free: Time,
}

impl Airtime {
    /// Returns from when on the radio may be used.
    pub(crate) fn free(&self) -> Time {
        self.free
    }

    /// Spends the time for so many bytes, from `now` on, and returns its end.
    pub(crate) fn spend(&mut self, now: Time, bytes: u64, rate: Rate) -> Time {
        let Rate::BitsPerSecond(rate) = rate else {
            self.free = self.free.max(now);
            return self.free;
        };
        if now > self.free || self.bits == 0 {
            self.from = now.max(self.free);
            self.bits = 0;
        }
        self.bits += u128::from(bytes) * 8;
        let nanos = (self.bits * 1_000_000_000).div_ceil(u128::from(rate.get()));
        self.free = self.from + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        self.free
    }

    /// Begins a new count, for the rate changes.
    pub(crate) fn change_rate(&mut self) {
        self.bits = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segment_and_room_stay_between_their_bounds() {
        for (rate, segment, room) in [
            (Rate::bits(1000), 1460, 64 << 10),
            (Rate::bits(100_000), 12_500, 64 << 10),
            (Rate::bits(20_000_000), 64 << 10, 250_000),
            (Rate::bits(1_000_000_000), 64 << 10, 1 << 20),
            (Rate::Unlimited, 64 << 10, 1 << 20),
        ] {
            assert_eq!((rate.segment(), rate.room()), (segment, room), "at {rate:?}");
        }
    }

    #[test]
    fn cut_nanoseconds_do_not_add_up() {
        let (mut air, rate) = (Airtime::default(), Rate::bits(3));
        for _ in 0..3_000 {
            let now = air.free();
            air.spend(now, 1, rate);
        }
        assert_eq!(air.free(), Time::from_secs(8_000));
    }

    #[test]
    fn idle_time_is_not_saved_up() {
        let (mut air, rate) = (Airtime::default(), Rate::bits(8));
        assert_eq!(air.spend(Time::ZERO, 1, rate), Time::from_secs(1));
        assert_eq!(air.spend(Time::from_secs(10), 1, rate), Time::from_secs(11));
    }
}
