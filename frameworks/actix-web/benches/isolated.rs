//! actix-web in its own process: its application called, and its HTTP service on the replayed stream.

use std::{process::ExitCode, sync::Arc, time::Duration};

use actix_http::{HttpService, Protocol, Request};
use actix_service::map_config;
use actix_web::{
    App,
    body::to_bytes,
    dev::{AppConfig, Service, ServiceFactory},
    rt, test,
};
use isolated::{Bench, Connection, HEADERS, Listener};
use tokio::sync::Notify;

fn request(path: &str) -> Request {
    let mut request = test::TestRequest::get().uri(path);
    for header in HEADERS {
        request = request.append_header(header);
    }
    request.to_request()
}

/// What a worker of `HttpServer` does with a connection, with `HttpServer`'s settings.
async fn serve(listener: Listener) {
    let shutdown = Arc::new(Notify::new());
    let app = map_config(App::new().configure(welcome::app), |()| {
        AppConfig::default()
    });
    let service = HttpService::<Connection, _, _>::build()
        .graceful_shutdown_signal(move || {
            let shutdown = Arc::clone(&shutdown);
            async move { shutdown.notified().await }
        })
        .client_disconnect_timeout(Duration::from_secs(1))
        .local_addr(listener.local_addr())
        .finish(app)
        .new_service(())
        .await
        .expect("the application starts");
    loop {
        let (stream, peer) = listener.accept().await;
        rt::spawn(service.call((stream, Protocol::Http1, Some(peer))));
    }
}

#[actix_web::main]
async fn main() -> ExitCode {
    let app = test::init_service(App::new().configure(welcome::app)).await;
    let call = async |request| {
        let response = app.call(request).await.expect("the application answers");
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body()).await;
        (status, body.expect("the body is in memory"))
    };
    Bench::new().call(request, call).bytes(serve).run().await
}
