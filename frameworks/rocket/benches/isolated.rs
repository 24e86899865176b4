//! Rocket in its own process: its local client. Its server takes no stream from outside.

use std::process::ExitCode;

use isolated::{Bench, HEADERS};
use rocket::{
    Config,
    config::LogLevel,
    http::Header,
    local::asynchronous::{Client, LocalRequest},
    tokio,
};

#[tokio::main(flavor = "current_thread", crate = "rocket::tokio")]
async fn main() -> ExitCode {
    let config = Config::figment().merge((Config::LOG_LEVEL, LogLevel::Off));
    let client = Client::untracked(welcome::app().configure(config))
        .await
        .expect("the rocket ignites");
    let request = |path| {
        let mut request = client.get(path);
        for (name, value) in HEADERS {
            request.add_header(Header::new(name, value));
        }
        request
    };
    let call = async |request: LocalRequest<'_>| {
        let response = request.dispatch().await;
        let status = response.status().code;
        (status, response.into_bytes().await.unwrap_or_default())
    };
    Bench::new()
        .call(request, call)
        .without_bytes("Rocket 0.5 has no public way to hand its server a stream")
        .run()
        .await
}
