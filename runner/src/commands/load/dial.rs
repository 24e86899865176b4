//! A connection to a socket in the file system, within a time: `connect` would wait for room in the queue of
//! somebody who never accepts, whatever the user says meanwhile.

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// How often it is tried again.
const PAUSE: Duration = Duration::from_millis(10);

/// Connects to whoever listens at `path`, unless that takes longer than `within` or the user has had enough.
pub(super) fn unix(path: &Path, within: Duration) -> io::Result<UnixStream> {
    let until = Instant::now() + within;
    let place = SocketAddrUnix::new(path)?;
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    loop {
        match connect(&socket, &place) {
            Ok(()) => break,
            // The queue is full.
            Err(Errno::AGAIN) if crate::interrupt::is_requested() => return Err(Errno::INTR.into()),
            Err(Errno::AGAIN) if Instant::now() < until => std::thread::sleep(PAUSE),
            Err(Errno::AGAIN) => return Err(Errno::TIMEDOUT.into()),
            Err(errno) => return Err(errno.into()),
        }
    }
    let stream = UnixStream::from(socket);
    stream.set_nonblocking(false)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::net::{bind, listen, socket};

    #[test]
    fn a_full_queue_is_waited_for_no_longer_than_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let place = SocketAddrUnix::new(&path).unwrap();
        let listener = socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
        bind(&listener, &place).unwrap();
        listen(&listener, 0).unwrap();
        let within = Duration::from_millis(100);
        let _first = unix(&path, within).unwrap();
        let error = unix(&path, within).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{error}");
    }

    #[test]
    fn nobody_there_is_said_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let error = unix(&folder.path().join("none"), Duration::from_secs(60)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
