//! Servers with a known, planted property: what the method must be able to see.
//!
//! Each is a plain blocking server on a port the kernel chose, with a thread per connection; it
//! counts what it does, so that a test can hold the generator's counts against the server's own.

pub mod scripted;
pub mod stall;

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

/// What is planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// Nothing: every answer is right.
    Nothing,
    /// Every answer leaves one byte at a time, each in a segment of its own.
    OneByteSegments,
    /// Head and body leave apart.
    HeadThenBody,
    /// One answer in this many has one wrong byte in its body.
    WrongByteEvery(u64),
    /// One answer in this many has status 500.
    Status500Every(u64),
    /// One answer in this many comes twice.
    TwiceEvery(u64),
    /// The connection is closed after this many answers, which do not announce it.
    CloseAfter(u64),
    /// The same, announced by `connection: close` in the last one.
    AnnouncedCloseAfter(u64),
    /// The connection is reset instead of the answer of this number.
    ResetAt(u64),
    /// The connection ends in the middle of the answer of this number.
    TruncateAt(u64),
    /// The answer of this number never comes.
    SilentAt(u64),
    /// Every answer announces one byte more than it has.
    BodyTooShort,
    /// Every answer has one byte more than it announces.
    BodyTooLong,
    /// Two different lengths are announced.
    TwoLengths,
    /// No `date`.
    NoDate,
    /// The date never moves.
    FrozenDate,
    /// The body comes in chunks.
    Chunked,
    /// An interim answer comes before each final one.
    InterimFirst,
    /// What comes is no HTTP.
    NotHttp,
    /// Every path is answered like the right one.
    EveryPath,
    /// Every request's answer takes this many milliseconds.
    SlowMs(u64),
    /// Requests are accepted only whole: one that comes in pieces breaks the connection.
    WholeRequestsOnly,
    /// `connection: close` is ignored.
    NeverCloses,
    /// HEAD is answered with a body.
    BodyAfterHead,
}

/// What a server has done so far.
#[derive(Debug, Default)]
pub struct Counts {
    /// Connections accepted.
    pub connections: AtomicU64,
    /// Requests read to their end.
    pub requests: AtomicU64,
    /// Requests answered rightly.
    pub right: AtomicU64,
    /// Requests answered in the planted way.
    pub planted: AtomicU64,
}

/// A running server; it stops when dropped.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it has done.
    pub counts: Arc<Counts>,
    stopping: Arc<AtomicBool>,
}

impl Server {
    /// Starts a server on a free port of the loopback interface.
    ///
    /// # Panics
    ///
    /// Where the loopback interface has no free port.
    #[must_use]
    pub fn start(planted: Planted) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let counts = Arc::new(Counts::default());
        let stopping = Arc::new(AtomicBool::new(false));
        let server = Self {
            address,
            counts: Arc::clone(&counts),
            stopping: Arc::clone(&stopping),
        };
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stopping.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                counts.connections.fetch_add(1, Ordering::Relaxed);
                let counts = Arc::clone(&counts);
                // The client may break the connection at any time; that is the client's affair.
                thread::spawn(move || drop(Conversation::new(stream, planted, &counts).run()));
            }
        });
        server
    }

    /// Requests read so far.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.counts.requests.load(Ordering::SeqCst)
    }

    /// Requests answered rightly so far.
    #[must_use]
    pub fn right(&self) -> u64 {
        self.counts.right.load(Ordering::SeqCst)
    }

    /// Requests answered in the planted way so far.
    #[must_use]
    pub fn planted(&self) -> u64 {
        self.counts.planted.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        // Wakes the accepting thread, which then sees that it should stop.
        let _ = TcpStream::connect(self.address);
    }
}

/// One connection's life.
struct Conversation<'a> {
    stream: TcpStream,
    planted: Planted,
    counts: &'a Counts,
    unread: Vec<u8>,
}

/// One request as far as these servers care.
struct Request {
    is_head: bool,
    is_welcome: bool,
    wants_close: bool,
    pieces: usize,
}

impl<'a> Conversation<'a> {
    fn new(stream: TcpStream, planted: Planted, counts: &'a Counts) -> Self {
        Self {
            stream,
            planted,
            counts,
            unread: Vec::new(),
        }
    }

    fn run(mut self) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
        while let Some(request) = self.read_request()? {
            let number = self.counts.requests.fetch_add(1, Ordering::SeqCst) + 1;
            if !self.answer(&request, number)? {
                break;
            }
        }
        Ok(())
    }

    fn read_request(&mut self) -> io::Result<Option<Request>> {
        let mut pieces = 0;
        loop {
            if let Some(end) = find(&self.unread, b"\r\n\r\n") {
                let head: Vec<u8> = self.unread.drain(..end + 4).collect();
                let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
                return Ok(Some(Request {
                    is_head: text.starts_with("head "),
                    is_welcome: text.split(' ').nth(1) == Some("/welcome"),
                    wants_close: text.contains("\r\nconnection: close\r\n"),
                    pieces,
                }));
            }
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer)? {
                0 => return Ok(None),
                read => self.unread.extend_from_slice(&buffer[..read]),
            }
            pieces += 1;
        }
    }

    /// Answers one request; `false` ends the connection. `number` counts over all connections.
    fn answer(&mut self, request: &Request, number: u64) -> io::Result<bool> {
        if !request.is_welcome && self.planted != Planted::EveryPath {
            let missing = format!(
                "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\ndate: {}\r\n\r\n",
                now()
            );
            self.stream.write_all(missing.as_bytes())?;
            return Ok(!request.wants_close);
        }
        if self.is_planted_at(request, number) {
            self.counts.planted.fetch_add(1, Ordering::SeqCst);
            return self.misbehave();
        }
        let closes = request.wants_close && self.planted != Planted::NeverCloses;
        let mut right = right_answer(if closes { "connection: close\r\n" } else { "" });
        if request.is_head && self.planted != Planted::BodyAfterHead {
            right.truncate(right.len() - BODY.len());
        }
        self.counts.right.fetch_add(1, Ordering::SeqCst);
        match self.planted {
            Planted::SlowMs(milliseconds) => thread::sleep(Duration::from_millis(milliseconds)),
            Planted::OneByteSegments => {
                for byte in right {
                    self.stream.write_all(&[byte])?;
                }
                return Ok(!closes);
            }
            Planted::HeadThenBody => {
                let (head, body) = right.split_at(right.len() - BODY.len());
                self.stream.write_all(head)?;
                thread::sleep(Duration::from_millis(1));
                self.stream.write_all(body)?;
                return Ok(!closes);
            }
            Planted::FrozenDate => {
                right = with_date(&right, "Sun, 06 Nov 1994 08:49:37 GMT");
            }
            _ => {}
        }
        self.stream.write_all(&right)?;
        Ok(!closes)
    }

    fn is_planted_at(&self, request: &Request, number: u64) -> bool {
        match self.planted {
            Planted::WrongByteEvery(every)
            | Planted::Status500Every(every)
            | Planted::TwiceEvery(every)
            | Planted::CloseAfter(every)
            | Planted::AnnouncedCloseAfter(every) => number.is_multiple_of(every),
            Planted::ResetAt(at) | Planted::TruncateAt(at) | Planted::SilentAt(at) => number == at,
            Planted::WholeRequestsOnly => request.pieces > 1,
            Planted::BodyTooShort
            | Planted::BodyTooLong
            | Planted::TwoLengths
            | Planted::NoDate
            | Planted::Chunked
            | Planted::InterimFirst
            | Planted::NotHttp => true,
            _ => false,
        }
    }

    fn misbehave(&mut self) -> io::Result<bool> {
        let right = right_answer("");
        let edited = |from: &str, to: &str| {
            String::from_utf8_lossy(&right)
                .replacen(from, to, 1)
                .into_bytes()
        };
        let (bytes, goes_on) = match self.planted {
            Planted::WrongByteEvery(_) => (edited("World!", "World?"), true),
            Planted::Status500Every(_) => (edited("200 OK", "500 No"), true),
            Planted::TwiceEvery(_) => ([right.clone(), right.clone()].concat(), true),
            Planted::CloseAfter(_) => (right.clone(), false),
            Planted::AnnouncedCloseAfter(_) => (right_answer("connection: close\r\n"), false),
            Planted::TruncateAt(_) => (right[..right.len() - 5].to_vec(), false),
            Planted::BodyTooShort => (edited("length: 12", "length: 13"), false),
            Planted::BodyTooLong => (edited("length: 12", "length: 11"), true),
            Planted::TwoLengths => (edited("date:", "content-length: 11\r\ndate:"), true),
            Planted::NoDate => (edited("date:", "data:"), true),
            Planted::Chunked => {
                let chunked = edited("content-length: 12", "transfer-encoding: chunked");
                let head = &chunked[..chunked.len() - BODY.len()];
                (
                    [head, b"6\r\nHello \r\n6\r\nWorld!\r\n0\r\n\r\n"].concat(),
                    true,
                )
            }
            Planted::InterimFirst => (
                [b"HTTP/1.1 103 Early Hints\r\n\r\n".as_slice(), &right].concat(),
                true,
            ),
            Planted::NotHttp => (b"220 mail.example ESMTP\r\n\r\n".to_vec(), true),
            Planted::SilentAt(_) => {
                // Until the client gives up.
                let _ = self.stream.read(&mut [0; 1])?;
                return Ok(false);
            }
            Planted::ResetAt(_) | Planted::WholeRequestsOnly => return self.reset(),
            _ => (right.clone(), true),
        };
        self.stream.write_all(&bytes)?;
        if !goes_on {
            self.stream.shutdown(Shutdown::Write)?;
        }
        Ok(goes_on)
    }

    /// Closes with a linger time of zero, which makes the kernel send a reset.
    fn reset(&mut self) -> io::Result<bool> {
        rustix::net::sockopt::set_socket_linger(&self.stream, Some(Duration::ZERO))?;
        Ok(false)
    }
}

const BODY: &str = "Hello World!";

fn right_answer(fields: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 12\r\n{fields}date: {}\r\n\r\n{BODY}",
        now()
    )
    .into_bytes()
}

fn with_date(answer: &[u8], date: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(answer);
    let start = text.find("date: ").expect("a right answer has a date") + 6;
    format!("{}{date}{}", &text[..start], &text[start + 29..]).into_bytes()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

fn now() -> String {
    httpdate::fmt_http_date(SystemTime::now())
}
