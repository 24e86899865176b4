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
    use super::one_line;

    #[test]
    fn a_cell_is_one_line_whatever_a_server_says() {
        assert_eq!(one_line(" a\nb\u{1b}[31m\r "), "a | b\\u{1b}[31m");
        assert_eq!(one_line(&"x".repeat(5000)).len(), 1000);
    }
}
