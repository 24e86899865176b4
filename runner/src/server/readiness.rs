//! Is it there yet: ready means that one request has had the right answer.

use crate::client::Client;
use crate::contract;
use crate::http::Method;
use anyhow::Result;
use std::net::SocketAddr;
use std::time::Duration;

/// One try; a server that is up answers a first request well within this.
const PATIENCE: Duration = Duration::from_secs(1);

/// Asks once on a connection of its own; the answer's length in bytes.
pub(super) fn ask(address: SocketAddr) -> Result<usize> {
    let mut client = Client::connect(address, PATIENCE)?;
    let answer = client.ask(&contract::request(address), Method::Get)?;
    contract::check(&answer.parsed())?;
    Ok(answer.length_bytes())
}
