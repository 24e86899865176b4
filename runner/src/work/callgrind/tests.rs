//! The format's traps one by one, and profiles printed in both manners.

use super::*;

fn total_and(body: &str, total: u64) -> String {
    format!(
        "# callgrind format\nversion: 1\ncreator: callgrind-3.19.0\npid: 1\ncmd:  ./server a=b\n\
         part: 1\n\ndesc: Trigger: dump\n\npositions: instr line\nevents: Ir\nsummary: {total}\n\n\
         {body}\ntotals: {total}\n"
    )
}

fn one(text: &str) -> Profile {
    let mut parts = parse(text).unwrap();
    assert_eq!(parts.len(), 1);
    parts.remove(0)
}

fn costs(profile: &Profile) -> Vec<(String, u64, u64)> {
    let shown = |function: &Function| format!("{} {}", function.object, function.name);
    let mut costs: Vec<_> = profile
        .self_costs()
        .map(|(function, address, cost)| (shown(function), address, cost))
        .collect();
    costs.sort();
    costs
}

fn calls(profile: &Profile) -> Vec<(String, String, u64)> {
    let shown = |function: &Function| format!("{} {}", function.object, function.name);
    let mut calls: Vec<_> = profile
        .calls()
        .map(|(caller, callee, count)| (shown(caller), shown(callee), count))
        .collect();
    calls.sort();
    calls
}

fn problem(text: &str) -> (usize, Problem) {
    let error = parse(text).unwrap_err();
    (error.line, error.problem)
}

#[test]
fn an_inclusive_cost_is_no_self_cost() {
    let body = "ob=a\nfl=f\nfn=one\n0x10 1 5\ncfn=two\ncalls=3 0x20 7\n0x11 1 900\n0x12 1 6\nfn=two\n0x20 7 90";
    let profile = one(&total_and(body, 101));
    assert_eq!(profile.total(), 101);
    let expected = [("a one", 0x10, 5), ("a one", 0x12, 6), ("a two", 0x20, 90)];
    let expected = expected.map(|(name, address, cost)| (name.to_owned(), address, cost));
    assert_eq!(costs(&profile), expected);
    assert_eq!(calls(&profile), [("a one".into(), "a two".into(), 3)]);
}

#[test]
fn a_callee_is_in_its_own_object_for_one_call_only() {
    let body = "ob=a\nfn=one\ncob=b\ncfi=g\ncfn=two\ncalls=1 0x20 7\n0x11 1 1\ncfn=three\ncalls=2 0x30 7\n0x11 1 1";
    let expected = [("a one", "a three", 2), ("a one", "b two", 1)]
        .map(|(caller, callee, count)| (caller.to_owned(), callee.to_owned(), count));
    assert_eq!(calls(&one(&total_and(body, 0))), expected);
}

#[test]
fn inlined_files_do_not_change_the_function() {
    let body = "ob=a\nfl=f\nfn=one\n0x10 1 5\nfi=g\n0x11 70 5\nfe=f\n0x12 2 5";
    let profile = one(&total_and(body, 15));
    assert!(costs(&profile).iter().all(|(name, ..)| name == "a one"));
}

#[test]
fn ids_of_objects_files_and_functions_are_apart() {
    let body = "ob=(1) a\nfl=(1) f\nfn=(1) one\n0x10 1 1\nob=(2) b\nfl=(1)\nfn=(2) two\n0x20 1 2\ncob=(1)\ncfn=(1)\ncalls=1 0x10 1\n0x21 1 9\nob=(1)\nfn=(1)\n0x11 1 3";
    let profile = one(&total_and(body, 6));
    let expected = [("a one", 0x10, 1), ("a one", 0x11, 3), ("b two", 0x20, 2)];
    let expected = expected.map(|(name, address, cost)| (name.to_owned(), address, cost));
    assert_eq!(costs(&profile), expected);
    assert_eq!(calls(&profile), [("b two".into(), "a one".into(), 1)]);
}

#[test]
fn a_name_in_round_brackets_is_no_id() {
    let body = "ob=a\nfn=(below main)\n0x10 1 4";
    assert_eq!(
        costs(&one(&total_and(body, 4))),
        [("a (below main)".into(), 0x10, 4)]
    );
}

#[test]
fn a_jump_costs_nothing_but_moves_the_position() {
    let body = "ob=a\nfn=(1) one\n0x10 1 4\njump=3 0x40 9\n0x18 2\njfi=g\njfn=(2) two\njcnd=1/3 +4 *\n+2 *\n+1 * 6\nfn=(2)\n0x40 1 1";
    let expected = [("a one", 0x10, 4), ("a one", 0x1b, 6), ("a two", 0x40, 1)];
    let expected = expected.map(|(name, address, cost)| (name.to_owned(), address, cost));
    assert_eq!(costs(&one(&total_and(body, 11))), expected);
}

#[test]
fn positions_may_be_relative_to_the_last_line() {
    let body =
        "ob=a\nfn=one\n0x10 90 1\n+3 * 5\n* +1 7\ncfn=two\ncalls=1 +900 +3\n+10 * 99\n-1 -50 6";
    let expected = [("a one", 0x10, 1), ("a one", 0x13, 12), ("a one", 0x1c, 6)];
    let expected = expected.map(|(name, address, cost)| (name.to_owned(), address, cost));
    assert_eq!(costs(&one(&total_and(body, 19))), expected);
}

#[test]
fn lines_alone_give_costs_of_functions() {
    let text = "positions: line\nevents: Ir\nfn=one\n16 20\n+2 5\nfn=two\n7 1\ntotals: 26\n";
    let profile = one(text);
    assert!(!profile.has_addresses());
    let expected = [("??? one", 0, 25), ("??? two", 0, 1)];
    let expected = expected.map(|(name, address, cost)| (name.to_owned(), address, cost));
    assert_eq!(costs(&profile), expected);
}

#[test]
fn instructions_are_found_among_other_events() {
    let text = "positions: line\nevents: Dr Ir Dw\nsummary: 5 26 3\nfn=one\n16 5 20 3\n17 0 6\n18 0\ntotals: 5 26 3\n";
    assert_eq!(one(text).total(), 26);
    let without = text.replace("Dr Ir Dw", "Dr Dw");
    assert_eq!(
        problem(&without),
        (2, Problem::NoInstructions("Dr Dw".into()))
    );
}

#[test]
fn recursion_levels_are_one_function() {
    let body =
        "ob=a\nfn=one\n0x10 1 1\nfn=one'2\n0x10 1 2\nfn=it's\n0x20 1 4\nfn=core::'a\n0x30 1 8";
    let expected = [
        ("a core::'a", 0x30, 8),
        ("a it's", 0x20, 4),
        ("a one", 0x10, 3),
    ];
    let expected = expected.map(|(name, address, cost)| (name.to_owned(), address, cost));
    assert_eq!(costs(&one(&total_and(body, 15))), expected);
}

#[test]
fn code_without_symbols_is_one_function_per_object() {
    let body = "ob=a\nfn=0x00000010\n0x10 1 1\nfn=0x20\n0x20 1 2\nob=b\nfn=0x30\n0x30 1 4";
    let profile = one(&total_and(body, 7));
    let names: Vec<_> = costs(&profile).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["a ???", "a ???", "b ???"]);
}

#[test]
fn parts_are_read_apart() {
    let first = total_and("ob=(1) a\nfn=(1) one\n0x10 1 4", 4);
    let second = "pid: 1\npart: 2\npositions: line\nevents: Ir\nsummary: 9\nob=(1)\nfn=(1)\n1 9\ntotals: 9\n";
    let parts = parse(&format!("{first}{second}")).unwrap();
    let totals: Vec<_> = parts.iter().map(Profile::total).collect();
    assert_eq!(totals, [4, 9]);
    assert_eq!(costs(&parts[1]), [("a one".into(), 0, 9)]);
}

#[test]
fn what_does_not_add_up_is_refused() {
    let text = total_and("ob=a\nfn=one\n0x10 1 4", 5);
    let sum = Problem::Sum { said: 5, found: 4 };
    assert_eq!(problem(&text), (12, sum));
    let headless = "events: Ir\nfn=one\n1 4\n";
    assert_eq!(problem(headless), (3, Problem::NoTotal));
    assert_eq!(problem(""), (0, Problem::NoTotal));
}

#[test]
fn lines_that_mean_nothing_are_refused_by_number() {
    let broken = |body: &str| problem(&total_and(body, 0));
    // The body begins at line 14.
    assert_eq!(broken("0x10 1 4"), (14, Problem::NoFunction));
    assert_eq!(broken("fn=(7)"), (14, Problem::Undefined(7)));
    assert_eq!(broken("fn=a\ncalls=1 0x1 1"), (15, Problem::NoCallee));
    assert_eq!(
        broken("fn=a\ncfn=b\ncalls=1 0x1 1\nfn=c"),
        (17, Problem::NoPosition)
    );
    assert_eq!(broken("fn=a\n0x10"), (15, Problem::NoPosition));
    assert_eq!(broken("fn=a\n-1 1 0"), (15, Problem::Number("-1".into())));
    assert_eq!(broken("fn=a\n1 1 +4"), (15, Problem::Number("+4".into())));
    assert_eq!(broken("rob=a"), (14, Problem::Unknown("rob=a".into())));
    assert_eq!(broken("what?"), (14, Problem::Unknown("what?".into())));
    assert_eq!(problem("version: 2\n"), (1, Problem::Version("2".into())));
    assert_eq!(
        problem("positions: bb line\n"),
        (1, Problem::Positions("bb line".into()))
    );
}

mod printed;
