//! Words on standard error. Whether anybody reads them changes nothing: the pipe may be closed, the
//! terminal gone, the disk full, and `eprintln!` would end the program for it.

use std::fmt::Display;
use std::io::Write;

/// A line on standard error.
pub fn say(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
