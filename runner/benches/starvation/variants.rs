//! What is compared: servers, the settings of their schedulers, connections, and rates of an open loop.

use anyhow::{Context, Result, ensure};
use runner::framework::{self, BuildEnv, ServerKind, Workspace};
use runner::server::Program;
use std::path::PathBuf;
use std::process::Command;

/// Where the connections of a starving server wait longer and longer.
const CONNECTIONS: [usize; 7] = [100, 200, 300, 500, 1000, 2000, 4000];

/// The number of connections at which settings are compared.
const OF_SETTINGS: usize = 1000;

/// Rates of the open loop, as shares of what the quickstart server answers in a closed one.
const SHARES: [f64; 2] = [0.5, 0.9];

/// One server under one load.
#[derive(Debug)]
pub(super) struct Variant {
    pub(super) program: Program,
    pub(super) connections: usize,
    pub(super) rate_per_s: Option<u32>,
    server: &'static str,
    setting: Setting,
}

/// What is not tokio's default.
#[derive(Debug, Clone, Copy, Default)]
struct Setting {
    workers: Option<u32>,
    global_queue_interval: Option<u32>,
    event_interval: Option<u32>,
}

impl Variant {
    /// The first columns of its row; empty for what is tokio's own choice.
    pub(super) fn columns(&self) -> String {
        let text = |number: Option<u32>| number.map_or(String::new(), |number| number.to_string());
        let Setting {
            workers,
            global_queue_interval,
            event_interval,
        } = self.setting;
        format!(
            "{},{},{},{}",
            self.server,
            text(workers),
            text(global_queue_interval),
            text(event_interval)
        )
    }
}

/// All of them; `capacity` says how many requests per second a server answers.
pub(super) fn variants(capacity: impl Fn(&Variant) -> Result<f64>) -> Result<Vec<Variant>> {
    let workspace = framework::discover()?;
    let baseline = workspace
        .baseline()
        .context("a contestant is the baseline")?;
    let build = |kind| framework::build(&workspace, baseline, kind, BuildEnv::Release);
    let (quickstart, tuned) = (build(ServerKind::Quickstart)?, build(ServerKind::Tuned)?);
    let scheduling = scheduling(&workspace)?;
    let mut all = Vec::new();
    for connections in CONNECTIONS {
        all.push(plain("quickstart", &quickstart, connections, None));
        all.push(plain("tuned", &tuned, connections, None));
    }
    let most = capacity(&plain("quickstart", &quickstart, OF_SETTINGS, None))?;
    for rate in SHARES.map(|share| (share * most) as u32) {
        all.push(plain("quickstart", &quickstart, OF_SETTINGS, Some(rate)));
        all.push(plain("tuned", &tuned, OF_SETTINGS, Some(rate)));
    }
    all.extend(settings().map(|setting| with(setting, &scheduling)));
    Ok(all)
}

fn plain(
    server: &'static str,
    binary: &std::path::Path,
    connections: usize,
    rate_per_s: Option<u32>,
) -> Variant {
    Variant {
        program: Program::new(binary.to_owned()),
        connections,
        rate_per_s,
        server,
        setting: Setting::default(),
    }
}

fn settings() -> impl Iterator<Item = Setting> {
    let global = [61, 31, 7, 1].map(|interval| Setting {
        global_queue_interval: Some(interval),
        ..Setting::default()
    });
    let event = [31, 7].map(|interval| Setting {
        event_interval: Some(interval),
        ..Setting::default()
    });
    let workers = [2, 4].map(|workers| Setting {
        workers: Some(workers),
        ..Setting::default()
    });
    let both = Setting {
        global_queue_interval: Some(7),
        event_interval: Some(7),
        ..Setting::default()
    };
    std::iter::once(Setting::default())
        .chain(global)
        .chain(event)
        .chain(workers)
        .chain([both])
}

/// The server of `runner/scheduling`, whose arguments are environment variables, set by env.
fn with(setting: Setting, scheduling: &std::path::Path) -> Variant {
    let variables = [
        ("WORKERS", setting.workers),
        ("GLOBAL_QUEUE_INTERVAL", setting.global_queue_interval),
        ("EVENT_INTERVAL", setting.event_interval),
    ];
    let set = variables
        .iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", (*value)?).into()));
    let mut program = Program::new(PathBuf::from("/usr/bin/env"));
    program.arguments = set.collect();
    program.arguments.push(scheduling.into());
    Variant {
        program,
        connections: OF_SETTINGS,
        rate_per_s: None,
        server: "scheduling",
        setting,
    }
}

fn scheduling(workspace: &Workspace) -> Result<PathBuf> {
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--release", "--locked", "--package", "scheduling"])
        .current_dir(&workspace.root)
        .status()
        .context("cannot start cargo")?;
    ensure!(
        status.success(),
        "the server of runner/scheduling does not build"
    );
    Ok(workspace.root.join("target/release/scheduling"))
}
