//! `SERVER=tuned`: the quickstart without the headers that only Rocket sends.

use std::{env, net::SocketAddr};

use rocket::{
    Build, Config, Rocket,
    config::{Ident, LogLevel},
    launch,
    shield::Shield,
};

#[launch]
fn rocket() -> Rocket<Build> {
    let addr: SocketAddr = env::var("ADDR")
        .as_deref()
        .unwrap_or("127.0.0.1:8080")
        .parse()
        .expect("ADDR is an IP address and a port");

    // Over Rocket's own sources, so that ROCKET_WORKERS keeps its say.
    let config = Config::figment()
        .merge((Config::ADDRESS, addr.ip()))
        .merge((Config::PORT, addr.port()))
        .merge((Config::LOG_LEVEL, LogLevel::Off))
        // Off: `server: Rocket`.
        .merge((Config::IDENT, Ident::none()));

    welcome::app()
        .configure(config)
        // A shield without policies takes the place of the default one, and its three headers go.
        .attach(Shield::new())
}
