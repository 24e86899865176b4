//! A process and all that comes of it, from its start to its end, behind a keeper (`keeper.rs`).

use super::keeper::{MESSAGE_BYTES, now_ns};
use super::network::Namespace;
use super::usage::Tree;
use super::{PAUSE, spawn, words};
use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long the keeper may take to kill what is left.
const KILLED_WITHIN: Duration = Duration::from_secs(15);

/// A running command. Dropping it ends all its processes.
#[derive(Debug)]
pub(super) struct Kept {
    keeper: Child,
    /// To the keeper; its end is the end of all.
    lifeline: Option<UnixStream>,
    main: u32,
    /// How the process that was started has ended, once it has.
    status: Option<ExitStatus>,
    words: File,
    pub(super) started: Instant,
}

impl Kept {
    /// Starts `command` on these processors, or on any if there are none, and in this network namespace if there is one;
    /// without an input.
    pub(super) fn start(
        mut command: Command,
        processors: &[usize],
        namespace: Option<&Namespace>,
    ) -> Result<Self> {
        let words = words::file()?;
        command
            .stdin(Stdio::null())
            .stdout(words.try_clone()?)
            .stderr(words.try_clone()?);
        let (lifeline, kept_end) = UnixStream::pair().context("cannot create a pair of sockets")?;
        let namespace = namespace.map(|one| one.file().try_clone_to_owned());
        let namespace = namespace.transpose()?;
        spawn::kept(&mut command, kept_end.into(), processors, namespace)?;
        let name = command.get_program().to_owned();
        let keeper = command.spawn();
        // With it goes the keeper's end of the lifeline.
        drop(command);
        let keeper = keeper.with_context(|| format!("cannot start {}", name.display()))?;
        let mut kept = Self {
            keeper,
            lifeline: Some(lifeline),
            main: 0,
            status: None,
            words,
            started: Instant::now(),
        };
        let [main, started_ns] = kept.hear()?.context("the keeper of a server has ended")?;
        kept.main = u32::try_from(main).context("a process number is positive")?;
        let ago = Duration::from_nanos(u64::try_from(now_ns() - started_ns).unwrap_or(0));
        kept.started = kept.started.checked_sub(ago).unwrap_or(kept.started);
        let lifeline = kept.lifeline.as_ref();
        lifeline.map_or(Ok(()), |lifeline| lifeline.set_nonblocking(true))?;
        Ok(kept)
    }

    /// The number of the process that was started.
    pub(super) fn pid(&self) -> u32 {
        self.main
    }

    /// All its processes.
    pub(super) fn tree(&self) -> Tree {
        Tree::below(self.keeper.id())
    }

    /// How the process that was started has ended, if it has; others may go on.
    pub(super) fn status(&mut self) -> Result<Option<ExitStatus>> {
        if self.status.is_none()
            && let Some([status, _]) = self.hear()?
        {
            let status = i32::try_from(status).context("a status is an int")?;
            self.status = Some(ExitStatus::from_raw(status));
        }
        Ok(self.status)
    }

    /// Whether no process is left.
    pub(super) fn is_over(&mut self) -> bool {
        !matches!(self.keeper.try_wait(), Ok(None))
    }

    /// Asks the process that was started to end.
    pub(super) fn ask_main_to_end(&self) {
        if self.status.is_none() {
            ask_to_end(self.main);
        }
    }

    /// Asks every process to end.
    pub(super) fn ask_all_to_end(&self) {
        self.tree().processes().into_iter().for_each(ask_to_end);
    }

    /// Kills what is left.
    pub(super) fn kill(&mut self) {
        self.lifeline = None;
        let asked = Instant::now();
        while !self.is_over() && asked.elapsed() < KILLED_WITHIN {
            std::thread::sleep(PAUSE);
        }
    }

    /// The first and last lines of its output, to stand behind an error.
    pub(super) fn last_output(&mut self) -> String {
        words::last_output(&mut self.words)
    }

    /// What the keeper says next, if it says something.
    fn hear(&mut self) -> Result<Option<[i64; 2]>> {
        let Some(lifeline) = &mut self.lifeline else {
            return Ok(None);
        };
        let mut message = [0; MESSAGE_BYTES];
        match lifeline.read_exact(&mut message) {
            Ok(()) => {
                let (first, second) = message.split_at(8);
                let number = |bytes: &[u8]| bytes.try_into().map(i64::from_ne_bytes);
                Ok(Some([number(first)?, number(second)?]))
            }
            // A message is written at once and is there as a whole.
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error).context("cannot listen to the keeper of a server"),
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.kill();
    }
}

fn ask_to_end(pid: u32) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    // It may have ended by itself; then there is nobody to ask.
    let _ = pid.map(|pid| kill_process(pid, Signal::TERM));
}
