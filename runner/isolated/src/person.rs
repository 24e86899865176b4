//! What a person sees who runs a bench: a line per entry point.

use crate::Failure;
use crate::answer::Expected;
use crate::drive;
use crate::entry::{BytesEntry, CallEntry, Series};
use crate::protocol::Sample;

const SAMPLES: usize = 15;
const REQUESTS: u64 = 20_000;

pub(crate) async fn show(mut call: impl CallEntry, bytes: impl BytesEntry) -> Result<(), Failure> {
    if let Some(reason) = call.absence() {
        println!("call   absent: {reason}");
    } else {
        let series = Series {
            expected: Expected::WELCOME,
            untimed: REQUESTS,
            timed: REQUESTS,
        };
        let mut samples = Vec::new();
        for _ in 0..SAMPLES {
            samples.push(call.requests(series).await?);
        }
        println!("call   {}", summary(&samples));
    }
    if let Some(reason) = bytes.absence() {
        println!("bytes  absent: {reason}");
        return Ok(());
    }
    let samples = drive::serving(
        bytes,
        async |mut client| {
            let mut samples = Vec::new();
            for _ in 0..SAMPLES {
                samples.push(client.requests(REQUESTS, REQUESTS).await?);
            }
            Ok(samples)
        },
        Expected::WELCOME,
    )
    .await?;
    println!("bytes  {}", summary(&samples));
    Ok(())
}

fn summary(samples: &[Sample]) -> String {
    let mut ns: Vec<u128> = samples
        .iter()
        .map(|sample| sample.elapsed.wall.as_nanos() / u128::from(sample.requests))
        .collect();
    ns.sort_unstable();
    format!(
        "{} ns per request, median of {SAMPLES} samples of {REQUESTS} ({} to {})",
        ns[ns.len() / 2],
        ns[0],
        ns[ns.len() - 1]
    )
}
