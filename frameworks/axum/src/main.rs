//! `SERVER=quickstart`: axum as its guide teaches it.

use std::{env, error::Error, net::SocketAddr};

use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let addr: SocketAddr = env::var("ADDR")
        .as_deref()
        .unwrap_or("127.0.0.1:8080")
        .parse()?;

    let listener = TcpListener::bind(addr).await?;
    axum::serve(listener, welcome::app()).await?;
    Ok(())
}
