//! A server like hyper's quickstart, whose scheduler is set by variables of the environment: WORKERS,
//! GLOBAL_QUEUE_INTERVAL and EVENT_INTERVAL, each tokio's own default if not set.

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::env;
use std::error::Error;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

fn main() -> Result<(), Box<dyn Error>> {
    let mut runtime = Builder::new_multi_thread();
    runtime.enable_all();
    if let Some(workers) = number("WORKERS")? {
        runtime.worker_threads(workers as usize);
    }
    if let Some(interval) = number("GLOBAL_QUEUE_INTERVAL")? {
        runtime.global_queue_interval(interval);
    }
    if let Some(interval) = number("EVENT_INTERVAL")? {
        runtime.event_interval(interval);
    }
    runtime.build()?.block_on(serve())
}

fn number(name: &str) -> Result<Option<u32>, Box<dyn Error>> {
    match env::var(name) {
        Ok(text) => Ok(Some(text.parse()?)),
        Err(_) => Ok(None),
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let address = env::var("ADDR")?;
    let listener = TcpListener::bind(address).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        let service = service_fn(welcome);
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn welcome(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::new(Bytes::from_static(b"Hello World!")));
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    Ok(response)
}
