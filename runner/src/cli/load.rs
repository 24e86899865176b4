//! What can be asked of the load generator alone.

use super::part::part;
use super::stages::{StageOption, stage};
use crate::load::{Arrivals, EngineChoice, PartOf};
use crate::result::Assertion;
use crate::values::{
    Body, ConnectTo, HeaderField, ProcessorList, body, connect_to, connections, count, duration,
    header_field, method, processor_list, rate, timeout,
};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  runner load http://127.0.0.1:8080/welcome -c 64 -d 10s          closed loop: as much as it answers
  runner load http://127.0.0.1:8080/welcome --rate 5k --assert 'p99<20ms'
                                    open loop: response times at a rate, and an objective
  runner load http://127.0.0.1:8080/welcome --stage 1k..50k@1m
                                    a rising rate: the highest that is held
  runner load http://10.0.0.5:8080/ --allow-remote -c 64 -d 10s --part 1/2 --json > 1.json
                                    one of two hosts that load together: runner merge 1.json 2.json

Exit status: 0 good; 1 if an answer was wrong, the rate was not held, a claim of
--assert or --strict does not hold, or there was no server; 2 wrong arguments;
130 interrupted (what was measured until then is printed).";

/// Options of `load`: the flags of ab and wrk where they have one.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct LoadOptions {
    /// Where to send requests: http://ADDRESS:PORT/PATH
    pub url: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub how_much: HowMuch,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub request: RequestOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub place: Place,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub output: Output,
    #[command(flatten)]
    #[allow(missing_docs)]
    foreign: Foreign,
}

/// Flags that other tools have for what is called otherwise here: whoever types them is told.
#[derive(Debug, Args)]
struct Foreign {
    #[arg(short = 's', hide = true, value_parser = foreign::<'s'>, allow_hyphen_values = true)]
    s: Option<Never>,
    #[arg(short = 'q', hide = true, value_parser = foreign::<'q'>, allow_hyphen_values = true)]
    q: Option<Never>,
    #[arg(short = 'T', hide = true, value_parser = foreign::<'T'>, allow_hyphen_values = true)]
    t: Option<Never>,
    #[arg(short = 'w', hide = true, value_parser = foreign::<'w'>, allow_hyphen_values = true)]
    w: Option<Never>,
    #[arg(short = 'R', hide = true, value_parser = foreign::<'R'>, allow_hyphen_values = true)]
    r: Option<Never>,
}

/// What a foreign flag comes to.
#[derive(Debug, Clone)]
enum Never {}

fn foreign<const FLAG: char>(_value: &str) -> Result<Never, String> {
    Err(match FLAG {
        's' => "-s is a script with wrk and a time limit with ab; the time limit is --timeout here, and there are no scripts",
        'q' => "requests per second are --rate here",
        'T' => "a time limit is --timeout here, and a content type is -H 'Content-Type: ...'",
        'w' => "load that is not counted is --warmup here",
        _ => "requests per second are --rate here",
    }
    .to_owned())
}

/// How much load, and how it is spread in time.
#[derive(Debug, Args)]
#[command(next_help_heading = "Load")]
pub struct HowMuch {
    /// Connections, each with one request open at a time
    #[arg(short, long, default_value = "64", value_parser = connections)]
    pub connections: usize,
    /// Exactly this many requests (suffixes k, M, G)
    #[arg(short = 'n', long, value_parser = count)]
    pub requests: Option<u64>,
    /// Stop sending after this long (500ms, 10s, 2m, 1h); 10s if no -n is given
    #[arg(short, long, visible_short_alias = 'z', value_parser = duration)]
    pub duration: Option<Duration>,
    /// Threads; with --processors there is one for each
    #[arg(short, long, default_value_t = 1, conflicts_with = "processors")]
    pub threads: usize,
    /// Open loop: this many requests per second by schedule, whatever the answers do (0.001 to 1G; suffixes k, M, G)
    #[arg(long, value_parser = rate, group = "pace")]
    pub rate: Option<f64>,
    /// Open loop in stages, each a rate and a time: 10k@30s,20k@30s; 1k..50k@1m rises from one rate to
    /// another, to find the highest that is held
    #[arg(long = "stage", value_name = "RATE@TIME", value_delimiter = ',', value_parser = stage, group = "pace",
          conflicts_with_all = ["rate", "requests", "duration", "ramp", "pipeline"])]
    pub stages: Vec<StageOption>,
    /// Open loop: how arrivals are spread
    #[arg(long, value_enum, default_value_t = Arrivals::Uniform, requires = "pace")]
    pub arrivals: Arrivals,
    /// Load for this long first, and count nothing of it
    #[arg(long, value_parser = duration)]
    pub warmup: Option<Duration>,
    /// Drive part K of a load that N processes drive together, each with its own K: connections, requests, rate and
    /// stages are those of all parts, and this one takes its share (docs/MACHINES.md)
    #[arg(long, value_name = "K/N", value_parser = part)]
    pub part: Option<PartOf>,
    /// Rise to the full load in ten steps over this long, and count nothing of it
    #[arg(long, value_parser = duration)]
    pub ramp: Option<Duration>,
    /// An answer that takes longer counts as a timeout, and its connection is given up; up to 1h
    #[arg(long, default_value = "2s", value_parser = timeout)]
    pub timeout: Duration,
}

/// What is sent, and what must come back.
#[derive(Debug, Args)]
#[command(next_help_heading = "Request and answer")]
pub struct RequestOptions {
    /// Method; GET, or POST if there is a body
    #[arg(short, long, value_parser = method)]
    pub method: Option<String>,
    /// A header field of every request, such as `Accept: text/plain`; may be repeated
    #[arg(short = 'H', long = "header", value_name = "FIELD", value_parser = header_field)]
    pub headers: Vec<HeaderField>,
    /// A body for every request: text, or @FILE
    #[arg(short, long, value_parser = body)]
    pub body: Option<Body>,
    /// Keep connections open from request to request; this is the default
    #[arg(short, long, conflicts_with = "no_keep_alive")]
    pub keep_alive: bool,
    /// A connection for each request, with `Connection: close`
    #[arg(long, conflicts_with = "requests_per_connection")]
    pub no_keep_alive: bool,
    /// Close a connection after this many requests and open another
    #[arg(short, long, value_name = "REQUESTS")]
    pub requests_per_connection: Option<u32>,
    /// Send this many requests at once on a connection, then wait for all their answers
    #[arg(
        short,
        long,
        default_value_t = 1,
        value_name = "DEPTH",
        conflicts_with = "rate"
    )]
    pub pipeline: u32,
    /// A right answer is one by docs/CONTRACT.md, as the shootout's contestants give it
    #[arg(long, conflicts_with_all = ["expect_status", "expect_body"])]
    pub expect_contract: bool,
    /// The status a right answer has; 200 if not given
    #[arg(long, value_name = "STATUS", value_parser = clap::value_parser!(u16).range(200..=599))]
    pub expect_status: Option<u16>,
    /// The body a right answer has, byte for byte: text, or @FILE
    #[arg(long, value_name = "BODY", value_parser = body)]
    pub expect_body: Option<Body>,
}

/// Where server and generator run.
#[derive(Debug, Args)]
#[command(next_help_heading = "Server and generator")]
pub struct Place {
    /// Start this command, load it as soon as it gives a right answer, and stop it
    #[arg(long, value_name = "COMMAND")]
    pub launch: Option<String>,
    /// How long the command may take until it gives a right answer (500ms, 10s, 2m)
    #[arg(long, default_value = "10s", value_parser = duration, requires = "launch")]
    pub ready_timeout: Duration,
    /// Connect to this socket in the file system; the URL says what is asked for
    #[arg(long, value_name = "PATH", conflicts_with = "connect_to")]
    pub unix_socket: Option<PathBuf>,
    /// Connect to this address and port, whatever the URL says; or, as with curl, only for one host and
    /// port of a URL: HOST1:PORT1:HOST2:PORT2
    #[arg(long, value_name = "HOST:PORT", value_parser = connect_to)]
    pub connect_to: Option<ConnectTo>,
    /// Processors of the command that is launched, such as 0-3,8
    #[arg(long, value_parser = processor_list, requires = "launch")]
    pub server_processors: Option<ProcessorList>,
    /// Processors of the generator, one thread each
    #[arg(long, value_parser = processor_list)]
    pub processors: Option<ProcessorList>,
    /// Interface to the kernel: auto takes io_uring if it is available
    #[arg(long, value_enum, default_value_t = EngineChoice::Auto)]
    pub engine: EngineChoice,
    /// Load an address that is not on this machine. Load on a host that is not yours is an attack,
    /// and over a network it measures the network
    #[arg(long)]
    pub allow_remote: bool,
    /// Load although a launcher (MPI, Slurm, Kubernetes) has started this process as one of several, and
    /// drive all of the load here
    #[arg(long, conflicts_with = "part")]
    pub alone: bool,
    /// Skip the half second that measures, against the null server, what the generator can do
    #[arg(long)]
    pub no_ceiling: bool,
}

/// What is printed and kept, and what makes the exit status 1.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// Print more percentiles
    #[arg(long)]
    pub latency: bool,
    /// Print JSON (docs/load-result.schema.json)
    #[arg(long)]
    pub json: bool,
    /// Write one row per second of the run, as it passes
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Write the histograms as an HdrHistogram V2 log
    #[arg(long, value_name = "FILE")]
    pub hdr: Option<PathBuf>,
    /// Exit with status 1 unless this holds, such as p99<5ms, errors==0 or rps>=10k; may be repeated
    #[arg(long = "assert", value_name = "CLAIM", value_parser = Assertion::parse)]
    pub assertions: Vec<Assertion>,
    /// Exit with status 1 unless the verdict is server-bound
    #[arg(long)]
    pub strict: bool,
}

/// Options of `merge`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  runner merge 1.json 2.json
      two results of load --json as one: percentiles are those of all requests together
  runner merge part-*.json --json > all.json
      the parts of one load from several hosts, for programs

Exit status: 0 good, 1 a result does not read or does not belong to the others, 2 wrong arguments.")]
pub struct MergeOptions {
    /// Results that `load --json` printed, of the same target, rate and version
    #[arg(required = true)]
    pub results: Vec<PathBuf>,
    /// Add the parts of a load (--part) although some are missing; the result says which
    #[arg(long)]
    pub partial: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
