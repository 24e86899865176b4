//! The application: a router with `GET /welcome`, and axum's own 404 for the rest.

use axum::{Router, routing::get};

async fn welcome() -> &'static str {
    "Hello World!"
}

/// The router.
pub fn app() -> Router {
    Router::new().route("/welcome", get(welcome))
}

// In the library, so that it stands once for all the binaries.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
