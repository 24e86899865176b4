//! How each kind of cell is written.

use super::*;

fn around(value: f64, half_width: f64) -> Cell {
    let interval = Interval {
        estimate: value,
        lower: value / (1.0 + half_width),
        upper: value * (1.0 + half_width),
    };
    Cell::ratio(value, Some(interval))
}

#[test]
fn figures_are_written_with_the_digits_they_have() {
    assert_eq!(Cell::count(1_234_567).full(), "1,234,567");
    assert_eq!(Cell::number(2.25, 1).full(), "2.2");
    assert_eq!(Cell::number(2080.66, 1).full(), "2,080.7");
    assert_eq!(Cell::percent(0.9537).full(), "95.4");
    assert_eq!(Cell::percent(f64::NAN).full(), "-");
    assert_eq!(around(0.943, 0.026).full(), "0.943 ±2.6%");
    assert_eq!(around(0.014, 0.02).full(), "0.0140 ±2.0%");
    assert_eq!(Cell::ratio(1.0, None).full(), "1.000");
}

#[test]
fn a_gain_is_written_behind_its_rate() {
    let interval = Interval {
        estimate: 1.031,
        lower: 1.031 / 1.02,
        upper: 1.031 * 1.02,
    };
    let gain = Cell::gain(104_210.4, Some(1.031), Some(interval), false);
    assert_eq!(gain.full(), "104,210 (+3.1%; +1.1 to +5.2)");
    assert_eq!(gain.brief(), "104,210 +3.1%");
    let bounded = Cell::gain(7.0, Some(0.9), None, true);
    assert_eq!(bounded.full(), "≥ 7 (≥ -10.0%)");
    let over =
        |client_bound| Cell::gain(7.0, Some(0.9), Some(interval), client_bound).over_bound(true);
    assert_eq!(over(false).full(), "7 (≤ -10.0%)");
    assert_eq!(over(true).full(), "≥ 7");
    let unclear = Cell::gain(7.0, None, None, false).unclear(true);
    assert_eq!(unclear.full(), "7‡");
    assert_eq!(Cell::gain(104_210.4, None, None, false).full(), "104,210");
}

#[test]
fn a_terminal_leaves_parentheses_out() {
    let sum = Cell::Sum {
        value: 6003.0,
        parts: [1501.0, 4502.0],
    };
    assert_eq!(
        (sum.full().as_str(), sum.brief().as_str()),
        ("6,003 (1,501 + 4,502)", "6,003")
    );
}

#[test]
fn a_rank_of_a_client_bound_row_has_its_sign() {
    let rank = RankSet { best: 2, worst: 3 };
    assert_eq!(Cell::rank(rank, false).full(), "2–3");
    assert_eq!(Cell::rank(rank, true).full(), "2–3†");
    let markdown = Cell::rank(rank, true).markdown(None);
    assert_eq!(markdown, "2\u{2060}–\u{2060}3†");
}
