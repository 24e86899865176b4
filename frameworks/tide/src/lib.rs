//! The application: a route for `GET /welcome`, and tide's own 404 for the rest.

use tide::{Request, Server};

async fn welcome(_request: Request<()>) -> tide::Result<&'static str> {
    Ok("Hello World!")
}

/// The server with its routes, not yet listening.
pub fn app() -> Server<()> {
    let mut app = tide::new();
    app.at("/welcome").get(welcome);
    app
}

// In the library, so that it stands once for all the binaries.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
