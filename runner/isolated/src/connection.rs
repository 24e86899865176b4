//! The stream that every framework is driven through: requests replayed, answers checked.
//!
//! It is one type for all, with the traits of both families of runtimes and no runtime of its own:
//! a pair of pipes would add its locks, wake-ups and budgets to what is measured. Like a socket it
//! takes vectored writes whole, and its clones are one connection.

use crate::Failure;
use crate::exchange::{Exchange, Read};
use crate::handoff::{Handoff, remember};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use tokio::io::ReadBuf;

/// One connection. It ends when all its clones are dropped.
#[derive(Debug, Clone)]
pub struct Connection(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    handoff: Arc<Handoff>,
}

#[derive(Debug)]
struct State {
    /// Gone once an answer was wrong: then nothing more is read or written.
    exchange: Option<Exchange>,
    reader: Option<Waker>,
}

impl Connection {
    pub(crate) fn new(exchange: Exchange, handoff: Arc<Handoff>) -> Self {
        let state = Mutex::new(State {
            exchange: Some(exchange),
            reader: None,
        });
        Self(Arc::new(Shared { state, handoff }))
    }

    /// Reads at most `room_bytes` into what `copy` writes to; the number of bytes read.
    fn read(
        &self,
        context: &mut Context<'_>,
        room_bytes: usize,
        copy: impl FnOnce(&[u8]),
    ) -> Poll<usize> {
        let state = &mut *self.0.state();
        let Some(exchange) = &mut state.exchange else {
            return Poll::Ready(0);
        };
        match exchange.read(room_bytes) {
            Read::Bytes(range) => {
                let read_bytes = range.len();
                copy(&exchange.request[range]);
                Poll::Ready(read_bytes)
            }
            Read::End => Poll::Ready(0),
            Read::Gap => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Read::AwaitsAnswer => {
                remember(&mut state.reader, context);
                Poll::Pending
            }
        }
    }

    fn write<'a>(&self, slices: impl IntoIterator<Item = &'a [u8]>) -> io::Result<usize> {
        let state = &mut *self.0.state();
        let Some(exchange) = &mut state.exchange else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let mut written_bytes = 0;
        for bytes in slices {
            written_bytes += bytes.len();
            match exchange.write(bytes) {
                Ok(false) => {}
                Ok(true) => {
                    state.reader.as_ref().inspect(|reader| reader.wake_by_ref());
                }
                Err(failure) => {
                    self.0.give_back(state, Some(failure));
                    return Err(io::ErrorKind::BrokenPipe.into());
                }
            }
        }
        Ok(written_bytes)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // A server that panicked while it held a clone has left the state whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give_back(&self, state: &mut State, failure: Option<Failure>) {
        if let Some(exchange) = state.exchange.take() {
            self.handoff.give_back(exchange, failure);
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let state = &mut *self.state();
        self.give_back(state, None);
    }
}

impl tokio::io::AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // `put_slice` does not fill the buffer with zeros first, which a socket does not do either.
        let room_bytes = buffer.remaining();
        self.read(context, room_bytes, |bytes| buffer.put_slice(bytes))
            .map(|_| Ok(()))
    }
}

impl tokio::io::AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.write([bytes]))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.write(slices.iter().map(|slice| &**slice)))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl futures_io::AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.read(context, buffer.len(), |bytes| {
            buffer[..bytes.len()].copy_from_slice(bytes);
        })
        .map(Ok)
    }
}

impl futures_io::AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.write([bytes]))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.write(slices.iter().map(|slice| &**slice)))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests;
