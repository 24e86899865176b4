//! One cold build, with its CPU time: that of all processes that cargo has started and waited for.

use super::prepare::{Prepared, Source};
use crate::framework::{BuildError, ColdBuild, build_cold};
use anyhow::{Context, Result};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What a cold build has come to.
#[derive(Debug)]
pub(super) struct Built {
    /// CPU time of cargo, the compilers and linkers.
    pub(super) cpu: Duration,
    /// How long it took.
    pub(super) wall: Duration,
    /// Crates that were compiled, besides the package itself.
    pub(super) crates: usize,
    /// The program.
    pub(super) program: PathBuf,
    /// How large it is.
    pub(super) size_bytes: u64,
}

/// Builds an arm in a folder that has nothing in it. No other child of this process may end meanwhile, since its time
/// would be counted.
///
/// # Errors
///
/// [`BuildError::Failed`] if cargo says so.
pub(super) fn cold(prepared: &Prepared, source: &Source, jobs: usize) -> Result<Built, BuildError> {
    clear(prepared)?;
    let cold = ColdBuild {
        root: &prepared.root,
        folder: &prepared.folder,
        package: &source.package,
        binary: &source.binary,
        features: &source.features,
        jobs,
    };
    let (cpu, began) = (children_cpu()?, Instant::now());
    let made = build_cold(&cold)?;
    let (wall, cpu) = (began.elapsed(), children_cpu()?.saturating_sub(cpu));
    let size_bytes = std::fs::metadata(&made.program)
        .with_context(|| format!("cannot read {}", made.program.display()))?
        .len();
    Ok(Built {
        cpu,
        wall,
        crates: made.packages.saturating_sub(1),
        program: made.program,
        size_bytes,
    })
}

/// Removes what the build before has left.
///
/// # Errors
///
/// If it cannot be removed.
pub(super) fn clear(prepared: &Prepared) -> Result<()> {
    match std::fs::remove_dir_all(&prepared.folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot empty {}", prepared.folder.display()))
        }
        _ => Ok(()),
    }
}

/// CPU time of all children that have ended and were waited for, and of theirs (getrusage(2)).
fn children_cpu() -> Result<Duration> {
    let usage =
        getrusage(UsageWho::RUSAGE_CHILDREN).context("cannot read the CPU time of builds")?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    // The kernel counts up from 0.
    Ok(Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
}
