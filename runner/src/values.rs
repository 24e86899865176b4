//! What the values of options may look like, and the words for those that are wrong.

use crate::environment::processors;
use anyhow::Context;
use std::io::Read;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;

/// A list of processors, as one value of one option.
#[derive(Debug, Clone)]
pub struct ProcessorList(pub Vec<usize>);

pub(crate) fn processor_list(text: &str) -> Result<ProcessorList, String> {
    let list = processors::parse_list(text)?;
    processors::check(&list).map_err(|error| error.to_string())?;
    Ok(ProcessorList(list))
}

pub(crate) fn connections(text: &str) -> Result<usize, String> {
    let number = count(text)?;
    usize::try_from(number).map_err(|_| format!("{number} is out of range"))
}

/// `HOST:PORT`; a name that stands for several addresses is taken for its first.
pub(crate) fn socket_address(text: &str) -> Result<SocketAddr, String> {
    let wrong = |why: &str| format!("`{text}` {why}, such as 127.0.0.1:8080");
    let mut found = text
        .to_socket_addrs()
        .map_err(|error| wrong(&format!("is not an address ({error})")))?;
    found.next().ok_or_else(|| wrong("names no address"))
}

/// A time with its unit, such as `500ms`, `2s`, `1m` or `1h`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a time such as 500ms, 10s, 2m or 1h");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = digits.parse().map_err(|_| wrong())?;
    let factor = match &text[digits.len()..] {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        // Tools differ in the unit that they take then.
        "" if number > 0.0 && number.is_finite() => {
            return Err(format!("`{text}` has no unit; write {text}s or {text}ms"));
        }
        _ => return Err(wrong()),
    };
    match Duration::try_from_secs_f64(number * factor) {
        Ok(duration) if !duration.is_zero() && duration <= DURATION_MAX => Ok(duration),
        _ => Err(wrong()),
    }
}

/// A time that is planned and recorded in milliseconds.
pub(crate) fn whole_millis(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        time if time.subsec_nanos() % 1_000_000 == 0 => Ok(time),
        _ => Err(format!("`{text}` is not a whole number of milliseconds")),
    }
}

/// A time limit of an answer: as long as times are told apart.
pub(crate) fn timeout(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        long if long > TIMEOUT_MAX => Err(format!("`{text}` is out of range; it goes up to 1h")),
        timeout => Ok(timeout),
    }
}

/// The bound of the histograms of times.
const TIMEOUT_MAX: Duration = Duration::from_secs(3600);

/// A thousand hours: longer than any run, and far from any overflow.
const DURATION_MAX: Duration = Duration::from_secs(3_600_000);

/// One header field of every request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderField {
    /// The field's name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// `Name: value` as RFC 9110 §5.1 and §5.5 have it.
pub(crate) fn header_field(text: &str) -> Result<HeaderField, String> {
    let wrong = || format!("`{text}` is not a header field such as `Accept: text/plain`");
    let (name, value) = text.split_once(':').ok_or_else(wrong)?;
    let value = value.trim_matches([' ', '\t']);
    if !is_token(name)
        || value
            .bytes()
            .any(|byte| byte < b' ' && byte != b'\t' || byte == 0x7f)
    {
        return Err(wrong());
    }
    if ["content-length", "transfer-encoding"].contains(&name.to_ascii_lowercase().as_str()) {
        return Err(format!(
            "{name} comes from the body (-b) and is not set by hand"
        ));
    }
    Ok(HeaderField {
        name: name.to_owned(),
        value: value.to_owned(),
    })
}

/// A method: a token (RFC 9110 §9.1). After CONNECT nothing is HTTP any more.
pub(crate) fn method(text: &str) -> Result<String, String> {
    match text {
        "CONNECT" => Err("CONNECT opens a tunnel, and there is no load for that".to_owned()),
        _ if is_token(text) => Ok(text.to_owned()),
        _ => Err(format!("`{text}` is not a method such as GET or POST")),
    }
}

/// `tchar` of RFC 9110 §5.6.2.
fn is_token(text: &str) -> bool {
    let is_tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_tchar)
}

/// Where to connect to instead of where a URL says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectTo {
    /// Only for URLs of this host and port; an empty host is any, and so is port 0.
    from: (String, u16),
    to: (String, u16),
}

impl ConnectTo {
    /// Where to connect to for this host and port of a URL.
    #[must_use]
    pub fn for_url(&self, host: &str, port: u16) -> (String, u16) {
        let (from_host, from_port) = &self.from;
        let is_meant = (from_host.is_empty() || from_host.eq_ignore_ascii_case(host))
            && (*from_port == 0 || *from_port == port);
        match is_meant {
            true => self.to.clone(),
            false => (host.to_owned(), port),
        }
    }
}

/// `HOST:PORT`, or curl's `HOST1:PORT1:HOST2:PORT2`.
pub(crate) fn connect_to(text: &str) -> Result<ConnectTo, String> {
    let wrong = || format!("`{text}` is not a HOST:PORT such as 127.0.0.1:8080");
    let parts = split_outside_brackets(text);
    let place = |host: &str, port: &str, may_be_empty: bool| {
        let port = match port {
            "" if may_be_empty => Some(0),
            digits => digits.parse().ok().filter(|&port| port > 0),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let host = Some(host).filter(|host| may_be_empty || !host.is_empty());
        host.zip(port).map(|(host, port)| (host.to_owned(), port))
    };
    let (from, to) = match parts.as_slice() {
        [host, port] => (Some((String::new(), 0)), place(host, port, false)),
        [from_host, from_port, host, port] => {
            (place(from_host, from_port, true), place(host, port, false))
        }
        _ => (None, None),
    };
    let (from, to) = from.zip(to).ok_or_else(wrong)?;
    Ok(ConnectTo { from, to })
}

/// At colons, but for those of an IPv6 address in brackets.
fn split_outside_brackets(text: &str) -> Vec<&str> {
    let mut is_inside = false;
    text.split(|c| {
        is_inside = (is_inside || c == '[') && c != ']';
        c == ':' && !is_inside
    })
    .collect()
}

/// The bytes of a body, given as they are or as the name of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body(pub Vec<u8>);

/// No file that is read as a whole is longer: a device or a wrong name must not take all memory.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// The bytes of a file.
///
/// # Errors
///
/// If it cannot be read, or is longer than 256 MiB.
pub(crate) fn read_bounded(path: &Path) -> anyhow::Result<Vec<u8>> {
    let what = || format!("cannot read {}", path.display());
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).with_context(what)?;
    let count = file
        .take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .with_context(what)?;
    anyhow::ensure!(
        count as u64 <= FILE_BYTES_MAX,
        "{} is longer than {} MiB, which is the most that is read",
        path.display(),
        FILE_BYTES_MAX >> 20
    );
    Ok(bytes)
}

/// Text, or `@FILE` for what is in a file.
pub(crate) fn body(text: &str) -> Result<Body, String> {
    match text.strip_prefix('@') {
        Some(file) => read_bounded(Path::new(file))
            .map(Body)
            .map_err(|error| format!("{error:#}")),
        None => Ok(Body(text.as_bytes().to_vec())),
    }
}

/// Requests per second: `20k`, `2.5`, `0.1`.
pub(crate) fn rate(text: &str) -> Result<f64, String> {
    let wrong = || format!("`{text}` is not a rate such as 20k, 1000 or 0.5");
    let (digits, factor) = suffix(text);
    let is_plain = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f64 = digits.parse().map_err(|_| wrong())?;
    let per_second = number * factor;
    match is_plain && (1e-3..=1e9).contains(&per_second) {
        true => Ok(per_second),
        false if is_plain => Err(format!("{text} is out of range; it goes from 0.001 to 1G")),
        false => Err(wrong()),
    }
}

/// The digits of a number, and what its suffix stands for.
fn suffix(text: &str) -> (&str, f64) {
    let factor = match text.as_bytes().last() {
        Some(b'k' | b'K') => 1e3,
        Some(b'm' | b'M') => 1e6,
        Some(b'g' | b'G') => 1e9,
        _ => return (text, 1.0),
    };
    (&text[..text.len() - 1], factor)
}

/// A whole number with an optional suffix: `1k`, `2.5M`.
pub(crate) fn count(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a whole number such as 1000, 10k or 2.5M");
    let (digits, factor) = suffix(text);
    if digits.len() == text.len() {
        return text.parse().map_err(|_| wrong());
    }
    let number: f64 = digits.parse().map_err(|_| wrong())?;
    let product = (number * factor).round();
    let is_whole = (product - number * factor).abs() < 1e-6;
    // Below 2^53 every whole number is exact.
    if !is_whole || !(0.0..9e15).contains(&product) {
        return Err(wrong());
    }
    Ok(product as u64)
}

/// A share in percent, as parts per million: `2%`, `1.5%`, `2`.
pub(crate) fn percent(text: &str) -> Result<u32, String> {
    let number: f64 = text
        .strip_suffix('%')
        .unwrap_or(text)
        .parse()
        .map_err(|_| format!("`{text}` is not a share such as 2% or 1.5%"))?;
    if (0.1..=50.0).contains(&number) {
        return Ok((number * 1e4).round() as u32);
    }
    Err(format!("{text} is out of range; it goes from 0.1% to 50%"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_or_refused() {
        for (text, number) in [("0", 0), ("1000", 1000), ("1k", 1000), ("2.5M", 2_500_000)] {
            assert_eq!(count(text), Ok(number), "{text}");
        }
        for text in ["", "k", "-1", "1.5", "0.0001k", "1e3", "NaNk", "infM", "1x"] {
            assert!(count(text).is_err(), "{text}");
        }
    }

    #[test]
    fn rates_are_read_or_refused() {
        for (text, number) in [
            ("0.5", 0.5),
            ("2.5", 2.5),
            ("20k", 2e4),
            ("1G", 1e9),
            ("007", 7.0),
        ] {
            assert_eq!(rate(text), Ok(number), "{text}");
        }
        for text in [
            "", "0", "-1", "1e3", "NaN", "inf", "2G", "1/s", ".", "0.0001",
        ] {
            assert!(rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_read_or_refused() {
        for (text, ms) in [
            ("10s", 10_000),
            ("500ms", 500),
            ("1.5s", 1500),
            ("2m", 120_000),
            ("1h", 3_600_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in [
            "", "0", "-1s", "1d", "ms", "1e400", "NaN", "inf", "2 s", "1sm",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
        let said = Err("`1.5` has no unit; write 1.5s or 1.5ms".to_owned());
        assert_eq!(duration("1.5"), said);
        assert_eq!((whole_millis("1.5"), timeout("1.5")), (said.clone(), said));
    }

    #[test]
    fn a_planned_time_is_whole_milliseconds() {
        assert_eq!(
            whole_millis("1500us"),
            Err("`1500us` is not a whole number of milliseconds".to_owned())
        );
        assert_eq!(whole_millis("2000us"), Ok(Duration::from_millis(2)));
        assert_eq!(whole_millis("0.25s"), Ok(Duration::from_millis(250)));
        assert!(whole_millis("500us").is_err() && whole_millis("0").is_err());
    }

    #[test]
    fn no_answer_is_waited_for_longer_than_its_time_could_be_told() {
        assert_eq!(timeout("1h"), Ok(Duration::from_secs(3600)));
        assert!(timeout("61m").unwrap_err().contains("up to 1h"));
    }

    #[test]
    fn header_fields_and_methods_are_read_or_refused() {
        let field = header_field("Accept:  text/plain ").unwrap();
        assert_eq!(
            (field.name.as_str(), field.value.as_str()),
            ("Accept", "text/plain")
        );
        for text in [
            "",
            "Accept",
            ": x",
            "A b: x",
            "A: x\r\nB: y",
            "Content-Length: 3",
        ] {
            assert!(header_field(text).is_err(), "{text}");
        }
        assert!(method("PATCH").is_ok());
        for text in ["", "GET /", "CONNECT", "G\r\n"] {
            assert!(method(text).is_err(), "{text}");
        }
    }

    #[test]
    fn where_to_connect_is_read_or_refused() {
        let for_url = |text: &str| connect_to(text).unwrap().for_url("a", 80);
        assert_eq!(for_url("b:1"), ("b".to_owned(), 1));
        assert_eq!(for_url("[::1]:1"), ("::1".to_owned(), 1));
        assert_eq!(for_url("A:80:[::1]:1"), ("::1".to_owned(), 1));
        assert_eq!(for_url("::b:1"), ("b".to_owned(), 1));
        assert_eq!(for_url("c:80:b:1"), ("a".to_owned(), 80));
        for text in ["", "b", "b:", "b:0", ":1", "a:80:b", "b:99999", "a:b:c:d:1"] {
            assert!(connect_to(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_body_comes_from_the_line_or_from_a_file() {
        assert_eq!(body("a b"), Ok(Body(b"a b".to_vec())));
        assert!(body("@/no/such/file").unwrap_err().contains("cannot read"));
    }

    #[test]
    fn shares_are_read_or_refused() {
        for (text, ppm) in [("2%", 20_000), ("1.5%", 15_000), ("3", 30_000)] {
            assert_eq!(percent(text), Ok(ppm), "{text}");
        }
        for text in ["", "%", "0%", "-2%", "99%", "NaN%", "two"] {
            assert!(percent(text).is_err(), "{text}");
        }
    }
}
