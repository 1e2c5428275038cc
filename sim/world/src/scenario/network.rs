//! The network between device and origin.

use std::time::Duration;

use sleepwalker_core::{Link, Path};

use crate::{LinkQuality, Rate};

/// The network as it stands: the path that the system sees, and what the radio carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkPlan {
    /// What the system sees.
    pub path: Path,
    /// What the radio carries.
    pub quality: LinkQuality,
}

/// Wi-Fi without any limit, delay or loss.
impl Default for NetworkPlan {
    fn default() -> NetworkPlan {
        NetworkPlan {
            path: Path { link: Link::Wifi, expensive: false, constrained: false },
            quality: LinkQuality::default(),
        }
    }
}

/// A change of the network: what is set changes, all else stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NetworkAct {
    /// Another link.
    pub link: Option<Link>,
    /// Expensive or not; a new link that does not say is expensive if it is cellular (BG-CFG-17).
    pub expensive: Option<bool>,
    /// Constrained or not; a new link that does not say is not.
    pub constrained: Option<bool>,
    /// From origin to device.
    pub down: Option<Rate>,
    /// From device to origin.
    pub up: Option<Rate>,
    /// One way.
    pub latency: Option<Duration>,
    /// At most added to the latency.
    pub jitter: Option<Duration>,
    /// How many in a million messages are lost once and sent again.
    pub loss_per_million: Option<u32>,
    /// The radio stops carrying anything, or goes on, while the path is told as before.
    pub outage: Option<bool>,
}

impl NetworkAct {
    /// Returns the network after this change; an outage is none of its parts.
    pub fn apply(&self, before: NetworkPlan) -> NetworkPlan {
        let path = match self.link {
            None => before.path,
            Some(link) => Path { link, expensive: link == Link::Cellular, constrained: false },
        };
        NetworkPlan {
            path: Path {
                link: path.link,
                expensive: self.expensive.unwrap_or(path.expensive),
                constrained: self.constrained.unwrap_or(path.constrained),
            },
            quality: LinkQuality {
                down: self.down.unwrap_or(before.quality.down),
                up: self.up.unwrap_or(before.quality.up),
                latency: self.latency.unwrap_or(before.quality.latency),
                jitter: self.jitter.unwrap_or(before.quality.jitter),
                loss_per_million: self.loss_per_million.unwrap_or(before.quality.loss_per_million),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cellular_path_is_expensive_unless_it_says_otherwise() {
        let cellular = NetworkAct { link: Some(Link::Cellular), ..NetworkAct::default() };
        assert!(cellular.apply(NetworkPlan::default()).path.expensive);
        let flat = NetworkAct { expensive: Some(false), ..cellular };
        assert!(!flat.apply(NetworkPlan::default()).path.expensive);
    }

    #[test]
    fn a_change_of_rate_leaves_the_path_alone() {
        let before = NetworkAct {
            link: Some(Link::Cellular),
            constrained: Some(true),
            ..NetworkAct::default()
        }
        .apply(NetworkPlan::default());
        let after =
            NetworkAct { down: Some(Rate::Unlimited), ..NetworkAct::default() }.apply(before);
        assert_eq!(before, after);
    }
}
