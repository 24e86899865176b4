//! A server that follows a script: what it does with each request, and what that is worth. It
//! counts its own answers by worth, so that a client's counts can be held against them.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// What a client should make of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// The right answer, however it comes.
    Right,
    /// Framed rightly, with another status.
    BadStatus,
    /// The right status with another body.
    BadBody,
    /// No valid answer, or more than one.
    Disorder,
    /// The connection ends before the answer does.
    Broken,
    /// No whole answer comes, and the connection stays.
    Silent,
}

/// One thing a server does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Sends these bytes in one piece.
    Send(Vec<u8>),
    /// Does nothing for so long.
    Pause(Duration),
    /// Ends the sending direction and goes on reading.
    HalfClose,
    /// Closes the connection in order.
    Close,
    /// Resets the connection.
    Reset,
    /// Does nothing until the client leaves.
    Wait,
}

/// What a server does with one request.
#[derive(Debug, Clone)]
pub struct Reply {
    /// What that is worth.
    pub worth: Worth,
    /// How it is done.
    pub steps: Vec<Step>,
}

impl Reply {
    /// These bytes in one piece.
    #[must_use]
    pub fn new(worth: Worth, bytes: impl AsRef<[u8]>) -> Self {
        let steps = vec![Step::Send(bytes.as_ref().to_vec())];
        Self { worth, steps }
    }

    /// And then this.
    #[must_use]
    pub fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

/// What happens on a connection.
pub struct Script {
    /// Before any request is read.
    pub on_accept: Vec<Step>,
    /// With a request: its number over all connections, from 1, and on its own connection, from 1.
    pub on_request: Box<dyn Fn(u64, u64) -> Reply + Send + Sync>,
}

impl Script {
    /// Nothing but replies.
    #[must_use]
    pub fn of(on_request: impl Fn(u64, u64) -> Reply + Send + Sync + 'static) -> Self {
        Self {
            on_accept: Vec::new(),
            on_request: Box::new(on_request),
        }
    }
}

/// What a server has done so far: requests read to their end, by what it replied.
#[derive(Debug, Default)]
struct Account {
    connections: AtomicU64,
    requests: AtomicU64,
    by_worth: [AtomicU64; 6],
}

/// A running server; its threads end with their connections and with the process.
#[derive(Debug)]
pub struct Scripted {
    /// Where it listens.
    pub address: SocketAddr,
    account: Arc<Account>,
}

impl Scripted {
    /// Starts a server on a free port of the loopback interface.
    ///
    /// # Panics
    ///
    /// Where the loopback interface has no free port.
    #[must_use]
    pub fn start(script: Script) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), script)
    }

    /// Starts a server at an address.
    ///
    /// # Panics
    ///
    /// If somebody else is there.
    #[must_use]
    pub fn start_at(address: SocketAddr, script: Script) -> Self {
        let listener = TcpListener::bind(address).expect("the address is free");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let account = Arc::new(Account::default());
        let shared = Arc::clone(&account);
        let script = Arc::new(script);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let (script, account) = (Arc::clone(&script), Arc::clone(&shared));
                // A client that leaves ends its conversation.
                thread::spawn(move || drop(converse(stream, &script, &account)));
            }
        });
        Self { address, account }
    }

    /// Connections accepted so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.account.connections.load(Ordering::SeqCst)
    }

    /// Requests replied to in a way of this worth, so far.
    #[must_use]
    pub fn count(&self, worth: Worth) -> u64 {
        self.account.by_worth[worth as usize].load(Ordering::SeqCst)
    }

    /// Requests read so far.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.account.requests.load(Ordering::SeqCst)
    }
}

fn converse(mut stream: TcpStream, script: &Script, account: &Account) -> io::Result<()> {
    stream.set_nodelay(true)?;
    if !play(&mut stream, &script.on_accept)? {
        return Ok(());
    }
    let mut unread = Vec::new();
    let mut here = 0;
    while read_request(&mut stream, &mut unread)? {
        here += 1;
        let number = account.requests.fetch_add(1, Ordering::SeqCst) + 1;
        let reply = (script.on_request)(number, here);
        // Counted before it is sent: who has seen it can ask for the count.
        account.by_worth[reply.worth as usize].fetch_add(1, Ordering::SeqCst);
        if !play(&mut stream, &reply.steps)? {
            return Ok(());
        }
    }
    Ok(())
}

/// Does the steps; `false` where the connection has ended.
fn play(stream: &mut TcpStream, steps: &[Step]) -> io::Result<bool> {
    for step in steps {
        match step {
            Step::Send(bytes) => stream.write_all(bytes)?,
            Step::Pause(pause) => thread::sleep(*pause),
            Step::HalfClose => stream.shutdown(Shutdown::Write)?,
            Step::Close => return Ok(false),
            Step::Reset => {
                // A linger time of zero makes the kernel send a reset.
                rustix::net::sockopt::set_socket_linger(&*stream, Some(Duration::ZERO))?;
                return Ok(false);
            }
            Step::Wait => {
                while stream.read(&mut [0; 256])? > 0 {}
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Reads up to the end of a head; `false` where the client has left.
fn read_request(stream: &mut TcpStream, unread: &mut Vec<u8>) -> io::Result<bool> {
    loop {
        if let Some(end) = unread.windows(4).position(|four| four == b"\r\n\r\n") {
            unread.drain(..end + 4);
            return Ok(true);
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece)? {
            0 => return Ok(false),
            read_bytes => unread.extend_from_slice(&piece[..read_bytes]),
        }
    }
}
