//! The client of a counted server: one connection, one request after the other, each answer
//! checked.

use super::rest::wait_for_rest;
use crate::client::Client;
use crate::contract;
use crate::http::Method;
use crate::server::Server;
use anyhow::{Context, Result, ensure};
use std::time::Duration;

/// A server under a tool is up to a hundred times slower than itself, and slowest at first.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many requests a server answers before anything is counted.
pub(super) const WARM_UP: u64 = 1000;

/// A connection that is kept, with the request it sends.
pub(super) struct Requests {
    client: Client,
    server_pid: u32,
    request: Vec<u8>,
    answered: u64,
}

impl Requests {
    /// Connects, and sends what warms the server up.
    pub(super) fn warmed_up(server: &Server) -> Result<Self> {
        let mut client = Client::connect(server.address, PATIENCE)?;
        client.acknowledge_at_once();
        let mut requests = Self {
            client,
            server_pid: server.pid(),
            request: contract::browser_request(server.address),
            answered: 0,
        };
        requests.send(WARM_UP)?;
        Ok(requests)
    }

    /// Sends so many requests, each to a server at rest, and leaves it at rest.
    pub(super) fn send(&mut self, requests: u64) -> Result<()> {
        for _ in 0..requests {
            self.exchange()
                .with_context(|| format!("request {}", self.answered + 1))?;
            self.answered += 1;
            wait_for_rest(self.server_pid)?;
        }
        Ok(())
    }

    fn exchange(&mut self) -> Result<()> {
        let answer = self.client.ask(&self.request, Method::Get)?;
        let parsed = answer.parsed();
        contract::check(&parsed)?;
        ensure!(
            !parsed.closes && self.client.surplus_bytes() == 0,
            "the server does not keep the connection, or sends more than one answer"
        );
        Ok(())
    }
}
