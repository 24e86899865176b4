//! What a request costs this generator: CPU and memory from few connections to many, system calls,
//! and how late the open loop sends. `cargo bench -p runner --bench generators -- scale [ROUNDS]`.

use super::{Generator, Setting, Used, command, run_one, server_of_floor};
use anyhow::{Context, Result, bail};
use runner::environment::processors;
use runner::server::{Program, Server};
use runner::stats::median;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const FEW: usize = 64;
const MANY: usize = 10_000;
const TRACED: usize = 256;
const RATE: u32 = 20_000;
const ENGINES: [Generator; 2] = [Generator::Epoll, Generator::Uring];

/// Prints all of it.
pub(super) fn run(rounds: usize) -> Result<()> {
    runner::environment::limits::allow_connections(MANY)?;
    let processors = processors::split()?;
    let floor = server_of_floor(None)?.1;
    let setting = |seconds, server: &Server| Setting {
        address: server.address,
        seconds,
        processor: processors.generator[0],
    };
    for engine in ENGINES {
        let server = Server::start(&floor, &processors.server)?;
        from_few_to_many(engine, &setting(3, &server), rounds)?;
        system_calls(engine, &setting(2, &server))?;
    }
    let null = Program {
        path: env!("CARGO_BIN_EXE_runner").into(),
        arguments: vec!["null".into()],
    };
    for engine in ENGINES {
        let server = Server::start(&null, &processors.server)?;
        open_loop(engine, &setting(10, &server), rounds)?;
    }
    Ok(())
}

fn from_few_to_many(engine: Generator, setting: &Setting, rounds: usize) -> Result<()> {
    let mut growth = Vec::new();
    let mut peak_rss_kib = [0; 2];
    for round in 0..rounds {
        let mut used: [Option<Used>; 2] = [None; 2];
        for turn in 0..2 {
            let place = (turn + round) % 2;
            let one = run_one(engine, setting, [FEW, MANY][place])?;
            peak_rss_kib[place] = peak_rss_kib[place].max(one.peak_rss_kib);
            used[place] = Some(one);
        }
        let [Some(few), Some(many)] = used else {
            bail!("both places have had their turn");
        };
        growth.push(few.requests_per_cpu_second / many.requests_per_cpu_second);
    }
    let beyond_kib = peak_rss_kib[1] as f64 - 16.0 * 1024.0;
    println!(
        "{engine:?}: CPU per request at {MANY} connections to that at {FEW}: {:.3} (median of {rounds})",
        median(&growth).context("at least one round")?
    );
    println!(
        "{engine:?}: peak RSS {} KiB at {FEW}, {} KiB at {MANY}: {:.2} KiB a connection beyond 16 MiB",
        peak_rss_kib[0],
        peak_rss_kib[1],
        beyond_kib.max(0.0) / MANY as f64
    );
    Ok(())
}

/// System calls per request, as strace counts them over the whole life of the process.
fn system_calls(engine: Generator, setting: &Setting) -> Result<()> {
    let counts = tempfile::NamedTempFile::new()?;
    let inner = command(engine, setting, TRACED)?;
    let output = Command::new("strace")
        .args(["-f", "-c", "-o"])
        .arg(counts.path())
        .arg(inner.get_program())
        .args(inner.get_args())
        .output()
        .context("cannot start strace (apt-get install strace)")?;
    let result: Value = serde_json::from_slice(&output.stdout)?;
    let ok = result["ok"].as_u64().context("the result has `ok`")? as f64;
    let waits = result["waits"].as_u64().context("the result has `waits`")? as f64;
    println!(
        "{engine:?}: {:.3} system calls a request at {TRACED} connections, of which {:.3} waits",
        calls(counts.path())? / ok,
        waits / ok
    );
    Ok(())
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
        let output = command(engine, setting, FEW)?
            .args(["--rate", &RATE.to_string()])
            .output()
            .context("cannot start taskset (util-linux)")?;
        let result: Value = serde_json::from_slice(&output.stdout)?;
        let figure = |name: &str| result.pointer(name).and_then(Value::as_f64);
        delays_us.push(figure("/dispatch_delay_us/p99").context("an open loop has delays")?);
        let rps = figure("/rps").context("a result has a rate")?;
        let off_percent = 100.0 * (rps / f64::from(RATE) - 1.0).abs();
        farthest_percent = farthest_percent.max(off_percent);
    }
    println!(
        "{engine:?}: open loop at {RATE}/s: dispatch delay p99 {:.1} µs (median of {rounds}), \
         rate off by {farthest_percent:.3} % at most",
        median(&delays_us).context("at least one round")?
    );
    Ok(())
}
