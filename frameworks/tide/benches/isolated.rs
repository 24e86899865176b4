//! tide in its own process: its server responding, and async-h1 on the replayed stream as in `listen`.

use std::process::ExitCode;

use isolated::{Bench, HEADERS, Listener};
use tide::http::{Method, Request, Response};

fn request(path: &str) -> Request {
    let url = format!("http://127.0.0.1:8080{path}");
    let mut request = Request::new(Method::Get, url.as_str());
    for (name, value) in HEADERS {
        request.append_header(name, value);
    }
    request
}

async fn serve(listener: Listener) {
    let app = welcome::app();
    loop {
        let (stream, peer) = listener.accept().await;
        let local = listener.local_addr();
        let served = async_h1::accept(stream, async |mut request| {
            request.set_local_addr(Some(local));
            request.set_peer_addr(Some(peer));
            app.respond(request).await
        });
        // A connection that fails concerns only its client.
        let _ = served.await;
    }
}

fn main() -> ExitCode {
    let app = welcome::app();
    let call = async |request: Request| {
        let responded = app.respond(request).await;
        let mut response: Response = responded.expect("the server responds");
        let body = response.body_bytes().await;
        let status = response.status().into();
        (status, body.expect("the body is in memory"))
    };
    // The reactor of async-h1's timers, on this thread.
    async_io::block_on(Bench::new().call(request, call).bytes(serve).run())
}
