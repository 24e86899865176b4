//! The server whose work is counted, and what it is asked meanwhile.

use crate::contract;
use crate::load::{Exchange, Expected};
use crate::server::Program;
use std::path::PathBuf;

/// A server that is started under a tool.
#[derive(Debug, Clone)]
pub struct Subject {
    /// What is started.
    pub program: Program,
    /// What it is asked, and what a right answer is.
    pub exchange: Exchange,
}

impl Subject {
    /// A contestant's server, which is asked as a browser asks.
    #[must_use]
    pub fn contestant(server: PathBuf) -> Self {
        Self {
            program: Program::new(server),
            exchange: Exchange {
                fields: contract::browser_fields(),
                ..Exchange::welcome()
            },
        }
    }

    /// Whether it is a contestant: it has to keep the contract, and so its connections, and its debug information fits it.
    pub(super) fn is_contestant(&self) -> bool {
        self.exchange.expected == Expected::Contract
    }
}
