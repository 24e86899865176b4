//! One exchange with a server: what is asked, and what a right answer is. It knows no address, so the same
//! one is asked of every process of an arm.

use super::{Expected, Target};
use crate::contract;
use crate::http::{self, Method};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// A request, wherever the server listens, and what must be answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// The method.
    pub method: String,
    /// The path asked for.
    pub path: String,
    /// Header fields, each as `Name: value`; the host and the length of the body come by themselves.
    pub fields: Vec<String>,
    /// The body; most requests have none.
    pub body: Vec<u8>,
    /// What each answer is held against.
    pub expected: Expected,
    /// How many requests a connection carries before it is closed by us; `None` if connections are kept.
    pub requests_per_connection: Option<u32>,
}

impl Exchange {
    /// What every contestant is asked, and the contract's answer (docs/CONTRACT.md).
    #[must_use]
    pub fn welcome() -> Self {
        Self {
            method: "GET".to_owned(),
            path: contract::PATH.to_owned(),
            fields: Vec::new(),
            body: Vec::new(),
            expected: Expected::Contract,
            requests_per_connection: None,
        }
    }

    /// The bytes of the request to a server at `address`.
    #[must_use]
    pub fn request(&self, address: SocketAddr) -> Vec<u8> {
        let is_host = |field: &String| {
            let name = field.split(':').next().unwrap_or_default();
            name.eq_ignore_ascii_case("host")
        };
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        if !self.fields.iter().any(is_host) {
            head.push_str(&format!("Host: {address}\r\n"));
        }
        for field in &self.fields {
            head.push_str(&format!("{field}\r\n"));
        }
        if http::announces_length(&self.method) || !self.body.is_empty() {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }

    /// By which method answers are framed.
    #[must_use]
    pub fn framing(&self) -> Method {
        match self.method.as_str() {
            "HEAD" => Method::Head,
            _ => Method::Get,
        }
    }

    /// The same as a target of load.
    #[must_use]
    pub fn target(&self, address: SocketAddr) -> Target {
        Target {
            address: address.into(),
            request: self.request(address),
            method: self.framing(),
            is_idempotent: http::is_idempotent(&self.method),
            expected: self.expected.clone(),
            requests_per_connection: self.requests_per_connection,
            pipeline: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(exchange: &Exchange) -> String {
        let request = exchange.request(([127, 0, 0, 1], 8080).into());
        String::from_utf8(request).unwrap()
    }

    #[test]
    fn contestants_are_asked_as_the_contract_says() {
        let address = ([127, 0, 0, 1], 8080).into();
        let welcome = Exchange::welcome();
        assert_eq!(welcome.request(address), contract::request(address));
    }

    #[test]
    fn a_request_of_ones_own_has_its_fields_and_its_body() {
        let mut own = Exchange {
            method: "POST".to_owned(),
            path: "/x".to_owned(),
            fields: vec!["Accept: a/b".to_owned(), "host: me".to_owned()],
            body: b"hi".to_vec(),
            ..Exchange::welcome()
        };
        let fields = "Accept: a/b\r\nhost: me\r\n";
        let posted = format!("POST /x HTTP/1.1\r\n{fields}Content-Length: 2\r\n\r\nhi");
        assert_eq!(sent(&own), posted);
        own.body.clear();
        assert!(sent(&own).ends_with("Content-Length: 0\r\n\r\n"));
        own.method = "HEAD".to_owned();
        assert!(!sent(&own).contains("Length"));
        assert_eq!(own.framing(), Method::Head);
    }
}
