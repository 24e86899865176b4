//! From a URL and the options around it to the bytes that are sent and the answer that is expected.

use super::url::{self, Url};
use crate::cli::{Place, RequestOptions};
use crate::http::{self, Method};
use crate::load::{Address, Expected, Target};
use crate::usage::UsageError;
use crate::values::HeaderField;

/// What is loaded: where it is, what is sent and expected, and how it may be named.
#[derive(Debug)]
pub(super) struct Asked {
    /// At the first of the addresses.
    pub(super) target: Target,
    /// Where the server may be: at least one.
    pub(super) addresses: Vec<Address>,
    /// The URL without a password.
    pub(super) url: String,
}

/// What to send to `url` and what to expect.
pub(super) fn read(
    url: &str,
    options: &RequestOptions,
    place: &Place,
) -> Result<Asked, UsageError> {
    let url = Url::read(url)?;
    let addresses = addresses(&url, place)?;
    let method = method(options);
    let target = Target {
        address: addresses[0].clone(),
        request: request(&url, method, options)?,
        method: match method {
            "HEAD" => Method::Head,
            _ => Method::Get,
        },
        is_idempotent: http::is_idempotent(method),
        expected: expected(options),
        requests_per_connection: requests_per_connection(options)?,
        pipeline: options.pipeline,
    };
    Ok(Asked {
        target,
        addresses,
        url: url.shown(),
    })
}

/// Where to connect to: where the URL says, unless an option says otherwise.
fn addresses(url: &Url, place: &Place) -> Result<Vec<Address>, UsageError> {
    if let Some(path) = &place.unix_socket {
        return Ok(vec![Address::Unix(path.clone())]);
    }
    let found = match &place.connect_to {
        None => url.addresses(place.allow_remote)?,
        Some(to) => {
            let (host, port) = to.for_url(&url.host, url.port);
            let shown = format!("--connect-to {host}:{port}");
            url::addresses(&shown, (&host, port), &url.path, place.allow_remote)?
        }
    };
    Ok(found.into_iter().map(Address::Tcp).collect())
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

fn request(url: &Url, method: &str, options: &RequestOptions) -> Result<Vec<u8>, UsageError> {
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
    if let Some(value) = &url.authorization {
        if is_given("authorization") {
            let words = "both the URL and a header field say who asks; write one of them";
            return Err(UsageError(words.to_owned()));
        }
        fields.push_str(&format!("Authorization: {value}\r\n"));
    }
    let length_bytes = match &options.body {
        Some(body) => Some(body.0.len()),
        None => http::announces_length(method).then_some(0),
    };
    if let Some(length_bytes) = length_bytes {
        fields.push_str(&format!("Content-Length: {length_bytes}\r\n"));
    }
    let head = format!("{method} {} HTTP/1.1\r\n{fields}\r\n", url.path);
    let body = options.body.as_ref().map_or(&[][..], |body| &body.0);
    Ok([head.as_bytes(), body].concat())
}

/// The status alone, unless something else was asked for.
fn expected(options: &RequestOptions) -> Expected {
    match options.expect_contract {
        true => Expected::Contract,
        false => Expected::Answer {
            status: options.expect_status.unwrap_or(200),
            body: options.expect_body.as_ref().map(|body| body.0.clone()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use crate::contract;
    use clap::Parser;
    use std::net::SocketAddr;

    /// The target that this command line stands for.
    fn target(arguments: &[&str]) -> Result<Target, UsageError> {
        let line = ["runner", "load"].iter().chain(arguments);
        let Command::Load(options) = Cli::parse_from(line).command else {
            unreachable!("the second word is `load`");
        };
        read(&options.url, &options.request, &options.place).map(|asked| asked.target)
    }

    fn sent(arguments: &[&str]) -> String {
        String::from_utf8(target(arguments).unwrap().request).unwrap()
    }

    fn port(target: &Target) -> u16 {
        match &target.address {
            Address::Tcp(address) => address.port(),
            Address::Unix(_) => 0,
        }
    }

    #[test]
    fn the_server_is_where_the_url_or_an_option_says() {
        let welcome = target(&["http://127.0.0.1:8080/welcome"]).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], 8080));
        assert_eq!(welcome.request, contract::request(address));
        assert_eq!(welcome.address, Address::Tcp(address));
        assert_eq!(port(&target(&["http://localhost"]).unwrap()), 80);
        assert!(target(&["http://192.0.2.1/"]).is_err());
        // All interfaces, and no particular one: even where remote ones are allowed.
        assert!(target(&["http://0.0.0.0/", "--allow-remote"]).is_err());
        let remote = target(&["http://192.0.2.1/", "--allow-remote"]).unwrap();
        assert!(!remote.address.is_local());
        let named = ["http://shop.example/x", "--connect-to", "127.0.0.1:8080"];
        let elsewhere = target(&named).unwrap();
        assert_eq!(elsewhere.address, Address::Tcp(address));
        assert!(sent(&named).contains("\r\nHost: shop.example\r\n"));
        let by_curl = "shop.example:80:127.0.0.1:8080";
        let elsewhere = target(&["http://shop.example/", "--connect-to", by_curl]).unwrap();
        assert_eq!(port(&elsewhere), 8080);
        let other = "other.example:80:127.0.0.1:8080";
        let here = target(&["http://127.0.0.1:81/", "--connect-to", other]).unwrap();
        assert_eq!(port(&here), 81);
        assert!(target(&["http://127.0.0.1/", "--connect-to", "192.0.2.1:80"]).is_err());
        let socket = target(&["http://any.example/", "--unix-socket", "/run/x"]).unwrap();
        assert_eq!(socket.address, Address::Unix("/run/x".into()));
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
        for (method, says_none) in [
            ("POST", true),
            ("PUT", true),
            ("PATCH", true),
            ("DELETE", false),
        ] {
            let says = sent(&[url, "-m", method]).contains("Content-Length: 0\r\n");
            assert_eq!(says, says_none, "{method}");
        }
        let named = sent(&["http://a:b@127.0.0.1/"]);
        assert!(
            named.contains("\r\nHost: 127.0.0.1\r\nAuthorization: Basic YTpi\r\n"),
            "{named}"
        );
        assert!(target(&["http://a:b@127.0.0.1/", "-H", "Authorization: x"]).is_err());
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
        let any_200 = Expected::Answer {
            status: 200,
            body: None,
        };
        assert_eq!(target(&[welcome]).unwrap().expected, any_200);
        let contract = target(&[welcome, "--expect-contract"]).unwrap();
        assert_eq!(contract.expected, Expected::Contract);
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
