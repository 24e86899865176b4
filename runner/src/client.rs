//! One blocking connection, for checks and for readiness: careful and slow, where the load
//! generator is careful and fast.

use crate::http::{self, Malformed, Method};
use rustix::net::sockopt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// Nothing listens, or the handshake failed.
    #[error("cannot connect")]
    Connect(#[source] io::Error),
    /// The connection broke or nothing came in time.
    #[error("no answer")]
    Socket(#[from] io::Error),
    /// What came is not a valid answer.
    #[error("no valid answer")]
    Malformed(#[from] Malformed),
    /// It has more bytes than any answer to a check.
    #[error("the answer is longer than {} MiB", LONGEST_BYTES >> 20)]
    TooLong,
    /// The server closed the connection first.
    #[error("the server closed the connection without an answer")]
    Closed,
}

/// An answer that is longer is not read to its end.
const LONGEST_BYTES: usize = 64 << 20;

/// The bytes of one answer, framed rightly.
#[derive(Debug)]
pub struct RawAnswer {
    bytes: Vec<u8>,
    method: Method,
}

impl RawAnswer {
    /// The answer, parsed.
    #[must_use]
    pub fn parsed(&self) -> http::Answer<'_> {
        http::parse(&self.bytes, self.method, true)
            .ok()
            .flatten()
            .expect("only bytes that have been parsed become a raw answer")
    }

    /// How many bytes it has, head and body.
    #[must_use]
    pub fn length_bytes(&self) -> usize {
        self.bytes.len()
    }
}

/// One connection.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    unread: Vec<u8>,
    acknowledges_at_once: bool,
    patience: Duration,
}

impl Client {
    /// Connects; every later step takes at most `patience`.
    ///
    /// # Errors
    ///
    /// If nothing listens.
    pub fn connect(address: SocketAddr, patience: Duration) -> Result<Self, NoAnswer> {
        let stream = TcpStream::connect_timeout(&address, patience).map_err(NoAnswer::Connect)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        // What is sent in pieces has to leave in pieces.
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            unread: Vec::new(),
            acknowledges_at_once: false,
            patience,
        })
    }

    /// Acknowledges what comes without delay. A server that writes an answer in two pieces and has
    /// Nagle's algorithm on waits with the second until the first is acknowledged, which the kernel
    /// puts off for 40 ms: of no matter for what is counted, but not for how long that takes.
    pub fn acknowledge_at_once(&mut self) {
        self.acknowledges_at_once = true;
    }

    /// Sends these bytes.
    ///
    /// # Errors
    ///
    /// If the connection has broken.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), NoAnswer> {
        Ok(self.stream.write_all(bytes)?)
    }

    /// Reads one answer; what comes after it stays for the next call.
    ///
    /// # Errors
    ///
    /// If none comes, or none that is valid.
    pub fn read_answer(&mut self, method: Method) -> Result<RawAnswer, NoAnswer> {
        let mut ended = false;
        let asked = Instant::now();
        loop {
            if self.unread.is_empty() && ended {
                return Err(NoAnswer::Closed);
            }
            if let Some(answer) = http::parse(&self.unread, method, ended)? {
                let rest = self.unread.split_off(answer.length_bytes);
                let bytes = std::mem::replace(&mut self.unread, rest);
                return Ok(RawAnswer { bytes, method });
            }
            // However many pieces it comes in.
            if asked.elapsed() > self.patience {
                return Err(NoAnswer::Socket(ErrorKind::TimedOut.into()));
            }
            if self.unread.len() > LONGEST_BYTES {
                return Err(NoAnswer::TooLong);
            }
            ended = self.read_more()? == 0;
        }
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    ///
    /// As [`Client::send`] and [`Client::read_answer`].
    pub fn ask(&mut self, request: &[u8], method: Method) -> Result<RawAnswer, NoAnswer> {
        self.send(request)?;
        self.read_answer(method)
    }

    /// Whether the server ends the connection within `patience`, with nothing more to say.
    ///
    /// # Errors
    ///
    /// If the time limit cannot be set.
    pub fn is_ended_by_server(&mut self, patience: Duration) -> Result<bool, NoAnswer> {
        self.stream.set_read_timeout(Some(patience))?;
        self.patience = patience;
        let ended = match self.read_more() {
            Ok(read_bytes) => read_bytes == 0,
            Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        };
        Ok(ended && self.unread.is_empty())
    }

    /// Bytes that came without having been asked for.
    #[must_use]
    pub fn surplus_bytes(&self) -> usize {
        self.unread.len()
    }

    fn read_more(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 4096];
        if self.acknowledges_at_once {
            // The kernel falls back by itself, so it is told before each read.
            sockopt::set_tcp_quickack(&self.stream, true)?;
        }
        loop {
            match self.stream.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(read_bytes) => {
                    self.unread.extend_from_slice(&buffer[..read_bytes]);
                    return Ok(read_bytes);
                }
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // The server may have closed it already.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        // Port 0 of a host is never listened on.
        let error = Client::connect(([127, 9, 9, 9], 0).into(), Duration::from_secs(1));
        let error = anyhow::Error::from(error.unwrap_err());
        let cause = error.root_cause().to_string();
        assert_eq!(format!("{error:#}"), format!("cannot connect: {cause}"));
    }
}
