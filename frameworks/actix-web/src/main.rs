//! `SERVER=quickstart`: actix-web as its guide teaches it.

use std::{env, error::Error, net::SocketAddr};

use actix_web::{App, HttpServer};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let addr: SocketAddr = env::var("ADDR")
        .as_deref()
        .unwrap_or("127.0.0.1:8080")
        .parse()?;

    HttpServer::new(|| App::new().configure(welcome::app))
        .bind(addr)?
        .run()
        .await?;
    Ok(())
}
