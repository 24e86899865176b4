//! The floor of every epoll generator: a bare loop that sends when something came, looks at nothing
//! and measures nothing.

use anyhow::{Context, Result};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::net::{RecvFlags, SendFlags, recv, send};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// As many as the generator takes.
const BATCH_EVENTS: usize = 64;

/// How often something came, within `duration`, on so many connections.
pub(crate) fn run(address: SocketAddr, connections: usize, duration: Duration) -> Result<u64> {
    let request = runner::contract::request(address);
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    let mut streams = Vec::new();
    for at in 0..connections {
        let stream = TcpStream::connect(address).context("cannot connect")?;
        stream.set_nodelay(true)?;
        epoll::add(
            &epoll,
            &stream,
            EventData::new_u64(at as u64),
            EventFlags::IN,
        )?;
        send(&stream, &request, SendFlags::NOSIGNAL)?;
        streams.push(stream);
    }
    let mut events = Vec::with_capacity(BATCH_EVENTS);
    let mut buffer = [0; 16 * 1024];
    let mut answers = 0;
    let started = Instant::now();
    while started.elapsed() < duration {
        events.clear();
        epoll::wait(&epoll, spare_capacity(&mut events), None)?;
        for event in &events {
            let stream = &streams[usize::try_from(event.data.u64())?];
            recv(stream, &mut buffer, RecvFlags::empty())?;
            send(stream, &request, SendFlags::NOSIGNAL)?;
            answers += 1;
        }
    }
    Ok(answers)
}
