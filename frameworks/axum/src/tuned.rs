//! `SERVER=tuned`: one single-threaded runtime per processor, each with a listener of its own.

use std::{
    env,
    error::Error,
    io,
    net::SocketAddr,
    thread::{self, available_parallelism},
};

use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::net::{TcpListener, TcpSocket};

fn main() -> Result<(), Box<dyn Error>> {
    let addr: SocketAddr = env::var("ADDR")
        .as_deref()
        .unwrap_or("127.0.0.1:8080")
        .parse()?;

    let workers: Vec<_> = (0..available_parallelism()?.get())
        .map(|_| thread::spawn(move || serve(addr)))
        .collect();
    for worker in workers {
        worker.join().expect("a worker does not panic")?;
    }
    Ok(())
}

/// One worker: a runtime on this thread alone, with a listener of its own.
#[tokio::main(flavor = "current_thread")]
async fn serve(addr: SocketAddr) -> io::Result<()> {
    let listener = listen(addr)?;
    let service = TowerToHyperService::new(welcome::app());
    // Head and body leave in one buffer; pipelined responses leave together.
    let mut http = http1::Builder::new();
    http.pipeline_flush(true);

    // In place of `axum::serve`, which has no options and refers to hyper for them.
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(http.serve_connection(TokioIo::new(stream), service.clone()));
    }
}

fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = if addr.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // As `TcpListener::bind` does: a restart need not wait for closed connections to expire.
    socket.set_reuseaddr(true)?;
    // The kernel spreads the connections over the listeners of all workers.
    socket.set_reuseport(true)?;
    // On Linux an accepted socket inherits the option from its listener.
    socket.set_nodelay(true)?;
    socket.bind(addr)?;
    socket.listen(1024)
}
