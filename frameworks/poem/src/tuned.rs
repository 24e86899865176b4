//! `SERVER=tuned`: one single-threaded runtime per processor, each with a listener of its own.

use std::{
    env,
    error::Error,
    io,
    net::SocketAddr,
    thread::{self, available_parallelism},
};

use poem::{Server, listener::TcpAcceptor};
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
    let acceptor = TcpAcceptor::from_tokio(listen(addr)?)?;
    Server::new_with_acceptor(acceptor)
        .run(welcome::app())
        .await
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
