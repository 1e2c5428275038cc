//! The numbers that Apple does not publish, and the sides of disputed rules.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Every number and side that the core, the OS and the checkers go by. Defaults and their standing
/// stand in the ledger, section 20; what the ledger lacks is a house decision (`SW-*`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Knobs {
    /// How long a woken app may take to call its handler (BG-WAKE-01).
    #[serde(with = "span")]
    pub wake_window: Duration,
    /// How long an app runs on after the user left it (SW-OS-01).
    #[serde(with = "span")]
    pub suspend_grace: Duration,
    /// The system suspends apps; off under the debugger (BG-QUIT-15).
    pub suspends: bool,
    /// The limiter's first delay (BG-RATE-03).
    #[serde(with = "span")]
    pub limiter_initial: Duration,
    /// By how much each wake multiplies the delay (BG-RATE-02).
    pub limiter_factor: u32,
    /// When the delay lapses (BG-RATE-10).
    pub limiter_reset: LimiterReset,
    /// A reboot resets the limiter (BG-RATE-13).
    pub limiter_reset_by_reboot: bool,
    /// How many background transfers of an app run at once (BG-SCHED-12).
    pub concurrent_transfers: u32,
    /// Connections per (session, host) where the session says nothing (BG-CFG-13).
    pub connections_per_host: u32,
    /// The first retry's delay (BG-NET-03).
    #[serde(with = "span")]
    pub retry_initial: Duration,
    /// By how much each further retry multiplies it.
    pub retry_factor: u32,
    /// The longest delay between retries.
    #[serde(with = "span")]
    pub retry_cap: Duration,
    /// Retries after a bad or unparsable response (ERRORS.md, class B).
    pub bad_response_retries: u32,
    /// Retries after a failed TLS handshake (ERRORS.md, class B).
    pub tls_retries: u32,
    /// Redirects followed before -1007 (BG-REDIR-03).
    pub redirects: u32,
    /// Bytes a second below which a transfer is stopped (BG-NET-10).
    pub throughput_floor: u64,
    /// Over which time the throughput is taken.
    #[serde(with = "span")]
    pub throughput_window: Duration,
    /// When a transfer that was too slow is tried again.
    #[serde(with = "span")]
    pub throughput_retry: Duration,
    /// Up to which share of the resource timeout a discretionary task waits for Wi-Fi and power, in
    /// thousandths (BG-SCHED-04).
    pub discretionary_power_until: u32,
    /// Up to which share it waits for Wi-Fi, in thousandths (BG-SCHED-04).
    pub discretionary_wifi_until: u32,
    /// Tasks that the app suspended keep their session unfinished (BG-LIFE-04).
    pub suspended_tasks_block_wake: bool,
    /// An app that runs in the background gets its results directly; else by a wake (BG-LIFE-11).
    pub deliver_directly_in_background: bool,
    /// A callback whose process died in it is repeated in the next (BG-DL-12).
    pub repeat_interrupted_callbacks: bool,
    /// Nothing is transferred between a restart and the first unlock (BG-QUIT-09).
    pub first_unlock_gate: bool,
    /// Bytes between two progress callbacks; the later of both bounds (BG-DL-07).
    pub progress_bytes: u64,
    /// Time between two progress callbacks.
    #[serde(with = "span")]
    pub progress_period: Duration,
    /// Bytes received after which a partial file is synced and its length stored (SW-STORE-01).
    pub checkpoint_bytes: u64,
    /// How long an idle connection is kept (SW-CONN-01).
    #[serde(with = "span")]
    pub connection_idle: Duration,
}

/// When the limiter's delay lapses (BG-RATE-10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimiterReset {
    /// When it runs out while no task is held by it.
    LapseUnlessHeld,
    /// Whenever it runs out (BG-RATE-06, to the letter).
    Lapse,
}

impl Default for Knobs {
    fn default() -> Knobs {
        Knobs {
            wake_window: Duration::from_secs(30),
            suspend_grace: Duration::from_secs(5),
            suspends: true,
            limiter_initial: Duration::from_secs(60),
            limiter_factor: 2,
            limiter_reset: LimiterReset::LapseUnlessHeld,
            limiter_reset_by_reboot: true,
            concurrent_transfers: 6,
            connections_per_host: 6,
            retry_initial: Duration::from_secs(1),
            retry_factor: 2,
            retry_cap: Duration::from_secs(600),
            bad_response_retries: 2,
            tls_retries: 3,
            redirects: 16,
            throughput_floor: 2048,
            throughput_window: Duration::from_secs(60),
            throughput_retry: Duration::from_secs(300),
            discretionary_power_until: 500,
            discretionary_wifi_until: 800,
            suspended_tasks_block_wake: true,
            deliver_directly_in_background: true,
            repeat_interrupted_callbacks: false,
            first_unlock_gate: true,
            progress_bytes: 64 << 10,
            progress_period: Duration::from_millis(250),
            checkpoint_bytes: 1 << 20,
            connection_idle: Duration::from_secs(90),
        }
    }
}

/// Spans as text of a number and a unit: `60 s`, `250 ms`.
pub mod span {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Writes a span in its largest whole unit among milliseconds, seconds, minutes, hours and days.
    pub fn text(span: &Duration) -> String {
        let millis = span.as_millis();
        for (size, unit) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s")] {
            if millis > 0 && millis.is_multiple_of(size) {
                return format!("{} {unit}", millis / size);
            }
        }
        format!("{millis} ms")
    }

    /// Reads a whole number and a unit: `ms`, `s`, `min`, `h` or `d`; several may follow each other.
    pub fn parse(text: &str) -> Option<Duration> {
        let mut words = text.split_whitespace();
        let mut millis: u64 = 0;
        let mut any = false;
        while let Some(number) = words.next() {
            let digits = number.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            let unit = match &number[digits.len()..] {
                "" => words.next()?,
                unit => unit,
            };
            let size: u64 = match unit {
                "ms" => 1,
                "s" => 1000,
                "min" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                _ => return None,
            };
            millis = millis.checked_add(digits.parse::<u64>().ok()?.checked_mul(size)?)?;
            any = true;
        }
        any.then(|| Duration::from_millis(millis))
    }

    /// For serde.
    pub fn serialize<S: Serializer>(span: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&text(span))
    }

    /// For serde.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(from)?;
        parse(&text).ok_or_else(|| {
            D::Error::custom(format!("expected a span such as \"60 s\", found {text:?}"))
        })
    }
}
