//! The load generator beside others: requests per CPU-second of the generator's process, taking
//! turns on the same pinned server. wrk is Debian's package: `apt-get install wrk`.
//!
//! `make compare-generators`, or with options:
//! `cargo bench -p runner --bench generators -- ROUNDS SECONDS [FRAMEWORK]`.

mod peers;
mod ping_pong;
mod scale;

use anyhow::{Context, Result, bail};
use runner::environment::processors;
use runner::framework::{self, BuildEnv, Role, ServerKind};
use runner::load::Exchange;
use runner::server::{Program, Server};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const LEVELS: [usize; 3] = [64, 256, 1000];

/// Who takes part; the first is what the others are compared with.
const GENERATORS: [Generator; 4] = [
    Generator::Wrk,
    Generator::PingPong,
    Generator::Epoll,
    Generator::Uring,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Generator {
    Wrk,
    PingPong,
    Epoll,
    Uring,
}

/// What one run of a generator has reached and used.
#[derive(Debug, Clone, Copy)]
struct Used {
    requests_per_cpu_second: f64,
    peak_rss_kib: u64,
}

/// What all runs share.
struct Setting {
    address: SocketAddr,
    seconds: u64,
    processor: usize,
}

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    if let [mode, address, connections, seconds] = &words[..]
        && mode == "ping-pong"
    {
        let duration = Duration::from_secs(seconds.parse()?);
        let answers = ping_pong::run(address.parse()?, connections.parse()?, duration)?;
        println!("{answers}");
        return Ok(());
    }
    if words.first().is_some_and(|mode| mode == "scale") {
        return scale::run(words.get(1).map_or(Ok(5), |word| word.parse())?);
    }
    if words.first().is_some_and(|mode| mode == "peers") {
        let rounds = words.get(1).map_or(Ok(5), |word| word.parse())?;
        return peers::run(rounds, words.get(2).map_or(Ok(3), |word| word.parse())?);
    }
    let rounds = words.first().map_or(Ok(7), |word| word.parse())?;
    let seconds = words.get(1).map_or(Ok(2), |word| word.parse())?;
    compare(rounds, seconds, words.get(2).map(String::as_str))
}

fn compare(rounds: usize, seconds: u64, name: Option<&str>) -> Result<()> {
    let (title, program) = server_of_baseline(name)?;
    let split = processors::split()?;
    runner::environment::limits::allow_connections(2 * LEVELS[2])?;
    let server = Server::start(&program, &Exchange::welcome(), &split.server)?;
    let setting = Setting {
        address: server.address,
        seconds,
        processor: split.generator[0],
    };
    println!("{title}, {rounds} rounds of {seconds} s each");
    println!(
        "connections generator  requests/CPU-s  to wrk: median (range)   to ping-pong  peak RSS KiB"
    );
    for connections in LEVELS {
        let results = (0..rounds)
            .map(|round| run_round(&setting, connections, round))
            .collect::<Result<Vec<_>>>()?;
        for (place, generator) in GENERATORS.iter().enumerate() {
            print_row(connections, *generator, place, &results)?;
        }
    }
    Ok(())
}

/// The quickstart server of the baseline, or of the framework that is named, and what it is.
fn server_of_baseline(name: Option<&str>) -> Result<(String, Program)> {
    let workspace = framework::discover()?;
    let baseline = || {
        let mut all = workspace.frameworks.iter();
        all.find(|one| one.role == Role::Baseline)
            .context("no framework is the baseline")
    };
    let framework = name.map_or_else(baseline, |name| workspace.find(name))?;
    let (kind, env) = (ServerKind::Quickstart, BuildEnv::Release);
    let binary = framework::build(&workspace, framework, kind, env)?;
    let title = format!("{} {}", framework.name, framework.version);
    Ok((title, Program::new(binary)))
}

/// All generators once; who goes first moves on from round to round.
fn run_round(setting: &Setting, connections: usize, round: usize) -> Result<[Used; 4]> {
    let mut used = [None; GENERATORS.len()];
    for turn in 0..GENERATORS.len() {
        let place = (turn + round) % GENERATORS.len();
        used[place] = Some(run_one(GENERATORS[place], setting, connections)?);
    }
    Ok(used.map(|used| used.expect("every place has had its turn")))
}

fn print_row(
    connections: usize,
    generator: Generator,
    place: usize,
    rounds: &[[Used; 4]],
) -> Result<()> {
    let median = |values: &[f64]| runner::stats::median(values).context("at least one round");
    let rate = |used: &[Used; 4], at: usize| used[at].requests_per_cpu_second;
    let ratios = |to: usize| -> Vec<f64> {
        rounds
            .iter()
            .map(|used| rate(used, place) / rate(used, to))
            .collect()
    };
    let mut to_wrk = ratios(0);
    to_wrk.sort_by(f64::total_cmp);
    let rates: Vec<f64> = rounds.iter().map(|used| rate(used, place)).collect();
    let peak_rss_kib = rounds
        .iter()
        .map(|used| used[place].peak_rss_kib)
        .max()
        .unwrap_or(0);
    println!(
        "{connections:>11} {:<9}  {:>14.0}  {:.3} ({:.3}-{:.3})      {:.3}         {peak_rss_kib:>12}",
        format!("{generator:?}"),
        median(&rates)?,
        median(&to_wrk)?,
        to_wrk[0],
        to_wrk[to_wrk.len() - 1],
        median(&ratios(1))?,
    );
    Ok(())
}

/// Runs one generator and reads what its process has used before it is reaped.
fn run_one(generator: Generator, setting: &Setting, connections: usize) -> Result<Used> {
    let child = command(generator, setting, connections)?
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start taskset (util-linux)")?;
    let (cpu, peak_rss_kib) = watch(&child)?;
    let output = child.wait_with_output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        bail!("{generator:?} failed; is wrk installed (apt-get install wrk)? {text}");
    }
    Ok(Used {
        requests_per_cpu_second: requests(generator, &text)? as f64 / cpu.as_secs_f64(),
        peak_rss_kib,
    })
}

fn command(generator: Generator, setting: &Setting, connections: usize) -> Result<Command> {
    let mut command = Command::new("taskset");
    command.args(["-c", &setting.processor.to_string()]);
    let (c, d) = (connections.to_string(), setting.seconds.to_string());
    let duration = format!("{d}s");
    let address = setting.address.to_string();
    let url = format!("http://{address}{}", runner::contract::PATH);
    let own = env!("CARGO_BIN_EXE_runner");
    let load = |engine: &'static str| {
        [
            "load",
            &url,
            "-c",
            &c,
            "-d",
            &duration,
            "--json",
            "--no-ceiling",
            "--expect-contract",
            "--engine",
            engine,
        ]
        .map(str::to_owned)
    };
    match generator {
        Generator::Wrk => command.args(["wrk", "-t", "1", "-c", &c, "-d", &d, &url]),
        Generator::Epoll => command.arg(own).args(load("epoll")),
        Generator::Uring => command.arg(own).args(load("uring")),
        Generator::PingPong => {
            command
                .arg(std::env::current_exe()?)
                .args(["ping-pong", &address, &c, &d])
        }
    };
    Ok(command)
}

/// CPU time and peak memory of a child, once it has ended and before it is reaped.
fn watch(child: &Child) -> Result<(Duration, u64)> {
    let process = procfs::process::Process::new(i32::try_from(child.id())?)?;
    let mut peak_rss_kib = 0;
    // A zombie still tells its CPU time; its memory has gone by then.
    loop {
        let stat = process.stat()?;
        if stat.state == 'Z' {
            let ticks = stat.utime + stat.stime;
            let cpu = Duration::from_millis(ticks * 1000 / procfs::ticks_per_second());
            return Ok((cpu, peak_rss_kib));
        }
        if let Ok(status) = process.status() {
            peak_rss_kib = status.vmhwm.unwrap_or(0).max(peak_rss_kib);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn requests(generator: Generator, text: &str) -> Result<u64> {
    match generator {
        Generator::PingPong => Ok(text.trim().parse()?),
        Generator::Epoll | Generator::Uring => {
            let result: serde_json::Value = serde_json::from_str(text)?;
            result["ok"].as_u64().context("the result has `ok`")
        }
        Generator::Wrk => {
            let line = text.lines().find(|line| line.contains(" requests in "));
            let line = line.context("wrk prints how many requests it made")?;
            Ok(line.split_whitespace().next().unwrap_or("0").parse()?)
        }
    }
}
