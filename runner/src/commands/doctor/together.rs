//! The same for all hosts of a load that a launcher of MPI has started, and how they hear each other.

use super::text;
use crate::cli::DoctorOptions;
use crate::environment::{Host, Interface, doctor};
use crate::load::io_uring_granted;
use crate::output::{Verdict, print, print_json};
use crate::ranks::{Mapping, World};
use anyhow::{Result, anyhow};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

/// What a host is asked is answered within a few seconds; a slow disk takes longest.
const PATIENCE: Duration = Duration::from_secs(30);

/// What one host says of itself.
#[derive(Debug, Serialize, Deserialize)]
struct Examined {
    host: Host,
    /// Network interfaces with a card.
    cards: Vec<Interface>,
    /// Why the launcher's binding is refused.
    binding: Option<String>,
    findings: usize,
    checks: Value,
    #[serde(skip_serializing_if = "String::is_empty", default)]
    text: String,
    /// The offsets of the clocks of the processes after this one in order.
    clocks: Vec<Mapping>,
}

pub(super) fn run(options: &DoctorOptions, world: &World) -> Result<Verdict> {
    let clocks = world.map_all(PATIENCE);
    let own = examine(world, options.json, clocks).map_err(|error| format!("{error:#}"));
    let Some(all) = world.gather(&own, PATIENCE)? else {
        return Ok(Verdict::Good);
    };
    let all = all.into_iter().zip(world.names());
    let all = all.map(|(one, name)| one.map_err(|reason| anyhow!("{name}: {reason}")));
    let all = all.collect::<Result<Vec<Examined>>>()?;
    match options.json {
        true => print_json(&json!({ "hosts": all }))?,
        false => print(words(&all, world.names()).trim_end())?,
    }
    let is_good = |one: &Examined| one.findings == 0 && one.binding.is_none();
    Ok(Verdict::good_if(all.iter().all(is_good)))
}

fn examine(world: &World, is_json: bool, clocks: Vec<Mapping>) -> Result<Examined> {
    let checks = doctor::examine(io_uring_granted());
    Ok(Examined {
        host: Host::read(None)?,
        cards: Interface::with_card(),
        binding: world.binding().map(|refusal| refusal.0),
        findings: checks
            .iter()
            .filter(|check| check.finding.is_some())
            .count(),
        text: if is_json {
            String::new()
        } else {
            text(&checks)
        },
        checks: serde_json::to_value(&checks)?,
        clocks,
    })
}

/// Each host with its findings, and then what lies between them.
fn words(all: &[Examined], names: &[String]) -> String {
    let mut words = String::new();
    for (one, name) in all.iter().zip(names) {
        let machine = &one.host.machine;
        words += &format!(
            "{name}: {}, kernel {}, processors {}\n",
            machine.processor, machine.kernel, one.host.processors_allowed
        );
        words += &match one.cards.as_slice() {
            [] => "ok  network              no card: messages of MPI and load go by virtual interfaces\n".to_owned(),
            [only] => format!(
                "ok  network              {}: messages of MPI go by it, too, before load and after it\n",
                card(only)
            ),
            several => {
                let cards: Vec<String> = several.iter().map(card).collect();
                format!("ok  network              {}\n", cards.join(", "))
            }
        };
        if let Some(binding) = &one.binding {
            words += &format!("!!  binding              {binding}\n");
        }
        words += &format!("{}\n\n", one.text.trim_end());
    }
    words
        + "round trip of a message (least of 100), and how far the second clock is ahead:\n"
        + &between(all, names)
}

fn card(interface: &Interface) -> String {
    let speed = interface
        .link_mbit_s
        .map(|speed| format!(", {speed} Mbit/s"));
    let driver = interface.driver.as_deref().unwrap_or_default();
    format!("{} ({driver}{})", interface.name, speed.unwrap_or_default())
}

/// A line for each pair.
fn between(all: &[Examined], names: &[String]) -> String {
    let mut lines = String::new();
    for (asker, one) in all.iter().enumerate() {
        for (place, clock) in one.clocks.iter().enumerate() {
            let (from, to) = (&names[asker], &names[asker + 1 + place]);
            let (trip_us, ahead_s) = (
                clock.round_trip_ns as f64 / 1e3,
                clock.offset_ns as f64 / 1e9,
            );
            lines += &format!("    {from} – {to}: {trip_us:.1} µs, {ahead_s:.6} s\n");
        }
    }
    lines
}
