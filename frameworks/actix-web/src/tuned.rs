//! `SERVER=tuned`: the quickstart with TCP_NODELAY on and the timers of a connection off.

use std::{env, error::Error, net::SocketAddr, time::Duration};

use actix_web::{App, HttpServer, http::KeepAlive};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let addr: SocketAddr = env::var("ADDR")
        .as_deref()
        .unwrap_or("127.0.0.1:8080")
        .parse()?;

    HttpServer::new(|| App::new().configure(welcome::app))
        .tcp_nodelay(true)
        // Off: the 5 s timer of an idle connection, set anew after each response.
        .keep_alive(KeepAlive::Os)
        // Off: the 5 s timer of the first request.
        .client_request_timeout(Duration::ZERO)
        .bind(addr)?
        .run()
        .await?;
    Ok(())
}
