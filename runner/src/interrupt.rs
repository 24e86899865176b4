//! Ctrl-C in any phase: the first asks every loop to end in order, the second ends at once.
//!
//! Children need no care in the second case: the kernel ends them with the runner, and a guard ends
//! what a launched command has started (`server/guard.rs`).

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
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
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // The order matters: the shutdown looks at the flag before this signal has set it.
        let status = i32::from(EXIT_STATUS);
        signal_hook::flag::register_conditional_shutdown(signal, status, flag())
            .and_then(|_| signal_hook::flag::register(signal, flag()))
            .context("cannot listen for signals")?;
    }
    Ok(())
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
