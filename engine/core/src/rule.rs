//! Rules by name, so that every effect can say which one decided it.

use std::{collections::BTreeSet, fmt};

use serde::Serialize;

/// A rule of the ledger (`BG-*`) or a house decision (`SW-*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Rule(&'static str);

impl Rule {
    /// Returns the name, as the ledger writes it.
    pub const fn id(self) -> &'static str {
        self.0
    }

    /// Finds a rule of the code by its name.
    pub fn find(id: &str) -> Option<Rule> {
        Rule::MODELLED.iter().chain(Rule::NAMED).copied().find(|rule| rule.0 == id)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

macro_rules! rules {
    (modelled { $($name:ident = $id:literal,)* } named { $($other:ident = $other_id:literal,)* }) => {
        #[expect(missing_docs, reason = "the ledger documents them; `sleepwalker explain` shows it")]
        impl Rule {
            $(pub const $name: Rule = Rule($id);)*
            $(pub const $other: Rule = Rule($other_id);)*

            /// Rules that are decided at one place and shown: with any of them off, the trace of a
            /// scenario of the catalogue changes.
            pub const MODELLED: &'static [Rule] = &[$(Rule::$name,)*];

            /// Rules that effects name or that the code keeps, and that no scenario shows yet.
            pub const NAMED: &'static [Rule] = &[$(Rule::$other,)*];
        }
    };
}

rules! {
    modelled {
        BG_CFG_01 = "BG-CFG-01",
        BG_CFG_04 = "BG-CFG-04",
        BG_CFG_05 = "BG-CFG-05",
        BG_CFG_07 = "BG-CFG-07",
        BG_CFG_08 = "BG-CFG-08",
        BG_CFG_11 = "BG-CFG-11",
        BG_CFG_14 = "BG-CFG-14",
        BG_CFG_16 = "BG-CFG-16",
        BG_CFG_18 = "BG-CFG-18",
        BG_KIND_01 = "BG-KIND-01",
        BG_KIND_02 = "BG-KIND-02",
        BG_KIND_08 = "BG-KIND-08",
        BG_KIND_10 = "BG-KIND-10",
        BG_KIND_13 = "BG-KIND-13",
        BG_KIND_14 = "BG-KIND-14",
        BG_TASK_02 = "BG-TASK-02",
        BG_TASK_04 = "BG-TASK-04",
        BG_TASK_06 = "BG-TASK-06",
        BG_TASK_08 = "BG-TASK-08",
        BG_LIFE_01 = "BG-LIFE-01",
        BG_LIFE_02 = "BG-LIFE-02",
        BG_LIFE_03 = "BG-LIFE-03",
        BG_LIFE_04 = "BG-LIFE-04",
        BG_LIFE_05 = "BG-LIFE-05",
        BG_LIFE_06 = "BG-LIFE-06",
        BG_LIFE_07 = "BG-LIFE-07",
        BG_LIFE_08 = "BG-LIFE-08",
        BG_LIFE_09 = "BG-LIFE-09",
        BG_LIFE_10 = "BG-LIFE-10",
        BG_LIFE_11 = "BG-LIFE-11",
        BG_LIFE_12 = "BG-LIFE-12",
        BG_LIFE_13 = "BG-LIFE-13",
        BG_LIFE_15 = "BG-LIFE-15",
        BG_LIFE_17 = "BG-LIFE-17",
        BG_LIFE_19 = "BG-LIFE-19",
        BG_LIFE_20 = "BG-LIFE-20",
        BG_WAKE_01 = "BG-WAKE-01",
        BG_WAKE_02 = "BG-WAKE-02",
        BG_WAKE_04 = "BG-WAKE-04",
        BG_WAKE_08 = "BG-WAKE-08",
        BG_QUIT_01 = "BG-QUIT-01",
        BG_QUIT_02 = "BG-QUIT-02",
        BG_QUIT_03 = "BG-QUIT-03",
        BG_QUIT_04 = "BG-QUIT-04",
        BG_QUIT_05 = "BG-QUIT-05",
        BG_QUIT_08 = "BG-QUIT-08",
        BG_QUIT_09 = "BG-QUIT-09",
        BG_QUIT_15 = "BG-QUIT-15",
        BG_QUIT_16 = "BG-QUIT-16",
        BG_RATE_02 = "BG-RATE-02",
        BG_RATE_03 = "BG-RATE-03",
        BG_RATE_04 = "BG-RATE-04",
        BG_RATE_05 = "BG-RATE-05",
        BG_RATE_06 = "BG-RATE-06",
        BG_RATE_07 = "BG-RATE-07",
        BG_RATE_08 = "BG-RATE-08",
        BG_RATE_10 = "BG-RATE-10",
        BG_RATE_13 = "BG-RATE-13",
        BG_SCHED_01 = "BG-SCHED-01",
        BG_SCHED_02 = "BG-SCHED-02",
        BG_SCHED_03 = "BG-SCHED-03",
        BG_SCHED_04 = "BG-SCHED-04",
        BG_SCHED_08 = "BG-SCHED-08",
        BG_SCHED_09 = "BG-SCHED-09",
        BG_SCHED_12 = "BG-SCHED-12",
        BG_SCHED_13 = "BG-SCHED-13",
        BG_SCHED_15 = "BG-SCHED-15",
        BG_SCHED_16 = "BG-SCHED-16",
        BG_SCHED_17 = "BG-SCHED-17",
        BG_SCHED_18 = "BG-SCHED-18",
        BG_SCHED_19 = "BG-SCHED-19",
        BG_SCHED_20 = "BG-SCHED-20",
        BG_SCHED_21 = "BG-SCHED-21",
        BG_SCHED_22 = "BG-SCHED-22",
        BG_NET_01 = "BG-NET-01",
        BG_NET_02 = "BG-NET-02",
        BG_NET_03 = "BG-NET-03",
        BG_NET_04 = "BG-NET-04",
        BG_NET_05 = "BG-NET-05",
        BG_NET_06 = "BG-NET-06",
        BG_NET_07 = "BG-NET-07",
        BG_NET_08 = "BG-NET-08",
        BG_NET_10 = "BG-NET-10",
        BG_NET_11 = "BG-NET-11",
        BG_NET_14 = "BG-NET-14",
        BG_NET_16 = "BG-NET-16",
        BG_NET_17 = "BG-NET-17",
        BG_REDIR_01 = "BG-REDIR-01",
        BG_REDIR_02 = "BG-REDIR-02",
        BG_REDIR_03 = "BG-REDIR-03",
        BG_REDIR_04 = "BG-REDIR-04",
        BG_DL_01 = "BG-DL-01",
        BG_DL_02 = "BG-DL-02",
        BG_DL_03 = "BG-DL-03",
        BG_DL_07 = "BG-DL-07",
        BG_DL_12 = "BG-DL-12",
        BG_RES_01 = "BG-RES-01",
        BG_RES_02 = "BG-RES-02",
        BG_RES_03 = "BG-RES-03",
        BG_RES_04 = "BG-RES-04",
        BG_RES_05 = "BG-RES-05",
        BG_RES_06 = "BG-RES-06",
        BG_UP_01 = "BG-UP-01",
        BG_UP_02 = "BG-UP-02",
        BG_UP_03 = "BG-UP-03",
        BG_UP_04 = "BG-UP-04",
        BG_UP_12 = "BG-UP-12",
        BG_DATA_01 = "BG-DATA-01",
        BG_DATA_02 = "BG-DATA-02",
        BG_DATA_03 = "BG-DATA-03",
        BG_INV_01 = "BG-INV-01",
        BG_INV_02 = "BG-INV-02",
        BG_INV_04 = "BG-INV-04",
        BG_ORD_01 = "BG-ORD-01",
        BG_ORD_04 = "BG-ORD-04",
        BG_ORD_05 = "BG-ORD-05",
        BG_ORD_06 = "BG-ORD-06",
        BG_ORD_07 = "BG-ORD-07",
        BG_ORD_09 = "BG-ORD-09",
        BG_ORD_14 = "BG-ORD-14",
        BG_ERR_02 = "BG-ERR-02",
        SW_STORE_01 = "SW-STORE-01",
        SW_STORE_02 = "SW-STORE-02",
        SW_CONN_01 = "SW-CONN-01",
        SW_CONN_02 = "SW-CONN-02",
        SW_DATA_01 = "SW-DATA-01",
        SW_RANGE_01 = "SW-RANGE-01",
        SW_OS_01 = "SW-OS-01",
        SW_OS_02 = "SW-OS-02",
    }
    named {
    }
}

/// Rules that are switched off, to show that each of them is decided somewhere. Empty in production.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(BTreeSet<Rule>);

impl Faults {
    /// Switches these rules off.
    pub fn without(rules: impl IntoIterator<Item = Rule>) -> Faults {
        Faults(rules.into_iter().collect())
    }

    /// Returns whether a rule holds.
    pub fn keep(&self, rule: Rule) -> bool {
        self.0.is_empty() || !self.0.contains(&rule)
    }

    /// Returns the rules that are off, in order.
    pub fn iter(&self) -> impl Iterator<Item = Rule> {
        self.0.iter().copied()
    }
}
