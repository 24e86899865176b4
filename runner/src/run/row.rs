//! What a row of a run is, to those who write and read it without knowing its columns.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A row of one of an experiment's CSV files.
pub trait Row: Serialize + DeserializeOwned + Clone {
    /// The file's name.
    const FILE: &'static str;

    /// The arm it is of, if it is of one.
    fn arm(&self) -> Option<&str>;

    /// What no two rows have in common.
    fn key(&self) -> String;

    /// Why no run can have written these values, if none can.
    fn fault(&self) -> Option<String> {
        None
    }
}

/// A file of histograms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimesFile {
    /// The file's name.
    pub name: &'static str,
    /// What is said at its top.
    pub comment: &'static str,
}

/// No count or time of a slice is larger: sums over all slices stay far from any overflow.
const NUMBER_MAX: u64 = 1_000_000_000_000_000;

/// Why no slice can have measured these numbers, if none can.
#[must_use]
pub fn fault_of_numbers(numbers: &[u64]) -> Option<String> {
    let is_beyond = numbers.iter().any(|number| *number > NUMBER_MAX);
    is_beyond.then(|| "a number is beyond what a slice can have measured".to_owned())
}

/// Why no slice can have these outcomes, if none can: each request that was sent has one.
#[must_use]
pub fn fault_of_outcomes(sent: u64, outcomes: impl IntoIterator<Item = u64>) -> Option<String> {
    let sum = outcomes.into_iter().try_fold(0, u64::checked_add);
    (sum != Some(sent)).then(|| format!("sent is {sent}, and its outcomes do not add up to that"))
}

/// Why no slice can have these percentiles of one thing, the lowest first, if none can: none is below the one before.
#[must_use]
pub fn fault_of_quantiles(values: &[u64]) -> Option<String> {
    let falls = values.windows(2).find(|pair| pair[0] > pair[1])?;
    Some(format!(
        "a percentile is {}, and a higher one of the same is {}",
        falls[0], falls[1]
    ))
}

/// Text for a cell: one line, without control characters and not longer than a reader wants.
///
/// Error texts quote what servers say, and a server may say anything.
#[must_use]
pub fn one_line(text: &str) -> String {
    const CHARACTERS_MAX: usize = 1000;
    let mut line = String::new();
    for character in text.trim().chars().take(CHARACTERS_MAX) {
        match character {
            '\n' => line.push_str(" | "),
            character if character.is_control() => line.extend(character.escape_default()),
            character => line.push(character),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::{NUMBER_MAX, fault_of_numbers, fault_of_outcomes, fault_of_quantiles, one_line};

    #[test]
    fn numbers_that_no_slice_can_have_are_faults() {
        assert_eq!(fault_of_numbers(&[0, NUMBER_MAX]), None);
        assert!(fault_of_numbers(&[0, NUMBER_MAX + 1]).is_some());
        assert_eq!(fault_of_outcomes(3, [1, 2]), None);
        assert!(fault_of_outcomes(3, [1, 1]).is_some());
        assert!(fault_of_outcomes(3, [u64::MAX, 4]).is_some());
        assert_eq!(fault_of_quantiles(&[0, 1, 1, 4]), None);
        assert!(fault_of_quantiles(&[0, 2, 1]).is_some());
    }

    #[test]
    fn a_cell_is_one_line_whatever_a_server_says() {
        assert_eq!(one_line(" a\nb\u{1b}[31m\r "), "a | b\\u{1b}[31m");
        assert_eq!(one_line(&"x".repeat(5000)).len(), 1000);
    }
}
