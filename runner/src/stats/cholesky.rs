//! Systems of linear equations with a symmetric positive definite matrix (Cholesky).

/// A pivot this much smaller than its diagonal element is rounding, not information.
const RELATIVE_PIVOT_MIN: f64 = 1e-10;

/// A symmetric positive definite matrix as L·Lᵀ.
#[derive(Debug, Clone)]
pub(super) struct Cholesky {
    size: usize,
    /// L, row by row; what stands above its diagonal is not used.
    lower: Vec<f64>,
}

impl Cholesky {
    /// Factors the square `matrix`, given row by row; `None` if it is not positive definite.
    pub(super) fn factor(mut matrix: Vec<f64>, size: usize) -> Option<Self> {
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
        Some(Self {
            size,
            lower: matrix,
        })
    }

    /// x of matrix·x = `right`: first L·y = right from the top, then Lᵀ·x = y from the bottom.
    pub(super) fn solve(&self, right: &[f64]) -> Vec<f64> {
        let (size, lower) = (self.size, &self.lower);
        let mut x = right.to_vec();
        for row in 0..size {
            let inner: f64 = (0..row).map(|k| lower[row * size + k] * x[k]).sum();
            x[row] = (x[row] - inner) / lower[row * size + row];
        }
        for row in (0..size).rev() {
            let inner: f64 = (row + 1..size).map(|k| lower[k * size + row] * x[k]).sum();
            x[row] = (x[row] - inner) / lower[row * size + row];
        }
        x
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_system_made_by_hand_is_solved() {
        // 4·1.5 + 2·2 = 10 and 2·1.5 + 3·2 = 9.
        let found = Cholesky::factor(vec![4.0, 2.0, 2.0, 3.0], 2)
            .unwrap()
            .solve(&[10.0, 9.0]);
        assert!(
            (found[0] - 1.5).abs() < 1e-12 && (found[1] - 2.0).abs() < 1e-12,
            "{found:?}"
        );
    }

    #[test]
    fn a_singular_matrix_has_no_factor() {
        assert!(Cholesky::factor(vec![1.0, -1.0, -1.0, 1.0], 2).is_none());
        assert!(Cholesky::factor(vec![0.0], 1).is_none());
    }

    proptest! {
        #[test]
        fn the_solution_solves_the_system(
            root in proptest::collection::vec(-1.0..1.0_f64, 16),
            right in proptest::collection::vec(-1.0..1.0_f64, 4),
        ) {
            // root·rootᵀ + 1 is positive definite whatever the root is.
            let element = |i: usize, j: usize| {
                let inner: f64 = (0..4).map(|k| root[i * 4 + k] * root[j * 4 + k]).sum();
                inner + f64::from(u8::from(i == j))
            };
            let matrix: Vec<f64> = (0..16).map(|place| element(place / 4, place % 4)).collect();
            let x = Cholesky::factor(matrix.clone(), 4).unwrap().solve(&right);
            for row in 0..4 {
                let product: f64 = (0..4).map(|k| matrix[row * 4 + k] * x[k]).sum();
                prop_assert!((product - right[row]).abs() < 1e-9);
            }
        }
    }
}
