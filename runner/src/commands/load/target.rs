//! From a URL and the options around it to the bytes that are sent and the answer that is expected.

use crate::cli::{HeaderField, RequestOptions};
use crate::contract;
use crate::http::{self, Method};
use crate::load::{Expected, Target};
use crate::usage::UsageError;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

/// A URL of the kind that can be loaded.
#[derive(Debug, PartialEq, Eq)]
struct Url<'u> {
    /// Host and port as written: the value of `Host`.
    authority: &'u str,
    /// Path and query.
    path: &'u str,
    /// What the host resolves to: at least one.
    addresses: Vec<SocketAddr>,
}

/// What to send to `url` and what to expect, at the first of its addresses; and all of these.
pub(super) fn read(
    url: &str,
    options: &RequestOptions,
    allow_remote: bool,
) -> Result<(Target, Vec<SocketAddr>), UsageError> {
    let url = Url::read(url, allow_remote)?;
    let method = method(options);
    let target = Target {
        address: url.addresses[0],
        request: request(&url, method, options),
        method: match method {
            "HEAD" => Method::Head,
            _ => Method::Get,
        },
        is_idempotent: http::is_idempotent(method),
        expected: expected(&url, method, options),
        requests_per_connection: requests_per_connection(options)?,
        pipeline: options.pipeline,
    };
    Ok((target, url.addresses))
}

/// How many requests a connection carries: what options and the request's own header fields say of it
/// has to agree.
fn requests_per_connection(options: &RequestOptions) -> Result<Option<u32>, UsageError> {
    let fields = options.headers.iter();
    let values = fields.filter(|field| field.name.eq_ignore_ascii_case("connection"));
    let words = values.flat_map(|field| field.value.split(',').map(str::trim));
    let says = |wanted: &str| words.clone().any(|word| word.eq_ignore_ascii_case(wanted));
    let (closes, keeps) = (says("close"), says("keep-alive"));
    let contradiction = |option: &str| {
        let said = if closes { "close" } else { "keep-alive" };
        UsageError(format!(
            "a header field `Connection: {said}` contradicts {option}"
        ))
    };
    match (closes, options.no_keep_alive) {
        (true, _) if options.keep_alive => Err(contradiction("--keep-alive")),
        (true, _) if options.requests_per_connection.is_some_and(|most| most > 1) => {
            Err(contradiction("--requests-per-connection"))
        }
        (false, true) if keeps => Err(contradiction("--no-keep-alive")),
        (true, _) | (_, true) => Ok(Some(1)),
        (false, false) => Ok(options.requests_per_connection),
    }
}

/// GET, or POST with a body, where nothing else was asked for.
pub(super) fn method(options: &RequestOptions) -> &str {
    match (&options.method, &options.body) {
        (Some(method), _) => method,
        (None, Some(_)) => "POST",
        (None, None) => "GET",
    }
}

impl<'u> Url<'u> {
    fn read(url: &'u str, allow_remote: bool) -> Result<Self, UsageError> {
        let wrong = |why: &str| {
            UsageError(format!(
                "`{url}` {why}; write http://127.0.0.1:8080/welcome"
            ))
        };
        let rest = url
            .strip_prefix("http://")
            .ok_or_else(|| wrong("does not begin with http://"))?;
        if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong("has a character that must be written as %XX"));
        }
        // A fragment is for browsers, and never sent (RFC 9110 §4.2.5).
        let rest = rest.split('#').next().unwrap_or(rest);
        let (authority, path) = match rest.find(['/', '?']) {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        if path.starts_with('?') {
            return Err(wrong("has a query and no path"));
        }
        let has_port = authority
            .rsplit_once(':')
            .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let with_port = match has_port {
            true => authority.to_owned(),
            false => format!("{authority}:80"),
        };
        let addresses: Vec<SocketAddr> = with_port
            .to_socket_addrs()
            .map_err(|error| wrong(&format!("names no address ({error})")))?
            .collect();
        if addresses.is_empty() {
            return Err(wrong("names no address"));
        }
        for &address in &addresses {
            check_address(address, path, allow_remote)?;
        }
        Ok(Self {
            authority,
            path,
            addresses,
        })
    }
}

/// Refuses what cannot be connected to, and what may not be.
fn check_address(address: SocketAddr, path: &str, allow_remote: bool) -> Result<(), UsageError> {
    let ip = address.ip();
    if ip.is_unspecified() {
        let local: IpAddr = match ip {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        let local = SocketAddr::new(local, address.port());
        return Err(UsageError(format!(
            "{ip} is where servers listen, no address to connect to; write http://{local}{path}"
        )));
    }
    if !ip.is_loopback() && !allow_remote {
        return Err(UsageError(format!(
            "{address} is not on the loopback interface: load on a host that is not yours is an \
             attack, and over a network it measures the network; if you mean it, add --allow-remote"
        )));
    }
    Ok(())
}

fn request(url: &Url, method: &str, options: &RequestOptions) -> Vec<u8> {
    let mut fields = String::new();
    let is_given = |name: &str| {
        let is_it = |field: &HeaderField| field.name.eq_ignore_ascii_case(name);
        options.headers.iter().any(is_it)
    };
    if !is_given("host") {
        fields.push_str(&format!("Host: {}\r\n", url.authority));
    }
    for HeaderField { name, value } in &options.headers {
        fields.push_str(&format!("{name}: {value}\r\n"));
    }
    if options.no_keep_alive && !is_given("connection") {
        fields.push_str("Connection: close\r\n");
    }
    if let Some(body) = &options.body {
        fields.push_str(&format!("Content-Length: {}\r\n", body.0.len()));
    }
    let head = format!("{method} {} HTTP/1.1\r\n{fields}\r\n", url.path);
    let body = options.body.as_ref().map_or(&[][..], |body| &body.0);
    [head.as_bytes(), body].concat()
}

/// The contract, where its own request is sent and nothing else is expected.
fn expected(url: &Url, method: &str, options: &RequestOptions) -> Expected {
    let is_own = url.path == contract::PATH && method == "GET";
    match (options.expect_status, &options.expect_body) {
        (None, None) if is_own => Expected::Contract,
        (status, body) => Expected::Answer {
            status: status.unwrap_or(200),
            body: body.as_ref().map(|body| body.0.clone()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser;

    /// The target that this command line stands for.
    fn target(arguments: &[&str]) -> Result<Target, UsageError> {
        let line = ["runner", "load"].iter().chain(arguments);
        let Command::Load(options) = Cli::parse_from(line).command else {
            unreachable!("the second word is `load`");
        };
        let (url, request) = (&options.url, &options.request);
        read(url, request, options.place.allow_remote).map(|(target, _)| target)
    }

    fn sent(arguments: &[&str]) -> String {
        String::from_utf8(target(arguments).unwrap().request).unwrap()
    }

    #[test]
    fn urls_are_read_or_refused() {
        let welcome = target(&["http://127.0.0.1:8080/welcome"]).unwrap();
        assert_eq!(welcome.request, contract::request(welcome.address));
        assert_eq!(welcome.expected, Expected::Contract);
        let root = target(&["http://localhost"]).unwrap();
        let any_200 = Expected::Answer {
            status: 200,
            body: None,
        };
        assert_eq!((root.address.port(), root.expected), (80, any_200));
        assert!(target(&["http://[::1]:80/"]).unwrap().address.is_ipv6());
        assert!(sent(&["http://127.0.0.1/a?b=c#d"]).starts_with("GET /a?b=c HTTP/1.1\r\n"));
        for wrong in [
            "https://127.0.0.1/",
            "127.0.0.1:80",
            "http:///",
            "http://127.0.0.1/a b",
            "http://127.0.0.1/ä",
            "http://127.0.0.1?a",
            "http://192.0.2.1/",
        ] {
            assert!(target(&[wrong]).is_err(), "{wrong}");
        }
        // All interfaces, and no particular one: even where remote ones are allowed.
        assert!(target(&["http://0.0.0.0/", "--allow-remote"]).is_err());
        let remote = target(&["http://192.0.2.1/", "--allow-remote"]).unwrap();
        assert!(!remote.address.ip().is_loopback());
    }

    #[test]
    fn the_request_is_what_was_asked_for() {
        let url = "http://127.0.0.1:80/x";
        assert_eq!(
            sent(&[
                url,
                "-H",
                "Accept: a/b",
                "-H",
                "host: me",
                "-m",
                "PUT",
                "-b",
                "hi"
            ]),
            "PUT /x HTTP/1.1\r\nAccept: a/b\r\nhost: me\r\nContent-Length: 2\r\n\r\nhi"
        );
        assert!(sent(&[url, "-b", ""]).starts_with("POST /x"));
        assert!(sent(&[url, "--no-keep-alive"]).contains("Connection: close\r\n"));
        let closing = target(&[url, "--no-keep-alive"]).unwrap();
        assert_eq!(closing.requests_per_connection, Some(1));
        let own = |line: &str| target(&[url, "-H", line]).unwrap().requests_per_connection;
        assert_eq!(own("Connection: close"), Some(1));
        assert_eq!(own("connection: x, Close"), Some(1));
        assert_eq!(own("Connection: keep-alive"), None);
        for contradiction in [
            ["Connection: close", "-r", "5"],
            ["Connection: close", "-c", "1"],
            ["Connection: keep-alive", "--no-keep-alive", "-c1"],
        ] {
            let line = [&[url, "-H"][..], &contradiction].concat();
            let is_one = !contradiction.contains(&"-c");
            assert_eq!(target(&line).is_err(), is_one, "{contradiction:?}");
        }
        let may_repeat = |method| target(&[url, "-m", method]).unwrap().is_idempotent;
        assert!(may_repeat("GET") && may_repeat("PUT"));
        assert!(!may_repeat("POST") && !may_repeat("PATCH") && !may_repeat("get"));
        assert_eq!(target(&[url, "-m", "HEAD"]).unwrap().method, Method::Head);
    }

    #[test]
    fn what_is_expected_can_be_said() {
        let welcome = "http://127.0.0.1:80/welcome";
        let expected = target(&[welcome, "--expect-status", "404"])
            .unwrap()
            .expected;
        let status_404 = Expected::Answer {
            status: 404,
            body: None,
        };
        assert_eq!(expected, status_404);
        let expected = target(&[welcome, "--expect-body", "hi"]).unwrap().expected;
        let body = Expected::Answer {
            status: 200,
            body: Some(b"hi".to_vec()),
        };
        assert_eq!(expected, body);
    }
}
