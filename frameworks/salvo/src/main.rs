//! `SERVER=quickstart`: salvo as its guide teaches it.

use std::{env, error::Error, net::SocketAddr};

use salvo::{Listener, Server, conn::TcpListener};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let addr: SocketAddr = env::var("ADDR")
        .as_deref()
        .unwrap_or("127.0.0.1:8080")
        .parse()?;

    let acceptor = TcpListener::new(addr).bind().await;
    Server::new(acceptor).serve(welcome::app()).await;
    Ok(())
}
