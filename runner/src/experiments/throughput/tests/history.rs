//! Several runs followed over time: which of them are taken together, what is marked, and how it is written.

use super::*;
use crate::experiments::entry::Entry;
use crate::experiments::history::{Named, Wanted, history, of_runs};
use crate::experiments::publish;
use crate::output::Screen;
use crate::report::history::{History, chart, charts, page, text};
use crate::report::svg;
use crate::run::OwnServer;
use anyhow::Result;

/// A run of this day, whose binaries are recorded.
fn run(day: u32) -> MadeUp {
    let mut run = MadeUp::new();
    run.run.seed = u64::from(day);
    run.run.started_at = format!("2026-11-{day}T12:00:00Z");
    for arm in &mut run.run.arms {
        let digest = format!("{} of the first build", arm.name);
        arm.digests.insert("server".to_owned(), digest);
    }
    run
}

/// The share of its answers, in percent, that an arm has left.
fn slow_down(run: &mut MadeUp, arm: &str, percent: u64) {
    run.change(arm, |row| {
        row.ok = row.ok * percent / 100;
        (row.sent, row.first_half_ok) = (row.ok, row.ok / 2);
    });
}

fn rebuild(run: &mut MadeUp, name: &str, version: &str) {
    let mut arms = run.run.arms.iter_mut();
    let arm = arms.find(|arm| arm.name == name).unwrap();
    arm.version = Some(version.to_owned());
    let digest = format!("{name} {version}");
    arm.digests.insert("server".to_owned(), digest);
}

fn named(run: &MadeUp) -> Named {
    let records = run.records();
    let page = Throughput::page(&records);
    Named {
        folder: format!("runs/{}", &run.run.started_at[..10]),
        entry: Entry::of::<Throughput>(&records, &page).unwrap(),
    }
}

fn followed(runs: &[MadeUp], wanted: &Wanted) -> Result<History> {
    let runs = runs.iter().map(named).collect();
    of_runs(Throughput::NAME, runs, Vec::new(), wanted)
}

/// Five days: the second has another kernel, the third is untrusted, the fourth has a slower version of `fast`, and the
/// fifth another plan.
fn five_days() -> Vec<MadeUp> {
    let mut runs: Vec<MadeUp> = (22..27).map(run).collect();
    for run in &mut runs[1..] {
        run.run.machine.kernel = "6.2".to_owned();
    }
    slow_down(&mut runs[2], "base-twin", 80);
    slow_down(&mut runs[2], "fast", 70);
    for run in &mut runs[3..] {
        slow_down(run, "fast", 90);
        rebuild(run, "fast", "1.3.0");
        rebuild(run, "quick", "1.2.3");
    }
    runs[4].run.plan.requests = 50_000;
    runs
}

/// Every step that is marked: server, run before, run.
fn marked(history: &History) -> Vec<(&str, usize, usize)> {
    let tables = history.groups.iter().flat_map(|group| &group.tables);
    let servers = tables.flat_map(|table| &table.servers);
    let points = servers.flat_map(|server| server.points.iter().map(move |one| (server, one)));
    points
        .filter_map(|(server, point)| {
            let step = point.step.as_ref().filter(|step| step.is_marked)?;
            Some((server.name.as_str(), step.from, point.run))
        })
        .collect()
}

#[test]
fn the_terminal() {
    let history = followed(&five_days(), &Wanted::default()).unwrap();
    let text = text(&history, Screen::PLAIN);
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn the_page_and_its_chart() {
    let history = followed(&five_days(), &Wanted::default()).unwrap();
    insta::assert_snapshot!("history_page", page(&history));
    let own = charts(&history.groups[0]);
    assert_eq!(own.len(), 1);
    insta::assert_snapshot!("history_chart", svg::file(&own[0]));
    assert_eq!(
        own[0].file_name(),
        "history-a-processor-2cpu-quickstart-release-method-3-64-connections.svg"
    );
}

#[test]
fn a_step_is_marked_where_it_is_and_past_an_untrusted_run() {
    let history = followed(&five_days(), &Wanted::default()).unwrap();
    assert_eq!(marked(&history), [("fast", 2, 4)]);
    let table = &history.groups[0].tables[0];
    assert_eq!((table.steps, table.untrusted[0].run), (3, 3));
    let fast = table.servers.iter().find(|one| one.name == "fast").unwrap();
    let step = fast.points[3].step.as_ref().unwrap();
    assert!(step.change.covers(0.9), "{step:?}");
    assert_eq!(step.server, "1.3.0, was 1.2.3");
    assert_eq!(step.around[0], "`base`: the same binary");
    assert!(step.around[1].starts_with("`base` has 1.00 times its"));
    assert!(fast.points[2].step.is_none() && !fast.points[2].is_trusted);
}

#[test]
fn equal_runs_have_no_step() {
    let runs: Vec<MadeUp> = (22..28).map(run).collect();
    let history = followed(&runs, &Wanted::default()).unwrap();
    assert_eq!(marked(&history), []);
    let points = history.groups[0].tables[0].servers.iter();
    let steps = points.flat_map(|server| &server.points);
    assert_eq!(steps.filter(|point| point.step.is_some()).count(), 3 * 5);
    let words = text(&history, Screen::PLAIN);
    assert!(words.contains("No step exceeds its interval."), "{words}");
}

#[test]
fn runs_that_cannot_be_compared_are_left_out_with_the_reason() {
    let mut runs: Vec<MadeUp> = (18..27).map(run).collect();
    runs[0].run.plan.link = Link::Netns;
    runs[1].run.plan.link = Link::Netns;
    // Servers by their commands have no variant that would tell the runs apart.
    runs[1].run.arms[0].own = Some(OwnServer::of_test("serve {port}"));
    runs[2].run.machine.processor = "Another processor".to_owned();
    runs[3].run.method = Throughput::METHOD - 1;
    runs[4].run.plan.server = ServerKind::Tuned;
    runs[5].run.arms.retain(|arm| arm.kind != ArmKind::Baseline);
    runs[5].rows.retain(|row| row.arm != "base");
    let twice = run(26);
    let mut all: Vec<Named> = runs.iter().map(named).collect();
    all.push(Named {
        folder: "runs/copy".to_owned(),
        ..named(&twice)
    });
    let history = of_runs(Throughput::NAME, all, Vec::new(), &Wanted::default()).unwrap();
    let folders: Vec<&str> = history.groups[0]
        .runs
        .iter()
        .map(|run| run.folder.as_str())
        .collect();
    assert_eq!(
        folders,
        ["runs/2026-11-24", "runs/2026-11-25", "runs/2026-11-26"]
    );
    let why = |folder: &str| {
        let mut left_out = history.left_out.iter();
        let one = left_out.find(|one| one.folder.ends_with(folder));
        one.unwrap_or_else(|| panic!("{folder}: {:?}", history.left_out))
            .why
            .clone()
    };
    for (folder, part) in [
        (
            "-18",
            "its load came over a veth pair, and that of the others over loopback",
        ),
        ("-19", "it measured servers by their commands"),
        ("-20", "another machine (Another processor, 2 processors"),
        ("-21", "made by method 2, and the others by method 3"),
        (
            "-22",
            "measured tuned·release, and the others quickstart·release",
        ),
        ("-23", "no baseline"),
        ("copy", "the same run as runs/2026-11-26"),
    ] {
        assert!(why(folder).contains(part), "{folder}: {}", why(folder));
    }
}

#[test]
fn two_groups_are_two_tables_and_one_chart() {
    let mut runs: Vec<MadeUp> = (22..27).map(run).collect();
    for run in &mut runs[..2] {
        run.run.plan.server = ServerKind::Tuned;
    }
    let history = followed(&runs, &Wanted::default()).unwrap();
    let sizes: Vec<usize> = history.groups.iter().map(|one| one.runs.len()).collect();
    assert_eq!((sizes, history.left_out.len()), (vec![3, 2], 0));
    let words = page(&history);
    assert!(words.contains("tuned·release") && words.contains("quickstart·release"));
    let svg = svg::file(&chart(&history).unwrap());
    assert_eq!(svg.matches(">run</text>").count(), 2, "{svg}");
}

#[test]
fn what_is_not_there_is_refused_with_what_is() {
    let runs = [run(22), run(23)];
    let refused = |runs: &[MadeUp], servers: &[&str], measure: Option<&str>| {
        let wanted = Wanted {
            servers: servers.iter().map(|&one| one.to_owned()).collect(),
            measure: measure.map(str::to_owned),
        };
        followed(runs, &wanted).unwrap_err().to_string()
    };
    let words = refused(&runs, &["nosuch"], None);
    assert!(
        words.contains("`nosuch`") && words.contains("fast, quick, slow"),
        "{words}"
    );
    let words = refused(&runs, &[], Some("nosuch"));
    assert!(
        words.contains("requests/s, requests per CPU second"),
        "{words}"
    );
    let words = refused(&runs[..1], &[], None);
    assert!(
        words.contains("at least two runs of throughput") && words.contains("runs/2026-11-22"),
        "{words}"
    );
    let wanted = Wanted {
        servers: vec!["quick".to_owned()],
        measure: Some("requests per CPU second".to_owned()),
    };
    let history = followed(&runs, &wanted).unwrap();
    let [table] = history.groups[0].tables.as_slice() else {
        panic!("{history:?}");
    };
    let names: Vec<&str> = table.servers.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(
        (table.measure, names),
        ("requests per CPU second", vec!["quick"])
    );
}

#[test]
fn folders_are_runs_or_hold_some() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    for day in 22..25 {
        run(day).write_to(&place(&format!("{day}")));
    }
    let wanted = Wanted::default();
    let of = |folders: &[PathBuf]| history(folders, Throughput::NAME, &wanted);
    let whole = of(&[folder.path().to_owned()]).unwrap();
    assert_eq!(whole.groups[0].runs.len(), 3);
    // What is named twice is there once.
    let some = of(&[place("24"), place("22"), place("22")]).unwrap();
    let days: Vec<&str> = some.groups[0]
        .runs
        .iter()
        .map(|one| one.date.as_str())
        .collect();
    assert_eq!(days, ["2026-11-22", "2026-11-24"]);
    std::fs::create_dir(place("empty")).unwrap();
    let words = of(&[place("empty")]).unwrap_err().to_string();
    assert!(
        words.contains("is not the folder of a run and holds none"),
        "{words}"
    );
    // A run that does not read costs no other one its place.
    std::fs::write(place("23").join("run.json"), "{").unwrap();
    let rest = of(&[place("22"), place("23"), place("24")]).unwrap();
    assert_eq!(rest.groups[0].runs.len(), 2);
    assert!(
        rest.left_out[0].why.contains("does not read"),
        "{:?}",
        rest.left_out
    );
    let other = history(&[place("22")], "latency", &wanted)
        .unwrap_err()
        .to_string();
    assert!(
        other.contains("`--experiment throughput` follows those"),
        "{other}"
    );
    let none = history(&[place("22")], "nosuch", &wanted)
        .unwrap_err()
        .to_string();
    assert!(none.contains("there are throughput"), "{none}");
}

#[test]
fn the_page_of_kept_runs_is_written_once_there_are_two_and_then_stays() {
    let root = tempfile::tempdir().unwrap();
    let results = root.path().join("results");
    std::fs::create_dir_all(&results).unwrap();
    let parts: [(&str, &[&str]); 2] = [
        ("README.md", &["results", "more"]),
        ("results/README.md", &["index"]),
    ];
    for (file, parts) in parts {
        let text = parts
            .iter()
            .map(|part| format!("<!-- BEGIN: {part} -->\n\n<!-- END: {part} -->\n"));
        std::fs::write(root.path().join(file), text.collect::<String>()).unwrap();
    }
    let written = |check| publish::all(root.path(), check).unwrap().stale;
    run(22).write_to(&results.join("one"));
    written(false);
    assert!(!results.join("history.md").exists());
    run(23).write_to(&results.join("other"));
    let files = written(false);
    let chart = "history-a-processor-2cpu-quickstart-release-method-3-64-connections.svg";
    for name in ["history.md", chart] {
        assert!(files.contains(&results.join(name)), "{name}: {files:?}");
    }
    let page = std::fs::read_to_string(results.join("history.md")).unwrap();
    assert!(
        page.contains("[other](other/)") && page.contains(chart),
        "{page}"
    );
    assert_eq!(written(true), Vec::<PathBuf>::new());
    std::fs::write(results.join(chart), "changed").unwrap();
    assert_eq!(written(true), [results.join(chart)]);
}
