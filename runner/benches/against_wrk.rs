//! The load generator beside wrk: requests per CPU-second of the generator's process, alternating,
//! on the same pinned server. Debian's package: `apt-get install wrk`.
//!
//! `make compare-wrk`, or with options: `cargo bench -p runner --bench against_wrk -- 9 3`
//! (pairs per level, seconds per run).

use anyhow::{Context, Result, bail};
use runner::environment::processors;
use runner::framework::{self, BuildEnv, ServerKind};
use runner::server::{Program, Server};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const LEVELS: [usize; 3] = [64, 256, 1000];

/// What one run of a generator has reached and used.
struct Used {
    requests: u64,
    cpu: Duration,
    peak_rss_kib: u64,
}

impl Used {
    fn requests_per_cpu_second(&self) -> f64 {
        self.requests as f64 / self.cpu.as_secs_f64()
    }
}

fn main() -> Result<()> {
    let numbers: Vec<u64> = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .collect();
    let pairs = numbers.first().copied().unwrap_or(7);
    let seconds = numbers.get(1).copied().unwrap_or(3);
    let workspace = framework::discover()?;
    let floor = workspace.floor().context("no framework is the floor")?;
    let binary = framework::build(&workspace, floor, ServerKind::Quickstart, BuildEnv::Release)?;
    let split = processors::split()?;
    runner::environment::limits::allow_connections(2 * LEVELS[2])?;
    let server = Server::start(&Program::new(binary), &split.server)?;
    let url = format!("http://{}{}", server.address, runner::contract::PATH);
    let processor = split.generator[0];
    println!(
        "{} {}, {pairs} pairs of {seconds} s per level",
        floor.name, floor.version
    );
    println!("connections  ours/CPU-s  wrk/CPU-s  ratio (median, range)  our RSS KiB");
    for connections in LEVELS {
        let mut ratios = Vec::new();
        let (mut ours, mut theirs, mut peak_rss_kib) = (Vec::new(), Vec::new(), 0);
        for pair in 0..pairs {
            // Who goes first alternates too.
            let run = |is_ours: bool| drive(is_ours, &url, connections, seconds, processor);
            let (own, other) = if pair % 2 == 0 {
                (run(true)?, run(false)?)
            } else {
                let other = run(false)?;
                (run(true)?, other)
            };
            ratios.push(own.requests_per_cpu_second() / other.requests_per_cpu_second());
            ours.push(own.requests_per_cpu_second());
            theirs.push(other.requests_per_cpu_second());
            peak_rss_kib = peak_rss_kib.max(own.peak_rss_kib);
        }
        ratios.sort_by(f64::total_cmp);
        println!(
            "{connections:>11}  {:>10.0}  {:>9.0}  {:.3} ({:.3}-{:.3})    {peak_rss_kib:>11}",
            median(&ours)?,
            median(&theirs)?,
            median(&ratios)?,
            ratios[0],
            ratios[ratios.len() - 1],
        );
    }
    Ok(())
}

fn median(values: &[f64]) -> Result<f64> {
    runner::stats::median(values).context("at least one pair is needed")
}

/// Runs one generator and reads what its process has used before it is reaped.
fn drive(
    is_ours: bool,
    url: &str,
    connections: usize,
    seconds: u64,
    processor: usize,
) -> Result<Used> {
    let (c, d) = (connections.to_string(), seconds.to_string());
    let mut command = Command::new("taskset");
    command.args(["-c", &processor.to_string()]);
    if is_ours {
        command.arg(Path::new(env!("CARGO_BIN_EXE_runner")));
        command.args(["load", url, "-c", &c, "-d", &d, "--json"]);
    } else {
        command.args(["wrk", "-t", "1", "-c", &c, "-d", &d, url]);
    }
    let child = command
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start taskset (util-linux)")?;
    let pid = i32::try_from(child.id())?;
    let process = procfs::process::Process::new(pid)?;
    let mut peak_rss_kib = 0;
    // A zombie still tells its CPU time; its memory has gone by then.
    while process.stat()?.state != 'Z' {
        if let Ok(status) = process.status() {
            peak_rss_kib = status.vmhwm.unwrap_or(0).max(peak_rss_kib);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let stat = process.stat()?;
    let ticks = stat.utime + stat.stime;
    let output = child.wait_with_output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        bail!("the generator failed; is wrk installed (apt-get install wrk)? {text}");
    }
    child_requests(is_ours, &text).map(|requests| Used {
        requests,
        cpu: Duration::from_millis(ticks * 1000 / procfs::ticks_per_second()),
        peak_rss_kib,
    })
}

fn child_requests(is_ours: bool, text: &str) -> Result<u64> {
    if is_ours {
        let result: serde_json::Value = serde_json::from_str(text)?;
        return result["ok"].as_u64().context("the result has `ok`");
    }
    let line = text
        .lines()
        .find(|line| line.contains(" requests in "))
        .context("wrk prints how many requests it made")?;
    Ok(line.split_whitespace().next().unwrap_or("0").parse()?)
}
