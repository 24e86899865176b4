//! Malformed and unusual requests: what a server makes of each, told as it was seen.
//!
//! `requests` lists them with the rule each is about, `ask` sends one over a raw socket and says what came back.
//! Nothing here decides whether a contestant is measured.

mod ask;
mod requests;

use crate::interrupt;
use crate::load::Exchange;
use crate::server::{Program, Server};
use anyhow::Result;
use serde::Serialize;

pub use ask::{Outcome, Reaction};
pub use requests::{ALL, Class, Hostile, Rule};

/// What one server made of one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// The name of the request.
    pub request: &'static str,
    /// What it is about.
    pub class: Class,
    /// What came back.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Whether that is what the rule allows; nothing if the rule leaves it open.
    pub conforms: Option<bool>,
}

/// Starts a server and sends it every request of [`ALL`], each on a connection of its own. A server that has
/// crashed is started again.
///
/// # Errors
///
/// If the server does not come up, or the run is interrupted.
pub fn survey(program: &Program) -> Result<Vec<Seen>> {
    let start = || Server::start(program, &Exchange::welcome(), &[]);
    let mut server = start()?;
    let mut all = Vec::new();
    for hostile in &ALL {
        interrupt::check()?;
        let outcome = ask::ask(server.address, hostile);
        if !outcome.server_answers_after {
            // What is left of it is in the way of the requests that follow.
            drop(server);
            server = start()?;
        }
        all.push(Seen {
            request: hostile.name,
            class: hostile.class,
            conforms: hostile.rule.allows(&outcome),
            outcome,
        });
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
