//! Who is served at many connections, and what the scheduler has to do with it: the baseline's servers and the
//! settings of its runtime, in turn, in random order. Prints one row of CSV per run; docs/FINDINGS.md reads the medians.
//!
//! `make starvation`, or with options: `cargo bench -p runner --bench starvation -- ROUNDS WINDOW_MS`.

mod variants;

use anyhow::{Context, Result};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;
use runner::environment::{limits, processors};
use runner::load::{Arrivals, EngineKind, Generator, LoadSpec, Measured, Pace, Window};
use runner::load::{Exchange, Target};
use runner::server::Server;
use std::time::Duration;
use variants::{Variant, variants};

const CONNECTIONS_MAX: usize = 4000;

/// Long enough for the slowest to settle (docs/METHODOLOGY.md, "Settling").
const SETTLING: Duration = Duration::from_millis(1000);

const TIMEOUT: Duration = Duration::from_secs(10);

fn main() -> Result<()> {
    let words = std::env::args().skip(1).filter(|word| word != "--bench");
    let words: Vec<String> = words.collect();
    let rounds = words.first().map_or(Ok(5), |word| word.parse())?;
    let window_ms = words.get(1).map_or(Ok(2000), |word| word.parse())?;
    limits::allow_connections(CONNECTIONS_MAX)?;
    let variants = variants(capacity)?;
    println!(
        "server,workers,global_queue_interval,event_interval,connections,rate_per_s,round,requests_per_s,\
         service_time_p50_us,service_time_p99_us,service_time_p999_us,response_time_p50_us,response_time_p99_us,\
         served_per_100_ms_ppm,answers_p5,answers_p50,answers_p95,unsent,errors"
    );
    let mut random = Pcg64::seed_from_u64(1);
    for round in 0..rounds {
        let mut order: Vec<&Variant> = variants.iter().collect();
        order.shuffle(&mut random);
        for variant in order {
            let measured = measure(variant, Duration::from_millis(window_ms))
                .with_context(|| format!("{variant:?}"))?;
            print_row(variant, round, &measured);
        }
    }
    Ok(())
}

/// Right answers per second in a closed loop.
fn capacity(variant: &Variant) -> Result<f64> {
    let measured = measure(variant, SETTLING)?;
    Ok(measured.tally.ok as f64 / measured.elapsed.as_secs_f64())
}

fn measure(variant: &Variant, length: Duration) -> Result<Measured> {
    let split = processors::split()?;
    let exchange = Exchange::welcome();
    let server = Server::start(&variant.program, &exchange, &split.server)?;
    let generator = Generator::start(EngineKind::Epoll, &split.generator, 1)?;
    let target = Target::welcome(server.address);
    generator.open(0, &target, variant.connections, TIMEOUT)?;
    let pace = variant.rate_per_s.map_or(Pace::Closed, |rate| Pace::Open {
        rate: f64::from(rate),
        arrivals: Arrivals::Uniform,
        seed: 1,
    });
    let spec = LoadSpec {
        window: Some(Window {
            settling: SETTLING,
            length,
            rest: TIMEOUT,
        }),
        ..LoadSpec::new(pace, TIMEOUT)
    };
    let measured = generator.run(0, &spec)?;
    generator.close(0)?;
    Ok(measured)
}

fn print_row(variant: &Variant, round: usize, measured: &Measured) {
    let quantile = |times: &hdrhistogram::Histogram<u64>, share| {
        times.value_at_quantile(share) as f64 / 1000.0
    };
    let (service, response) = (&measured.times.service, &measured.times.response);
    let fairness = measured.fairness.as_ref();
    let served = fairness.and_then(|one| one.served_per_100_ms);
    let answers = fairness.map_or([0; 3], |one| {
        [one.answers_p5, one.answers_p50, one.answers_p95]
    });
    let tally = &measured.tally;
    println!(
        "{},{},{},{round},{:.0},{:.0},{:.0},{:.0},{:.0},{:.0},{:.0},{},{},{},{},{}",
        variant.columns(),
        variant.connections,
        variant
            .rate_per_s
            .map_or(String::new(), |rate| rate.to_string()),
        tally.ok as f64 / measured.elapsed.as_secs_f64(),
        quantile(service, 0.5),
        quantile(service, 0.99),
        quantile(service, 0.999),
        quantile(response, 0.5),
        quantile(response, 0.99),
        served.unwrap_or(0.0) * 1e6,
        answers[0],
        answers[1],
        answers[2],
        tally.unsent,
        tally.errors(),
    );
}
