//! Is a contestant what the contract says: the checks of a running server, one by one.
//!
//! A *contract* check decides whether a contestant is measured at all; a *conformance* check is
//! shown beside it. `docs/CONTRACT.md` explains each.

mod checks;
pub mod hostile;

use crate::interrupt;
use crate::load::Exchange;
use crate::server::{END_WITHIN, Ending, Program, Server};
use anyhow::Result;
use serde::Serialize;
use std::fmt;

pub use checks::NAMES;

/// What a failed check means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Without it a contestant is not measured.
    Contract,
    /// Worth knowing, and shown.
    Conformance,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            Self::Contract => "contract",
            Self::Conformance => "conformance",
        })
    }
}

/// What one check has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check's name.
    pub check: &'static str,
    /// What it decides.
    pub kind: Kind,
    /// Why it failed; nothing where it passed.
    pub failure: Option<String>,
}

/// Starts a server, runs every check, and ends it, which is the last check.
///
/// # Errors
///
/// If the server does not come up.
pub fn verify(program: &Program, processors: &[usize]) -> Result<Vec<Finding>> {
    findings(Server::start(program, &Exchange::welcome(), processors)?)
}

/// Runs every check of a server that is up, and ends it.
///
/// # Errors
///
/// If nobody knows what became of the process.
pub fn findings(server: Server) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for check in &checks::ALL {
        interrupt::check()?;
        let failure = (check.run)(server.address).err();
        findings.push(Finding {
            check: check.name,
            kind: check.kind,
            failure: failure.map(|error| format!("{error:#}")),
        });
    }
    let failure = match server.stop()? {
        Ending::Clean(_) => None,
        Ending::Failed(status) => Some(format!("it ended with {status}")),
        Ending::Killed => Some(format!(
            "it was still there after {} s",
            END_WITHIN.as_secs()
        )),
    };
    findings.push(Finding {
        check: checks::SIGTERM,
        kind: Kind::Contract,
        failure,
    });
    Ok(findings)
}

/// The first contract check that failed, as one line.
#[must_use]
pub fn breach(findings: &[Finding]) -> Option<String> {
    findings
        .iter()
        .filter(|finding| finding.kind == Kind::Contract)
        .find_map(|finding| {
            let failure = finding.failure.as_ref()?;
            Some(format!(
                "breaks the contract ({}): {failure}",
                finding.check
            ))
        })
}

#[cfg(test)]
mod tests;
