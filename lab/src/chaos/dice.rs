//! Chance that can be repeated: everything that is drawn follows from the seed.

use std::time::Duration;

use rand::{Rng, RngCore, SeedableRng, rngs::StdRng, seq::SliceRandom};
use uuid::{Builder, Uuid};

/// A source of chance of one purpose.
#[derive(Debug)]
pub struct Dice(StdRng);

impl Dice {
    /// Returns the dice for a purpose of a run; other purposes draw other numbers.
    pub fn new(seed: u64, purpose: u64) -> Self {
        let mixed = seed ^ purpose.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self(StdRng::seed_from_u64(mixed))
    }

    /// Draws a number below the bound.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0.random_range(0..bound.max(1))
    }

    /// Draws a duration in milliseconds.
    pub fn milliseconds(&mut self, range: std::ops::Range<u64>) -> Duration {
        Duration::from_millis(self.0.random_range(range))
    }

    /// Puts a list into another order.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        list.shuffle(&mut self.0);
    }

    /// Draws an id.
    pub fn id(&mut self) -> Uuid {
        let mut bytes = [0; 16];
        self.0.fill_bytes(&mut bytes);
        Builder::from_random_bytes(bytes).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_purpose_draw_the_same_and_another_purpose_draws_something_else() {
        let draw = |seed, purpose| Dice::new(seed, purpose).id();
        assert_eq!(draw(7, 1), draw(7, 1));
        assert_ne!(draw(7, 1), draw(7, 2));
        assert_ne!(draw(7, 1), draw(8, 1));
    }
}
