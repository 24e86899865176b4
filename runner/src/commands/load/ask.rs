//! One request and its answer on a connection of its own, bounded in time and memory: whether a server
//! that is being launched is ready.

use super::dial;
use crate::interrupt;
use crate::load::{Address, Check, Target};
use anyhow::{Context, Result, bail};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How long a server may take to one answer before it is asked again.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often it is looked whether the user has had enough.
const LOOK: Duration = Duration::from_millis(100);

/// Asks the server at `address` once, and waits no longer than `within` for the answer.
pub(super) fn ask(address: &Address, target: &Target, within: Duration) -> Result<()> {
    let patience = within.clamp(LOOK, PATIENCE);
    interrupt::check()?;
    match address {
        Address::Tcp(address) => {
            let stream = TcpStream::connect_timeout(address, patience).context("cannot connect")?;
            stream.set_read_timeout(Some(LOOK))?;
            stream.set_write_timeout(Some(LOOK))?;
            converse(stream, target, patience)
        }
        Address::Unix(path) => {
            let stream = dial::unix(path, patience).context("cannot connect")?;
            stream.set_read_timeout(Some(LOOK))?;
            stream.set_write_timeout(Some(LOOK))?;
            converse(stream, target, patience)
        }
    }
}

fn converse(mut stream: impl Read + Write, target: &Target, patience: Duration) -> Result<()> {
    let until = Instant::now() + patience;
    let mut unsent = target.request.as_slice();
    let mut check = Check::new(target);
    let mut buffer = [0; 16 * 1024];
    loop {
        interrupt::check()?;
        if Instant::now() > until {
            bail!("no whole answer within {patience:?}");
        }
        // A server may answer before it has read all; while it does not, it is given the rest.
        if !unsent.is_empty() {
            match stream.write(unsent) {
                Ok(sent_bytes) => unsent = &unsent[sent_bytes..],
                Err(error) if is_for_later(error.kind()) => {}
                Err(_) => unsent = &[],
            }
            if !unsent.is_empty() {
                continue;
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(check.end()?),
            Ok(read_bytes) => {
                if let Some(verdict) = check.feed(&buffer[..read_bytes]) {
                    return Ok(verdict?);
                }
            }
            Err(error) if is_for_later(error.kind()) => {}
            Err(error) => return Err(error).context("no answer"),
        }
    }
}

fn is_for_later(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use controls::{Planted, Server};

    #[test]
    fn a_right_answer_is_told_from_a_wrong_one_and_from_none() {
        let of = |planted| {
            let server = Server::start(planted);
            let target = Target::welcome(server.address);
            ask(&target.address, &target, PATIENCE).map_err(|error| format!("{error:#}"))
        };
        assert_eq!(of(Planted::Nothing), Ok(()));
        assert_eq!(of(Planted::OneByteSegments), Ok(()));
        assert!(of(Planted::Status500Every(1)).unwrap_err().contains("500"));
        assert!(of(Planted::TruncateAt(1)).unwrap_err().contains("ended"));
    }

    #[test]
    fn a_server_at_a_socket_in_the_file_system_is_asked_alike() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
        });
        let target = Target {
            address: Address::Unix(path),
            expected: crate::load::Expected::Answer {
                status: 204,
                body: None,
            },
            ..Target::welcome(([127, 0, 0, 1], 1).into())
        };
        ask(&target.address, &target, PATIENCE).unwrap();
    }
}
