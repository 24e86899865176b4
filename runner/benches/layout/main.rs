//! How much of a difference the place of code in memory makes: the baseline's quickstart server, linked again with its
//! functions in random order, beside itself. What is found is the spread of one source, below which a rank says
//! nothing about a framework.
//!
//! `make layout`, or with options: `cargo bench -p runner --bench layout -- RELINKED BLOCKS CONNECTIONS`. Needs
//! lld, which is rustc's default linker on x86-64 Linux.

use anyhow::{Context, Result, ensure};
use runner::environment::processors;
use runner::framework::{self, BuildEnv, ServerKind, Workspace};
use runner::load::{
    EngineKind, Exchange, Generator, LoadSpec, Measured, Pace, Probe, Target, Window,
};
use runner::run::Orders;
use runner::server::{Program, Server};
use runner::stats::{DRAWS, Ranking, Slice, block_values};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

const ROUNDS: u32 = 8;
const SEED: u64 = 1;
const TIMEOUT: Duration = Duration::from_secs(2);
const WARM_UP: Duration = Duration::from_millis(150);
const WINDOW: Window = Window {
    settling: Duration::from_millis(20),
    length: Duration::from_millis(75),
    rest: TIMEOUT,
};

fn main() -> Result<()> {
    let words = std::env::args().skip(1).filter(|word| word != "--bench");
    let words: Vec<usize> = words.map(|word| word.parse()).collect::<Result<_, _>>()?;
    let of = |index: usize, default| words.get(index).copied().unwrap_or(default);
    let (relinked, blocks, connections) = (of(0, 5), of(1, 24), of(2, 64));
    let workspace = framework::discover()?;
    let binaries = binaries(&workspace, relinked)?;
    let (mut rates, mut cpu) = (Vec::new(), Vec::new());
    for block in 0..blocks {
        let measured = measure(&binaries, block as u64, connections)?;
        rates.push(measured.iter().map(|one| one.0).collect());
        cpu.push(measured.iter().map(|one| one.1).collect());
    }
    println!(
        "{blocks} blocks, {connections} connections; ratios to the build itself, jointly valid at 95%"
    );
    println!(
        "{:<14} {:>20} {:>28}",
        "binary", "requests/s", "requests per CPU second"
    );
    let (rates, cpu) = (
        ranking(&rates, binaries.len())?,
        ranking(&cpu, binaries.len())?,
    );
    for (arm, (label, _)) in binaries.iter().enumerate().skip(1) {
        let text = |ranking: &Ranking| {
            let ratio = ranking.ratio(arm, 0);
            format!("{:.3} ±{:.1}%", ratio.estimate, ratio.half_width() * 100.0)
        };
        println!("{label:<14} {:>20} {:>28}", text(&rates), text(&cpu));
    }
    Ok(())
}

/// The build, the same again, and so many with their functions in another order.
fn binaries(workspace: &Workspace, relinked: usize) -> Result<Vec<(String, PathBuf)>> {
    let baseline = workspace
        .baseline()
        .context("a contestant is the baseline")?;
    let name = baseline.package.as_str();
    let built = framework::build(
        workspace,
        baseline,
        ServerKind::Quickstart,
        BuildEnv::Release,
    )?;
    let mut all = vec![
        ("build".to_owned(), built.clone()),
        ("again".to_owned(), built),
    ];
    let folder = workspace.root.join("target/layout");
    for seed in 1..=relinked {
        let order = format!("link-arg=-Wl,--shuffle-sections=.text*={seed}");
        let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args([
                "rustc",
                "--release",
                "--locked",
                "--package",
                name,
                "--bin",
                name,
            ])
            .arg("--target-dir")
            .arg(&folder)
            .args(["--", "-C", &order])
            .current_dir(&workspace.root)
            .status()
            .context("cannot start cargo")?;
        ensure!(status.success(), "{name} does not link with {order}");
        let kept = folder.join(format!("{name}-{seed}"));
        std::fs::copy(folder.join("release").join(name), &kept).context("cannot copy a binary")?;
        all.push((format!("relinked {seed}"), kept));
    }
    Ok(all)
}

/// A slice by rate, and by CPU time.
type Slices = (Slice, Slice);

/// One block of fresh processes, in the order they were measured.
fn measure(binaries: &[(String, PathBuf)], block: u64, connections: usize) -> Result<Vec<Slices>> {
    let split = processors::split()?;
    let generator = Generator::start(EngineKind::Epoll, &split.generator, 1)?;
    let (orders, arms) = (
        Orders {
            seed: SEED,
            series: 2,
        },
        binaries.len(),
    );
    let mut servers: Vec<Option<Server>> = binaries.iter().map(|_| None).collect();
    for arm in orders.order(1, block, arms) {
        let program = Program::new(binaries[arm].1.clone());
        let server = Server::start(&program, &Exchange::welcome(), &split.server)?;
        generator.open(arm, &Target::welcome(server.address), connections, TIMEOUT)?;
        let warm_up = LoadSpec {
            duration: Some(WARM_UP),
            ..LoadSpec::new(Pace::Closed, TIMEOUT)
        };
        generator.run(arm, &warm_up)?;
        servers[arm] = Some(server);
    }
    let began = Instant::now();
    let (mut slices, mut after) = (Vec::new(), None);
    for round in 0..ROUNDS {
        for arm in orders.order(0, block * u64::from(ROUNDS) + u64::from(round), arms) {
            let server = servers[arm].as_ref().context("all servers were started")?;
            let spec = LoadSpec {
                window: Some(WINDOW),
                probe: Some(Probe::new(server.cpu_clock())),
                ..LoadSpec::new(Pace::Closed, TIMEOUT)
            };
            let at_s = began.elapsed().as_secs_f64();
            let measured = generator.run(arm, &spec)?;
            slices.push(slice(arm, after.replace(arm), at_s, &measured)?);
        }
    }
    Ok(slices)
}

fn slice(arm: usize, after: Option<usize>, at_s: f64, measured: &Measured) -> Result<Slices> {
    ensure!(
        measured.tally.errors() == 0,
        "a server has answered wrongly"
    );
    let cpu = measured.probed.context("the server's CPU time was read")?;
    let of = |requests: u64, time: Duration| Slice {
        arm,
        after,
        at_s,
        log: (requests as f64 / time.as_secs_f64()).ln(),
    };
    Ok((
        of(measured.tally.ok, measured.elapsed),
        of(measured.tally.sent, cpu),
    ))
}

fn ranking(blocks: &[Vec<Slice>], arms: usize) -> Result<Ranking> {
    let values = block_values(blocks, arms).context("there are blocks")?;
    Ok(Ranking::of(&values.rows, SEED, DRAWS)?)
}
