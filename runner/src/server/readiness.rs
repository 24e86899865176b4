//! Is it there yet: ready means that one request has had the right answer.

use crate::client::{Client, RawAnswer};
use crate::load::Exchange;
use anyhow::Result;
use std::net::SocketAddr;
use std::time::Duration;

/// One try; a server that is up answers a first request well within this.
const PATIENCE: Duration = Duration::from_secs(1);

/// Asks once on a connection of its own; the answer, which is a right one.
pub(super) fn ask(exchange: &Exchange, address: SocketAddr) -> Result<RawAnswer> {
    let mut client = Client::connect(address, PATIENCE)?;
    let answer = client.ask(&exchange.request(address), exchange.framing())?;
    exchange.expected.check(&answer.parsed())?;
    Ok(answer)
}
