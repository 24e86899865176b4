//! A server in any language, started by a command line of its own: supervised, ready when it
//! answers rightly, ended with all processes it has started.

use super::guard::Guard;
use super::{END_WITHIN, PAUSE, last_words, spawn, usage};
use crate::interrupt;
use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A command that is running, in a process group of its own. Dropping it ends the group, and so does
/// the end of the runner.
#[derive(Debug)]
pub struct Launched {
    command: String,
    child: Child,
    words: File,
    guard: Guard,
}

impl Launched {
    /// Starts `command` in a shell, on these processors, or on any where there are none.
    ///
    /// # Errors
    ///
    /// Where there is no shell, or the kernel refuses the processors.
    pub fn start(command: &str, processors: &[usize]) -> Result<Self> {
        let words = tempfile::tempfile().context("cannot create a file for a server's output")?;
        let guard = Guard::start()?;
        let mut shell = Command::new("sh");
        shell
            .args(["-c", command])
            .stdin(Stdio::null())
            .stdout(words.try_clone()?)
            .stderr(words.try_clone()?);
        spawn::supervised(&mut shell, processors)?;
        let mut launched = Self {
            command: command.to_owned(),
            child: shell.spawn().context("cannot start a shell")?,
            words,
            guard,
        };
        launched.guard.watch(Pid::from_child(&launched.child))?;
        Ok(launched)
    }

    /// Waits until `ask` is content with an answer, and says what it came to.
    ///
    /// # Errors
    ///
    /// If the command ends first, or does not get ready `within` that; its last words are part of the
    /// error.
    pub fn wait_until_ready<T>(
        &mut self,
        within: Duration,
        ask: impl Fn() -> Result<T>,
    ) -> Result<T> {
        let started = Instant::now();
        loop {
            interrupt::check()?;
            self.check_alive()?;
            let error = match ask() {
                Ok(ready) => return Ok(ready),
                Err(error) => error,
            };
            if started.elapsed() > within {
                bail!(
                    "no right answer from `{}` within {:?} (--ready-timeout): {error:#}{}",
                    self.command,
                    within,
                    last_words(&mut self.words)
                );
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Makes sure that the command has not ended by itself.
    ///
    /// # Errors
    ///
    /// How it has ended, with its last words.
    pub fn check_alive(&mut self) -> Result<()> {
        match self.child.try_wait().context("cannot look at a server")? {
            None => Ok(()),
            Some(status) => bail!(
                "`{}` has ended ({status}){}",
                self.command,
                last_words(&mut self.words)
            ),
        }
    }

    /// CPU time so far of all processes of the group.
    ///
    /// # Errors
    ///
    /// Where the kernel does not tell.
    pub fn cpu(&self) -> Result<Duration> {
        usage::cpu_of_group(self.child.id())
    }

    /// Asks all processes of the group to end, waits, and kills what is left.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let group = Pid::from_child(&self.child);
        // The group may have ended by itself; then there is nobody to ask.
        let _ = kill_process_group(group, Signal::TERM);
        let asked = Instant::now();
        while asked.elapsed() < END_WITHIN {
            // Reaps the shell; its children are init's once it has gone, which may take its time.
            let has_ended = !matches!(self.child.try_wait(), Ok(None));
            if has_ended && !usage::is_group_running(self.child.id()).unwrap_or(true) {
                return;
            }
            std::thread::sleep(PAUSE);
        }
        let _ = kill_process_group(group, Signal::KILL);
        let _ = self.child.wait();
    }
}

impl Drop for Launched {
    fn drop(&mut self) {
        self.end();
    }
}
