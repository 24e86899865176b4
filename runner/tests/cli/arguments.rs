//! Wrong arguments, and what is said of them.

use super::refused;

/// Each of these is a wrong argument, and the words say in what.
fn assert_refused(cases: &[(&[&str], &str)]) {
    for (arguments, expected) in cases {
        let (status, words) = refused(arguments);
        assert_eq!(status, 2, "{arguments:?}: {words}");
        assert!(words.contains(expected), "{arguments:?}: {words}");
    }
}

#[test]
fn absurd_numbers_of_a_memory_run_are_refused_with_their_range() {
    assert_refused(&[
        (
            &["memory", "-c", "10,25001"],
            "connections (C): 25001 is out of range",
        ),
        (
            &["memory", "--blocks", "0"],
            "blocks (BLOCKS): 0 is out of range",
        ),
        (&["memory", "--after", "30s,0"], "`0` is not a time such as"),
        (
            &["null", "--hold", "16777217"],
            "16777217 is not in 0..=16777216",
        ),
    ]);
}

#[test]
fn absurd_numbers_are_refused_with_their_range() {
    assert_refused(&[
        (&["bench", "-c", "0"], "connections (C): 0 is out of range"),
        (
            &["bench", "-c", "64,1000000"],
            "connections (C): 1000000 is out of range",
        ),
        (&["bench", "-c", "x"], "`x` is not a whole number"),
        (&["bench", "-n", "0"], "requests (N): 0 is out of range"),
        (
            &["bench", "--blocks", "0"],
            "blocks (BLOCKS): 0 is out of range",
        ),
        (&["bench", "--rounds", "0"], "0 is not in 1..=1000"),
        (
            &["bench", "--window", "2m"],
            "window in ms: 120000 is out of range",
        ),
        (
            &["bench", "--server-processors", "9-1"],
            "is not a list of processors",
        ),
        (
            &["bench", "--generator-processors", "0,1023"],
            "there is no processor 1023 here",
        ),
        (&["bench", "--server", "fast"], "invalid value 'fast'"),
        (&["bench", "--precision", "0%"], "it goes from 0.1% to 50%"),
        (
            &["bench", "--precision", "2%", "--max-blocks", "6"],
            "max-blocks: 6 is out of range; it goes from 20",
        ),
        (&["latency", "--rate", "0"], "rate: 0 is out of range"),
        (&["latency", "--slo", "p99"], "not an objective such as"),
        (
            &["latency", "--window", "500us"],
            "`500us` is not a whole number of milliseconds",
        ),
        (
            &["isolated", "--slice", "0.5ms"],
            "`0.5ms` is not a whole number of milliseconds",
        ),
        (
            &["isolated", "--leak-requests", "100"],
            "leak-requests: 100 is out of range",
        ),
        (
            &["simulate", "--blocks", "5"],
            "blocks: 5 is out of range; it goes from 6",
        ),
        (&["simulate", "--arms", "1"], "arms: 1 is out of range"),
        (&["simulate", "--rounds", "0"], "rounds: 0 is out of range"),
        (
            &["simulate", "--condition", "noisy"],
            "invalid value 'noisy'",
        ),
        (
            &["simulate", "--severity", "2"],
            "severity: a clean run has none",
        ),
        (
            &["simulate", "--condition", "correlated", "--severity", "1"],
            "severity: 1 is out of range; it goes from 0 to 0.95",
        ),
        (
            &["simulate", "--experiments", "0"],
            "experiments: 0 is out of range",
        ),
    ]);
}

#[test]
fn an_address_that_cannot_be_loaded_is_refused() {
    assert_refused(&[
        (
            &["load", "http://127.0.0.1:1/", "--processors", "1023"],
            "there is no processor 1023 here",
        ),
        (
            &["load", "http://0.0.0.0:1/"],
            "0.0.0.0 is an address to listen on, not one to connect to; write http://127.0.0.1:1/",
        ),
        (&["load", "http://[::]/x?y"], "write http://[::1]:80/x?y"),
        (
            &["load", "http://127.0.0.1:1/", "-c", "10000G"],
            "or ask for fewer connections\n",
        ),
        (&["load", "http://127.0.0.1:1/", "-c", "0"], "start at 1"),
        (
            &["load", "http://127.0.0.1:1/", "-d", "-1"],
            "unexpected argument",
        ),
        (
            &["load", "http://127.0.0.1:1/", "-t", "9", "-c", "8"],
            "each needs a connection",
        ),
        (&["load", "ftp://127.0.0.1/"], "does not begin with http://"),
        (
            &["load", "http://192.0.2.1/"],
            "192.0.2.1:80 is not on the loopback interface",
        ),
    ]);
}

/// Options that would change nothing are wrong arguments.
#[test]
fn options_without_effect_are_refused() {
    assert_refused(&[
        (
            &["bench", "--max-blocks", "30"],
            "required arguments were not provided",
        ),
        (
            &["bench", "-n", "1k", "--rounds", "2"],
            "cannot be used with",
        ),
        (
            &["latency", "--searches", "2"],
            "required arguments were not provided",
        ),
        (
            &["latency", "--slo", "p99=5ms", "--blocks", "3"],
            "--blocks has no effect on a search",
        ),
        (
            &["isolated", "--parts", "work", "--blocks", "3"],
            "--blocks has no effect without the part time",
        ),
        (
            &["isolated", "--parts", "work", "--processor", "0"],
            "--processor has no effect without the part time or start",
        ),
        (
            &["isolated", "--parts", "time,work", "--starts", "3"],
            "--starts has no effect without the part start",
        ),
    ]);
    for experiment in super::experiments() {
        let experiment = experiment.as_str();
        assert_refused(&[
            (
                &[experiment, "--resume", "x", "--blocks", "3"],
                "cannot be used with",
            ),
            (
                &[experiment, "--resume", "x", "--seed", "3"],
                "cannot be used with",
            ),
            (
                &[experiment, "--resume", "x", "--list"],
                "cannot be used with",
            ),
        ]);
    }
}

/// The Makefile says so before it starts anything.
#[test]
fn variables_without_effect_are_refused_by_make() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let cases: [(&[&str], &str); 4] = [
        (
            &["isolated", "SERVER=tuned"],
            "SERVER changes nothing in make isolated",
        ),
        (
            &["list", "C=64"],
            "C changes nothing in make list; it uses: no variable",
        ),
        (&["report", "OUT=x"], "OUT changes nothing in make report"),
        (
            &["no-such-framework", "BLOCKS=3"],
            "BLOCKS changes nothing in make no-such-framework",
        ),
    ];
    for (arguments, expected) in cases {
        let mut make = std::process::Command::new("make");
        // As from a shell: this test may itself run below make.
        make.env_remove("MAKEFLAGS").env_remove("MAKELEVEL");
        let output = make.args(arguments).current_dir(&root).output().unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {words}");
        assert!(words.contains(expected), "{arguments:?}: {words}");
        assert_eq!(output.stdout, b"", "{arguments:?} starts nothing");
    }
}
