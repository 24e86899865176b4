//! What a bench hands itself over with, and the command line it answers.

use crate::Failure;
use crate::answer::Expected;
use crate::entry::{Absent, Bytes, BytesEntry, Call, CallEntry};
use crate::handoff::Listener;
use crate::{drive, person, protocol};
use std::process::ExitCode;

const USAGE: &str = "\
A bench drives one framework inside its own process.

--bench                                  a line per entry point, for a person: what `cargo bench` runs
entries                                  which entry points there are, as JSON
drive <call|bytes> <welcome|elsewhere>   takes commands on standard input: requests UNTIMED TIMED,
                                         connections N, memory; answers each with a line of JSON";

/// One framework's bench; [`Bench::run`] is the last line of its `main`.
#[derive(Debug)]
#[must_use = "a bench does nothing before it runs"]
pub struct Bench<C, B> {
    call: C,
    bytes: B,
}

impl Default for Bench<Absent, Absent> {
    fn default() -> Self {
        Self::new()
    }
}

impl Bench<Absent, Absent> {
    /// A bench without any entry point yet.
    pub fn new() -> Self {
        let absent = "this bench does not have it";
        Self {
            call: Absent(absent),
            bytes: Absent(absent),
        }
    }
}

impl<C, B> Bench<C, B> {
    /// The entry point of calls: `request` makes a request for a path, outside the time; `answer` is
    /// timed, up to the whole body and the dropping of the response.
    pub fn call<R, Body, Request, Answer>(
        self,
        request: Request,
        answer: Answer,
    ) -> Bench<Call<Request, Answer>, B>
    where
        Request: FnMut(&'static str) -> R,
        Answer: AsyncFnMut(R) -> (u16, Body),
        Body: AsRef<[u8]>,
    {
        Bench {
            call: Call { request, answer },
            bytes: self.bytes,
        }
    }

    /// The entry point of bytes: `serve` accepts connections for as long as it is polled. It gets them
    /// one after another, on the thread and in the runtime that `run` is in.
    pub fn bytes<Serve: AsyncFnOnce(Listener)>(self, serve: Serve) -> Bench<C, Bytes<Serve>> {
        Bench {
            call: self.call,
            bytes: Bytes(serve),
        }
    }

    /// Says why the framework cannot be driven with calls.
    pub fn without_call(self, reason: &'static str) -> Bench<Absent, B> {
        Bench {
            call: Absent(reason),
            bytes: self.bytes,
        }
    }

    /// Says why the framework cannot be driven with bytes.
    pub fn without_bytes(self, reason: &'static str) -> Bench<C, Absent> {
        Bench {
            call: self.call,
            bytes: Absent(reason),
        }
    }
}

impl<C: CallEntry, B: BytesEntry> Bench<C, B> {
    /// Does what the command line says. Status 1: something else came than was expected; 2: usage.
    pub async fn run(self) -> ExitCode {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let done = match words[..] {
            ["--bench"] => person::show(self.call, self.bytes).await,
            ["entries"] => {
                let (call, bytes) = (self.call.absence(), self.bytes.absence());
                println!("{}", protocol::entries_json(call, bytes));
                Ok(())
            }
            [
                "drive",
                entry @ ("call" | "bytes"),
                path @ ("welcome" | "elsewhere"),
            ] => self.drive(entry == "call", path == "welcome").await,
            _ => return usage(),
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                eprintln!("error: {failure}");
                ExitCode::FAILURE
            }
        }
    }

    async fn drive(self, is_call: bool, is_welcome: bool) -> Result<(), Failure> {
        let expected = if is_welcome {
            Expected::WELCOME
        } else {
            Expected::ELSEWHERE
        };
        let absence = if is_call {
            self.call.absence()
        } else {
            self.bytes.absence()
        };
        match absence {
            Some(reason) => Err(Failure::new(reason)),
            None if is_call => drive::calls(self.call, expected).await,
            None => drive::bytes(self.bytes, expected).await,
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}
