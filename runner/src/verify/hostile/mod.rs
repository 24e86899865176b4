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
use std::net::SocketAddr;

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

/// What one server made of all requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Survey {
    /// One for each request that was sent, in the order of [`ALL`].
    pub seen: Vec<Seen>,
    /// Why those that follow were not sent, if so.
    pub truncated: Option<String>,
}

/// Starts a server and sends it every request of [`ALL`], each on a connection of its own. A server that has
/// crashed is started again; if it does not come up again, what was seen until then is kept.
///
/// # Errors
///
/// If the server does not come up at first, or the run is interrupted.
pub fn survey(program: &Program) -> Result<Survey> {
    let start = || Server::start(program, &Exchange::welcome(), &[]);
    survey_of(start, |server| server.address)
}

/// The same for whatever is started and has an address.
fn survey_of<S>(
    mut start: impl FnMut() -> Result<S>,
    address: impl Fn(&S) -> SocketAddr,
) -> Result<Survey> {
    let mut running = Some(start()?);
    let mut survey = Survey::default();
    for hostile in &ALL {
        interrupt::check()?;
        let server = match running.take().map_or_else(&mut start, Ok) {
            Ok(server) => server,
            Err(error) => {
                let error = error.context("it does not start again");
                survey.truncated = Some(format!("{error:#}"));
                break;
            }
        };
        let outcome = ask::ask(address(&server), hostile);
        // What is left of one that crashed is in the way of the requests that follow.
        running = outcome.server_answers_after.then_some(server);
        survey.seen.push(Seen {
            request: hostile.name,
            class: hostile.class,
            conforms: hostile.rule.allows(&outcome),
            outcome,
        });
    }
    Ok(survey)
}

#[cfg(test)]
mod tests;
