//! `SERVER=quickstart`: poem as its guide teaches it.

use std::{env, error::Error, net::SocketAddr};

use poem::{Server, listener::TcpListener};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let addr: SocketAddr = env::var("ADDR")
        .as_deref()
        .unwrap_or("127.0.0.1:8080")
        .parse()?;

    Server::new(TcpListener::bind(addr))
        .run(welcome::app())
        .await?;
    Ok(())
}
