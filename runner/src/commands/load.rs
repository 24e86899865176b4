//! `runner load URL`: the load generator alone.

use super::{Verdict, print_json};
use crate::cli::LoadOptions;
use crate::contract;
use crate::environment::limits;
use crate::http::Method;
use crate::interrupt::{self, Interrupted};
use crate::load::{Expected, Generator, Limits, Measured, Pace, Target};
use crate::usage::UsageError;
use anyhow::{Context, Result};
use serde_json::json;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

const DEFAULT_DURATION: Duration = Duration::from_secs(10);
const THREADS_MAX: usize = 1024;

/// Poisson arrivals are the same in every run, so that runs can be compared.
const SEED: u64 = 1;

pub(super) fn run(options: &LoadOptions) -> Result<Verdict> {
    let target = target(&options.url)?;
    let limits = limits_of(options)?;
    limits::allow_connections(options.connections)?;
    let processors = options.processors.as_ref().map_or(&[][..], |list| &list.0);
    let generator = Generator::start(options.engine.resolve()?, processors, options.threads)?;
    generator
        .open(0, &target, options.connections, limits.timeout)
        .with_context(|| format!("cannot load {}", options.url))?;
    let measured = generator.run(0, &limits)?;
    if options.json {
        print_json(&json_of(options, &measured, generator.threads()))?;
    } else {
        print_text(options, &measured);
    }
    if interrupt::is_requested() {
        return Err(Interrupted.into());
    }
    Ok(Verdict::good_if(measured.tally.errors() == 0))
}

fn limits_of(options: &LoadOptions) -> Result<Limits, UsageError> {
    let refuse = |what: &str| Err(UsageError(what.to_owned()));
    if options.connections == 0 || options.requests == Some(0) {
        return refuse("connections (-c) and requests (-n) start at 1");
    }
    if options.threads == 0
        || options.threads > THREADS_MAX
        || options.threads > options.connections
    {
        return refuse("threads (-t) start at 1, and each needs a connection (-c)");
    }
    if options.timeout_ms == 0 {
        return refuse("--timeout-ms starts at 1");
    }
    let duration = match options.duration {
        Some(seconds) => match Duration::try_from_secs_f64(seconds) {
            Ok(duration) if !duration.is_zero() => Some(duration),
            _ => return refuse("the duration (-d) is a positive number of seconds"),
        },
        None if options.requests.is_none() => Some(DEFAULT_DURATION),
        None => None,
    };
    Ok(Limits {
        pace: pace(options),
        requests: options.requests,
        duration,
        timeout: Duration::from_millis(options.timeout_ms),
        stop: interrupt::flag(),
        seconds: None,
    })
}

fn pace(options: &LoadOptions) -> Pace {
    match options.rate {
        None => Pace::Closed,
        Some(rate) => Pace::Open {
            rate,
            arrivals: options.arrivals,
            seed: SEED,
        },
    }
}

/// Reads `http://ADDRESS:PORT/PATH`.
fn target(url: &str) -> Result<Target> {
    let wrong = |why: &str| {
        UsageError(format!(
            "`{url}` {why}; write http://127.0.0.1:8080/welcome"
        ))
    };
    let rest = url
        .strip_prefix("http://")
        .ok_or_else(|| wrong("does not begin with http://"))?;
    let (host, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, "/"),
    };
    if url
        .bytes()
        .any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control())
    {
        return Err(wrong("has a space or a control character").into());
    }
    let with_port = if host
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok())
    {
        host.to_owned()
    } else {
        format!("{host}:80")
    };
    let address: SocketAddr = with_port
        .to_socket_addrs()
        .map_err(|error| wrong(&format!("names no address ({error})")))?
        .next()
        .ok_or_else(|| wrong("names no address"))?;
    if !address.ip().is_loopback() {
        return Err(
            wrong("is not on this machine, and load goes to the loopback interface only").into(),
        );
    }
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes();
    let expected = if path == contract::PATH {
        Expected::Contract
    } else {
        Expected::Answer {
            status: 200,
            body: None,
        }
    };
    Ok(Target {
        address,
        request,
        method: Method::Get,
        expected,
        requests_per_connection: None,
        pipeline: 1,
    })
}

fn rps(measured: &Measured) -> f64 {
    measured.tally.ok as f64 / measured.elapsed.as_secs_f64().max(1e-9)
}

fn print_text(options: &LoadOptions, measured: &Measured) {
    let tally = &measured.tally;
    let at = |quantile: f64| measured.times.service.value_at_quantile(quantile) as f64 / 1e3;
    let seconds = measured.elapsed.as_secs_f64();
    println!(
        "{} with {} connections, closed loop, epoll",
        options.url, options.connections
    );
    println!(
        "  requests/s    {:>12.0}   ({} right answers in {seconds:.3} s)",
        rps(measured),
        tally.ok
    );
    println!(
        "  service time  p50 {:.1} µs, p90 {:.1} µs, p99 {:.1} µs, p99.9 {:.1} µs, max {:.1} µs",
        at(0.5),
        at(0.9),
        at(0.99),
        at(0.999),
        measured.times.service.max() as f64 / 1e3
    );
    println!(
        "  sent {} = ok {} + bad status {} + bad body {} + protocol error {} + reset {} + timeout {} + unanswered {}",
        tally.sent,
        tally.ok,
        tally.bad_status,
        tally.bad_body,
        tally.protocol_error,
        tally.reset,
        tally.timeout,
        tally.unanswered
    );
    println!(
        "  reconnects {}, connect errors {}, bytes sent {}, bytes received {}",
        tally.reconnects, tally.connect_errors, tally.bytes_sent, tally.bytes_received
    );
    println!("  generator CPU {:.3} s", measured.cpu.as_secs_f64());
    if let Some(complaint) = &measured.complaint {
        println!("  first complaint: {complaint}");
    }
}

fn json_of(options: &LoadOptions, measured: &Measured, threads: usize) -> serde_json::Value {
    let tally = &measured.tally;
    let us = |ns: u64| ns as f64 / 1e3;
    let at = |quantile: f64| us(measured.times.service.value_at_quantile(quantile));
    json!({
        "schema": 1,
        "url": options.url,
        "engine": "epoll",
        "connections": options.connections,
        "threads": threads,
        "sent": tally.sent,
        "ok": tally.ok,
        "errors": {
            "bad_status": tally.bad_status,
            "bad_body": tally.bad_body,
            "protocol_error": tally.protocol_error,
            "reset": tally.reset,
            "timeout": tally.timeout,
            "connect": tally.connect_errors,
            "unanswered": tally.unanswered,
        },
        "reconnects": tally.reconnects,
        "bytes_sent": tally.bytes_sent,
        "bytes_received": tally.bytes_received,
        "duration_s": measured.elapsed.as_secs_f64(),
        "rps": rps(measured),
        "latency_us": {
            "mean": measured.times.service.mean() / 1e3,
            "p50": at(0.5),
            "p90": at(0.9),
            "p95": at(0.95),
            "p99": at(0.99),
            "p999": at(0.999),
            "max": us(measured.times.service.max()),
        },
        "client_cpu_s": measured.cpu.as_secs_f64(),
        "waits": tally.waits,
        "complaint": measured.complaint,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_or_refused() {
        let welcome = target("http://127.0.0.1:8080/welcome").unwrap();
        assert_eq!(welcome.request, contract::request(welcome.address));
        assert_eq!(welcome.expected, Expected::Contract);
        let root = target("http://localhost").unwrap();
        assert_eq!(
            (root.address.port(), root.expected),
            (
                80,
                Expected::Answer {
                    status: 200,
                    body: None
                }
            )
        );
        assert!(target("http://[::1]:80/").unwrap().address.is_ipv6());
        for wrong in [
            "https://127.0.0.1/",
            "127.0.0.1:80",
            "http:///",
            "http://127.0.0.1/a b",
            "http://8.8.8.8/",
        ] {
            let error = target(wrong).unwrap_err();
            assert!(error.is::<UsageError>(), "{wrong}: {error:#}");
        }
    }
}
