//! `SERVER=tuned`: the quickstart with TCP_NODELAY on, without which each response waits for an ACK.

use std::{
    env,
    error::Error,
    net::{SocketAddr, TcpListener},
};

use socket2::SockRef;

#[async_std::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let addr: SocketAddr = env::var("ADDR")
        .as_deref()
        .unwrap_or("127.0.0.1:8080")
        .parse()?;

    let listener = TcpListener::bind(addr)?;
    // On Linux an accepted socket inherits the option from its listener.
    SockRef::from(&listener).set_tcp_nodelay(true)?;

    welcome::app().listen(listener).await?;
    Ok(())
}
