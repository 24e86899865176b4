//! Small systems of linear equations with a symmetric positive definite matrix (Cholesky).

/// Solves `matrix · x = right`; `matrix` is square, row by row. Nothing where it is not positive
/// definite.
pub(super) fn solve(mut matrix: Vec<f64>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let size = right.len();
    // A pivot this much smaller than its diagonal element is rounding, not information.
    const RELATIVE_PIVOT_MIN: f64 = 1e-10;
    for row in 0..size {
        for column in 0..=row {
            let inner: f64 = (0..column)
                .map(|k| matrix[row * size + k] * matrix[column * size + k])
                .sum();
            let rest = matrix[row * size + column] - inner;
            matrix[row * size + column] = if column < row {
                rest / matrix[column * size + column]
            } else if rest > RELATIVE_PIVOT_MIN * matrix[row * size + row] {
                rest.sqrt()
            } else {
                return None;
            };
        }
    }
    for row in 0..size {
        let inner: f64 = (0..row).map(|k| matrix[row * size + k] * right[k]).sum();
        right[row] = (right[row] - inner) / matrix[row * size + row];
    }
    for row in (0..size).rev() {
        let inner: f64 = (row + 1..size)
            .map(|k| matrix[k * size + row] * right[k])
            .sum();
        right[row] = (right[row] - inner) / matrix[row * size + row];
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    use super::solve;

    #[test]
    fn a_system_made_by_hand_is_solved() {
        let found = solve(vec![4.0, 2.0, 2.0, 3.0], vec![10.0, 9.0]).unwrap();
        assert!(
            (found[0] - 1.5).abs() < 1e-12 && (found[1] - 2.0).abs() < 1e-12,
            "{found:?}"
        );
    }

    #[test]
    fn a_singular_system_has_no_solution() {
        assert_eq!(solve(vec![1.0, -1.0, -1.0, 1.0], vec![0.0, 0.0]), None);
    }
}
