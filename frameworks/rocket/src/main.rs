//! `SERVER=quickstart`: Rocket as its guide teaches it, with logging off.

use std::{env, net::SocketAddr};

use rocket::{Build, Config, Rocket, config::LogLevel, launch};

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
        .merge((Config::LOG_LEVEL, LogLevel::Off));

    welcome::app().configure(config)
}
