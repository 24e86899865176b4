//! Which runs a sum has, and parts of one load as one.

use super::*;
use crate::load::{PartOf, StageMeasured};

/// Part `number` of three of one load, made on a host of its own.
fn part(number: usize) -> LoadResult {
    part_with(number, &measured(), |_| {})
}

fn part_with(number: usize, measured: &Measured, change: impl Fn(&mut Asked)) -> LoadResult {
    let spec = LoadSpec {
        requests: Some(309),
        ..LoadSpec::new(Pace::Closed, Duration::from_secs(1))
    };
    let part = PartOf::new(number, 3).unwrap();
    let mut asked = result().asked;
    asked.connections = 10;
    asked.parts = Some(Parts::one(part, &spec));
    change(&mut asked);
    let around = Around {
        started_unix_ms: 1_000_000,
        warmup_requests: 0,
        server_cpu_s: None,
        evidence: Evidence::of(measured, Pace::Closed, 4, 1),
        host: host(&format!("gen{number}")),
        connections: part.share(10) as usize,
    };
    LoadResult::of(asked, measured, around).unwrap()
}

fn words(outcome: anyhow::Result<LoadResult>) -> String {
    outcome.unwrap_err().to_string()
}

#[test]
fn a_sum_names_its_runs_and_their_hosts() {
    let parts = [part(2), part(1), part(3)];
    let sum = add(&parts).unwrap();
    let hosts: Vec<_> = sum
        .hosts
        .iter()
        .map(|one| (one.part, one.host.name.as_str()))
        .collect();
    assert_eq!(
        hosts,
        [(Some(1), "gen1"), (Some(2), "gen2"), (Some(3), "gen3")]
    );
    let connections: Vec<_> = sum.hosts.iter().map(|one| one.connections).collect();
    assert_eq!((connections, sum.asked.connections), (vec![4, 3, 3], 10));
    assert_eq!(
        (sum.runs, sum.sent, sum.ok, sum.asked.threads),
        (3, 309, 300, 3)
    );
    assert_eq!(sum.asked.parts.as_ref().unwrap().held, [1, 2, 3]);
    assert_eq!(sum.latency_us, parts[0].latency_us);
    assert_eq!(sum.notes, Vec::<String>::new());
    insta::assert_snapshot!(text(&sum, false));
}

#[test]
fn a_run_counts_once_by_itself_and_in_sums() {
    let mut runs = [result(), result(), result(), result()];
    for (place, run) in runs.iter_mut().enumerate() {
        run.started_unix_ms += 5_000 * place as u64;
    }
    let [one, two, three, four] = runs;
    let sum = add(&[one.clone(), two.clone()]).unwrap();
    assert_eq!(
        words(add(&[sum.clone(), two.clone()])),
        "result 2 is already in result 1, which is a sum of runs; a run is added once"
    );
    assert_eq!(
        words(add(&[two.clone(), sum.clone()])),
        "result 1 is already in result 2, which is a sum of runs; a run is added once"
    );
    let other = add(&[two, three.clone()]).unwrap();
    assert_eq!(
        words(add(&[sum.clone(), other])),
        "result 2 and result 1 are sums that have a run in common; a run is added once"
    );
    let apart = add(&[three, four]).unwrap();
    let all = add(&[sum, apart]).unwrap();
    assert_eq!((all.runs, all.hosts.len(), all.sent), (4, 4, 412));
    // What was edited since is the same run.
    let mut edited = one.clone();
    edited.rps += 1.0;
    assert_eq!(
        words(add(&[one, edited])),
        "result 2 is result 1 once more; a run is added once"
    );
}

#[test]
fn results_that_do_not_name_their_runs_are_compared() {
    let mut old = result();
    old.hosts.clear();
    let json = serde_json::to_value(&old).unwrap();
    let mut without = json.as_object().unwrap().clone();
    without.remove("hosts");
    without.remove("parts");
    let read: LoadResult = serde_json::from_value(without.into()).unwrap();
    assert_eq!(read, old);
    let mut later = old.clone();
    later.started_unix_ms += 5_000;
    assert_eq!(add(&[old.clone(), later]).unwrap().runs, 2);
    assert!(words(add(&[old.clone(), old])).contains("once more"));
}

#[test]
fn parts_that_are_missing_or_there_twice_are_refused() {
    let (one, two, three) = (part(1), part(2), part(3));
    assert_eq!(
        words(add(&[one.clone(), three.clone()])),
        "part 2 of 3 is missing, and without it this is not the load that was asked for; give the results of all \
         parts, or --partial to add those that there are"
    );
    assert!(words(add(std::slice::from_ref(&one))).starts_with("parts 2, 3 of 3 are missing, "));
    assert_eq!(
        words(add(&[one.clone(), part(1), two.clone(), three.clone()])),
        "result 2 and result 1 both have part 1 of one load; each part is added once"
    );
    let partial = merge(&named(&[three, one]), true).unwrap();
    assert_eq!(partial.asked.parts.as_ref().unwrap().held, [1, 3]);
    assert!(
        partial.notes[0].starts_with("part 2 of 3 is missing: "),
        "{:?}",
        partial.notes
    );
    assert!(words(add(&[partial.clone(), part(3)])).contains("both have part 3"));
    let whole = add(&[partial, two]).unwrap();
    assert_eq!(
        (whole.asked.parts.unwrap().missing(), whole.sent),
        (vec![], 309)
    );
    assert_eq!(whole.notes, Vec::<String>::new());
}

#[test]
fn parts_are_added_to_parts_of_the_same_load_only() {
    type Change = fn(&mut LoadResult);
    let changes: [Change; 5] = [
        |run| run.asked.connections = 11,
        |run| run.asked.parts.as_mut().unwrap().of = 4,
        |run| run.asked.parts.as_mut().unwrap().requests = None,
        |run| run.asked.parts.as_mut().unwrap().duration_s = Some(1.0),
        |run| run.asked.parts = None,
    ];
    for change in changes {
        let mut other = part(2);
        change(&mut other);
        let said = words(add(&[part(1), other, part(3)]));
        assert!(
            said.starts_with("result 2 differs from result 1 in its load ("),
            "{said}"
        );
    }
    for (of, held) in [
        (3, vec![4]),
        (3, vec![0]),
        (3, vec![]),
        (3, vec![2, 1]),
        (u32::MAX, vec![1]),
    ] {
        let mut odd = part(1);
        let parts = odd.asked.parts.as_mut().unwrap();
        (parts.of, parts.held) = (of, held);
        let said = words(merge(&named(&[odd]), true));
        assert!(
            said.starts_with("result 1 has parts that a load does not have"),
            "{said}"
        );
    }
}

#[test]
fn whole_loads_are_added_to_others() {
    let load = |later_ms: u64| {
        let parts = [1, 2, 3].map(|number| {
            let mut part = part(number);
            part.started_unix_ms += later_ms;
            part
        });
        add(&parts).unwrap()
    };
    let sum = add(&[load(0), load(5_000)]).unwrap();
    assert_eq!((sum.runs, sum.sent, sum.asked.parts), (6, 618, None));
    assert_eq!((sum.duration_s, sum.asked.connections), (4.0, 10));
}

#[test]
fn parts_that_were_not_together_say_so() {
    let mut late = part(2);
    late.hosts[0].started_unix_ms += 500;
    late.started_unix_ms += 500;
    let sum = add(&[part(1), late.clone(), part(3)]).unwrap();
    assert_eq!(sum.duration_s, 2.5);
    let note = "by the clocks of their hosts the parts began up to 0.50 s apart, and all of them loaded during 1.50 s of 2.50 s";
    assert!(sum.notes[0].starts_with(note), "{:?}", sum.notes);
    late.hosts[0].started_unix_ms += 5_000;
    let sum = add(&[part(1), late, part(3)]).unwrap();
    assert!(
        sum.notes[0].contains("during 0.00 s of 7.50 s"),
        "{:?}",
        sum.notes
    );
}

#[test]
fn one_client_that_is_the_limit_makes_the_whole_one() {
    let bound = |number, verdict| {
        let mut part = part(number);
        part.verdict = verdict;
        part
    };
    let of = |second, third| {
        let sum = add(&[
            bound(1, Bound::ServerBound),
            bound(2, second),
            bound(3, third),
        ]);
        sum.unwrap().verdict
    };
    assert_eq!(
        of(Bound::ServerBound, Bound::ServerBound),
        Bound::ServerBound
    );
    assert_eq!(of(Bound::Unclear, Bound::ServerBound), Bound::Unclear);
    assert_eq!(of(Bound::ClientBound, Bound::Unclear), Bound::ClientBound);
}

/// Two stages: of the first, so many requests; of the second, so many of which some were late.
fn staged(number: usize, backlog: u64) -> LoadResult {
    let stage = |from_rate, to_rate, sent: u64, backlog| {
        let mut response = time_histogram();
        response.record_n(1_000_000 * number as u64, sent).unwrap();
        StageMeasured {
            stage: Stage {
                from_rate,
                to_rate,
                duration: Duration::from_secs(1),
            },
            sent,
            ok: sent,
            errors: 0,
            unsent: 0,
            backlog,
            in_flight: 0,
            open_before: 0,
            rate_risen: (to_rate - 0.0) / 3.0,
            answered: sent,
            response,
        }
    };
    let measured = Measured {
        stages: vec![
            stage(30.0, 30.0, 10, 0),
            stage(3000.0, 3000.0, 1000, backlog),
        ],
        ..measured()
    };
    part_with(number, &measured, |asked| {
        (asked.rate, asked.arrivals) = (Some(1515.0), Some(Arrivals::Uniform));
        asked.stages = Some("30@1s,3k@1s".to_owned());
        asked.parts.as_mut().unwrap().requests = None;
    })
}

#[test]
fn stages_of_the_parts_of_one_load_add_up() {
    let parts = [staged(1, 0), staged(2, 0), staged(3, 9)];
    let sum = add(&parts).unwrap();
    let of: Vec<_> = sum
        .stage_results
        .iter()
        .map(|one| (one.from_rate, one.sent, one.rps))
        .collect();
    assert_eq!(of, [(30.0, 30, 30.0), (3000.0, 3000, 3000.0)]);
    assert!(
        sum.stage_results.iter().all(|one| one.is_held),
        "9 of 3000 is less than 1%"
    );
    assert_eq!(sum.asked.rate, Some(1515.0));
    let p50_us = sum.stage_results[0].response_time_us.p50.unwrap();
    assert!(
        (p50_us / 2000.0 - 1.0).abs() < 0.01,
        "the median of all parts: {p50_us}"
    );
    // Two at first, then the third: the same.
    let two = merge(&named(&parts[..2]), true).unwrap();
    let again = add(&[two, parts[2].clone()]).unwrap();
    assert_eq!(again.stage_results, sum.stage_results);
    let late = add(&[staged(1, 0), staged(2, 0), staged(3, 500)]).unwrap();
    let held: Vec<_> = late.stage_results.iter().map(|one| one.is_held).collect();
    assert_eq!((held, late.knee_rate), (vec![true, false], Some(30.0)));
    let said = words(add(&[late]));
    assert!(
        said.starts_with("result 1 has stages, which are not added up unless"),
        "{said}"
    );
}

#[test]
fn stages_that_no_generator_has_written_are_refused() {
    type Change = fn(&mut StageResult);
    let changes: [Change; 5] = [
        |stage| stage.response_time = None,
        |stage| stage.duration_s = -1.0,
        |stage| stage.sent += 1,
        |stage| (stage.backlog, stage.in_flight) = (u64::MAX, u64::MAX),
        |stage| stage.from_rate += 1.0,
    ];
    for change in changes {
        let mut odd = staged(2, 0);
        change(&mut odd.stage_results[1]);
        assert!(add(&[staged(1, 0), odd, staged(3, 0)]).is_err());
    }
    let mut short = staged(2, 0);
    short.stage_results.pop();
    assert!(add(&[staged(1, 0), short, staged(3, 0)]).is_err());
}
