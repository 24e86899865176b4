//! `SERVER=quickstart`: the accept loop of hyper's guide.

use std::{env, error::Error, net::SocketAddr};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let addr: SocketAddr = env::var("ADDR")
        .as_deref()
        .unwrap_or("127.0.0.1:8080")
        .parse()?;

    let listener = TcpListener::bind(addr).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        let io = TokioIo::new(stream);
        let service = service_fn(welcome::app);

        // A connection that fails concerns only its client: the guide logs it, here logging is off.
        tokio::spawn(http1::Builder::new().serve_connection(io, service));
    }
}
