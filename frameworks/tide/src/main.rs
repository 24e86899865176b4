//! `SERVER=quickstart`: tide as its guide teaches it.

use std::{env, error::Error, net::SocketAddr};

#[async_std::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let addr: SocketAddr = env::var("ADDR")
        .as_deref()
        .unwrap_or("127.0.0.1:8080")
        .parse()?;

    welcome::app().listen(addr).await?;
    Ok(())
}
