//! Where the harness leaves a connection for the server, and gets its exchange back at the end.

use crate::Failure;
use crate::connection::Connection;
use crate::exchange::Exchange;
use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Where the server would listen.
const LOCAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// Where its client would be; some frameworks carry it along with every request.
const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 40000);

/// Accepts the connections that the harness opens, one after another, as a socket would.
#[derive(Debug)]
pub struct Listener(Arc<Handoff>);

impl Listener {
    /// The next connection, and the address of its client.
    pub async fn accept(&self) -> (Connection, SocketAddr) {
        let exchange = poll_fn(|context| {
            let mut desk = self.0.desk();
            match desk.opened.take() {
                Some(exchange) => Poll::Ready(exchange),
                None => {
                    remember(&mut desk.acceptor, context);
                    Poll::Pending
                }
            }
        })
        .await;
        (Connection::new(exchange, Arc::clone(&self.0)), PEER)
    }

    /// Where a server of this kind listens by default.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        LOCAL
    }
}

/// The place between harness and server.
#[derive(Debug, Default)]
pub(crate) struct Handoff(Mutex<Desk>);

#[derive(Debug, Default)]
struct Desk {
    opened: Option<Exchange>,
    acceptor: Option<Waker>,
    returned: Option<Returned>,
    harness: Option<Waker>,
}

/// An exchange whose connection has ended, and what was wrong with it.
type Returned = (Exchange, Option<Failure>);

impl Handoff {
    pub(crate) fn listener(self: &Arc<Self>) -> Listener {
        Listener(Arc::clone(self))
    }

    /// Opens a connection and waits until the server has dropped it, or has answered wrongly.
    pub(crate) async fn converse(&self, exchange: Exchange) -> Result<Exchange, Failure> {
        {
            let mut desk = self.desk();
            desk.opened = Some(exchange);
            desk.acceptor.take().inspect(Waker::wake_by_ref);
        }
        let (exchange, failure) = poll_fn(|context| {
            let mut desk = self.desk();
            match desk.returned.take() {
                Some(returned) => Poll::Ready(returned),
                None => {
                    remember(&mut desk.harness, context);
                    Poll::Pending
                }
            }
        })
        .await;
        failure.map_or(Ok(exchange), Err)
    }

    pub(crate) fn give_back(&self, exchange: Exchange, failure: Option<Failure>) {
        let mut desk = self.desk();
        desk.returned = Some((exchange, failure));
        desk.harness.take().inspect(Waker::wake_by_ref);
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        // What a panicking server leaves here is whole: nothing panics between two changes.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps the waker of this context; without a clone where it is there already.
pub(crate) fn remember(place: &mut Option<Waker>, context: &Context<'_>) {
    match place {
        Some(waker) => waker.clone_from(context.waker()),
        None => *place = Some(context.waker().clone()),
    }
}
