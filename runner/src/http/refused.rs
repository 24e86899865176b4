//! Where in an answer the parser has found fault: the line to look at.

use super::{Malformed, with_room};

/// As much of a line as is worth showing.
const SHOWN_BYTES: usize = 80;

/// The line of a head that makes `bytes` malformed in this way, escaped; nothing if it is not in a line.
#[must_use]
pub fn refused_line(bytes: &[u8], malformed: &Malformed) -> Option<String> {
    let line = match malformed {
        Malformed::Head(_) => first_that_does_not_parse(bytes)?,
        Malformed::ContentLength | Malformed::LengthAndCoding => field(bytes, "content-length")?,
        Malformed::TransferCoding => field(bytes, "transfer-encoding")?,
        Malformed::HeadTooLong
        | Malformed::SwitchingProtocols
        | Malformed::Chunk
        | Malformed::Truncated => return None,
    };
    let line = line.trim_ascii_end();
    let shown = &line[..line.len().min(SHOWN_BYTES)];
    let more = if shown.len() < line.len() { "…" } else { "" };
    Some(format!("{}{more}", shown.escape_ascii()))
}

/// The line at which a parser of the lines before it begins to refuse.
fn first_that_does_not_parse(bytes: &[u8]) -> Option<&[u8]> {
    let mut end = 0;
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        end += line.len();
        let parsed = with_room(|fields| {
            httparse::Response::new(fields)
                .parse(&bytes[..end])
                .map_err(Malformed::Head)
        });
        match parsed {
            Err(_) => return Some(line),
            // An interim answer, perhaps: what comes after it is another head.
            Ok(httparse::Status::Complete(length)) => {
                return first_that_does_not_parse(&bytes[length..]);
            }
            Ok(httparse::Status::Partial) => {}
        }
    }
    None
}

/// The last field of this name: of several, it is the one too many.
fn field<'a>(bytes: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let lines = bytes.split(|&byte| byte == b'\n');
    let head = lines.take_while(|line| !line.trim_ascii_end().is_empty());
    let is_it = |line: &&[u8]| {
        let found = line.get(..name.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
    };
    head.filter(is_it).last()
}

#[cfg(test)]
mod tests {
    use super::super::{Method, parse};
    use super::*;

    fn line_of(answer: &str) -> Option<String> {
        let malformed = parse(answer.as_bytes(), Method::Get, false).unwrap_err();
        refused_line(answer.as_bytes(), &malformed)
    }

    #[test]
    fn the_line_that_was_refused_is_told() {
        let rest = "content-length: 2\r\n\r\nok";
        for (line, shown) in [
            ("X Thing: 1", "X Thing: 1"),
            ("PHP Warning", "PHP Warning"),
            ("X-Thing: a\u{7}b", "X-Thing: a\\x07b"),
            ("content-length: 3", "content-length: 2"),
            ("Content-Length: +2", "content-length: 2"),
            ("transfer-encoding: gzip", "content-length: 2"),
        ] {
            let answer = format!("HTTP/1.1 200 OK\r\nfine: yes\r\n{line}\r\n{rest}");
            assert_eq!(line_of(&answer).as_deref(), Some(shown), "{line}");
        }
        assert_eq!(
            line_of("SSH-2.0-OpenSSH\r\n").as_deref(),
            Some("SSH-2.0-OpenSSH")
        );
        let interim = "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nX Y: 1\r\n\r\n";
        assert_eq!(line_of(interim).as_deref(), Some("X Y: 1"));
        let coded = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n";
        assert_eq!(line_of(coded).as_deref(), Some("Transfer-Encoding: gzip"));
        let long = format!("HTTP/1.1 200 OK\r\n{}\r\n\r\n", "x".repeat(300));
        assert_eq!(line_of(&long), Some("x".repeat(80) + "…"));
    }

    #[test]
    fn what_is_in_no_line_has_none() {
        assert_eq!(line_of("HTTP/1.1 101 No\r\n\r\n"), None);
    }
}
