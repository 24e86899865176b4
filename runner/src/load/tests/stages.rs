//! Stages of a rate: what was due in each is counted there, whenever it was answered.

use super::{EngineChoice, EngineKind, TIMEOUT, in_one_of_many};
use crate::load::{Arrivals, Generator, LoadSpec, Measured, Pace, Stage, Target};
use controls::scripted::{Script, Scripted};
use controls::{Planted, Server};
use std::sync::Mutex;
use std::time::Duration;

on_every_engine![
    what_was_due_in_a_stage_is_counted_there,
    a_stage_that_was_not_held_says_so_and_others_do_not,
    a_rate_that_rises_sends_what_lies_under_it,
    a_stage_whose_answers_fall_behind_is_not_held,
];

fn stage(from_rate: f64, to_rate: f64, ms: u64) -> Stage {
    Stage {
        from_rate,
        to_rate,
        duration: Duration::from_millis(ms),
    }
}

fn run(engine: EngineKind, planted: Planted, threads: usize, stages: &[Stage]) -> Measured {
    let server = Server::start(planted);
    let generator = Generator::start(engine, &[], threads).unwrap();
    let target = Target::welcome(server.address);
    generator.connect(0, &target, 4, None, TIMEOUT).unwrap();
    let spec = LoadSpec {
        stages: stages.into(),
        ..LoadSpec::new(
            Pace::Open {
                rate: stages[0].from_rate,
                arrivals: Arrivals::Uniform,
                seed: 0,
            },
            Duration::from_secs(20),
        )
    };
    let measured = generator.run(0, &spec).unwrap();
    let tally = &measured.tally;
    assert!(tally.balances(), "{tally:?}");
    let sum = |of: fn(&crate::load::StageMeasured) -> u64| -> u64 {
        measured.stages.iter().map(of).sum()
    };
    assert_eq!(
        (sum(|one| one.sent), sum(|one| one.ok)),
        (tally.sent, tally.ok)
    );
    assert_eq!(sum(|one| one.unsent), tally.unsent);
    assert_eq!(sum(|one| one.response.len()), measured.times.response.len());
    measured
}

fn what_was_due_in_a_stage_is_counted_there(engine: EngineKind) {
    for threads in [1, 3] {
        let stages = [
            stage(100.0, 100.0, 300),
            stage(500.0, 500.0, 200),
            stage(50.0, 50.0, 400),
        ];
        let measured = run(engine, Planted::SlowMs(1), threads, &stages);
        let due: Vec<u64> = measured.stages.iter().map(|one| one.due()).collect();
        assert_eq!(due, [30, 100, 20], "{threads} threads");
        let scheduled = Duration::from_millis(900);
        assert!(
            measured.offered.elapsed >= scheduled,
            "{:?}",
            measured.offered
        );
    }
}

fn a_stage_that_was_not_held_says_so_and_others_do_not(engine: EngineKind) {
    // Four connections with 20 ms each answer 200 requests a second.
    let stages = [stage(50.0, 50.0, 500), stage(1000.0, 1000.0, 500)];
    in_one_of_many(|| {
        let measured = run(engine, Planted::SlowMs(20), 1, &stages);
        let [held, missed] = &measured.stages[..] else {
            panic!("{:?}", measured.stages);
        };
        assert_eq!((held.due(), missed.due()), (25, 500));
        assert!(!missed.is_held() && missed.backlog >= 350, "{missed:?}");
        assert_eq!(missed.unsent, missed.backlog, "{missed:?}");
        // Those of the second stage waited for each other, those of the first did not wait for them.
        let p50 = |of: &crate::load::StageMeasured| of.response.value_at_quantile(0.5);
        match held.is_held() && held.backlog == 0 && p50(missed) > 2 * p50(held) {
            true => Ok(()),
            false => Err(format!("{} {} {held:?}", p50(missed), p50(held))),
        }
    });
}

fn a_rate_that_rises_sends_what_lies_under_it(engine: EngineKind) {
    let stages = [stage(0.001, 200.0, 500), stage(200.0, 400.0, 500)];
    let measured = run(engine, Planted::Nothing, 2, &stages);
    let due: Vec<u64> = measured.stages.iter().map(|one| one.due()).collect();
    // 50 and 150 by the areas of a triangle and a trapezoid; one on an edge may be on either side.
    assert_eq!(due.iter().sum::<u64>(), 200 + 1);
    assert!((50..=51).contains(&due[0]), "{due:?}");
}

fn a_stage_whose_answers_fall_behind_is_not_held(engine: EngineKind) {
    // One at a time with 5 ms each: 200 a second at most, on however many connections.
    let turn = Mutex::new(());
    let server = Scripted::start(Script::of(move |_, _| {
        let _turn = turn.lock();
        std::thread::sleep(Duration::from_millis(5));
        super::odd::right()
    }));
    let stages = [stage(20.0, 20.0, 500), stage(300.0, 300.0, 400)];
    in_one_of_many(|| {
        let generator = Generator::start(engine, &[], 1).unwrap();
        let target = super::odd::target(&server, true);
        generator.connect(0, &target, 64, None, TIMEOUT).unwrap();
        let pace = Pace::Open {
            rate: 20.0,
            arrivals: Arrivals::Uniform,
            seed: 0,
        };
        let spec = LoadSpec {
            stages: stages.into(),
            ..LoadSpec::new(pace, TIMEOUT)
        };
        let measured = generator.run(0, &spec).unwrap();
        let [held, missed] = &measured.stages[..] else {
            panic!("{:?}", measured.stages);
        };
        assert!(!missed.is_held(), "{missed:?}");
        // All of them had left.
        match held.is_held() && missed.backlog == 0 && missed.in_flight >= 20 {
            true => Ok(()),
            false => Err(format!("{held:?} {missed:?}")),
        }
    });
}
