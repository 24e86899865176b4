//! The checks themselves: each asks a running server over sockets of its own.

use super::Kind;
use crate::client::Client;
use crate::contract::{self, ELSEWHERE, PATH};
use crate::http::Method;
use anyhow::{Context, Result, bail};
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a date may stand still; it counts seconds, and some servers renew it twice a second.
const DATE_MOVES_WITHIN: Duration = Duration::from_millis(2500);

/// How far a date may be from this machine's clock.
const DATE_OFF_BY: Duration = Duration::from_secs(5);

/// The kernel needs a moment to hand the first part of a split request over before the second
/// follows; without it the two would arrive as one.
const BETWEEN_PARTS: Duration = Duration::from_millis(20);

/// The last check, made by ending the server.
pub(super) const SIGTERM: &str = "sigterm";

/// One check.
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) run: fn(SocketAddr) -> Result<()>,
}

/// All checks of a running server, in the order they are made.
pub(super) const ALL: [Check; 7] = [
    contract("answer", answer),
    contract("not-found", not_found),
    contract("keep-alive", keep_alive),
    contract("split", split),
    contract("date", date_moves),
    conformance("head", head),
    conformance("close", close),
];

/// The names of all checks.
pub const NAMES: [&str; 8] = [
    ALL[0].name,
    ALL[1].name,
    ALL[2].name,
    ALL[3].name,
    ALL[4].name,
    ALL[5].name,
    ALL[6].name,
    SIGTERM,
];

const fn contract(name: &'static str, run: fn(SocketAddr) -> Result<()>) -> Check {
    Check {
        name,
        kind: Kind::Contract,
        run,
    }
}

const fn conformance(name: &'static str, run: fn(SocketAddr) -> Result<()>) -> Check {
    Check {
        name,
        kind: Kind::Conformance,
        run,
    }
}

/// Status, header fields and every byte of the body.
fn answer(address: SocketAddr) -> Result<()> {
    let mut client = Client::connect(address, PATIENCE)?;
    let answer = client.ask(&contract::request(address), Method::Get)?;
    contract::check(&answer.parsed())?;
    nothing_more(&client)
}

/// Any other path is not there: the contestant routes.
fn not_found(address: SocketAddr) -> Result<()> {
    for path in ["/", ELSEWHERE, "/welcome/more", "/welcom"] {
        let mut client = Client::connect(address, PATIENCE)?;
        let request = contract::request_for("GET", path, address, "");
        let answer = client.ask(&request, Method::Get)?;
        contract::check_status(answer.parsed().status, 404)
            .with_context(|| format!("GET {path}"))?;
    }
    Ok(())
}

/// Two requests in a row on one connection, the second after the first one's answer.
fn keep_alive(address: SocketAddr) -> Result<()> {
    let mut client = Client::connect(address, PATIENCE)?;
    for ordinal in ["first", "second"] {
        let asked = client.ask(&contract::request(address), Method::Get);
        let answer = asked.with_context(|| format!("the {ordinal} request"))?;
        contract::check(&answer.parsed()).with_context(|| format!("the {ordinal} answer"))?;
    }
    nothing_more(&client)
}

/// The request in two parts, cut at each byte: one connection per cut, all at once.
fn split(address: SocketAddr) -> Result<()> {
    let request = contract::request(address);
    let mut clients = Vec::new();
    for cut in 1..request.len() {
        let mut client = Client::connect(address, PATIENCE)?;
        client.send(&request[..cut])?;
        clients.push((cut, client));
    }
    std::thread::sleep(BETWEEN_PARTS);
    for (cut, client) in &mut clients {
        let sent = client.send(&request[*cut..]);
        sent.with_context(|| format!("the rest of a request cut after byte {cut}"))?;
    }
    for (cut, client) in &mut clients {
        let read = client.read_answer(Method::Get);
        let answer = read.with_context(|| format!("a request cut after byte {cut}"))?;
        contract::check(&answer.parsed())
            .with_context(|| format!("a request cut after byte {cut}"))?;
        nothing_more(client)?;
    }
    Ok(())
}

/// The date is this machine's, and moves on: an answer kept from the start would be cheating.
fn date_moves(address: SocketAddr) -> Result<()> {
    const PAUSE: Duration = Duration::from_millis(50);
    let first = read_date(address)?;
    let off_by = match SystemTime::now().duration_since(first) {
        Ok(behind) => behind,
        Err(ahead) => ahead.duration(),
    };
    if off_by > DATE_OFF_BY {
        bail!(
            "the date is {} s off this machine's clock",
            off_by.as_secs()
        );
    }
    let asked = Instant::now();
    while asked.elapsed() < DATE_MOVES_WITHIN {
        std::thread::sleep(PAUSE);
        if first < read_date(address)? {
            return Ok(());
        }
    }
    bail!(
        "the date has not moved in {} ms",
        DATE_MOVES_WITHIN.as_millis()
    )
}

fn read_date(address: SocketAddr) -> Result<SystemTime> {
    let mut client = Client::connect(address, PATIENCE)?;
    let answer = client.ask(&contract::request(address), Method::Get)?;
    let answer = answer.parsed();
    let date = answer.header("date").context("date is missing")?;
    let text = std::str::from_utf8(date).context("the date is not text")?;
    httpdate::parse_http_date(text).context("the date does not parse")
}

/// HEAD is answered like GET, without the body (RFC 9110 §9.3.2).
fn head(address: SocketAddr) -> Result<()> {
    let mut client = Client::connect(address, PATIENCE)?;
    let request = contract::request_for("HEAD", PATH, address, "");
    let status = client.ask(&request, Method::Head)?.parsed().status;
    // A body would now stand before the answer to this request.
    let next = client.ask(&contract::request(address), Method::Get);
    let next = next.context("the request after HEAD; was a body sent?")?;
    contract::check(&next.parsed()).context("the answer after HEAD; was a body sent?")?;
    if status != 200 {
        bail!("HEAD is answered with status {status}");
    }
    Ok(())
}

/// `connection: close` is obeyed (RFC 9112 §9.6).
fn close(address: SocketAddr) -> Result<()> {
    let mut client = Client::connect(address, PATIENCE)?;
    let request = contract::request_for("GET", PATH, address, "Connection: close\r\n");
    let answer = client.ask(&request, Method::Get)?;
    contract::check(&answer.parsed())?;
    if !client.is_ended_by_server(PATIENCE)? {
        bail!(
            "the connection is still open {} s after it",
            PATIENCE.as_secs()
        );
    }
    if !answer.parsed().closes {
        bail!("the connection is closed, but the answer does not say `connection: close`");
    }
    Ok(())
}

fn nothing_more(client: &Client) -> Result<()> {
    match client.surplus_bytes() {
        0 => Ok(()),
        bytes => bail!("{bytes} bytes came after the answer"),
    }
}
