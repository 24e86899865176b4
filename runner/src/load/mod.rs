//! The load generator: closed-loop, keep-alive HTTP/1.1 load in which every answer is checked
//! byte for byte.
//!
//! In reading order: a [`Generator`] owns one thread per processor and does what a [`LoadSpec`] says;
//! each thread holds a `Pool` of connections per target; a `Connection` says where one exchange
//! stands, a `Run` what is left to do, by which [`Pace`], and between which edges it is counted; the
//! `Validator` judges what came back, against a learned `Template` where it can and with the strict
//! parser where it must; the [`Tally`] counts outcomes, and they add up.
//! An `Engine`, epoll or io_uring, moves the bytes.
//!
//! Per request the hot path does one send and one receive: no allocation, no lock, no shared write
//! and no clock read. The clock is read once before and once after each wait, so a time is exact to
//! one turn of the loop, and in the closed loop the sum of a connection's service times is the time
//! it was busy.

mod address;
mod after_head;
mod apart;
mod bound;
mod causes;
mod check;
mod connection;
mod drive;
mod driver;
mod edges;
mod encoded;
mod ending;
mod engine;
mod epoll;
mod exchange;
mod fairness;
mod free;
#[cfg(fuzzing)]
pub mod fuzzing;
mod generator;
mod intervals;
mod long;
mod measured;
mod objective;
mod pace;
mod part;
mod pauses;
mod pool;
mod profile;
mod sample;
mod spec;
mod stages;
mod tally;
mod template;
mod times;
mod uring;
mod validator;
mod worker;

pub use address::Address;
pub use bound::{Bound, Evidence};
pub use causes::{Cause, Causes};
pub use check::{Check, Wrong};
pub use driver::{Driver, PartOfHost, ServerHost, WindowOfHosts};
pub use encoded::{decode_times, encode_times};
pub use engine::{EngineChoice, EngineKind, io_uring_granted};
pub use exchange::Exchange;
pub use fairness::Fairness;
pub use generator::Generator;
pub use intervals::Interval;
pub use measured::{EarlyEnd, Measured, Offered, Opening, WhyEarly, WorkerTime};
pub use objective::{Objective, RATE_HELD_SHARE_MIN};
pub use pace::{Arrivals, Pace};
pub use part::PartOf;
pub use pauses::Pauses;
pub use pool::Closing;
pub use profile::Stage;
pub use sample::Sample;
pub use spec::{Intervals, LoadSpec, Probe, Window};
pub use stages::StageMeasured;
pub use tally::Tally;
pub use times::{Times, time_histogram};

use crate::contract::{self, Violation};
use crate::http::{Answer, Method};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::sync::Arc;

/// Where load goes, what is sent, and what must come back.
#[derive(Debug, Clone)]
pub struct Target {
    /// The address of the server.
    pub address: Address,
    /// The bytes of one request.
    pub request: Vec<u8>,
    /// The method of that request, by which its answers are framed.
    pub method: Method,
    /// It may be sent again where it may have been lost.
    pub is_idempotent: bool,
    /// What each answer is held against.
    pub expected: Expected,
    /// How many requests a connection carries before it is closed by us; no limit where nothing.
    pub requests_per_connection: Option<u32>,
    /// How many requests are sent at once on a connection (HTTP pipelining, RFC 9112 §9.3.2): 1,
    /// unless asked for. The next batch goes out when the last is answered.
    pub pipeline: u32,
}

impl Target {
    /// The contract's request at `address`, with the contract's answer expected.
    #[must_use]
    pub fn welcome(address: SocketAddr) -> Self {
        Self {
            address: Address::Tcp(address),
            request: contract::request(address),
            method: Method::Get,
            is_idempotent: true,
            expected: Expected::Contract,
            requests_per_connection: None,
            pipeline: 1,
        }
    }
}

/// What counts as a right answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expected {
    /// The whole contract of this project.
    Contract,
    /// Any rightly framed answer with this status and, where one is given, this body.
    Answer {
        /// The status.
        status: u16,
        /// The body, byte for byte.
        body: Option<Vec<u8>>,
    },
    /// An answer like the first one.
    Like(Arc<Sample>),
}

impl Expected {
    /// The status of a right answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Contract => 200,
            Self::Answer { status, .. } => *status,
            Self::Like(sample) => sample.status(),
        }
    }

    /// Holds an answer against what is expected.
    ///
    /// # Errors
    ///
    /// The first [`Violation`] found.
    pub fn check(&self, answer: &Answer) -> Result<(), Violation> {
        match self {
            Self::Contract => contract::check(answer),
            Self::Answer { status, body } => {
                contract::check_status(answer.status, *status)?;
                match body {
                    Some(body) => contract::check_body(answer, body),
                    None => Ok(()),
                }
            }
            Self::Like(sample) => sample.check(answer),
        }
    }
}

#[cfg(test)]
mod tests;
