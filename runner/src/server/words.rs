//! What a server prints, kept for the case that it fails: its first and last lines, in a file that does not grow
//! with the run.

use crate::output::plain;
use anyhow::{Context, Result};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl, fstat, ftruncate};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::BorrowedFd;

/// The file is made shorter when it is longer than this,
const LONG_BYTES: u64 = 1 << 20;

/// to its beginning
const HEAD_BYTES: u64 = 4 << 10;

/// and its end.
const TAIL_BYTES: usize = 16 << 10;

/// Of its beginning and of its end so much is shown in an error, if there is more than both.
const SHOWN_FIRST_BYTES: usize = 200;
const SHOWN_LAST_BYTES: usize = 400;

/// A file for what a server prints.
///
/// # Errors
///
/// If it cannot be created.
pub(super) fn file() -> Result<File> {
    let file = tempfile::tempfile().context("cannot create a file for a server's output")?;
    // Whoever writes does so at the end, wherever that is by then.
    let flags = fcntl_getfl(&file).context("cannot look at a file")?;
    fcntl_setfl(&file, flags | OFlags::APPEND).context("cannot have a file appended to")?;
    Ok(file)
}

/// Leaves the beginning and the end of what has become long. What is written meanwhile may be lost. For the
/// keeper: it allocates nothing, and what fails is left undone.
pub(super) fn shorten(file: BorrowedFd) {
    let length_bytes = fstat(file).map_or(0, |facts| u64::try_from(facts.st_size).unwrap_or(0));
    if length_bytes <= LONG_BYTES {
        return;
    }
    let mut tail = [0; TAIL_BYTES];
    let from = length_bytes - TAIL_BYTES as u64;
    let tail_bytes = rustix::io::pread(file, &mut tail, from).unwrap_or(0);
    if ftruncate(file, HEAD_BYTES).is_ok() {
        let _ = rustix::io::write(file, b"\n[...]\n");
        let _ = rustix::io::write(file, &tail[..tail_bytes]);
    }
}

/// The first and the last of what a server has printed, to stand behind an error.
pub(crate) fn last_output(words: &mut File) -> String {
    match first_and_last(words).unwrap_or_default().trim() {
        "" => String::new(),
        words => format!("; its last output: {}", plain(words)),
    }
}

fn first_and_last(words: &mut File) -> std::io::Result<String> {
    let shown_bytes = SHOWN_FIRST_BYTES + SHOWN_LAST_BYTES;
    let length_bytes = words.metadata()?.len();
    let mut first = vec![0; SHOWN_FIRST_BYTES];
    let mut last = Vec::new();
    let is_short = length_bytes <= shown_bytes as u64;
    words.seek(SeekFrom::Start(match is_short {
        true => 0,
        false => length_bytes - SHOWN_LAST_BYTES as u64,
    }))?;
    words.take(shown_bytes as u64).read_to_end(&mut last)?;
    let last = String::from_utf8_lossy(&last);
    if is_short {
        return Ok(last.into_owned());
    }
    words.seek(SeekFrom::Start(0))?;
    words.read_exact(&mut first)?;
    let first = String::from_utf8_lossy(&first);
    // Whole lines, if there are any.
    let first = first.rsplit_once('\n').map_or(&*first, |(lines, _)| lines);
    let last = last.split_once('\n').map_or(&*last, |(_, lines)| lines);
    Ok(format!("{} [...] {}", first.trim(), last.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::fd::AsFd;

    fn said(text: &[u8]) -> String {
        let mut words = file().unwrap();
        words.write_all(text).unwrap();
        last_output(&mut words)
    }

    #[test]
    fn first_and_last_lines_are_shown_and_nothing_commands_the_terminal() {
        assert_eq!(said(b" \n"), "");
        assert_eq!(said(b"cannot bind\n"), "; its last output: cannot bind");
        assert_eq!(said(b"a\x1b[2Jb\r\n"), "; its last output: a\\u{1b}[2Jb");
        let lines: Vec<String> = (0..1000).map(|line| format!("line {line}\n")).collect();
        let shown = said(lines.concat().as_bytes());
        assert!(shown.starts_with("; its last output: line 0\n"), "{shown}");
        assert!(shown.contains(" [...] line 9"), "{shown}");
        assert!(shown.ends_with("line 999"), "{shown}");
    }

    #[test]
    fn a_long_output_keeps_its_beginning_and_its_end() {
        let mut words = file().unwrap();
        for line in 0..200_000 {
            writeln!(words, "line {line}").unwrap();
        }
        shorten(words.as_fd());
        let shown = last_output(&mut words);
        assert!(words.metadata().unwrap().len() < 64 << 10);
        assert!(shown.starts_with("; its last output: line 0\n"), "{shown}");
        assert!(shown.ends_with("line 199999"), "{shown}");
        writeln!(words, "and more").unwrap();
        assert!(last_output(&mut words).ends_with("line 199999\nand more"));
    }
}
