//! A user's own servers before a run: what they are made of, and the first answer of each, which all others have to
//! equal.

use crate::arms::Prepared;
use crate::interrupt;
use crate::load::{Exchange, Expected, Sample};
use crate::record::{Binary, file_digest};
use crate::run::{Arm, Launch, OwnServer};
use crate::server::{Server, start_repeatedly};
use anyhow::{Context, Result, bail, ensure};
use std::io::{Read, Seek};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often a server is asked in each of two processes, to see whether its answers are alike.
const ASKED: u32 = 5;

impl Prepared {
    /// The servers of a user's own, as they are at the moment.
    ///
    /// # Errors
    ///
    /// If a file that a command names cannot be read.
    pub fn of_own(arms: &[Arm]) -> Result<Self> {
        let mut prepared = Self::default();
        for arm in arms {
            let own = arm.own.as_ref().context("the arm of a command has one")?;
            let mut arm = arm.clone();
            if let Some(command) = &own.version {
                arm.version = Some(version(command, own)?);
            }
            let files = own.files();
            for (word, file) in &files {
                arm.digests.insert(word.clone(), file_digest(file)?);
            }
            prepared.launches.push(Launch {
                name: arm.name.clone(),
                kind: arm.kind,
                program: Ok(own.program()),
                exchange: own.exchange(),
                binary: files
                    .first()
                    .map(|(_, file)| Binary::of(file))
                    .transpose()?,
                ready_within: own.ready_within(),
            });
            prepared.arms.push(arm);
        }
        Ok(prepared)
    }

    /// Refuses to begin if one of these servers cannot be measured: whoever names two wants both.
    ///
    /// # Errors
    ///
    /// If so; what failed has been said.
    pub fn refuse_failed_own(&self) -> Result<()> {
        let mut own = self.arms.iter().filter(|arm| arm.own.is_some());
        match own.find(|arm| arm.err.is_some()) {
            Some(arm) => bail!(
                "`{}` cannot be measured; the error above says why",
                arm.name
            ),
            None => Ok(()),
        }
    }
}

/// How long a server's version may be in coming.
const VERSION_WITHIN: Duration = Duration::from_secs(10);

/// What the first line of the output of this command says.
fn version(command: &str, own: &OwnServer) -> Result<String> {
    let wrong = || format!("cannot ask the version by `{command}`");
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).envs(&own.environment);
    if let Some(folder) = &own.folder {
        shell.current_dir(folder);
    }
    let mut output = tempfile::tempfile().with_context(wrong)?;
    shell.stdin(Stdio::null()).stdout(output.try_clone()?);
    // Some programs tell their version on standard error.
    shell.stderr(output.try_clone()?);
    let mut child = shell.spawn().with_context(wrong)?;
    let asked = Instant::now();
    let status = loop {
        match child.try_wait().with_context(wrong)? {
            Some(status) => break status,
            None if asked.elapsed() > VERSION_WITHIN || interrupt::is_requested() => {
                child.kill().with_context(wrong)?;
                break child.wait().with_context(wrong)?;
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let mut text = Vec::new();
    output.rewind().with_context(wrong)?;
    output.take(VERSION_BYTES).read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let first = text.lines().next().unwrap_or_default().trim().to_owned();
    ensure!(
        status.success() && !first.is_empty(),
        "{}: {status}{}",
        wrong(),
        if first.is_empty() {
            String::new()
        } else {
            format!(", {first}")
        }
    );
    Ok(first)
}

/// No more of a version is read.
const VERSION_BYTES: u64 = 200;

/// Starts a server twice, asks it several times, and says what every later answer is held against, and how long an
/// answer is.
///
/// # Errors
///
/// If it does not start, or its answers are not alike; the error names the first difference.
pub(in crate::arms) fn learn(
    launch: &Launch,
    own: &OwnServer,
    processors: &[usize],
) -> Result<(Expected, usize)> {
    let program = launch.program.as_ref();
    let program = program.map_err(|why| anyhow::anyhow!("{why}"))?;
    let start = |exchange: &Exchange| -> Result<Server> {
        let started = start_repeatedly(program, exchange, processors, launch.ready_within);
        Ok(started?.0)
    };
    let server = start(&launch.exchange)?;
    let answer = server.ask(&launch.exchange)?;
    let sample = Sample::of(&answer.parsed(), &own.moving, !own.any_body);
    let exchange = Exchange {
        expected: Expected::Like(Arc::new(sample)),
        ..launch.exchange.clone()
    };
    for _ in 0..ASKED {
        interrupt::check()?;
        server.ask(&exchange).context("its answers are not alike")?;
    }
    server.stop()?;
    let another = start(&exchange).context("another process of it does not answer as the first")?;
    another.stop()?;
    Ok((exchange.expected, answer.length_bytes()))
}
