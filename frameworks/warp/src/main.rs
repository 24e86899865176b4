//! `SERVER=quickstart`: warp as its guide teaches it.

use std::{env, error::Error, net::SocketAddr};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let addr: SocketAddr = env::var("ADDR")
        .as_deref()
        .unwrap_or("127.0.0.1:8080")
        .parse()?;

    warp::serve(welcome::app()).run(addr).await;
    Ok(())
}
