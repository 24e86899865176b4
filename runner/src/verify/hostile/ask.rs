//! Sends one request over a raw socket, and says what came back.

use super::requests::Hostile;
use crate::client::Client;
use crate::contract;
use crate::http::{self, Method};
use serde::Serialize;
use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How long a server may take to say something.
const PATIENCE: Duration = Duration::from_millis(1500);

/// After the last byte: more than this is not waited for.
const QUIET: Duration = Duration::from_millis(300);

/// More bytes than these are not read.
const READ_BYTES_MAX: usize = 1 << 20;

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reaction {
    /// Answered with a status of success or a redirection.
    Accepted,
    /// Answered with an error status.
    Refused,
    /// The connection ended without an answer.
    Closed,
    /// Something came that is not HTTP/1.
    Other,
    /// No final answer came, and the connection stayed open.
    Hung,
    /// The connection could not be opened, so the request was not sent.
    Unconnected,
    /// The server does not answer a right request any more.
    Crashed,
}

impl fmt::Display for Reaction {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Closed => "closed",
            Self::Other => "not HTTP/1",
            Self::Hung => "hung",
            Self::Unconnected => "not connected",
            Self::Crashed => "crashed",
        })
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// What became of it.
    pub reaction: Reaction,
    /// The status of each interim answer, in order.
    pub interim_statuses: Vec<u16>,
    /// The status of each final answer, in order.
    pub statuses: Vec<u16>,
    /// The server ended the connection.
    pub is_closed: bool,
    /// It answers a right request on a new connection afterwards.
    pub server_answers_after: bool,
}

/// Sends it, reads until nothing more comes, and asks a right request on a new connection.
pub(super) fn ask(address: SocketAddr, hostile: &Hostile) -> Outcome {
    let exchanged = connected(address).map(|stream| {
        let (first, held) = hostile.bytes(&address.to_string());
        exchange(stream, &first, held)
    });
    let server_answers_after = answers(address);
    let Ok((bytes, is_closed)) = exchanged else {
        return Outcome {
            reaction: Reaction::Unconnected,
            interim_statuses: Vec::new(),
            statuses: Vec::new(),
            is_closed: false,
            server_answers_after,
        };
    };
    let (interim_statuses, statuses) = statuses(&bytes, is_closed);
    let reaction = match (&statuses[..], server_answers_after) {
        (_, false) => Reaction::Crashed,
        ([], true) if !bytes.is_empty() && interim_statuses.is_empty() => Reaction::Other,
        ([], true) if is_closed => Reaction::Closed,
        ([], true) => Reaction::Hung,
        ([first, ..], true) if *first < 400 => Reaction::Accepted,
        _ => Reaction::Refused,
    };
    Outcome {
        reaction,
        interim_statuses,
        statuses,
        is_closed,
        server_answers_after,
    }
}

fn connected(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Everything that comes, and whether the server ended the connection. What is held back is sent once an interim answer
/// has come, and not at all if none comes.
fn exchange(mut stream: TcpStream, first: &[u8], mut held: Vec<u8>) -> (Vec<u8>, bool) {
    // A server that refuses early ends the connection while the rest is being sent: what it said counts.
    let mut is_sent = stream.write_all(first).is_ok();
    let (mut bytes, mut is_closed) = (Vec::new(), false);
    let asked = Instant::now();
    // Once something has come, what follows comes soon.
    let mut wait = PATIENCE;
    // A connection that takes no timeout is not one.
    while stream.set_read_timeout(Some(wait)).is_ok() {
        let mut buffer = [0; 16 << 10];
        match stream.read(&mut buffer) {
            Ok(0) => is_closed = true,
            Ok(count) => {
                bytes.extend_from_slice(&buffer[..count]);
                wait = QUIET;
                if !held.is_empty() && after_interim(&bytes).is_some() {
                    is_sent &= stream.write_all(&std::mem::take(&mut held)).is_ok();
                    wait = PATIENCE;
                }
                if bytes.len() < READ_BYTES_MAX && asked.elapsed() < 4 * PATIENCE {
                    continue;
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => {
                is_closed = !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
            }
        }
        break;
    }
    let _ = stream.shutdown(Shutdown::Both);
    (bytes, is_closed || !is_sent)
}

/// Whether a right request is answered, within a time that a busy machine needs as well.
fn answers(address: SocketAddr) -> bool {
    let ask = || {
        let mut client = Client::connect(address, 2 * PATIENCE).ok()?;
        client
            .ask(&contract::request(address), Method::Get)
            .ok()
            .map(|answer| answer.parsed().status)
    };
    ask() == Some(200)
}

/// The status of each interim and of each final answer at the beginning of these bytes.
fn statuses(mut bytes: &[u8], is_closed: bool) -> (Vec<u16>, Vec<u16>) {
    let (mut interim, mut all) = (Vec::new(), Vec::new());
    while !bytes.is_empty() {
        if let Some((status, after)) = after_interim(bytes) {
            interim.push(status);
            bytes = after;
            continue;
        }
        match http::parse(bytes, Method::Get, is_closed) {
            Ok(Some(answer)) => {
                all.push(answer.status);
                bytes = &bytes[answer.length_bytes..];
            }
            // Half an answer is one, by its status line.
            _ => {
                all.extend(status_line(bytes).filter(|&status| !is_interim(status)));
                break;
            }
        }
    }
    (interim, all)
}

/// The status of an interim answer at the beginning of these bytes, and what follows its head.
fn after_interim(bytes: &[u8]) -> Option<(u16, &[u8])> {
    const END: &[u8] = b"\r\n\r\n";
    let status = status_line(bytes).filter(|&status| is_interim(status))?;
    let end = bytes.windows(END.len()).position(|four| four == END)?;
    Some((status, &bytes[end + END.len()..]))
}

/// Whether a final answer follows (RFC 9110 §15.2); after 101 another protocol does.
fn is_interim(status: u16) -> bool {
    (100..200).contains(&status) && status != 101
}

/// The status of a status line.
fn status_line(bytes: &[u8]) -> Option<u16> {
    let rest = bytes.strip_prefix(b"HTTP/1.")?;
    std::str::from_utf8(rest.get(2..5)?).ok()?.parse().ok()
}
