//! The request of the original benchmark: what a browser of its day sent, header by header.
//!
//! The field names are the `HTTP_*` entries of `environ` in `01-welcome/benchmark.py`; only the
//! host is another. A request without headers would flatter slow header maps.

/// Its eight header fields, in the order of browsers.
pub const HEADERS: [(&str, &str); 8] = [
    ("Host", "127.0.0.1:8080"),
    ("User-Agent", "Mozilla/5.0 (X11; Linux i686)"),
    (
        "Accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    ),
    ("Accept-Charset", "ISO-8859-1,utf-8;q=0.7,*;q=0.3"),
    ("Accept-Encoding", "gzip,deflate,sdch"),
    ("Accept-Language", "uk,en-US;q=0.8,en;q=0.6"),
    ("Cache-Control", "max-age=0"),
    ("Connection", "keep-alive"),
];

/// The bytes of a GET for `path`.
#[must_use]
pub fn request(path: &str) -> Vec<u8> {
    let fields: String = HEADERS
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    format!("GET {path} HTTP/1.1\r\n{fields}\r\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_framed_as_http_demands() {
        let text = String::from_utf8(request("/welcome")).unwrap();
        assert!(text.starts_with("GET /welcome HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"));
        assert!(text.ends_with("\r\nConnection: keep-alive\r\n\r\n"));
        assert_eq!(text.matches("\r\n").count(), 1 + HEADERS.len() + 1);
    }
}
