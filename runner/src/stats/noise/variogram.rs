//! How noise grows with distance in time: drift and the noise of single slices, told apart.

use super::median;

/// Makes the median absolute deviation of Student's t with 4 degrees of freedom estimate its
/// standard deviation: √2 / 0.7407.
const MEDIAN_TO_SD: f64 = 1.909;

/// Half the variance γ of differences by their distance in time.
pub(super) struct Variogram {
    /// (seconds, γ).
    points: Vec<(f64, f64)>,
}

impl Variogram {
    /// Of the residuals of each block's slices, `slice_s` apart; `None` if blocks are too short.
    pub(super) fn of(residuals: &[Vec<f64>], slice_s: f64) -> Option<Self> {
        let shortest = residuals.iter().map(Vec::len).min()?;
        let lags = (0..).map(|power| 1_usize << power);
        let gamma = |lag: usize| {
            let of_block = |row: &Vec<f64>| -> Vec<f64> {
                let far = row.iter().zip(&row[lag..]);
                far.map(|(one, other)| (one - other).abs()).collect()
            };
            let differences: Vec<f64> = residuals.iter().flat_map(of_block).collect();
            let sd = MEDIAN_TO_SD * median(&differences)?;
            Some((lag as f64 * slice_s, sd.powi(2) / 2.0))
        };
        let points = lags.take_while(|&lag| lag <= shortest / 2).map(gamma);
        let points: Vec<(f64, f64)> = points.collect::<Option<_>>()?;
        (points.len() > 1).then_some(Self { points })
    }

    /// γ(h) = slice² + drift² · (1 − e^(−h/τ)), by search over τ and slice², drift² being linear;
    /// errors are relative, since γ grows by a factor of several. Returns (slice, drift, τ).
    pub(super) fn fit(&self) -> (f64, f64, f64) {
        let (first_s, first) = self.points[0];
        let mut best = (f64::INFINITY, 0.0, 0.0, first_s);
        for step in 0..60 {
            let tau = first_s * 1.12_f64.powi(step);
            let rise = |h: f64| 1.0 - (-h / tau).exp();
            for share in 0..=20 {
                let slice = first * f64::from(share) / 20.0;
                let over = self.sum(|h, gamma| rise(h) * (gamma - slice) / gamma.powi(2));
                let drift = (over / self.sum(|h, gamma| (rise(h) / gamma).powi(2))).max(0.0);
                let error = |h: f64, gamma: f64| (slice + drift * rise(h) - gamma) / gamma;
                let error = self.sum(|h, gamma| error(h, gamma).powi(2));
                if error < best.0 {
                    best = (error, slice, drift, tau);
                }
            }
        }
        let (_, slice, drift, tau) = best;
        (slice.sqrt(), drift.sqrt(), tau)
    }

    fn sum(&self, term: impl Fn(f64, f64) -> f64) -> f64 {
        self.points.iter().map(|&(h, gamma)| term(h, gamma)).sum()
    }
}
