//! Whether others see the same: wrk and `runner load` in alternation on the same pinned server, requests per second
//! and percentiles side by side. wrk is Debian's package: `apt-get install wrk`.
//!
//! `make agreement`, or with options: `cargo bench -p runner --bench agreement -- ROUNDS SECONDS NAME[:tuned]…`;
//! without names it takes every contestant's quickstart server.

use anyhow::{Context, Result, bail, ensure};
use runner::environment::{limits, processors};
use runner::framework::{self, BuildEnv, ServerKind, Workspace};
use runner::load::Exchange;
use runner::server::{Program, Server};
use runner::stats::median;
use std::net::SocketAddr;
use std::process::Command;

const CONCURRENCIES: [usize; 2] = [64, 1000];

/// Load before the first run, in seconds, so that neither begins with a cold server.
const WARM_UP_S: u64 = 1;

/// What one run has seen.
#[derive(Debug, Clone, Copy)]
struct Seen {
    requests_per_s: f64,
    p50_us: f64,
    p99_us: f64,
}

/// One server under one number of connections.
struct Setting {
    address: SocketAddr,
    connections: usize,
    processor: usize,
    seconds: u64,
}

fn main() -> Result<()> {
    let words = std::env::args().skip(1).filter(|word| word != "--bench");
    let words: Vec<String> = words.collect();
    let rounds = words.first().map_or(Ok(5), |word| word.parse())?;
    let seconds = words.get(1).map_or(Ok(4), |word| word.parse())?;
    ensure!(
        Command::new("wrk").arg("-v").output().is_ok(),
        "wrk is not on PATH; install it with: apt-get install wrk"
    );
    let workspace = framework::discover()?;
    limits::allow_connections(2 * CONCURRENCIES[1])?;
    println!("{rounds} rounds of {seconds} s each; ratio: median (range) over rounds");
    println!(
        "server               connections  runner/s     wrk/s  ratio                   p50 µs: ours  wrk    p99 µs: ours     wrk"
    );
    for (name, kind) in servers(&workspace, words.get(2..).unwrap_or_default())? {
        compare(&workspace, name, kind, rounds, seconds)?;
    }
    Ok(())
}

/// The servers that are named, or the quickstart servers of all.
fn servers<'w>(
    workspace: &'w Workspace,
    words: &'w [String],
) -> Result<Vec<(&'w str, ServerKind)>> {
    if words.is_empty() {
        let all = workspace.frameworks.iter();
        return Ok(all
            .map(|one| (one.name.as_str(), ServerKind::Quickstart))
            .collect());
    }
    let named = words.iter().map(|word| match word.split_once(':') {
        None => Ok((word.as_str(), ServerKind::Quickstart)),
        Some((name, "tuned")) => Ok((name, ServerKind::Tuned)),
        Some((_, kind)) => bail!("`{kind}` is not a server; write NAME or NAME:tuned"),
    });
    named.collect()
}

fn compare(
    workspace: &Workspace,
    name: &str,
    kind: ServerKind,
    rounds: usize,
    seconds: u64,
) -> Result<()> {
    let framework = workspace.find(name)?;
    let binary = framework::build(workspace, framework, kind, BuildEnv::Release)?;
    let split = processors::split()?;
    for connections in CONCURRENCIES {
        let program = Program::new(binary.clone());
        let server = Server::start(&program, &Exchange::welcome(), &split.server)?;
        let setting = |seconds| Setting {
            address: server.address,
            connections,
            processor: split.generator[0],
            seconds,
        };
        ours(&setting(WARM_UP_S))?;
        let mut pairs = Vec::new();
        for round in 0..rounds {
            let setting = setting(seconds);
            // Who goes first changes from round to round.
            let pair = if round % 2 == 0 {
                let first = ours(&setting)?;
                (first, wrk(&setting)?)
            } else {
                let first = wrk(&setting)?;
                (ours(&setting)?, first)
            };
            pairs.push(pair);
        }
        print_row(&format!("{name} ({kind})"), connections, &pairs)?;
    }
    Ok(())
}

fn print_row(server: &str, connections: usize, pairs: &[(Seen, Seen)]) -> Result<()> {
    let over = |of: &dyn Fn(&(Seen, Seen)) -> f64| {
        let values: Vec<f64> = pairs.iter().map(of).collect();
        median(&values).context("there is at least one round")
    };
    let ratios = pairs
        .iter()
        .map(|(ours, wrk)| ours.requests_per_s / wrk.requests_per_s);
    let mut ratios: Vec<f64> = ratios.collect();
    ratios.sort_by(f64::total_cmp);
    println!(
        "{server:<20} {connections:>11} {:>9.0} {:>9.0}  {:.3} ({:.3}–{:.3}) {:>13.0} {:>6.0} {:>12.0} {:>9.0}",
        over(&|pair| pair.0.requests_per_s)?,
        over(&|pair| pair.1.requests_per_s)?,
        median(&ratios).context("there is at least one round")?,
        ratios.first().context("there is at least one round")?,
        ratios.last().context("there is at least one round")?,
        over(&|pair| pair.0.p50_us)?,
        over(&|pair| pair.1.p50_us)?,
        over(&|pair| pair.0.p99_us)?,
        over(&|pair| pair.1.p99_us)?,
    );
    Ok(())
}

/// A generator pinned to its processor; what it has printed.
fn run(setting: &Setting, program: &str, options: &[&str]) -> Result<String> {
    let output = Command::new("taskset")
        .args(["-c", &setting.processor.to_string(), program])
        .args(options)
        .output()
        .context("cannot start taskset (util-linux)")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        output.status.success(),
        "{program} failed: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(text)
}

fn ours(setting: &Setting) -> Result<Seen> {
    let url = format!("http://{}{}", setting.address, runner::contract::PATH);
    let (connections, duration) = (
        setting.connections.to_string(),
        format!("{}s", setting.seconds),
    );
    let options = ["-c", &connections, "-d", &duration, "--engine", "epoll"];
    let mut all = vec!["load", &url, "--json", "--no-ceiling"];
    all.extend(options);
    let text = run(setting, env!("CARGO_BIN_EXE_runner"), &all)?;
    let result: serde_json::Value = serde_json::from_str(&text)?;
    let figure = |pointer: &str| {
        let figure = result.pointer(pointer).and_then(serde_json::Value::as_f64);
        figure.with_context(|| format!("the result has {pointer}"))
    };
    Ok(Seen {
        requests_per_s: figure("/rps")?,
        p50_us: figure("/service_time_us/p50")?,
        p99_us: figure("/service_time_us/p99")?,
    })
}

fn wrk(setting: &Setting) -> Result<Seen> {
    let url = format!("http://{}{}", setting.address, runner::contract::PATH);
    let (connections, duration) = (
        setting.connections.to_string(),
        format!("{}s", setting.seconds),
    );
    let options = [
        "-t",
        "1",
        "-c",
        &connections,
        "-d",
        &duration,
        "--latency",
        &url,
    ];
    let text = run(setting, "wrk", &options)?;
    let word_after = |start: &str| {
        let mut lines = text.lines().map(str::trim);
        let line = lines.find_map(|line| line.strip_prefix(start));
        let word = line.and_then(|line| line.split_whitespace().next());
        word.with_context(|| format!("wrk prints a line with `{start}`"))
    };
    Ok(Seen {
        requests_per_s: word_after("Requests/sec:")?.parse()?,
        p50_us: micros(word_after("50%")?)?,
        p99_us: micros(word_after("99%")?)?,
    })
}

/// wrk writes times as `175.00us`, `1.14ms` or `1.02s`.
fn micros(text: &str) -> Result<f64> {
    let units = [("us", 1.0), ("ms", 1e3), ("s", 1e6)];
    let mut units = units.iter();
    let read = units.find_map(|(unit, factor)| {
        let number: f64 = text.strip_suffix(unit)?.parse().ok()?;
        Some(number * factor)
    });
    read.with_context(|| format!("`{text}` is not a time of wrk"))
}
