//! Rows as lines of CSV (RFC 4180): one row is one line, whatever its texts hold, so that a torn row is a
//! torn line.

use anyhow::{Context, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;

/// A row, and the header of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvLines {
    /// The names of the columns.
    pub header: String,
    /// The values.
    pub row: String,
}

impl CsvLines {
    /// Writes a row as CSV.
    ///
    /// # Errors
    ///
    /// If the row is not a flat record with named columns, or holds a line break.
    pub fn of(row: &impl Serialize) -> Result<Self> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.serialize(row).context("a row is a flat record")?;
        let text = writer.into_inner().context("memory takes every row")?;
        let text = String::from_utf8(text).context("a row is text")?;
        let lines: Vec<&str> = text.split_terminator('\n').collect();
        let [header, row] = lines[..] else {
            anyhow::bail!("a row holds a line break: {text:?}");
        };
        Ok(Self {
            header: header.to_owned(),
            row: row.to_owned(),
        })
    }
}

/// Reads rows back; `lines` are those after the header, each with its number in the file.
///
/// # Errors
///
/// If a line is not a row of this kind; the error names the file and the line.
pub fn read_rows<Row: DeserializeOwned>(
    file: &Path,
    header: &str,
    lines: &[(usize, &str)],
) -> Result<Vec<Row>> {
    let headers = record_of(header).with_context(|| format!("{}, line 1", file.display()))?;
    lines
        .iter()
        .map(|(number, line)| {
            let what = || format!("{}, line {number}", file.display());
            let record = record_of(line).with_context(what)?;
            record.deserialize(Some(&headers)).with_context(what)
        })
        .collect()
}

fn record_of(line: &str) -> Result<csv::StringRecord> {
    // Most lines are plain, and a parser of their own for each would take longer than all else that is done with them.
    let is_special = |byte| matches!(byte, b'"' | b'\r' | b'\n');
    if !line.is_empty() && !line.starts_with('\u{feff}') && !line.bytes().any(is_special) {
        return Ok(line.split(',').collect());
    }
    parsed(line)
}

/// A line as the parser of CSV reads it.
fn parsed(line: &str) -> Result<csv::StringRecord> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(line.as_bytes());
    let mut records = reader.records();
    let record = records.next().context("the line is empty")??;
    anyhow::ensure!(records.next().is_none(), "the line holds more than one row");
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;

    proptest! {
        #[test]
        fn a_plain_line_is_read_as_the_parser_reads_it(line in "[a\",0-9. \\r\\n\u{feff}é]{0,12}") {
            let (ours, theirs) = (record_of(&line), parsed(&line));
            prop_assert_eq!(ours.ok(), theirs.ok());
        }
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Row {
        arm: String,
        count: u64,
    }

    #[test]
    fn a_row_is_a_line_and_comes_back() {
        let row = Row {
            arm: "a, \"quoted\" name".to_owned(),
            count: 7,
        };
        let lines = CsvLines::of(&row).unwrap();
        assert_eq!(lines.header, "arm,count");
        let rows: Vec<Row> =
            read_rows(Path::new("x.csv"), &lines.header, &[(2, &lines.row)]).unwrap();
        assert_eq!(rows, [row]);
    }

    #[test]
    fn a_line_break_inside_a_row_is_refused() {
        let row = Row {
            arm: "two\nlines".to_owned(),
            count: 0,
        };
        assert!(CsvLines::of(&row).is_err());
    }

    #[test]
    fn an_error_names_file_and_line() {
        let read = |header, line| {
            let error = read_rows::<Row>(Path::new("x.csv"), header, &[(5, line)]).unwrap_err();
            format!("{error:#}")
        };
        assert!(read("arm,count", "one,NaN").starts_with("x.csv, line 5: "));
        assert!(read("arm,count", "one").starts_with("x.csv, line 5: "));
        assert!(read("arm,counts", "one,7").contains("unknown field `counts`"));
    }
}
