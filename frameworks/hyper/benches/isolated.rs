//! hyper in its own process: its service called, and the accept loop of main.rs on the replayed stream.

use std::{
    cell::Cell,
    convert::Infallible,
    future::pending,
    io::Cursor,
    pin::pin,
    process::ExitCode,
    task::{Context, Waker},
};

use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use isolated::Bench;

/// Only a connection can make an `Incoming`, so the request is what a connection has read.
fn request(path: &str) -> Request<Incoming> {
    let read = Cell::new(None);
    let service = service_fn(|request| {
        read.set(Some(request));
        pending::<Result<Response<Full<Bytes>>, Infallible>>()
    });
    let io = TokioIo::new(Cursor::new(isolated::request(path)));
    let connection = pin!(http1::Builder::new().serve_connection(io, service));
    // One poll is enough, for memory keeps nobody waiting.
    let _ = connection.poll(&mut Context::from_waker(Waker::noop()));
    read.take().expect("the request is valid")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let call = async |request| {
        let Ok(response) = welcome::app(request).await;
        let status = response.status().as_u16();
        let Ok(body) = response.into_body().collect().await;
        (status, body.to_bytes())
    };
    let serve = async |listener: isolated::Listener| {
        loop {
            let (stream, _) = listener.accept().await;
            let io = TokioIo::new(stream);
            let service = service_fn(welcome::app);
            tokio::spawn(http1::Builder::new().serve_connection(io, service));
        }
    };
    Bench::new().call(request, call).bytes(serve).run().await
}
