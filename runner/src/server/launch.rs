//! A server in any language, started by a command line of its own: supervised, ready when it
//! answers rightly, ended with all processes it has started.

use super::kept::Kept;
use super::{END_WITHIN, PAUSE};
use crate::interrupt;
use anyhow::{Result, bail};
use std::process::Command;
use std::time::{Duration, Instant};

/// A command that is running. Dropping it ends all its processes, and so does the end of the runner.
#[derive(Debug)]
pub struct Launched {
    command: String,
    kept: Kept,
}

impl Launched {
    /// Starts `command` in a shell, on these processors, or on any where there are none.
    ///
    /// # Errors
    ///
    /// If the shell cannot be started, or the kernel refuses the processors.
    pub fn start(command: &str, processors: &[usize]) -> Result<Self> {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]);
        Ok(Self {
            command: command.to_owned(),
            kept: Kept::start(shell, processors, None)?,
        })
    }

    /// Waits until `ask`, which may take so long, is content with an answer, and says what it came to.
    ///
    /// # Errors
    ///
    /// If the command ends first, or does not get ready `within` that; the error has the last lines of its
    /// output.
    pub fn wait_until_ready<T>(
        &mut self,
        within: Duration,
        ask: impl Fn(Duration) -> Result<T>,
    ) -> Result<T> {
        let started = Instant::now();
        loop {
            interrupt::check()?;
            self.check_alive()?;
            let left = within.saturating_sub(started.elapsed());
            let error = match ask(left) {
                Ok(ready) => return Ok(ready),
                Err(error) => error,
            };
            if started.elapsed() >= within {
                bail!(
                    "no right answer from `{}` within {:?} (--ready-timeout): {error:#}{}",
                    self.command,
                    within,
                    self.kept.last_output()
                );
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Makes sure that the command has not ended by itself. One that has gone into the background goes on there.
    ///
    /// # Errors
    ///
    /// How it has ended, with its last output.
    pub fn check_alive(&mut self) -> Result<()> {
        match self.kept.status()? {
            Some(status) if self.kept.is_over() => bail!(
                "`{}` has ended ({status}){}",
                self.command,
                self.kept.last_output()
            ),
            _ => Ok(()),
        }
    }

    /// The processes that go on in the background, if the command has ended and left them.
    ///
    /// # Errors
    ///
    /// If nobody can say what became of it.
    pub fn in_background(&mut self) -> Result<Option<usize>> {
        Ok(match self.kept.status()? {
            Some(_) => Some(self.kept.tree().processes().len()).filter(|&count| count > 0),
            None => None,
        })
    }

    /// CPU time so far of all its processes.
    ///
    /// # Errors
    ///
    /// If they have gone.
    pub fn cpu(&self) -> Result<Duration> {
        self.kept.tree().cpu()
    }

    /// Asks all its processes to end, waits, and kills what is left.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Launched {
    fn drop(&mut self) {
        self.kept.ask_all_to_end();
        let asked = Instant::now();
        while asked.elapsed() < END_WITHIN && !self.kept.is_over() {
            std::thread::sleep(PAUSE);
        }
    }
}
