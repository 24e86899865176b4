//! The first answer of a server, which every later one has to equal: in its status, in its header fields but for
//! those that move, and in its body.

use crate::contract::{self, Violation};
use crate::http::Answer;
use serde::{Deserialize, Serialize};

/// Fields that move by themselves: the date (RFC 9110, section 6.6.1), and those that are about the connection and not
/// about the answer (section 7.6.1), such as the last answer's on a connection that the server ends.
const MOVING: [&str; 3] = ["date", "connection", "keep-alive"];

/// What of an answer has to stay the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    status: u16,
    /// Names in lower case, in the order in which they came.
    fields: Vec<(String, Vec<u8>)>,
    /// `None` if every answer may have another one.
    body: Option<Vec<u8>>,
    moving: Vec<String>,
}

impl Sample {
    /// Takes an answer as the one that all others have to equal; the fields of these names, and the body unless
    /// `is_body_fixed`, may change.
    #[must_use]
    pub fn of(answer: &Answer, moving: &[String], is_body_fixed: bool) -> Self {
        let names = moving.iter().map(|name| name.to_ascii_lowercase());
        let moving: Vec<String> = names.chain(MOVING.map(str::to_owned)).collect();
        Self {
            status: answer.status,
            fields: fixed(answer, &moving),
            body: is_body_fixed.then(|| answer.body.to_vec()),
            moving,
        }
    }

    /// Its status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Its body, if that may not change.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }

    /// Holds another answer against it.
    ///
    /// # Errors
    ///
    /// The first [`Violation`]: status, header fields, body.
    pub fn check(&self, answer: &Answer) -> Result<(), Violation> {
        contract::check_status(answer.status, self.status)?;
        let found = fixed(answer, &self.moving);
        if let Some(violation) = self.differing_field(&found) {
            return Err(violation);
        }
        match &self.body {
            Some(body) => contract::check_same_body(&answer.body, body),
            None => Ok(()),
        }
    }

    fn differing_field(&self, found: &[(String, Vec<u8>)]) -> Option<Violation> {
        let places = self.fields.len().max(found.len());
        let at = (0..places).find(|&at| self.fields.get(at) != found.get(at))?;
        let said = |fields: &[(String, Vec<u8>)]| match fields.get(at) {
            Some((name, value)) => format!("{name}: {}", contract::excerpt(value)),
            None => "the end of the fields".to_owned(),
        };
        let name = found.get(at).or(self.fields.get(at));
        Some(Violation::Field {
            name: name.map_or_else(String::new, |(name, _)| name.clone()),
            found: said(found),
            expected: said(&self.fields),
        })
    }
}

/// The fields that may not change.
fn fixed(answer: &Answer, moving: &[String]) -> Vec<(String, Vec<u8>)> {
    let fields = answer.headers.iter();
    let named = fields.map(|(name, value)| (name.to_ascii_lowercase(), value.to_vec()));
    named.filter(|(name, _)| !moving.contains(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Method, parse};

    const FIRST: &str = "HTTP/1.1 200 OK\r\nDate: one\r\nX-Id: 7\r\ncontent-length: 5\r\n\r\nhello";

    fn checked(moving: &[&str], is_body_fixed: bool, other: &str) -> Result<(), String> {
        let read = |text: &'static str| parse(text.as_bytes(), Method::Get, true).unwrap().unwrap();
        let moving: Vec<String> = moving.iter().map(|&name| name.to_owned()).collect();
        let sample = Sample::of(&read(FIRST), &moving, is_body_fixed);
        let other = parse(other.as_bytes(), Method::Get, true).unwrap().unwrap();
        sample
            .check(&other)
            .map_err(|violation| violation.to_string())
    }

    #[test]
    fn the_same_answer_with_another_date_is_right() {
        assert_eq!(checked(&[], true, FIRST), Ok(()));
        assert_eq!(checked(&[], true, &FIRST.replace("one", "another")), Ok(()));
    }

    #[test]
    fn the_last_answer_on_a_connection_is_as_right_as_the_others() {
        let last = FIRST.replace("X-Id", "Connection: close\r\nKeep-Alive: max=0\r\nX-Id");
        assert_eq!(checked(&[], true, &last), Ok(()));
    }

    #[test]
    fn a_field_that_moves_has_to_be_named() {
        let other = FIRST.replace("X-Id: 7", "X-Id: 8");
        assert_eq!(checked(&["x-ID"], true, &other), Ok(()));
        let error = checked(&[], true, &other).unwrap_err();
        assert!(error.contains("`x-id: 8`, and was `x-id: 7`"), "{error}");
        assert!(error.contains("--moving x-id"), "{error}");
        let missing = FIRST.replace("X-Id: 7\r\n", "");
        assert!(checked(&[], true, &missing).is_err());
        assert_eq!(checked(&["x-id"], true, &missing), Ok(()));
    }

    #[test]
    fn the_first_differing_bytes_of_a_body_are_named() {
        let other = FIRST.replace("hello", "help!");
        let error = checked(&[], true, &other).unwrap_err();
        assert!(
            error.contains("from byte 3 on: `p!`, and was `lo`"),
            "{error}"
        );
        assert_eq!(checked(&[], false, &other), Ok(()));
        assert!(checked(&[], false, &other.replace("200", "201")).is_err());
    }

    #[test]
    fn a_body_that_ends_early_differs_at_its_end() {
        let short = FIRST
            .replace("length: 5", "length: 4")
            .replace("hello", "hell");
        // The length is a field too.
        let error = checked(&["content-length"], true, &short).unwrap_err();
        assert!(error.contains("from byte 4 on: ``, and was `o`"), "{error}");
    }
}
