//! The client of a counted server: one request after the other, each answer checked, on one connection for as long as
//! the server keeps it.

use super::rest::wait_for_rest;
use super::subject::Subject;
use crate::client::Client;
use crate::server::{Server, Tree};
use anyhow::{Context, Result, ensure};
use std::net::SocketAddr;
use std::time::Duration;

/// A server under a tool is up to a hundred times slower than itself, and slowest at first.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many requests a server answers before anything is counted.
pub(super) const WARM_UP: u64 = 1000;

/// What sends requests.
pub(super) struct Requests<'s> {
    subject: &'s Subject,
    address: SocketAddr,
    processes: Tree,
    request: Vec<u8>,
    /// `None` before the first request, and after an answer with which the server closes.
    client: Option<Client>,
    answered: u64,
}

impl<'s> Requests<'s> {
    /// Sends what warms the server up.
    pub(super) fn warmed_up(subject: &'s Subject, server: &Server) -> Result<Self> {
        let mut requests = Self {
            subject,
            address: server.address,
            processes: server.tree(),
            request: subject.exchange.request(server.address),
            client: None,
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
            wait_for_rest(self.processes)?;
        }
        Ok(())
    }

    fn exchange(&mut self) -> Result<()> {
        let mut client = match self.client.take() {
            Some(client) => client,
            None => {
                let mut client = Client::connect(self.address, PATIENCE)?;
                client.acknowledge_at_once();
                client
            }
        };
        let exchange = &self.subject.exchange;
        let answer = client.ask(&self.request, exchange.framing())?;
        let parsed = answer.parsed();
        exchange.expected.check(&parsed)?;
        ensure!(
            client.surplus_bytes() == 0,
            "the server sends more than one answer"
        );
        match parsed.closes {
            true => ensure!(
                !self.subject.is_contestant(),
                "the server does not keep the connection"
            ),
            false => self.client = Some(client),
        }
        Ok(())
    }
}
