//! The generator beside wrk, ab, h2load and oha on one pinned nginx: bodies of three sizes, connections that are kept
//! or not, requests per CPU-second of each tool's process. What is not installed is left out, and said so.
//!
//! `make compare-peers`, or `cargo bench -p runner --bench generators -- peers ROUNDS SECONDS`.

use crate::watch;
use anyhow::{Context, Result, bail};
use runner::environment::{limits, processors};
use runner::server::Launched;
use runner::stats::median;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const BODIES_BYTES: [usize; 3] = [12, 16 << 10, 1 << 20];
const CONNECTIONS: [usize; 2] = [64, 1000];

/// How long nginx may take to listen.
const READY_WITHIN: Duration = Duration::from_secs(10);

/// The first is what the others are compared with.
const TOOLS: [Tool; 6] = [
    Tool::Wrk,
    Tool::Ab,
    Tool::H2load,
    Tool::Oha,
    Tool::Epoll,
    Tool::Uring,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tool {
    Wrk,
    Ab,
    H2load,
    Oha,
    Epoll,
    Uring,
}

/// One row of the table.
struct Setting {
    url: String,
    connections: usize,
    keeps_alive: bool,
    seconds: u64,
    processor: usize,
}

/// What one run has reached.
#[derive(Debug, Clone, Copy)]
struct Reached {
    per_cpu_second: f64,
    per_second: f64,
}

pub(crate) fn run(rounds: usize, seconds: u64) -> Result<()> {
    let split = processors::split()?;
    limits::allow_connections(2 * CONNECTIONS[1])?;
    let folder = tempfile::tempdir()?;
    let (address, _nginx) = nginx(folder.path(), &split.server)?;
    let (there, missing): (Vec<Tool>, Vec<Tool>) =
        TOOLS.into_iter().partition(|tool| tool.is_there());
    for tool in missing {
        println!("{tool:?} is not installed and left out");
    }
    println!("nginx, one worker; {rounds} rounds of {seconds} s each, in turns");
    println!(
        "     body  connections  keep-alive  tool    requests/CPU-s  requests/s  to wrk: median (range)"
    );
    for body_bytes in BODIES_BYTES {
        for connections in CONNECTIONS {
            for keeps_alive in [true, false] {
                let setting = Setting {
                    url: format!("http://{address}/{body_bytes}"),
                    connections,
                    keeps_alive,
                    seconds,
                    processor: split.generator[0],
                };
                compare(&setting, body_bytes, &there, rounds)?;
            }
        }
    }
    Ok(())
}

/// nginx on these processors, with a file for each body.
fn nginx(folder: &Path, processors: &[usize]) -> Result<(SocketAddr, Launched)> {
    for body_bytes in BODIES_BYTES {
        std::fs::write(folder.join(body_bytes.to_string()), vec![b'x'; body_bytes])?;
    }
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let shown = folder.display();
    let lines = format!(
        "user root; worker_processes 1; daemon off; pid {shown}/pid; error_log stderr;\n\
         events {{ worker_connections 8192; }}\n\
         http {{ access_log off; sendfile on; keepalive_requests 1000000000; keepalive_timeout 600;\n\
         open_file_cache max=16;\n\
         server {{ listen {address} backlog=4096; root {shown}; }} }}\n"
    );
    let path = folder.join("nginx.conf");
    std::fs::write(&path, lines)?;
    let command = format!("exec nginx -p {shown} -c {}", path.display());
    let mut nginx = Launched::start(&command, processors)?;
    let ready = |_| Ok(TcpStream::connect(address).map(drop)?);
    nginx.wait_until_ready(READY_WITHIN, ready)?;
    Ok((address, nginx))
}

fn compare(setting: &Setting, body_bytes: usize, tools: &[Tool], rounds: usize) -> Result<()> {
    let able: Vec<Tool> = tools
        .iter()
        .copied()
        .filter(|tool| setting.keeps_alive || *tool != Tool::H2load)
        .collect();
    let mut reached: Vec<Vec<Reached>> = vec![Vec::new(); able.len()];
    for round in 0..rounds {
        // Who goes first moves on.
        for turn in 0..able.len() {
            let place = (turn + round) % able.len();
            reached[place].push(run_one(able[place], setting)?);
        }
    }
    let rates = |place: usize, of: fn(&Reached) -> f64| -> Vec<f64> {
        reached[place].iter().map(of).collect()
    };
    for (place, tool) in able.iter().enumerate() {
        let own = rates(place, |one| one.per_cpu_second);
        let first = rates(0, |one| one.per_cpu_second);
        let mut ratios: Vec<f64> = own.iter().zip(&first).map(|(own, wrk)| own / wrk).collect();
        ratios.sort_by(f64::total_cmp);
        let middle = |values: &[f64]| median(values).context("at least one round");
        println!(
            "{body_bytes:>9}  {:>11}  {:>10}  {:<6}  {:>14.0}  {:>10.0}  {:.3} ({:.3}-{:.3})",
            setting.connections,
            if setting.keeps_alive { "yes" } else { "no" },
            format!("{tool:?}"),
            middle(&own)?,
            middle(&rates(place, |one| one.per_second))?,
            middle(&ratios)?,
            ratios[0],
            ratios[ratios.len() - 1],
        );
    }
    Ok(())
}

fn run_one(tool: Tool, setting: &Setting) -> Result<Reached> {
    let words = tool.words(setting);
    let child = Command::new("taskset")
        .args(["-c", &setting.processor.to_string()])
        .args(&words)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start taskset (util-linux)")?;
    let (cpu, _) = watch(&child)?;
    let output = child.wait_with_output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let answers = tool
        .answers(&text)
        .with_context(|| format!("{} says {text}", words.join(" ")))?;
    Ok(Reached {
        per_cpu_second: answers as f64 / cpu.as_secs_f64(),
        per_second: answers as f64 / setting.seconds as f64,
    })
}

impl Tool {
    fn is_there(self) -> bool {
        let name = match self {
            Self::Wrk => "wrk",
            Self::Ab => "ab",
            Self::H2load => "h2load",
            Self::Oha => "oha",
            Self::Epoll | Self::Uring => return true,
        };
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
    }

    fn words(self, setting: &Setting) -> Vec<String> {
        let (c, s) = (setting.connections, setting.seconds);
        let kept = setting.keeps_alive;
        let line = match self {
            Self::Wrk if kept => format!("wrk -t 1 -c {c} -d {s}"),
            // `~` stands for a space within a word.
            Self::Wrk => format!("wrk -t 1 -c {c} -d {s} -H Connection:~close"),
            // A time alone would be one of 50 000 requests at most, and ab takes memory for each that it may make.
            Self::Ab if kept => format!("ab -q -k -t {s} -n 2000000 -c {c}"),
            Self::Ab => format!("ab -q -t {s} -n 2000000 -c {c}"),
            Self::H2load => format!("h2load --h1 -t 1 -c {c} -D {s}"),
            Self::Oha if kept => format!("oha --no-tui --output-format json -z {s}s -c {c}"),
            Self::Oha => {
                format!("oha --no-tui --output-format json --disable-keepalive -z {s}s -c {c}")
            }
            Self::Epoll | Self::Uring => {
                let engine = if self == Self::Epoll {
                    "epoll"
                } else {
                    "uring"
                };
                let kept = if kept { "" } else { " --no-keep-alive" };
                let own = env!("CARGO_BIN_EXE_runner");
                format!("{own} load --json --no-ceiling --engine {engine} -c {c} -d {s}s{kept}")
            }
        };
        let words = line.split(' ').map(|word| word.replace('~', " "));
        words.chain([setting.url.clone()]).collect()
    }

    /// The right answers that it counted.
    fn answers(self, text: &str) -> Result<u64> {
        let json = || serde_json::from_str::<serde_json::Value>(text);
        match self {
            Self::Epoll | Self::Uring => json()?["ok"].as_u64().context("`ok`"),
            Self::Oha => json()?["statusCodeDistribution"]["200"]
                .as_u64()
                .context("`statusCodeDistribution`"),
            Self::Wrk => number_before(text, " requests in "),
            Self::H2load => number_before(text, " succeeded"),
            Self::Ab => {
                let failed = number_after(text, "Failed requests:")?;
                if failed > 0 {
                    bail!("{failed} requests failed");
                }
                number_after(text, "Complete requests:")
            }
        }
    }
}

fn number_before(text: &str, words: &str) -> Result<u64> {
    let (before, _) = text.split_once(words).context("no count of requests")?;
    let number = before.split([' ', '\n']).next_back().unwrap_or_default();
    number.parse().context("a count of requests")
}

fn number_after(text: &str, words: &str) -> Result<u64> {
    let (_, after) = text.split_once(words).context("no count of requests")?;
    let number = after.split_whitespace().next().unwrap_or_default();
    number.parse().context("a count of requests")
}
