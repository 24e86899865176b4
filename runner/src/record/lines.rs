//! Text files read as lines, with what was torn off their end.

use anyhow::{Context, Result, ensure};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A file larger than this is not a record: the largest kept one has a few MiB.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// The whole lines of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    /// Every line that ends with a line break, without it.
    pub whole: Vec<String>,
    /// Whether the file ends in the middle of a line, which is left out.
    pub is_torn: bool,
}

/// Reads a file of lines. A last line without its line break was torn off by whatever ended the writer; it
/// cannot be told from a whole one, so it does not count.
///
/// # Errors
///
/// If the file cannot be read, is not UTF-8 text or is too large to be a record.
pub fn read_lines(path: &Path) -> Result<Lines> {
    let what = || format!("cannot read {}", path.display());
    let file = File::open(path).with_context(what)?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .with_context(what)?;
    ensure!(
        bytes.len() as u64 <= FILE_BYTES_MAX,
        "{} is larger than {FILE_BYTES_MAX} bytes, so it is not a record",
        path.display()
    );
    let end = bytes
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |at| at + 1);
    let is_torn = end < bytes.len();
    bytes.truncate(end);
    let text = String::from_utf8(bytes)
        .with_context(|| format!("{} is not UTF-8 text", path.display()))?;
    Ok(Lines {
        whole: text.split_terminator('\n').map(str::to_owned).collect(),
        is_torn,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_last_line_without_a_line_break_is_torn() {
        let folder = tempfile::tempdir().unwrap();
        let read = |text: &str| {
            let file = folder.path().join("lines");
            std::fs::write(&file, text).unwrap();
            let lines = read_lines(&file).unwrap();
            (lines.whole.join("|"), lines.is_torn)
        };
        assert_eq!(read("a\nb\n"), ("a|b".to_owned(), false));
        assert_eq!(read("a\nb"), ("a".to_owned(), true));
        assert_eq!(read("ab"), (String::new(), true));
        assert_eq!(read(""), (String::new(), false));
    }
}
