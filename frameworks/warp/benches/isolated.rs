//! warp in its own process: its filter called, and what `Server::run` does on the replayed stream.

use std::process::ExitCode;

use http_body_util::{BodyExt, Empty};
use hyper::{
    Request,
    body::{Bytes, Incoming},
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use isolated::{Bench, HEADERS, Listener};
use tower_service::Service as _;

fn request(path: &str) -> Request<Empty<Bytes>> {
    let mut request = Request::builder().uri(path);
    for (name, value) in HEADERS {
        request = request.header(name, value);
    }
    request.body(Empty::new()).expect("the request is valid")
}

/// `Server::run` accepts from sockets only; these are its lines, with the address of the client
/// that it adds to each request.
async fn serve(listener: Listener) {
    loop {
        let (stream, peer) = listener.accept().await;
        let filter = TowerToHyperService::new(warp::service(welcome::app()));
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            filter.call(request)
        });
        tokio::spawn(async move {
            Builder::new(TokioExecutor::new())
                .http1()
                .pipeline_flush(false)
                .serve_connection_with_upgrades(TokioIo::new(stream), service)
                .await
        });
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut filter = warp::service(welcome::app());
    let call = async |request| {
        let Ok(response) = filter.call(request).await;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await;
        (status, body.expect("the body is in memory").to_bytes())
    };
    Bench::new().call(request, call).bytes(serve).run().await
}
