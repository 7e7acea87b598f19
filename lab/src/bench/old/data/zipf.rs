use super::Rng;

/// Ranks that come as words come in texts: the second half as often as the first, the third a third as often.
#[derive(Debug, Clone)]
pub struct Zipf {
    /// How often a rank or a smaller one comes.
    cumulated: Vec<f64>,
}

impl Zipf {
    /// Spreads over so many ranks.
    pub fn new(ranks: usize) -> Self {
        let mut sum = 0.0;
        let mut cumulated: Vec<f64> = (1..=ranks)
            .map(|rank| {
                #[expect(clippy::cast_precision_loss, reason = "ranks are far below 2^52")]
                let share = 1.0 / rank as f64;
                sum += share;
                sum
            })
            .collect();
        cumulated.iter_mut().for_each(|value| *value /= sum);
        Self { cumulated }
    }

    /// Draws a rank, from 0.
    pub fn draw(&self, rng: &mut Rng) -> usize {
        let point = rng.unit();
        let rank = self.cumulated.partition_point(|value| *value <= point);
        rank.min(self.cumulated.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_comes_as_often_as_its_place_says() {
        let zipf = Zipf::new(1_000);
        let mut rng = Rng::new(3);
        let mut counts = [0.0_f64; 1_000];
        (0..1_000_000).for_each(|_| counts[zipf.draw(&mut rng)] += 1.0);
        for rank in [2, 3, 10] {
            let ratio = counts[0] / counts[rank - 1];
            let expected = f64::from(u32::try_from(rank).unwrap());
            assert!((ratio / expected - 1.0).abs() < 0.1, "{rank}: {ratio}");
        }
        assert!(counts[999] > 0.0);
    }
}
