//! What a request costs this generator: CPU and memory from few connections to many, system calls,
//! and how late the open loop sends. `cargo bench -p runner --bench generators -- scale [ROUNDS]`.

use super::{Generator, Setting, command, run_one, server_of_baseline};
use anyhow::{Context, Result};
use runner::environment::processors;
use runner::load::Exchange;
use runner::server::{Program, Server};
use runner::stats::median;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const FEW: usize = 64;
const MANY: usize = 10_000;
const TRACED: usize = 256;
const TRACED_REQUESTS: u64 = 100_000;
const RATE: u32 = 20_000;
const ENGINES: [Generator; 2] = [Generator::Epoll, Generator::Uring];

/// Prints all of it.
pub(super) fn run(rounds: usize) -> Result<()> {
    runner::environment::limits::allow_connections(MANY)?;
    let processors = processors::split()?;
    let baseline = server_of_baseline(None)?.1;
    let setting = |seconds, server: &Server| Setting {
        address: server.address,
        seconds,
        processor: processors.generator[0],
    };
    for engine in ENGINES {
        let server = Server::start(&baseline, &Exchange::welcome(), &processors.server)?;
        from_few_to_many(engine, &setting(3, &server), rounds)?;
        system_calls(engine, &setting(60, &server))?;
    }
    let null = Program {
        path: env!("CARGO_BIN_EXE_runner").into(),
        arguments: vec!["null".into()],
        ..Program::default()
    };
    for engine in ENGINES {
        let server = Server::start(&null, &Exchange::welcome(), &processors.server)?;
        open_loop(engine, &setting(10, &server), rounds)?;
    }
    Ok(())
}

/// CPU time of the run itself: what it costs to open many connections is paid once.
fn from_few_to_many(engine: Generator, setting: &Setting, rounds: usize) -> Result<()> {
    let mut growth = Vec::new();
    for round in 0..rounds {
        let mut cpu_s_per_request = [0.0; 2];
        for turn in 0..2 {
            let place = (turn + round) % 2;
            let result = result_of(&mut command(engine, setting, [FEW, MANY][place])?)?;
            let (ok, cpu_s) = (figure(&result, "/ok")?, figure(&result, "/client_cpu_s")?);
            cpu_s_per_request[place] = cpu_s / ok;
        }
        growth.push(cpu_s_per_request[1] / cpu_s_per_request[0]);
    }
    println!(
        "{engine:?}: CPU per request at {MANY} connections to that at {FEW}: {:.3} (median of {rounds})",
        median(&growth).context("at least one round")?
    );
    let peak_rss_kib =
        [FEW, MANY].map(|c| run_one(engine, setting, c).map(|used| used.peak_rss_kib));
    let [few_kib, many_kib] = peak_rss_kib;
    let (few_kib, many_kib) = (few_kib?, many_kib?);
    let beyond_kib = many_kib as f64 - 16.0 * 1024.0;
    println!(
        "{engine:?}: peak RSS {few_kib} KiB at {FEW}, {many_kib} KiB at {MANY}: {:.2} KiB a connection beyond 16 MiB",
        beyond_kib.max(0.0) / MANY as f64
    );
    Ok(())
}

/// System calls per request: what `strace` counts for so many requests more.
fn system_calls(engine: Generator, setting: &Setting) -> Result<()> {
    let (few_calls, few_waits) = traced(engine, setting, TRACED_REQUESTS)?;
    let (many_calls, many_waits) = traced(engine, setting, 2 * TRACED_REQUESTS)?;
    let requests = TRACED_REQUESTS as f64;
    println!(
        "{engine:?}: {:.3} system calls a request at {TRACED} connections, of which {:.3} waits",
        (many_calls - few_calls) / requests,
        (many_waits - few_waits) / requests
    );
    Ok(())
}

/// All system calls of the process, and its waits.
fn traced(engine: Generator, setting: &Setting, requests: u64) -> Result<(f64, f64)> {
    let counts = tempfile::NamedTempFile::new()?;
    let inner = command(engine, setting, TRACED)?;
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-c", "-o"])
        .arg(counts.path())
        .arg(inner.get_program())
        .args(inner.get_args())
        .args(["-n", &requests.to_string()]);
    let result = result_of(&mut strace).context("is strace there (apt-get install strace)?")?;
    Ok((calls(counts.path())?, figure(&result, "/waits")?))
}

fn result_of(command: &mut Command) -> Result<Value> {
    let output = command.output().context("cannot start the generator")?;
    serde_json::from_slice(&output.stdout).with_context(|| {
        let words = String::from_utf8_lossy(&output.stderr);
        format!("the generator has no result: {words}")
    })
}

fn figure(result: &Value, pointer: &str) -> Result<f64> {
    let figure = result.pointer(pointer).and_then(Value::as_f64);
    figure.with_context(|| format!("the result has no {pointer}"))
}

/// The sum of the column `calls` of `strace -c`.
fn calls(path: &Path) -> Result<f64> {
    let text = std::fs::read_to_string(path)?;
    let total = text.lines().find(|line| line.trim_end().ends_with("total"));
    let total = total.context("strace prints a total")?;
    let calls = total.split_whitespace().nth(3);
    Ok(calls.context("a total has calls")?.parse()?)
}

fn open_loop(engine: Generator, setting: &Setting, rounds: usize) -> Result<()> {
    let mut delays_us = Vec::new();
    let mut farthest_percent: f64 = 0.0;
    for _ in 0..rounds {
        let mut paced = command(engine, setting, FEW)?;
        let result = result_of(paced.args(["--rate", &RATE.to_string()]))?;
        delays_us.push(figure(&result, "/dispatch_delay_us/p99")?);
        let rps = figure(&result, "/rps")?;
        let off_percent = 100.0 * (rps / f64::from(RATE) - 1.0).abs();
        farthest_percent = farthest_percent.max(off_percent);
    }
    println!(
        "{engine:?}: open loop at {RATE}/s: dispatch delay p99 {:.1} µs (median of {rounds}), \
         rate off by {farthest_percent:.3}% at most",
        median(&delays_us).context("at least one round")?
    );
    Ok(())
}
