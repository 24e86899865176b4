//! The application: a router with `GET /welcome`, and salvo's own 404 for the rest.

use salvo::{Router, handler};

#[handler]
async fn welcome() -> &'static str {
    "Hello World!"
}

/// The router.
pub fn app() -> Router {
    Router::with_path("welcome").get(welcome)
}

// In the library, so that it stands once for all the binaries.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
