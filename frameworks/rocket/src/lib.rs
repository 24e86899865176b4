//! The application: a route for `GET /welcome`, and Rocket's own 404 for the rest.

use rocket::{Build, Rocket, get, routes};

#[get("/welcome")]
fn welcome() -> &'static str {
    "Hello World!"
}

/// The Rocket, with its routes mounted.
pub fn app() -> Rocket<Build> {
    rocket::build().mount("/", routes![welcome])
}

// In the library, so that it stands once for all the binaries.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
