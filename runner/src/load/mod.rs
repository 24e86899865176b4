//! The load generator: closed-loop, keep-alive HTTP/1.1 load in which every answer is checked
//! byte for byte.
//!
//! In reading order: a [`Generator`] owns one thread per processor; each thread holds a `Pool` of
//! connections per target; a `Connection` says where one exchange stands, a `Run` what is left to do
//! and by which [`Pace`]; the `Validator` judges what came back, against a learned `Template` where
//! it can and with the strict parser where it must; the [`Tally`] counts outcomes, and they add up.
//! An `Engine`, epoll or io_uring, moves the bytes.
//!
//! Per request the hot path does one send and one receive: no allocation, no lock, no shared write
//! and no clock read. The clock is read once before and once after each wait, so a time is exact to
//! one turn of the loop, and in the closed loop the sum of a connection's service times is the time
//! it was busy.

mod connection;
mod drive;
mod engine;
mod epoll;
mod generator;
mod pace;
mod pool;
mod tally;
mod template;
mod uring;
mod validator;

pub use drive::{Limits, Times};
pub use engine::{EngineChoice, EngineKind};
pub use generator::{Generator, Measured};
pub use pace::{Arrivals, Pace};
pub use tally::Tally;

use crate::contract;
use hdrhistogram::Histogram;
use std::net::SocketAddr;

/// Where load goes, what is sent, and what must come back.
#[derive(Debug, Clone)]
pub struct Target {
    /// The address of the server.
    pub address: SocketAddr,
    /// The bytes of one request.
    pub request: Vec<u8>,
    /// What each answer is held against.
    pub expected: Expected,
}

impl Target {
    /// The contract's request at `address`, with the contract's answer expected.
    #[must_use]
    pub fn welcome(address: SocketAddr) -> Self {
        Self {
            address,
            request: contract::request(address),
            expected: Expected::Contract,
        }
    }
}

/// What counts as a right answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The whole contract of this project.
    Contract,
    /// Any rightly framed answer with status 200, the same one every time.
    Success,
}

/// Service times are kept from about half a microsecond to a minute, with three digits, in ns.
const LOWEST_NS: u64 = 1_000;
const HIGHEST_NS: u64 = 60_000_000_000;
const DIGITS: u8 = 3;

/// An empty histogram of service times in nanoseconds, with the bounds every record has.
#[must_use]
pub fn service_time_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(LOWEST_NS, HIGHEST_NS, DIGITS)
        .expect("the bounds are constants that the histogram accepts")
}

#[cfg(test)]
mod tests;
