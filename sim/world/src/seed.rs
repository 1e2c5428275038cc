//! Random streams by name: who draws more in one place never shifts the draws of another.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// A stream of random numbers that a seed and a name decide, on every machine alike.
#[derive(Clone, Debug)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// Opens the stream of this name.
    pub fn new(seed: u64, name: &str) -> Dice {
        let mut hash = Sha256::new();
        hash.update(seed.to_le_bytes());
        hash.update(name.as_bytes());
        Dice(ChaCha8Rng::from_seed(hash.finalize().into()))
    }

    /// Draws a number from zero up to, and without, `bound`; zero if `bound` is zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        // The high half of the product: its bias is below 2^-32 for every bound that occurs here, and
        // unlike a library's range it is the same in every version.
        let wide = u128::from(self.0.next_u64()) * u128::from(bound);
        (wide >> 64) as u64
    }

    /// Draws whether something happens that happens `per_million` times in a million.
    pub fn chance(&mut self, per_million: u32) -> bool {
        self.below(1_000_000) < u64::from(per_million)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_and_name_give_one_stream_and_others_give_others() {
        let draw = |seed, name: &str| {
            let mut dice = Dice::new(seed, name);
            (0..8).map(|_| dice.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(draw(1, "jitter"), draw(1, "jitter"));
        assert_ne!(draw(1, "jitter"), draw(2, "jitter"));
        assert_ne!(draw(1, "jitter"), draw(1, "loss"));
    }

    #[test]
    fn draws_stay_below_their_bound() {
        let mut dice = Dice::new(7, "bound");
        assert!((0..1000).all(|_| dice.below(3) < 3));
        assert_eq!(dice.below(0), 0);
        assert!(!dice.chance(0));
        assert!(dice.chance(1_000_000));
    }
}
