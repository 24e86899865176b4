//! A server in a namespace answers over the pair, and nothing is left of the pair afterwards.

use super::{Namespace, Network};
use crate::fixtures::programs::program;
use crate::load::Exchange;
use crate::server::Server;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// `None`, with a message, if namespaces cannot be made.
fn namespace() -> Option<Arc<Namespace>> {
    match Namespace::create() {
        Ok(namespace) => Some(Arc::new(namespace)),
        Err(error) => {
            assert!(format!("{error:#}").contains("--netns needs"), "{error:#}");
            eprintln!("skipped: {error:#}");
            None
        }
    }
}

fn network_of(process: &str) -> PathBuf {
    fs::read_link(format!("/proc/{process}/ns/net")).unwrap()
}

#[test]
fn a_server_in_a_namespace_answers_over_the_pair_and_the_pair_goes_with_it() {
    let Some(namespace) = namespace() else { return };
    let device = namespace.device.clone();
    let is_there = || Path::new("/sys/class/net").join(&device).exists();
    assert!(is_there());
    let mut answers = program("answers");
    answers.network = Network::Namespace(Arc::clone(&namespace));
    let server = Server::start(&answers, &Exchange::welcome(), &[]).unwrap();
    assert!(!server.address.ip().is_loopback(), "{}", server.address);
    assert_ne!(network_of(&server.pid().to_string()), network_of("self"));
    server.stop().unwrap();
    drop((answers, namespace));
    // The kernel removes it a moment later.
    let dropped = Instant::now();
    while is_there() && dropped.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(!is_there());
}

#[test]
fn a_server_that_listens_on_loopback_only_is_told_where_it_has_to_listen() {
    let Some(namespace) = namespace() else { return };
    let mut elsewhere = program("answers");
    elsewhere.network = Network::Namespace(namespace);
    let place = "127.0.0.1:{port}".to_owned();
    elsewhere.environment.insert("ADDR".to_owned(), place);
    let within = Duration::from_millis(500);
    let refused = Server::start_within(&elsewhere, &Exchange::welcome(), &[], within);
    let error = format!("{:#}", refused.unwrap_err());
    // On a machine that stands still it may not listen anywhere yet.
    let is_early = !error.contains("it listens on");
    assert!(
        is_early || error.contains("it listens on 127.0.0.1:"),
        "{error}"
    );
}

#[test]
fn a_namespace_takes_over_how_many_connections_may_wait() {
    let Some(namespace) = namespace() else { return };
    let name = super::tunable(super::TUNABLES[0]);
    let own = fs::read_to_string(&name).unwrap();
    let inside = std::thread::spawn(move || {
        super::enter(namespace.file()).unwrap();
        fs::read_to_string(name).unwrap()
    });
    assert_eq!(inside.join().unwrap(), own);
}
