//! The null server under want of its own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// Long enough for any machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ends with the test, however that ends.
pub(super) struct Ended(pub(super) Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A null server that may have so many files open.
fn with_files(files: u32) -> (Ended, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let line = format!(
        "ulimit -n {files}; exec {} null --address {address}",
        env!("CARGO_BIN_EXE_runner")
    );
    (
        started(Command::new("sh").args(["-c", &line]), address),
        address,
    )
}

/// A server that has been started by this command and listens.
pub(super) fn started(command: &mut Command, address: SocketAddr) -> Ended {
    let mut server = Ended(command.spawn().unwrap());
    while TcpStream::connect(address).is_err() {
        assert!(server.0.try_wait().unwrap().is_none(), "it has ended");
        std::thread::sleep(Duration::from_millis(5));
    }
    server
}

fn assert_answered(number: usize, stream: &mut TcpStream) {
    let mut head = [0; 15];
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    if let Err(error) = stream.read_exact(&mut head) {
        panic!("connection {number} is not answered: {error}");
    }
    assert_eq!(&head, b"HTTP/1.1 200 OK");
}

/// Which ones are, is chance: each thread of the server has a listener of its own, and one may take the files that
/// connections in the queue of another wait for.
fn is_any_answered(streams: &mut [TcpStream]) -> bool {
    for stream in &mut *streams {
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        stream.set_nonblocking(true).unwrap();
    }
    let asked = Instant::now();
    while asked.elapsed() < PATIENCE {
        if streams.iter().any(|stream| stream.peek(&mut [0]).is_ok()) {
            for stream in streams {
                stream.set_nonblocking(false).unwrap();
            }
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

#[test]
fn a_null_server_without_files_left_goes_on_and_takes_those_who_wait() {
    let (mut server, address) = with_files(40);
    let mut open: Vec<TcpStream> = (0..80)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect();
    assert!(is_any_answered(&mut open));
    assert!(server.0.try_wait().unwrap().is_none(), "it has ended");
    // The last ones are accepted once the first have gone.
    let mut last = open.split_off(60);
    drop(open);
    for (number, stream) in last.iter_mut().enumerate() {
        assert_answered(number, stream);
    }
}
