//! The application: a filter for `GET /welcome`, and warp's own 404 for the rest.

use warp::{Filter, Rejection};

/// The filter.
pub fn app() -> impl Filter<Extract = (&'static str,), Error = Rejection> + Clone {
    warp::path!("welcome")
        .and(warp::get())
        .map(|| "Hello World!")
}

// In the library, so that it stands once for all the binaries.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
