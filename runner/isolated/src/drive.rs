//! Takes commands from the runner, a line each, and answers each with a line.

use crate::Failure;
use crate::answer::Expected;
use crate::entry::{BytesEntry, CallEntry, Series};
use crate::exchange::Exchange;
use crate::handoff::Handoff;
use crate::memory::Memory;
use crate::protocol::{Command, Sample};
use crate::stopwatch::Moment;
use std::future::poll_fn;
use std::io::{self, Write};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

/// Drives calls until the commands end.
pub(crate) async fn calls(mut entry: impl CallEntry, expected: Expected) -> Result<(), Failure> {
    for line in io::stdin().lines() {
        let answer = match command(line)? {
            Command::Requests { untimed, timed } => {
                let series = Series {
                    expected,
                    untimed,
                    timed,
                };
                entry.requests(series).await?.json()
            }
            Command::Connections(_) => {
                return Err(Failure::new("connections came, calls have none"));
            }
            Command::Memory => Memory::at_rest().await?.json(),
        };
        reply(&answer)?;
    }
    Ok(())
}

/// Drives connections until the commands end.
pub(crate) async fn bytes(entry: impl BytesEntry, expected: Expected) -> Result<(), Failure> {
    serving(
        entry,
        async |mut client| {
            for line in io::stdin().lines() {
                let answer = match command(line)? {
                    Command::Requests { untimed, timed } => {
                        client.requests(untimed, timed).await?.json()
                    }
                    Command::Connections(n) => client.connections(n).await?.json(),
                    Command::Memory => Memory::at_rest().await?.json(),
                };
                reply(&answer)?;
            }
            Ok(())
        },
        expected,
    )
    .await
}

/// Runs a client beside the server of this entry point, until the client has done.
pub(crate) async fn serving<T>(
    entry: impl BytesEntry,
    client: impl AsyncFnOnce(Client) -> Result<T, Failure>,
    expected: Expected,
) -> Result<T, Failure> {
    let handoff = Arc::new(Handoff::default());
    let mut server = pin!(entry.serve(handoff.listener()));
    let mut client = pin!(client(Client {
        exchange: Some(Exchange::new(expected)),
        handoff,
    }));
    poll_fn(|context| {
        if server.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(Failure::new("the server ended before its client")));
        }
        client.as_mut().poll(context)
    })
    .await
}

/// The one client of a server.
pub(crate) struct Client {
    /// Absent while a connection has it.
    exchange: Option<Exchange>,
    handoff: Arc<Handoff>,
}

impl Client {
    /// One connection; the timed requests come last.
    pub(crate) async fn requests(&mut self, untimed: u64, timed: u64) -> Result<Sample, Failure> {
        let mut exchange = self
            .exchange
            .take()
            .ok_or_else(|| Failure::new("a connection has failed before"))?;
        exchange.restart(untimed, timed);
        let exchange = self.exchange.insert(self.handoff.converse(exchange).await?);
        Ok(Sample {
            requests: timed,
            elapsed: exchange.elapsed()?,
            answer_bytes: exchange.answer_bytes(),
        })
    }

    /// Connections of one request each, opening and closing within the time.
    pub(crate) async fn connections(&mut self, n: u64) -> Result<Sample, Failure> {
        let started = Moment::now();
        for _ in 1..n {
            self.requests(0, 1).await?;
        }
        let last = self.requests(0, 1).await?;
        Ok(Sample {
            requests: n,
            elapsed: started.until(Moment::now()),
            answer_bytes: last.answer_bytes,
        })
    }
}

fn command(line: io::Result<String>) -> Result<Command, Failure> {
    line.map_err(|error| Failure::new(format!("cannot read a command: {error}")))?
        .parse()
}

fn reply(answer: &str) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    writeln!(output, "{answer}")
        .and_then(|()| output.flush())
        .map_err(|error| Failure::new(format!("cannot answer a command: {error}")))
}
