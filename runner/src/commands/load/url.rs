//! The URL that is loaded, as it was written: nothing of it is made canonical, since a server may be
//! tested with just what that would mend.

use crate::usage::UsageError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

/// A URL of the kind that can be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Url {
    /// Host and port as written: the value of `Host`.
    pub(super) authority: String,
    /// The host, an IPv6 address without its brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Path and query.
    pub(super) path: String,
    /// The value of `Authorization` that the user's name and password stand for.
    pub(super) authorization: Option<String>,
}

impl Url {
    /// Reads `http://HOST:PORT/PATH`.
    pub(super) fn read(text: &str) -> Result<Self, UsageError> {
        let wrong = |why: &str| wrong(&without_user(text), why);
        // Whatever its case, it is the same scheme (RFC 9110 §4.2.3).
        let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
        if scheme.eq_ignore_ascii_case("https") {
            let why = "is https, and TLS is not spoken here: load the plain port behind whatever \
                       ends TLS, or use a tool that speaks it (oha, k6)";
            return Err(UsageError(format!("`{}` {why}", without_user(text))));
        }
        if !scheme.eq_ignore_ascii_case("http") {
            return Err(wrong("does not begin with http://"));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong("has a character that must be written as %XX"));
        }
        // A fragment is for browsers, and never sent (RFC 9110 §4.2.5).
        let sent = text.split('#').next().unwrap_or(text);
        let uri =
            http::Uri::try_from(sent).map_err(|error| wrong(&format!("is not a URL ({error})")))?;
        let whole = uri.authority().map_or("", |authority| authority.as_str());
        let (user, authority) = match whole.rsplit_once('@') {
            Some((user, authority)) => (Some(user), authority),
            None => (None, whole),
        };
        let (host, port) =
            host_and_port(authority).ok_or_else(|| wrong("names no host and port"))?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            path: match path.starts_with('/') {
                true => path.to_owned(),
                false => format!("/{path}"),
            },
            authorization: user.map(|user| format!("Basic {}", STANDARD.encode(decoded(user)))),
            authority: authority.to_owned(),
            host,
            port: port.unwrap_or(80),
        })
    }

    /// As it may be shown: without a password.
    pub(super) fn shown(&self) -> String {
        format!("http://{}{}", self.authority, self.path)
    }

    /// What the host resolves to: at least one address, all of them such as may be loaded.
    pub(super) fn addresses(&self, allow_remote: bool) -> Result<Vec<SocketAddr>, UsageError> {
        addresses(
            &self.shown(),
            (&self.host, self.port),
            &self.path,
            allow_remote,
        )
    }
}

/// What host and port resolve to: at least one address, all of them such as may be loaded.
pub(super) fn addresses(
    shown: &str,
    place: (&str, u16),
    path: &str,
    allow_remote: bool,
) -> Result<Vec<SocketAddr>, UsageError> {
    let found = place
        .to_socket_addrs()
        .map_err(|error| wrong(shown, &format!("names no address ({error})")))?;
    let addresses: Vec<SocketAddr> = found.collect();
    if addresses.is_empty() {
        return Err(wrong(shown, "names no address"));
    }
    for &address in &addresses {
        check_address(address, path, allow_remote)?;
    }
    Ok(addresses)
}

fn wrong(shown: &str, why: &str) -> UsageError {
    UsageError(format!(
        "`{shown}` {why}; write http://127.0.0.1:8080/welcome"
    ))
}

/// No message shows a password, also none on a URL that is wrong in some other way: whatever stands before an `@`
/// may be one.
fn without_user(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("...@{rest}"),
        None => text.to_owned(),
    }
}

/// `HOST`, `HOST:PORT` or `[IPV6]:PORT`; an empty port is none.
pub(super) fn host_and_port(authority: &str) -> Option<(String, Option<u16>)> {
    let (host, rest) = match authority.strip_prefix('[') {
        Some(inner) => {
            let (host, rest) = inner.split_once(']')?;
            (host, rest)
        }
        None => match authority.find(':') {
            Some(at) => authority.split_at(at),
            None => (authority, ""),
        },
    };
    if host.is_empty() {
        return None;
    }
    let port = match rest.strip_prefix(':') {
        None if rest.is_empty() => None,
        None => return None,
        Some("") => None,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse().ok()?)
        }
        Some(_) => return None,
    };
    Some((host.to_owned(), port))
}

/// `%XX` undone (RFC 3986 §2.1); one that is none stays as it is.
fn decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let digits = text.get(at + 1..at + 3).filter(|_| byte == b'%');
        match digits.map(|digits| u8::from_str_radix(digits, 16)) {
            Some(Ok(value)) => {
                out.push(value);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
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
            "{ip} is an address to listen on, not one to connect to; write http://{local}{path}"
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

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::read(text).unwrap_or_else(|error| panic!("{error:?}"))
    }

    #[test]
    fn urls_are_read_as_they_were_written() {
        let plain = url("http://127.0.0.1:8080/a/../b?c=%20d#e");
        assert_eq!((plain.host.as_str(), plain.port), ("127.0.0.1", 8080));
        assert_eq!(plain.path, "/a/../b?c=%20d");
        assert_eq!(plain.authority, "127.0.0.1:8080");
        let bare = url("http://localhost");
        assert_eq!((bare.port, bare.path.as_str()), (80, "/"));
        assert_eq!(url("http://localhost?a").path, "/?a");
        let loud = url("HTTP://Localhost:81/A");
        assert_eq!(
            (loud.authority.as_str(), loud.path.as_str()),
            ("Localhost:81", "/A")
        );
        assert_eq!(loud.shown(), "http://Localhost:81/A");
        let six = url("http://[::1]:81/");
        assert_eq!((six.host.as_str(), six.port), ("::1", 81));
        assert_eq!(six.authority, "[::1]:81");
    }

    #[test]
    fn a_password_is_sent_and_never_shown() {
        let named = url("http://me:se%40cret@localhost:1/x");
        // The example of RFC 7617 §2 is made likewise.
        assert_eq!(
            named.authorization.as_deref(),
            Some("Basic bWU6c2VAY3JldA==")
        );
        assert_eq!(
            (named.authority.as_str(), named.shown().as_str()),
            ("localhost:1", "http://localhost:1/x")
        );
        for text in [
            "me:secret@h/",
            "htp:/me:secret@h/",
            "http://me:se/secret@h/",
            "https://me:secret@h/",
            "http://me:secret@h:x/",
            "http://me:secret@:1/",
        ] {
            let error = Url::read(text).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn what_is_no_url_is_refused_with_what_would_be() {
        for (text, words) in [
            ("https://127.0.0.1/", "TLS is not spoken"),
            ("HTTPS://127.0.0.1/", "TLS is not spoken"),
            ("127.0.0.1:80", "does not begin with http://"),
            ("http:///", "is not a URL"),
            ("http://:80/", "names no host"),
            ("http://127.0.0.1/a b", "must be written as %XX"),
            ("http://127.0.0.1/ä", "must be written as %XX"),
            ("http://127.0.0.1:99999/", "names no host and port"),
            ("http://127.0.0.1:-1/", "no"),
            ("http://[::1/", "is not a URL"),
        ] {
            let error = Url::read(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
