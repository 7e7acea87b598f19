/// Numbers that look random and are the same for the same seed, on every machine and in every version (SplitMix64).
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// Begins the numbers of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Begins the numbers of a part of something, which have nothing to do with those of other parts.
    pub fn of_part(seed: u64, part: u64, number: u64) -> Self {
        let mut rng = Self::new(seed);
        let seed = rng.next() ^ part.wrapping_mul(0x9E6D_62D0_6F6A_9A9B);
        let mut rng = Self::new(seed);
        let seed = rng.next() ^ number.wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
        Self::new(seed)
    }

    /// Returns the next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number from 0 up to, but not including, the bound; 0 if that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let product = u128::from(self.next()) * (bound as u128);
        // The upper half is below the bound.
        usize::try_from(product >> 64).unwrap_or_default()
    }

    /// Returns a number from 0 up to, but not including, 1.
    pub fn unit(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let bits = (self.next() >> 11) as f64;
        bits / 9_007_199_254_740_992.0
    }

    /// Returns true so many times in a hundred.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Returns a number between two, both included.
    pub fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most - least + 1)
    }

    /// Returns 128 bits.
    pub fn bits(&mut self) -> u128 {
        u128::from(self.next()) << 64 | u128::from(self.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_a_seed_are_those_of_the_published_algorithm() {
        let mut rng = Rng::new(1_234_567);
        assert_eq!(rng.next(), 6_457_827_717_110_365_317);
        assert_eq!(rng.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn numbers_stay_below_their_bound_and_reach_all_below_it() {
        let mut rng = Rng::new(1);
        let mut seen = [false; 10];
        (0..1_000).for_each(|_| seen[rng.below(10)] = true);
        assert_eq!(seen, [true; 10]);
        assert_eq!(rng.below(0), 0);
        assert!((0..1_000).all(|_| (0.0..1.0).contains(&rng.unit())));
    }

    #[test]
    fn parts_differ() {
        let first = |part, number| Rng::of_part(7, part, number).next();
        assert_ne!(first(1, 0), first(0, 1));
        assert_ne!(first(1, 2), first(2, 1));
        assert_eq!(first(1, 2), first(1, 2));
    }
}
