//! Williams squares: orders in which every arm stands in every position, and right after every other
//! arm, equally often (Williams 1949). If an arm changes what the next one finds (caches, clock
//! frequency), it does so to all alike.

/// How many rows are balanced together: as many as arms, or twice as many where they are odd.
pub(super) fn rows(arms: usize) -> usize {
    if arms.is_multiple_of(2) {
        arms
    } else {
        2 * arms
    }
}

/// One row of the square: an order of `arms` arms. Rows repeat after [`rows`] of them.
pub(super) fn row(arms: usize, number: usize) -> Vec<usize> {
    if arms == 0 {
        return Vec::new();
    }
    let number = number % rows(arms);
    // 0, 1, n−1, 2, n−2, …: neighbours differ by 1, −2, 3, −4, …, which are all different.
    let first_row = (0..arms).map(|place| match place {
        0 => 0,
        _ if place % 2 == 1 => place.div_ceil(2),
        _ => arms - place / 2,
    });
    let mut order: Vec<usize> = first_row.map(|arm| (arm + number) % arms).collect();
    if number >= arms {
        // An odd number of arms needs the mirrored square as well.
        order.reverse();
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_predecessors_are_balanced() {
        for arms in 2..=13 {
            let mut places = vec![vec![0; arms]; arms];
            let mut follows = vec![vec![0; arms]; arms];
            for number in 0..rows(arms) {
                let order = row(arms, number);
                for (place, &arm) in order.iter().enumerate() {
                    places[arm][place] += 1;
                }
                for (&before, &after) in order.iter().zip(&order[1..]) {
                    follows[before][after] += 1;
                }
            }
            let each = rows(arms) / arms;
            assert!(
                places.iter().flatten().all(|&count| count == each),
                "{arms}: {places:?}"
            );
            for (arm, row) in follows.iter().enumerate() {
                for (other, &count) in row.iter().enumerate() {
                    let expected = if arm == other { 0 } else { each };
                    assert_eq!(count, expected, "{arms} arms: {other} after {arm}");
                }
            }
        }
    }

    #[test]
    fn few_arms_have_an_order_too() {
        assert_eq!(row(0, 3), Vec::<usize>::new());
        assert_eq!(row(1, 3), [0]);
    }
}
