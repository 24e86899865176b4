//! How many blocks a wanted half-width takes: the second stage of Stein's two-stage procedure (1945).
//! It looks at variances only, so asking it again and again makes no claim more likely.

/// Blocks for a half-width of `half_width`, a share such as 0.02, if differences of blocks have
/// the standard deviation `sd` and intervals reach `critical` standard errors: (c·s/h)², at least 1.
#[must_use]
pub fn blocks_for_half_width(sd: f64, critical: f64, half_width: f64) -> u32 {
    let wanted = half_width.ln_1p();
    let blocks = (critical * sd / wanted).powi(2).ceil().max(1.0);
    // A float beyond the range becomes the end of the range.
    blocks as u32
}

#[cfg(test)]
mod tests {
    use super::blocks_for_half_width;

    #[test]
    fn blocks_go_with_the_square() {
        let h = 0.02_f64.ln_1p();
        assert_eq!(blocks_for_half_width(h, 3.0, 0.02), 9);
        assert_eq!(blocks_for_half_width(2.0 * h, 3.0, 0.02), 36);
        assert_eq!(blocks_for_half_width(0.0, 3.0, 0.02), 1);
        assert_eq!(blocks_for_half_width(1.0, 3.0, 0.0), u32::MAX);
    }
}
