//! Odd servers: whatever they do, our counts equal their own, and the sum holds.
//!
//! Each case is a row: a name and what the server does with every tenth request; all others have
//! the right answer. `framing` has rows about how answers are written, `failures` about connections.

mod failures;
mod framing;

use super::{EngineKind, SILENCE, TIMEOUT, spec};
use crate::load::{Expected, Generator, LoadSpec, Measured, Tally, Target};
use controls::scripted::{Reply, Script, Scripted, Worth};

/// The body of right answers.
const BODY: &str = "Hello World!";

/// The head and the body that the contract asks for.
pub(super) const RIGHT: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 12\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nHello World!";

const CONNECTIONS: usize = 4;
const REQUESTS: u64 = 200;

/// One kind of oddity.
struct Odd {
    name: &'static str,
    reply: fn(u64) -> Reply,
    /// One reply in so many is odd. The first ones, which open connections, never are.
    every: u64,
    requests: u64,
}

/// A row of a table: every tenth reply is this one; it is told the number of the request.
const fn odd(name: &'static str, reply: fn(u64) -> Reply) -> Odd {
    Odd {
        name,
        reply,
        every: 10,
        requests: REQUESTS,
    }
}

/// The right answer with one part of it written otherwise.
fn edited(worth: Worth, from: &str, to: &str) -> Reply {
    assert!(RIGHT.contains(from), "{from:?}");
    Reply::new(worth, RIGHT.replacen(from, to, 1))
}

/// A head without `content-length`, with these fields, and then these bytes.
fn framed(worth: Worth, fields: &str, rest: &str) -> Reply {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n{fields}\r\n");
    Reply::new(worth, head + rest)
}

pub(super) fn right() -> Reply {
    Reply::new(Worth::Right, RIGHT)
}

/// Nobody accepts, and the queue is as short as it can be: further handshakes go unanswered.
pub(super) fn listener_with_a_queue_of_one() -> rustix::fd::OwnedFd {
    use rustix::net::{AddressFamily, SocketType, bind, listen, socket};
    let listener = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    let any = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    bind(&listener, &any).unwrap();
    listen(&listener, 0).unwrap();
    listener
}

fn server_of(odd: &Odd) -> Scripted {
    let (every, reply) = (odd.every, odd.reply);
    Scripted::start(Script::of(move |number, _| match number % every {
        0 => reply(number),
        _ => right(),
    }))
}

/// Any answer with the right status and body, or the whole contract.
pub(super) fn target(server: &Scripted, contract: bool) -> Target {
    let welcome = Target::welcome(server.address);
    match contract {
        true => welcome,
        false => Target {
            expected: Expected::Answer {
                status: 200,
                body: Some(BODY.into()),
            },
            ..welcome
        },
    }
}

/// Opens connections, then loads; the counts of both.
fn load(engine: EngineKind, target: &Target, spec: &LoadSpec) -> (Tally, Measured) {
    let generator = Generator::start(engine, &[], 1).unwrap();
    let opened = generator.open(0, target, CONNECTIONS, TIMEOUT).unwrap();
    (opened, generator.run(0, spec).unwrap())
}

/// What the server counted is what we counted, one for one.
fn assert_agree(name: &str, server: &Scripted, opened: &Tally, measured: &Measured) {
    let tally = &measured.tally;
    let context = format!("{name}: {tally:?}, {:?}", measured.complaint);
    let ours = [
        (Worth::Right, opened.ok + tally.ok),
        (Worth::BadStatus, tally.bad_status),
        (Worth::BadBody, tally.bad_body),
        (Worth::Disorder, tally.protocol_error),
        // What broke in place of an answer went out once more.
        (Worth::Broken, tally.reset + tally.redone),
        (Worth::Silent, tally.timeout),
    ];
    for (worth, count) in ours {
        assert_eq!(count, server.count(worth), "{worth:?} of {context}");
    }
    let reached = opened.sent + tally.sent + tally.redone;
    assert_eq!(server.requests(), reached, "{context}");
    assert!(tally.balances() && tally.unanswered == 0, "{context}");
    let reconnects: u64 = measured.causes.reconnects.values().sum();
    assert_eq!(reconnects, tally.reconnects, "{context}");
}

/// Runs the rows of a table; `expected` is what one odd reply must be worth, in ours and theirs.
fn check(engine: EngineKind, rows: &[Odd], contract: bool) {
    for row in rows {
        let server = server_of(row);
        let target = target(&server, contract);
        let mut spec = spec(row.requests);
        if (row.reply)(row.every).worth == Worth::Silent {
            spec.timeout = SILENCE;
        }
        let (opened, measured) = load(engine, &target, &spec);
        assert_agree(row.name, &server, &opened, &measured);
        let odd = server.requests() / row.every;
        assert!(odd > 0, "{} was never asked for", row.name);
        let worth = (row.reply)(row.every).worth;
        if worth != Worth::Right {
            assert_eq!(server.count(worth), odd, "{}", row.name);
        }
    }
}
