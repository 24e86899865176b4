//! poem in its own process: its endpoint called, and its server on the replayed stream.

use std::{io, process::ExitCode};

use isolated::{Bench, Connection, HEADERS, Listener};
use poem::{
    Endpoint, EndpointExt, Request, Server,
    http::uri::{Scheme, Uri},
    listener::Acceptor,
    web::{LocalAddr, RemoteAddr},
};

struct Replayed(Listener);

impl Acceptor for Replayed {
    type Io = Connection;

    fn local_addr(&self) -> Vec<LocalAddr> {
        vec![LocalAddr(self.0.local_addr().into())]
    }

    async fn accept(&mut self) -> io::Result<(Connection, LocalAddr, RemoteAddr, Scheme)> {
        let (stream, peer) = self.0.accept().await;
        let local = LocalAddr(self.0.local_addr().into());
        Ok((stream, local, RemoteAddr(peer.into()), Scheme::HTTP))
    }
}

fn request(path: &'static str) -> Request {
    let mut request = Request::builder().uri(Uri::from_static(path));
    for (name, value) in HEADERS {
        request = request.header(name, value);
    }
    request.finish()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Boxed, as the server has it.
    let endpoint = welcome::app().map_to_response().boxed();
    let call = async |request| {
        let response = endpoint.get_response(request).await;
        let status = response.status().as_u16();
        let body = response.into_body().into_bytes().await;
        (status, body.expect("the body is in memory"))
    };
    let serve = async |listener| {
        let server = Server::new_with_acceptor(Replayed(listener));
        let served = server.run(welcome::app()).await;
        served.expect("poem serves for ever");
    };
    Bench::new().call(request, call).bytes(serve).run().await
}
