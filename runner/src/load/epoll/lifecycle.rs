//! Opening, closing and giving up: what happens around the hot path.

use super::{Pool, READABLE, Scratch, WRITABLE, wait};
use crate::load::Target;
use crate::load::connection::Phase;
use crate::load::drive::{Goal, Run};
use crate::load::tally::Outcome;
use crate::load::validator::Judgement;
use anyhow::{Context, Result, bail};
use rustix::event::epoll::{self, EventData};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, ipproto, socket_with, sockopt};
use rustix::time::Timespec;
use std::time::Duration;

/// Handshakes under way at once. A listen queue may be as short as 128, and a connection that does
/// not fit into it costs a second.
const OPENING_MAX: usize = 64;

impl Pool {
    /// Notices which idle connections the server has closed, and opens every closed one.
    pub(in crate::load) fn open(&mut self, run: &mut Run, scratch: &mut Scratch) -> Result<()> {
        self.notice_closed(run, scratch)?;
        self.next_closed = 0;
        for _ in 0..OPENING_MAX {
            self.open_next(run)?;
        }
        self.drive(run, scratch)?;
        if run.failed {
            bail!("{}", self.validator.complaint().unwrap_or("no answer came"));
        }
        Ok(())
    }

    /// The server had closed an idle connection: this request never left.
    #[cold]
    pub(super) fn on_send_refused(&mut self, at: usize, errno: Errno, run: &mut Run) -> Result<()> {
        self.validator.complain(|| format!("cannot send: {errno}"));
        if run.goal == Goal::Open {
            return self.on_opened(at, Outcome::Reset, true, run);
        }
        run.give_back();
        self.reopen(at, run)
    }

    #[cold]
    pub(super) fn on_ended(&mut self, at: usize, run: &mut Run) -> Result<()> {
        let connection = &mut self.connections[at];
        if connection.partial.is_empty() {
            self.validator
                .complain(|| "the server closed the connection without an answer".to_owned());
            return self.on_answer(at, Outcome::Reset, true, run);
        }
        let judgement = self.validator.judge_ended(&mut connection.partial);
        let Judgement::Answered { outcome, .. } = judgement else {
            unreachable!("what has ended is not incomplete");
        };
        self.on_answer(at, outcome, true, run)
    }

    #[cold]
    pub(super) fn on_reset(&mut self, at: usize, errno: Errno, run: &mut Run) -> Result<()> {
        self.validator
            .complain(|| format!("the connection broke: {errno}"));
        self.on_answer(at, Outcome::Reset, true, run)
    }

    /// Closes, and connects again where there is more to send.
    #[cold]
    pub(super) fn reopen(&mut self, at: usize, run: &mut Run) -> Result<()> {
        self.connections[at].close();
        if !run.wants_more() {
            run.busy -= 1;
            return Ok(());
        }
        run.tally.reconnects += 1;
        self.connect(at, run)
    }

    /// Starts a handshake on a closed connection that counts as busy.
    fn connect(&mut self, at: usize, run: &mut Run) -> Result<()> {
        let socket = new_socket(&self.target)?;
        match connect(&socket, &self.target.address) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(errno) => return self.on_connect_failed(at, errno, run),
        }
        epoll::add(
            &self.epoll,
            &socket,
            EventData::new_u64(at as u64),
            WRITABLE,
        )
        .context("cannot watch a socket")?;
        let connection = &mut self.connections[at];
        connection.socket = Some(socket);
        connection.phase = Phase::Connecting;
        connection.sent_at_ns = run.now_ns;
        Ok(())
    }

    pub(super) fn on_connected(&mut self, at: usize, run: &mut Run) -> Result<()> {
        let pending = sockopt::socket_error(self.connections[at].socket());
        match pending.context("cannot ask a socket for its error")? {
            Err(errno) => {
                self.connections[at].close();
                self.on_connect_failed(at, errno, run)
            }
            Ok(()) => {
                self.listen_for(at, READABLE)?;
                match run.goal {
                    Goal::Open => self.send(at, run),
                    Goal::Load => self.proceed(at, run),
                }
            }
        }
    }

    fn on_connect_failed(&mut self, at: usize, errno: Errno, run: &mut Run) -> Result<()> {
        run.tally.connect_errors += 1;
        let address = self.target.address;
        self.validator
            .complain(|| format!("cannot connect to {address}: {errno}"));
        match run.goal {
            Goal::Open => {
                run.fail();
                run.busy -= 1;
            }
            Goal::Load => run.retries.push(at),
        }
        Ok(())
    }

    /// While opening: this connection has had its first answer.
    pub(super) fn on_opened(
        &mut self,
        at: usize,
        outcome: Outcome,
        closes: bool,
        run: &mut Run,
    ) -> Result<()> {
        run.busy -= 1;
        if closes && outcome == Outcome::Ok {
            self.validator
                .complain(|| "the server does not keep the connection open".to_owned());
        }
        if closes || outcome != Outcome::Ok {
            self.connections[at].close();
            run.fail();
            return Ok(());
        }
        self.connections[at].phase = Phase::Idle;
        self.open_next(run)
    }

    /// While opening: starts on the next closed connection, unless opening has failed.
    fn open_next(&mut self, run: &mut Run) -> Result<()> {
        let rest = &self.connections[self.next_closed..];
        let found = rest.iter().position(|c| c.phase == Phase::Closed);
        match found {
            Some(offset) if !run.failed => {
                let at = self.next_closed + offset;
                self.next_closed = at + 1;
                run.busy += 1;
                self.connect(at, run)
            }
            _ => Ok(()),
        }
    }

    /// Takes the events of idle connections: the only ones they can have end them.
    fn notice_closed(&mut self, run: &mut Run, scratch: &mut Scratch) -> Result<()> {
        let at_once = Timespec::try_from(Duration::ZERO).expect("zero fits a timespec");
        loop {
            wait(&self.epoll, &mut scratch.events, &at_once)?;
            if scratch.events.is_empty() {
                return Ok(());
            }
            for event in &scratch.events {
                let at = usize::try_from(event.data.u64()).expect("the data is an index");
                self.connections[at].close();
                run.tally.reconnects += 1;
            }
        }
    }

    /// Every ten milliseconds: deadlines, timeouts, connections to try again, a request to stop.
    #[cold]
    pub(super) fn on_tick(&mut self, run: &mut Run) -> Result<()> {
        run.obey_deadline();
        if run.is_stopped() || run.is_stalled() {
            self.give_up(run);
            return Ok(());
        }
        for at in 0..self.connections.len() {
            let connection = &self.connections[at];
            let is_late = run.now_ns.saturating_sub(connection.sent_at_ns) > run.timeout_ns;
            match connection.phase {
                Phase::Waiting if is_late => {
                    self.validator
                        .complain(|| "an answer took too long".to_owned());
                    self.on_answer(at, Outcome::Timeout, true, run)?;
                }
                Phase::Connecting if is_late => {
                    self.connections[at].close();
                    self.on_connect_failed(at, Errno::TIMEDOUT, run)?;
                }
                _ => {}
            }
        }
        for at in std::mem::take(&mut run.retries) {
            if run.wants_more() {
                self.connect(at, run)?;
            } else {
                run.busy -= 1;
            }
        }
        Ok(())
    }

    /// Ends the run at once: what is open counts as unanswered.
    fn give_up(&mut self, run: &mut Run) {
        if run.is_stopped() {
            run.abandon();
        } else {
            run.fail();
        }
        for connection in &mut self.connections {
            if connection.phase == Phase::Waiting {
                run.tally.count(Outcome::Unanswered);
            }
            if matches!(connection.phase, Phase::Waiting | Phase::Connecting) {
                connection.close();
            }
        }
        run.retries.clear();
        run.busy = 0;
    }
}

/// A non-blocking socket that is reset on close: a run leaves no thousands of sockets in
/// TIME-WAIT behind for the next one.
fn new_socket(target: &Target) -> Result<OwnedFd> {
    let family = if target.address.is_ipv4() {
        AddressFamily::INET
    } else {
        AddressFamily::INET6
    };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(family, SocketType::STREAM, flags, Some(ipproto::TCP))
        .context("cannot create a socket; is the limit on open files (ulimit -n) too low?")?;
    sockopt::set_socket_linger(&socket, Some(Duration::ZERO)).context("cannot set SO_LINGER")?;
    sockopt::set_tcp_nodelay(&socket, true).context("cannot set TCP_NODELAY")?;
    Ok(socket)
}
