//! The two entry points at which a framework can be driven, and the absence of one.

use crate::Failure;
use crate::answer::Expected;
use crate::handoff::Listener;
use crate::protocol::Sample;
use crate::stopwatch::{Elapsed, Moment};
use crate::system;

/// Requests that are made before the clock starts.
const BATCH: u64 = 512;

/// The entry point of calls: a request of the framework's own type in, status and body out.
#[expect(async_fn_in_trait, reason = "a bench drives itself on one thread")]
pub trait CallEntry {
    /// Why there is no such entry point; `None` if there is.
    fn absence(&self) -> Option<&'static str>;

    /// Answers requests for one path, the last `timed` of them by the clock.
    #[doc(hidden)]
    async fn requests(&mut self, of: Series) -> Result<Sample, Failure>;
}

/// The entry point of bytes: a server that accepts connections until it is dropped.
#[expect(async_fn_in_trait, reason = "a bench drives itself on one thread")]
pub trait BytesEntry {
    /// Why there is no such entry point; `None` if there is.
    fn absence(&self) -> Option<&'static str>;

    /// Serves the connections of this listener.
    #[doc(hidden)]
    async fn serve(self, listener: Listener);
}

/// How many requests for what.
#[derive(Debug, Clone, Copy)]
pub struct Series {
    pub(crate) expected: Expected,
    pub(crate) untimed: u64,
    pub(crate) timed: u64,
}

/// No such entry point, for this reason.
#[derive(Debug)]
pub struct Absent(pub(crate) &'static str);

impl CallEntry for Absent {
    fn absence(&self) -> Option<&'static str> {
        Some(self.0)
    }

    async fn requests(&mut self, _: Series) -> Result<Sample, Failure> {
        Err(Failure::new(self.0))
    }
}

impl BytesEntry for Absent {
    fn absence(&self) -> Option<&'static str> {
        Some(self.0)
    }

    async fn serve(self, _: Listener) {}
}

/// How a bench makes a request, and how it answers one.
#[derive(Debug)]
pub struct Call<Request, Answer> {
    pub(crate) request: Request,
    pub(crate) answer: Answer,
}

impl<R, B, Request, Answer> CallEntry for Call<Request, Answer>
where
    Request: FnMut(&'static str) -> R,
    Answer: AsyncFnMut(R) -> (u16, B),
    B: AsRef<[u8]>,
{
    fn absence(&self) -> Option<&'static str> {
        None
    }

    async fn requests(&mut self, of: Series) -> Result<Sample, Failure> {
        self.calls(&of.expected, of.untimed).await?;
        Ok(Sample {
            requests: of.timed,
            elapsed: self.calls(&of.expected, of.timed).await?,
            answer_bytes: None,
        })
    }
}

impl<Request, Answer> Call<Request, Answer> {
    /// The time of this many calls, the making of their requests left out.
    async fn calls<R, B>(&mut self, expected: &Expected, calls: u64) -> Result<Elapsed, Failure>
    where
        Request: FnMut(&'static str) -> R,
        Answer: AsyncFnMut(R) -> (u16, B),
        B: AsRef<[u8]>,
    {
        let mut elapsed = Elapsed::default();
        let mut left = calls;
        while left > 0 {
            let batch = left.min(BATCH);
            let requests: Vec<R> = system::uncounted(|| {
                let made = (0..batch).map(|_| (self.request)(expected.path));
                made.collect()
            });
            let started = Moment::now();
            for request in requests {
                let (status, body) = (self.answer)(request).await;
                expected.check(status, body.as_ref())?;
            }
            elapsed += started.until(Moment::now());
            left -= batch;
        }
        Ok(elapsed)
    }
}

/// How a bench serves connections.
#[derive(Debug)]
pub struct Bytes<Serve>(pub(crate) Serve);

impl<Serve: AsyncFnOnce(Listener)> BytesEntry for Bytes<Serve> {
    fn absence(&self) -> Option<&'static str> {
        None
    }

    async fn serve(self, listener: Listener) {
        (self.0)(listener).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;

    #[test]
    fn the_making_of_requests_is_not_timed() {
        let made = std::cell::Cell::new(0);
        let mut call = Call {
            request: |_path| {
                made.set(made.get() + 1);
                std::thread::sleep(Duration::from_millis(1));
            },
            answer: async |()| (200, "Hello World!"),
        };
        let begun = std::time::Instant::now();
        let series = Series {
            expected: Expected::WELCOME,
            untimed: 0,
            timed: 100,
        };
        let mut context = Context::from_waker(Waker::noop());
        let Poll::Ready(sample) = pin!(call.requests(series)).poll(&mut context) else {
            unreachable!("these calls wait for nothing");
        };
        let timed = sample.unwrap().elapsed;
        assert_eq!(made.get(), 100);
        let share = timed.wall.as_secs_f64() / begun.elapsed().as_secs_f64();
        assert!(share < 0.5, "a share of {share} of making and calling");
    }
}
