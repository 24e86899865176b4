//! The application: a route for `GET /welcome`, and actix-web's own 404 for the rest.

use actix_web::{Responder, get, web};

/// The handler of `GET /welcome`.
#[get("/welcome")]
async fn welcome() -> impl Responder {
    "Hello World!"
}

/// The routes, for `App::configure`.
pub fn app(config: &mut web::ServiceConfig) {
    config.service(welcome);
}

// In the library, so that it stands once for all the binaries.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
