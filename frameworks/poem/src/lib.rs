//! The application: a route for `GET /welcome`, and poem's own 404 for the rest.

use poem::{Route, get, handler};

#[handler]
fn welcome() -> &'static str {
    "Hello World!"
}

/// The routes.
pub fn app() -> Route {
    Route::new().at("/welcome", get(welcome))
}

// In the library, so that it stands once for all the binaries.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
