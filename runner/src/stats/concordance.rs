//! Kendall's coefficient of concordance: how far blocks agree on the order of the arms.

/// W in 0..=1 from one row of values per block: 0 if the orders have nothing in common, 1 if
/// all are the same. Equal values share their mean rank, with the usual correction for ties.
///
/// `None` if there are fewer than 2 blocks or arms, or if no block tells its arms apart.
#[must_use]
pub fn kendall_w(blocks: &[Vec<f64>]) -> Option<f64> {
    let arms = blocks.first()?.len();
    if blocks.len() < 2 || arms < 2 {
        return None;
    }
    let (n, m) = (arms as f64, blocks.len() as f64);
    let mut sums = vec![0.0; arms];
    let mut ties = 0.0;
    for row in blocks {
        for (sum, value) in sums.iter_mut().zip(row) {
            let below = row.iter().filter(|other| *other < value).count() as f64;
            let equal = row.iter().filter(|other| *other == value).count() as f64;
            *sum += below + (equal + 1.0) / 2.0;
            // Σ (t³ − t) over groups of t equal values, spread over their members.
            ties += equal.powi(2) - 1.0;
        }
    }
    let mean = m * (n + 1.0) / 2.0;
    let squares: f64 = sums.iter().map(|sum| (sum - mean).powi(2)).sum();
    let most = m.powi(2) * (n.powi(3) - n) - m * ties;
    (most > 0.0).then(|| 12.0 * squares / most)
}

#[cfg(test)]
mod tests {
    use super::kendall_w;

    #[test]
    fn agreement_is_one_and_its_opposite_zero() {
        let up = vec![1.0, 2.0, 3.0];
        let down = vec![3.0, 2.0, 1.0];
        assert_eq!(kendall_w(&[up.clone(), up.clone()]), Some(1.0));
        assert_eq!(kendall_w(&[up, down]), Some(0.0));
    }

    #[test]
    fn ties_share_their_rank() {
        let tied = vec![1.0, 1.0, 2.0];
        assert_eq!(kendall_w(&[tied.clone(), tied]), Some(1.0));
        assert_eq!(kendall_w(&[vec![1.0, 1.0], vec![2.0, 2.0]]), None);
        assert_eq!(kendall_w(&[vec![1.0, 2.0]]), None);
    }
}
