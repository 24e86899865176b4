//! axum in its own process: its router called, and `axum::serve` on the replayed stream.

use std::{io, net::SocketAddr, process::ExitCode};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    serve::Listener,
};
use isolated::{Bench, Connection, HEADERS};
use tower_service::Service;

struct Replayed(isolated::Listener);

impl Listener for Replayed {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        self.0.accept().await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.0.local_addr())
    }
}

fn request(path: &str) -> Request {
    let mut request = Request::builder().uri(path);
    for (name, value) in HEADERS {
        request = request.header(name, value);
    }
    request.body(Body::empty()).expect("the request is valid")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut router = welcome::app();
    let call = async |request: Request| {
        let Ok(response) = router.call(request).await;
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await;
        (status, body.expect("the body is in memory"))
    };
    let serve = async |listener| {
        let served = axum::serve(Replayed(listener), welcome::app()).await;
        served.expect("axum serves for ever");
    };
    Bench::new().call(request, call).bytes(serve).run().await
}
