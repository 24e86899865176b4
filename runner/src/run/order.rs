//! In which order arms are measured: balanced, random, and the same on every machine for the same seed. Pure.

use super::williams;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;

/// The orders of a run, in several series that do not share a square.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Orders {
    /// Where chance comes from.
    pub seed: u64,
    /// How many series there are.
    pub series: u64,
}

impl Orders {
    /// The order of this number in a series: indices of `arms` arms.
    ///
    /// A series goes through the rows of a Williams square in a random order, and through one square after
    /// another, each with the arms in other roles.
    #[must_use]
    pub fn order(&self, series: u64, number: u64, arms: usize) -> Vec<usize> {
        let rows = williams::rows(arms).max(1);
        let (square, row) = (number / rows as u64, number % rows as u64);
        let square = square * self.series + series;
        // Neighbouring seeds give unrelated generators: `seed_from_u64` scrambles them.
        let mut random = Pcg64::seed_from_u64(self.seed.wrapping_add(square));
        let mut roles: Vec<usize> = (0..arms).collect();
        roles.shuffle(&mut random);
        let mut numbers: Vec<usize> = (0..rows).collect();
        numbers.shuffle(&mut random);
        let row = williams::row(arms, numbers[row as usize]);
        row.into_iter().map(|role| roles[role]).collect()
    }

    /// The order of the first round of a series in words: a step of a plan.
    #[must_use]
    pub fn first_round(&self, series: u64, arms: &[String]) -> String {
        let order = self.order(series, 0, arms.len());
        let names: Vec<&str> = order.into_iter().map(|arm| arms[arm].as_str()).collect();
        format!(
            "order of the first round (seed {}): {}",
            self.seed,
            names.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ORDERS: Orders = Orders { seed: 1, series: 4 };

    #[test]
    fn the_seed_fixes_the_order() {
        assert_eq!(ORDERS.order(2, 29, 10), ORDERS.order(2, 29, 10));
        let all = |orders: Orders| (0..8).map(|n| orders.order(0, n, 10)).collect::<Vec<_>>();
        assert_ne!(all(ORDERS), all(Orders { seed: 2, ..ORDERS }));
    }

    #[test]
    fn series_have_orders_of_their_own() {
        let all = |series| {
            (0..8)
                .map(|n| ORDERS.order(series, n, 10))
                .collect::<Vec<_>>()
        };
        assert_ne!(all(0), all(1));
    }

    #[test]
    fn every_arm_follows_every_other_equally_often() {
        // 40 orders of 10 arms are four squares.
        let mut follows = [[0; 10]; 10];
        for number in 0..40 {
            let order = ORDERS.order(0, number, 10);
            for (&before, &after) in order.iter().zip(&order[1..]) {
                follows[before][after] += 1;
            }
        }
        for (arm, row) in follows.iter().enumerate() {
            for (other, &count) in row.iter().enumerate() {
                assert_eq!(
                    count,
                    if arm == other { 0 } else { 4 },
                    "{other} after {arm}"
                );
            }
        }
    }

    #[test]
    fn every_arm_is_last_as_often_as_any_other() {
        let mut last = [0; 10];
        for number in 0..20 {
            last[ORDERS.order(1, number, 10)[9]] += 1;
        }
        assert_eq!(last, [2; 10]);
    }

    proptest! {
        #[test]
        fn an_order_names_every_arm_once(seed: u64, number in 0..1000_u64, arms in 0..20_usize) {
            let mut order = Orders { seed, ..ORDERS }.order(1, number, arms);
            order.sort_unstable();
            prop_assert_eq!(order, (0..arms).collect::<Vec<_>>());
        }
    }
}
