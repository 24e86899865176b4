//! Each check against a server with just that fault planted.

use super::{Kind, checks};
use controls::{Planted, Server};

/// The names of the checks that fail, without the last one, which ends a process.
fn failing(planted: Planted) -> Vec<&'static str> {
    let server = Server::start(planted);
    checks::ALL
        .iter()
        .filter(|check| (check.run)(server.address).is_err())
        .map(|check| check.name)
        .collect()
}

#[test]
fn a_right_server_passes_every_check() {
    assert!(failing(Planted::Nothing).is_empty());
    assert!(failing(Planted::OneByteSegments).is_empty());
}

#[test]
fn each_fault_fails_the_check_made_for_it() {
    assert_eq!(failing(Planted::EveryPath), ["not-found"]);
    // On a busy machine all pieces of a request may have come before the server looks for the first.
    let finds_split = |_| failing(Planted::WholeRequestsOnly) == ["split"];
    assert!((0..5).any(finds_split));
    assert_eq!(failing(Planted::NeverCloses), ["close"]);
    assert_eq!(failing(Planted::FrozenDate), ["date"]);
    assert!(failing(Planted::WrongByteEvery(1)).contains(&"answer"));
    assert!(failing(Planted::CloseAfter(1)).contains(&"keep-alive"));
    assert!(failing(Planted::BodyAfterHead).contains(&"head"));
}

#[test]
fn only_contract_checks_are_a_breach() {
    let finding = |kind, failure: Option<&str>| super::Finding {
        check: "x",
        kind,
        failure: failure.map(str::to_owned),
    };
    let shown = finding(Kind::Conformance, Some("no"));
    assert_eq!(
        super::breach(&[shown.clone(), finding(Kind::Contract, None)]),
        None
    );
    let broken = finding(Kind::Contract, Some("no"));
    assert_eq!(
        super::breach(&[shown, broken]).unwrap(),
        "breaks the contract (x): no"
    );
}
