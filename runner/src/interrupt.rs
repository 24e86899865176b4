//! Ctrl-C in any phase: the first asks every loop to end in order, the second ends at once.
//!
//! Children need no care in the second case: the kernel ends them with the runner, and a keeper ends
//! what a server has started (`server/keeper.rs`).

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

/// The exit status after an interruption: 128 + SIGINT, as shells have it.
pub const EXIT_STATUS: u8 = 130;

static REQUESTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// The run was ended from outside.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// Starts to listen for SIGINT, SIGTERM and SIGHUP.
///
/// # Errors
///
/// If the kernel refuses a handler.
pub fn install() -> Result<()> {
    let ignored = ignored_signals(&fs::read_to_string("/proc/self/status").unwrap_or_default());
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        if ignored & (1 << (signal - 1)) != 0 {
            // Whoever started this with nohup, or in the background of a script, meant it.
            continue;
        }
        // The order matters: the shutdown looks at the flag before this signal has set it.
        let status = i32::from(EXIT_STATUS);
        signal_hook::flag::register_conditional_shutdown(signal, status, flag())
            .and_then(|_| signal_hook::flag::register(signal, flag()))
            .context("cannot listen for signals")?;
    }
    Ok(())
}

/// The signals that are ignored, a bit each, of `/proc/PID/status`.
fn ignored_signals(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

/// The flag itself, for loops that are given one to watch.
#[must_use]
pub fn flag() -> Arc<AtomicBool> {
    Arc::clone(&REQUESTED)
}

/// Whether the end has been asked for.
#[must_use]
pub fn is_requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// Ends what the caller does if the end has been asked for.
///
/// # Errors
///
/// [`Interrupted`] if so.
pub fn check() -> Result<(), Interrupted> {
    if is_requested() {
        Err(Interrupted)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_their_mask() {
        let status = "Name:\tx\nSigIgn:\t0000000000001001\nSigCgt:\t0\n";
        assert_eq!(ignored_signals(status) & (1 << (SIGHUP - 1)), 1);
        assert_eq!(ignored_signals(status) & (1 << (SIGINT - 1)), 0);
        assert_eq!(ignored_signals(""), 0);
    }
}
