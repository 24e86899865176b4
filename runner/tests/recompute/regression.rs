//! Section 2 of docs/ANALYSIS.md as one large system of equations for all blocks at once.

use super::record::Slice;

const ITERATIONS: usize = 12;
const BOUND_SDS: f64 = 0.35;
const MEDIAN_TO_SD: f64 = 1.4826;
const DISTANCE_MIN_S: f64 = 0.005;

/// One equation: the unknowns with +1, those with −1, what their sum should be, and its weight.
struct Equation {
    block: usize,
    plus: [usize; 2],
    minus: [usize; 2],
    difference: f64,
    weight: f64,
}

impl Equation {
    fn of(&self, solution: &[f64]) -> f64 {
        let of = |unknowns: [usize; 2]| solution[unknowns[0]] + solution[unknowns[1]];
        self.difference - (of(self.plus) - of(self.minus))
    }
}

/// One row per block, one log rate per arm.
pub(crate) fn block_values(blocks: &[Vec<Slice>], arms: usize) -> Vec<Vec<f64>> {
    let unknowns = blocks.len() * arms + arms + 1;
    let equations = equations(blocks, arms);
    let mut kept = vec![1.0; equations.len()];
    let mut solution = Vec::new();
    for _ in 0..ITERATIONS {
        if !solution.is_empty() {
            kept = keep(&equations, &solution, blocks.len());
        }
        let (matrix, right) = normal(&equations, |at| kept[at], unknowns, blocks.len(), arms);
        solution = eliminate(matrix, vec![right]).remove(0);
    }
    let shares = shares(&equations, &kept, &solution, blocks.len(), arms);
    let row = |block: usize| {
        let effects = &solution[block * arms..(block + 1) * arms];
        let level = blocks[block]
            .iter()
            .map(|slice| slice.log - effects[slice.arm])
            .sum::<f64>();
        let level = level / blocks[block].len() as f64;
        effects
            .iter()
            .zip(&shares[block])
            .map(|(effect, share)| level + effect + share)
            .collect()
    };
    (0..blocks.len()).map(row).collect()
}

fn equations(blocks: &[Vec<Slice>], arms: usize) -> Vec<Equation> {
    let carried = blocks.len() * arms;
    let mut equations = Vec::new();
    for (block, slices) in blocks.iter().enumerate() {
        for later in 0..slices.len() {
            for earlier in later.saturating_sub(arms)..later {
                let (one, other) = (&slices[later], &slices[earlier]);
                let distance = (one.middle_s - other.middle_s).max(DISTANCE_MIN_S);
                let unknowns = |slice: &Slice| {
                    [
                        block * arms + slice.arm,
                        carried + slice.after.unwrap_or(arms),
                    ]
                };
                equations.push(Equation {
                    block,
                    plus: unknowns(one),
                    minus: unknowns(other),
                    difference: one.log - other.log,
                    weight: 1.0 / (distance * distance),
                });
            }
        }
    }
    equations
}

/// How much of its weight each equation keeps.
fn keep(equations: &[Equation], solution: &[f64], blocks: usize) -> Vec<f64> {
    let scaled = |one: &Equation| one.of(solution) * one.weight.sqrt();
    let bound = |block: usize| {
        let own = equations.iter().filter(|one| one.block == block);
        BOUND_SDS * MEDIAN_TO_SD * median(own.map(|one| scaled(one).abs()).collect())
    };
    let bounds: Vec<f64> = (0..blocks).map(bound).collect();
    let kept = |one: &Equation| 1.0 / (1.0 + (scaled(one) / bounds[one.block]).powi(2)).sqrt();
    equations.iter().map(kept).collect()
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len() % 2 == 1 {
        values[half]
    } else {
        (values[half - 1] + values[half]) / 2.0
    }
}

/// Normal equations, with side conditions: effects of a block sum to 0, and so does what is carried.
fn normal(
    equations: &[Equation],
    kept: impl Fn(usize) -> f64,
    unknowns: usize,
    blocks: usize,
    arms: usize,
) -> (Vec<Vec<f64>>, Vec<f64>) {
    let mut matrix = vec![vec![0.0; unknowns]; unknowns];
    let mut right = vec![0.0; unknowns];
    for (at, one) in equations.iter().enumerate() {
        let weight = one.weight * kept(at);
        let terms = [
            (one.plus[0], 1.0),
            (one.plus[1], 1.0),
            (one.minus[0], -1.0),
            (one.minus[1], -1.0),
        ];
        for (row, sign) in terms {
            for (column, other_sign) in terms {
                matrix[row][column] += weight * sign * other_sign;
            }
            right[row] += weight * sign * one.difference;
        }
    }
    let mut groups: Vec<std::ops::Range<usize>> =
        (0..blocks).map(|b| b * arms..(b + 1) * arms).collect();
    groups.push(blocks * arms..unknowns);
    for group in groups {
        let scale = matrix[group.start][group.start];
        for row in group.clone() {
            for column in group.clone() {
                matrix[row][column] += scale;
            }
        }
    }
    (matrix, right)
}

/// How far each block has moved the mean effects of all blocks through what is carried over, times the
/// number of blocks.
fn shares(
    equations: &[Equation],
    kept: &[f64],
    solution: &[f64],
    blocks: usize,
    arms: usize,
) -> Vec<Vec<f64>> {
    let (bend, _) = normal(
        equations,
        |at| kept[at].powi(3),
        solution.len(),
        blocks,
        arms,
    );
    let mut slopes = vec![vec![0.0; solution.len()]; blocks];
    for (one, kept) in equations.iter().zip(kept) {
        let slope = one.weight * kept * one.of(solution) * blocks as f64;
        // Effects of a block are its own affair: there all slopes cancel.
        slopes[one.block][one.plus[1]] += slope;
        slopes[one.block][one.minus[1]] -= slope;
    }
    let moved = eliminate(bend, slopes);
    let mean = |moved: &Vec<f64>, arm: usize| {
        (0..blocks)
            .map(|block| moved[block * arms + arm])
            .sum::<f64>()
            / blocks as f64
    };
    moved
        .iter()
        .map(|moved| (0..arms).map(|arm| mean(moved, arm)).collect())
        .collect()
}

/// Gaussian elimination with the largest pivot, for several right sides.
fn eliminate(mut matrix: Vec<Vec<f64>>, mut rights: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let size = matrix.len();
    for step in 0..size {
        let by_size =
            |a: &usize, b: &usize| matrix[*a][step].abs().total_cmp(&matrix[*b][step].abs());
        let pivot = (step..size).max_by(by_size).unwrap();
        matrix.swap(step, pivot);
        rights.iter_mut().for_each(|right| right.swap(step, pivot));
        let (done, below) = matrix.split_at_mut(step + 1);
        let top = &done[step];
        for (row, values) in below.iter_mut().enumerate() {
            let factor = values[step] / top[step];
            if factor != 0.0 {
                values
                    .iter_mut()
                    .zip(top)
                    .skip(step)
                    .for_each(|(value, top)| *value -= factor * top);
                rights
                    .iter_mut()
                    .for_each(|right| right[step + 1 + row] -= factor * right[step]);
            }
        }
    }
    for right in &mut rights {
        for row in (0..size).rev() {
            let known: f64 = (row + 1..size).map(|at| matrix[row][at] * right[at]).sum();
            right[row] = (right[row] - known) / matrix[row][row];
        }
    }
    rights
}
