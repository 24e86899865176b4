//! A server that answers at once, but for one stall that all its connections share: the oracle of
//! response times.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

/// A running server; its threads end with their connections and with the process.
#[derive(Debug)]
pub struct Stalling {
    /// Where it listens.
    pub address: SocketAddr,
}

/// Requests answered so far; whoever holds it keeps all others waiting.
type Answered = Arc<Mutex<u64>>;

impl Stalling {
    /// Starts a server on a free port that stalls once, before it answers request `at`, for so long.
    ///
    /// # Panics
    ///
    /// Where the loopback interface has no free port.
    #[must_use]
    pub fn start(at: u64, stall: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let answered = Answered::default();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let answered = Arc::clone(&answered);
                // A client that leaves ends its conversation.
                thread::spawn(move || drop(converse(stream, &answered, at, stall)));
            }
        });
        Self { address }
    }
}

fn converse(
    mut stream: TcpStream,
    answered: &Answered,
    at: u64,
    stall: Duration,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut unread = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        unread.extend_from_slice(&buffer[..read]);
        while let Some(end) = unread.windows(4).position(|window| window == b"\r\n\r\n") {
            unread.drain(..end + 4);
            wait_for_turn(answered, at, stall);
            stream.write_all(&answer())?;
        }
    }
}

/// Counts this request; the one that stalls holds up all others meanwhile.
fn wait_for_turn(answered: &Answered, at: u64, stall: Duration) {
    let mut count: MutexGuard<u64> = answered.lock().unwrap_or_else(PoisonError::into_inner);
    *count += 1;
    if *count == at {
        thread::sleep(stall);
    }
}

fn answer() -> Vec<u8> {
    let date = httpdate::fmt_http_date(SystemTime::now());
    format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 12\r\ndate: {date}\r\n\r\nHello World!").into_bytes()
}
