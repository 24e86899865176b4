//! Where a test lets a run die: before a write of its journal, after half of one, or never; with an error that the
//! run still sees, or as a process that sees nothing any more.

use anyhow::{Result, bail, ensure};
use std::io::Write;
use std::path::Path;

/// What is to happen at which write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Failpoint {
    /// Nothing.
    #[default]
    Never,
    /// The write of this number, from 0, is half done, and the run ends with an error.
    At(u32),
    /// The write of this number is half done, and the process is killed (SIGKILL): nothing is tidied up.
    KilledAt(u32),
}

impl Failpoint {
    /// Called before a file is replaced, of which nothing is seen until it is whole.
    pub(super) fn before_replacing(&mut self) -> Result<()> {
        let is_reached = self.is_reached();
        if is_reached && matches!(self, Self::KilledAt(_)) {
            kill();
        }
        ensure!(!is_reached, "the disk is full");
        Ok(())
    }

    /// Whether this is the write; once it was, all that follow are.
    fn is_reached(&mut self) -> bool {
        let (Self::At(left) | Self::KilledAt(left)) = self else {
            return false;
        };
        let is_reached = *left == 0;
        *left = left.saturating_sub(1);
        is_reached
    }

    /// Called before a line is appended.
    pub(super) fn before_write(&mut self, file: &Path, line: &str) -> Result<()> {
        if !self.is_reached() {
            return Ok(());
        }
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(file)?;
        let half = line.floor_char_boundary(line.len() / 2);
        file.write_all(&line.as_bytes()[..half])?;
        if matches!(self, Self::KilledAt(_)) {
            kill();
        }
        bail!("the disk is full")
    }
}

/// Ends this process as `kill -9` does.
fn kill() -> ! {
    let own = rustix::process::getpid();
    let _ = rustix::process::kill_process(own, rustix::process::Signal::KILL);
    unreachable!("nobody survives SIGKILL")
}
