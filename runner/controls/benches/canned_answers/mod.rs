//! What the two controls share: each request's head is read to its end, and one canned answer written.

use isolated::Listener;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\n\
    content-length: 12\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nHello World!";

/// Answers for ever, and calls `planted` with the number of each request.
pub(crate) async fn serve(listener: Listener, planted: fn(u64)) {
    let mut requests = 0;
    loop {
        let (mut stream, _) = listener.accept().await;
        let served = tokio::spawn(async move {
            let mut head = Vec::with_capacity(1024);
            while let Ok(1..) = stream.read_buf(&mut head).await {
                if head.ends_with(b"\r\n\r\n") {
                    head.clear();
                    requests += 1;
                    planted(requests);
                    // A stream that takes no more ends the connection at the next read.
                    let _ = stream.write_all(ANSWER).await;
                }
            }
            requests
        });
        requests = served.await.expect("nothing here panics");
    }
}
