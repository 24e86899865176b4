//! The application: a service function that matches method and path by hand, for hyper has no router.

use std::convert::Infallible;

use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{CONTENT_TYPE, HeaderValue},
};

/// The service function.
pub async fn app(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let response = match (request.method(), request.uri().path()) {
        // hyper itself leaves the body out of an answer to HEAD.
        (&Method::GET | &Method::HEAD, "/welcome") => welcome(),
        _ => not_found(),
    };
    Ok(response)
}

fn welcome() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from("Hello World!"));
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

fn not_found() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

// In the library, so that it stands once for all the binaries.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
