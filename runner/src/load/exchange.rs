//! One exchange with a server: what is asked, and what a right answer is. It knows no address, so the same
//! one is asked of every process of an arm.

use super::{Expected, Target};
use crate::contract;
use crate::http::Method;
use std::net::SocketAddr;

/// A request, wherever the server listens, and what must be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The path asked for.
    pub path: String,
    /// What each answer is held against.
    pub expected: Expected,
    /// How many requests a connection carries before it is closed by us; `None` if connections are kept.
    pub requests_per_connection: Option<u32>,
}

impl Exchange {
    /// What every contestant is asked, and the contract's answer (docs/CONTRACT.md).
    #[must_use]
    pub fn welcome() -> Self {
        Self {
            path: contract::PATH.to_owned(),
            expected: Expected::Contract,
            requests_per_connection: None,
        }
    }

    /// The bytes of the request to a server at `address`.
    #[must_use]
    pub fn request(&self, address: SocketAddr) -> Vec<u8> {
        contract::request_for("GET", &self.path, address, "")
    }

    /// The same as a target of load.
    #[must_use]
    pub fn target(&self, address: SocketAddr) -> Target {
        Target {
            address: address.into(),
            request: self.request(address),
            method: Method::Get,
            is_idempotent: true,
            expected: self.expected.clone(),
            requests_per_connection: self.requests_per_connection,
            pipeline: 1,
        }
    }
}
