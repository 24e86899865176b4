//! What outlives the runner for a moment: a shell that kills the process group of a launched command
//! once the runner has gone, however it went.

use anyhow::{Context, Result};
use rustix::process::Pid;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// Reads the number of a group, then waits for the end of its input, which comes with the end of the
/// runner: nobody else holds the other end of the pipe.
const SCRIPT: &str = r#"read -r group && ! read -r never && kill -s KILL -- "-$group""#;

/// A guard over one process group. Dropping it ends the watch and leaves the group alone.
#[derive(Debug)]
pub(super) struct Guard {
    shell: Child,
}

impl Guard {
    /// Starts a guard. It is there before what it watches, so that nothing is unwatched for long.
    pub(super) fn start() -> Result<Self> {
        let shell = Command::new("sh")
            .args(["-c", SCRIPT])
            // A Ctrl-C is meant for the runner.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start a shell")?;
        Ok(Self { shell })
    }

    /// Says which group is to be killed.
    pub(super) fn watch(&mut self, group: Pid) -> Result<()> {
        let pipe = self.shell.stdin.as_mut();
        let pipe = pipe.expect("standard input was asked for");
        writeln!(pipe, "{}", group.as_raw_nonzero()).context("cannot tell a guard its group")
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Killed before its pipe is closed: the group's number may be another's by now.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
