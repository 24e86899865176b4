//! The server under test as a child process: started on its processors, watched, stopped, and
//! never left behind.

mod guard;
mod launch;
mod port;
mod readiness;
pub(crate) mod spawn;
mod usage;

pub use launch::Launched;
pub use port::{PortTaken, check_free};
pub use usage::{CpuTime, Usage, cpu_of};

use crate::interrupt;
use crate::load::Exchange;
use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to its first right answer.
const READY_WITHIN: Duration = Duration::from_secs(10);

/// How long it may take to end after SIGTERM before SIGKILL ends it.
pub const END_WITHIN: Duration = Duration::from_secs(5);

/// How often a process is looked at while it is waited for.
const PAUSE: Duration = Duration::from_millis(2);

/// How often a process is asked whether it answers, shortly after its start.
const SHORT_PAUSE: Duration = Duration::from_micros(100);

/// For how long after its start it is asked that often.
const SOON: Duration = Duration::from_millis(100);

/// What to start.
#[derive(Debug, Clone)]
pub struct Program {
    /// The binary.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

impl Program {
    /// A binary that needs no arguments.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            arguments: Vec::new(),
        }
    }
}

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It ended by itself, or by the signal's default action, within [`END_WITHIN`] of SIGTERM.
    Clean(Duration),
    /// It ended after SIGTERM with a status that says something went wrong.
    Failed(ExitStatus),
    /// It had to be killed.
    Killed,
}

/// A running server. Dropping it ends it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    words: File,
    /// Where it listens.
    pub address: SocketAddr,
    /// From the start of the process to its first right answer.
    pub ready_after: Duration,
    /// Bytes of that answer, head and body.
    pub answer_bytes: usize,
}

impl Server {
    /// Starts `program` on a free port and on these processors; it has answered rightly once when
    /// this returns.
    ///
    /// # Errors
    ///
    /// Where it does not start, dies, or does not answer rightly in time; its own last words are
    /// part of the error.
    pub fn start(program: &Program, exchange: &Exchange, processors: &[usize]) -> Result<Self> {
        Self::start_within(program, exchange, processors, READY_WITHIN)
    }

    /// The same for a program that takes longer to its first right answer, as under a tool that
    /// watches it.
    ///
    /// # Errors
    ///
    /// As [`Server::start`].
    pub fn start_within(
        program: &Program,
        exchange: &Exchange,
        processors: &[usize],
        ready_within: Duration,
    ) -> Result<Self> {
        let address = port::free()?;
        let words = tempfile::tempfile().context("cannot create a file for a server's output")?;
        let mut command = Command::new(&program.path);
        command
            .args(&program.arguments)
            .env("ADDR", address.to_string())
            .stdin(Stdio::null())
            .stdout(words.try_clone()?)
            .stderr(words.try_clone()?);
        spawn::supervised(&mut command, processors)?;
        let started = Instant::now();
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}", program.path.display()))?;
        let mut server = Self {
            child,
            words,
            address,
            ready_after: Duration::ZERO,
            answer_bytes: 0,
        };
        server.wait_until_ready(exchange, started, ready_within)?;
        Ok(server)
    }

    fn wait_until_ready(
        &mut self,
        exchange: &Exchange,
        started: Instant,
        ready_within: Duration,
    ) -> Result<()> {
        let mut last = None;
        while started.elapsed() < ready_within {
            interrupt::check()?;
            if let Some(status) = self.child.try_wait().context("cannot look at a server")? {
                bail!(
                    "the server ended before it answered ({status}){}",
                    last_words(&mut self.words)
                );
            }
            match readiness::ask(exchange, self.address) {
                Ok(answer_bytes) => {
                    self.answer_bytes = answer_bytes;
                    self.ready_after = started.elapsed();
                    return Ok(());
                }
                Err(error) => last = Some(error),
            }
            // How long a start takes is a figure of its own: most take a few milliseconds.
            let pause = match started.elapsed() < SOON {
                true => SHORT_PAUSE,
                false => PAUSE,
            };
            std::thread::sleep(pause);
        }
        let why = last.map_or_else(String::new, |error| format!(": {error:#}"));
        let seconds = ready_within.as_secs();
        bail!(
            "no right answer within {seconds} s of its start{why}{}",
            last_words(&mut self.words)
        )
    }

    /// The process's number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What the kernel says the process has used so far.
    ///
    /// # Errors
    ///
    /// Where the process has gone.
    pub fn usage(&self) -> Result<Usage> {
        usage::read(self.pid())
    }

    /// A clock of its CPU time, for another thread to read. A thread that is running is charged up to its last
    /// switch or tick, so the clock is exact while the server waits.
    pub fn cpu_clock(&self) -> impl Fn() -> Result<Duration> + Send + Sync + 'static {
        let pid = self.pid();
        move || usage::cpu_of(pid)
    }

    /// How it ended, if it is no longer running.
    #[must_use]
    pub fn died(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok().flatten()?;
        Some(format!(
            "the server died ({status}){}",
            last_words(&mut self.words)
        ))
    }

    /// Asks the server to end, without waiting.
    pub fn ask_to_end(&self) {
        // It may have ended by itself; then there is nobody to ask.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
    }

    /// Asks the server to end, waits, and kills it where it does not.
    ///
    /// # Errors
    ///
    /// Where the kernel cannot say what became of it.
    pub fn stop(mut self) -> Result<Ending> {
        self.ask_to_end();
        let asked = Instant::now();
        while asked.elapsed() < END_WITHIN {
            if let Some(status) = self.child.try_wait().context("cannot look at a server")? {
                let by_signal = status.signal() == Some(Signal::TERM.as_raw());
                return Ok(if status.success() || by_signal {
                    Ending::Clean(asked.elapsed())
                } else {
                    Ending::Failed(status)
                });
            }
            std::thread::sleep(PAUSE);
        }
        self.kill();
        Ok(Ending::Killed)
    }

    fn kill(&mut self) {
        // Both fail only where the process has already been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.kill();
        }
    }
}

/// How often a start is tried: a port may be taken between choosing it and listening, and a machine under load
/// may end a server before it is ready.
const ATTEMPTS: u32 = 3;

/// Starts a server as [`Server::start`] does, again if it fails; how many attempts it took.
///
/// # Errors
///
/// That of the last attempt.
pub fn start_repeatedly(
    program: &Program,
    exchange: &Exchange,
    processors: &[usize],
) -> Result<(Server, u32)> {
    let mut attempt = 1;
    loop {
        interrupt::check()?;
        match Server::start(program, exchange, processors) {
            Ok(server) => return Ok((server, attempt)),
            Err(error) if attempt == ATTEMPTS || !program.path.exists() => {
                return match attempt {
                    1 => Err(error),
                    attempts => Err(error.context(format!("{attempts} starts failed"))),
                };
            }
            Err(_) => attempt += 1,
        }
    }
}

/// The end of what a server has printed, to stand behind an error.
pub(crate) fn last_words(words: &mut File) -> String {
    const SHOWN_BYTES: u64 = 400;
    let mut text = Vec::new();
    let length = words.metadata().map_or(0, |facts| facts.len());
    let from = SeekFrom::Start(length.saturating_sub(SHOWN_BYTES));
    if words.seek(from).is_err() || words.read_to_end(&mut text).is_err() {
        return String::new();
    }
    match String::from_utf8_lossy(&text).trim() {
        "" => String::new(),
        words => format!("; its last words: {words}"),
    }
}

#[cfg(test)]
mod tests;
