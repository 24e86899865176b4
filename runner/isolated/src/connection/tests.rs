//! Connections served by small servers on an executor that nothing but a wake-up moves.

use super::*;
use crate::answer::Expected;
use crate::drive::{Client, serving};
use crate::entry::Bytes;
use crate::handoff::Listener;
use crate::protocol::Sample;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\nHello World!";

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Polls only after a wake-up; a future that waits for one that never comes is a failed test.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let woken = Arc::new(Woken(AtomicBool::new(true)));
    let waker = Waker::from(Arc::clone(&woken));
    let mut future = pin!(future);
    loop {
        assert!(woken.0.swap(false, Ordering::Relaxed), "nobody would wake");
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
    }
}

/// Serves requests with tokio's traits until `answers` have been given, each through `write`.
async fn serve(listener: Listener, answers: usize, write: impl Fn(&mut Connection)) {
    loop {
        let (mut connection, _) = listener.accept().await;
        for _ in 0..answers {
            let mut head = [0; 2048];
            let mut buffer = ReadBuf::new(&mut head);
            while !buffer.filled().ends_with(b"\r\n\r\n") {
                let before = buffer.filled().len();
                poll_fn(|context| {
                    tokio::io::AsyncRead::poll_read(Pin::new(&mut connection), context, &mut buffer)
                })
                .await
                .unwrap();
                if buffer.filled().len() == before {
                    break;
                }
            }
            if buffer.filled().is_empty() {
                break;
            }
            write(&mut connection);
        }
    }
}

fn drive(
    answers: usize,
    write: impl Fn(&mut Connection),
    client: impl AsyncFnOnce(Client) -> Result<Sample, Failure>,
) -> Result<Sample, Failure> {
    let entry = Bytes(async |listener| serve(listener, answers, write).await);
    block_on(serving(entry, client, Expected::WELCOME))
}

fn write_whole(connection: &mut Connection) {
    connection.write([ANSWER]).unwrap();
}

#[test]
fn requests_are_answered_to_the_end() {
    let sample = drive(usize::MAX, write_whole, async |mut client| {
        client.requests(2, 3).await?;
        client.requests(0, 4).await
    })
    .unwrap();
    assert_eq!(sample.requests, 4);
    assert_eq!(sample.answer_bytes, Some(ANSWER.len()));
}

#[test]
fn connections_are_opened_one_after_another() {
    let sample = drive(usize::MAX, write_whole, async |mut client| {
        client.connections(3).await
    })
    .unwrap();
    assert_eq!(sample.requests, 3);
    assert!(sample.elapsed.wall.as_nanos() > 0);
}

#[test]
fn an_early_end_is_a_failure_that_says_when() {
    let failure = drive(3, write_whole, async |mut client| {
        client.requests(2, 2).await
    });
    let text = failure.unwrap_err().to_string();
    assert!(text.contains("after 3 answers"), "{text}");
    assert!(text.contains("4 answers were expected"), "{text}");
}

#[test]
fn a_wrong_answer_is_a_failure_and_ends_the_connection() {
    let write = |connection: &mut Connection| {
        let wrong = String::from_utf8_lossy(ANSWER).replace("World!", "World?");
        connection.write([wrong.as_bytes()]).unwrap_err();
        connection.write([ANSWER]).unwrap_err();
    };
    let failure = drive(usize::MAX, write, async |mut client| {
        client.requests(0, 2).await
    });
    assert!(failure.unwrap_err().to_string().contains("Hello World?"));
}

#[test]
fn vectored_writes_are_taken_whole() {
    let write = |connection: &mut Connection| {
        let (head, body) = ANSWER.split_at(ANSWER.len() - 12);
        let slices = [IoSlice::new(head), IoSlice::new(body)];
        let waker = Waker::noop();
        let written = tokio::io::AsyncWrite::poll_write_vectored(
            Pin::new(connection),
            &mut Context::from_waker(waker),
            &slices,
        );
        assert!(matches!(written, Poll::Ready(Ok(n)) if n == ANSWER.len()));
    };
    drive(usize::MAX, write, async |mut client| {
        client.requests(0, 2).await
    })
    .unwrap();
}

#[test]
fn the_other_family_of_traits_and_clones_are_the_same_connection() {
    let entry = Bytes(async |listener: Listener| {
        loop {
            let (mut reader, _) = listener.accept().await;
            let writer = reader.clone();
            let mut head = [0; 2048];
            loop {
                let read_bytes = poll_fn(|context| {
                    futures_io::AsyncRead::poll_read(Pin::new(&mut reader), context, &mut head)
                })
                .await
                .unwrap();
                if read_bytes == 0 {
                    break;
                }
                assert_eq!(head[..read_bytes], crate::request("/welcome"));
                writer.write([ANSWER]).unwrap();
            }
        }
    });
    let served = serving(
        entry,
        async |mut client| client.requests(1, 2).await,
        Expected::WELCOME,
    );
    block_on(served).unwrap();
}

#[test]
fn who_waits_for_an_answer_is_woken_by_it() {
    let entry = Bytes(async |listener: Listener| {
        let (connection, _) = listener.accept().await;
        // Reads and writes taking turns in one task, as some connection handlers do.
        let mut wrote = true;
        poll_fn(|context| {
            loop {
                match connection.read(context, 4096, |_| {}) {
                    Poll::Ready(0) => return Poll::Ready(()),
                    Poll::Ready(_) => wrote = false,
                    Poll::Pending if wrote => return Poll::Pending,
                    Poll::Pending => {
                        connection.write([ANSWER]).unwrap();
                        wrote = true;
                        return Poll::Pending;
                    }
                }
            }
        })
        .await;
        drop(connection);
        std::future::pending().await
    });
    let served = serving(
        entry,
        async |mut client| client.requests(0, 3).await,
        Expected::WELCOME,
    );
    block_on(served).unwrap();
}
