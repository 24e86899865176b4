//! Strings from outside that want to be more than text: wherever they are shown, they are text.

use super::*;
use crate::output::Screen;
use crate::report::{Kept, front_page, html_page, index, splice, svg, tables};

/// What servers, headers and machines may say.
const HOSTILE: &str = "<script>alert(1)</script> | x\r\n# heading ../../etc <!-- END: results --> <!-- BEGIN: index --> \
    `code` [link](javascript:x) *b* \u{1b}[31m \u{9b}31m \u{202e}bidi \u{2066} </script></style>\"'&";

fn hostile() -> MadeUp {
    let mut made = MadeUp::new();
    let long = format!("{HOSTILE}{}", "x".repeat(10_000));
    let run = &mut made.run;
    run.machine.processor = HOSTILE.to_owned();
    run.machine.kernel = HOSTILE.to_owned();
    run.toolchain.rustc = HOSTILE.to_owned();
    run.toolchain.revision = Some(HOSTILE.to_owned());
    run.command.push(HOSTILE.to_owned());
    run.environment.insert("A".to_owned(), HOSTILE.to_owned());
    for arm in &mut run.arms {
        arm.note = Some(long.clone());
        arm.version = Some(HOSTILE.to_owned());
        arm.conformance_misses.push(long.clone());
        if let Some(err) = &mut arm.err {
            *err = long.clone();
        }
        if let Some(absent) = &mut arm.absent {
            *absent = long.clone();
        }
    }
    let row = made.rows.iter_mut().find(|row| row.arm == "fast").unwrap();
    (row.ok, row.bad_body) = (row.ok - 1, 1);
    row.err = HOSTILE.replace(['\r', '\n'], " ");
    made
}

/// The run with an arm whose name is hostile, as one given by its command may be.
fn kept() -> Kept {
    let mut page = Throughput::page(&hostile().records());
    let rename = |name: &mut String| {
        if name == "slow" {
            *name = HOSTILE.to_owned();
        }
    };
    for section in &mut page.sections {
        for row in &mut section.grid.rows {
            row.arm.iter_mut().for_each(rename);
            for cell in &mut row.cells {
                if let crate::report::Cell::Name { name, .. } = cell {
                    rename(name);
                }
            }
        }
        section
            .pairs
            .iter_mut()
            .for_each(|pairs| pairs.arms.iter_mut().for_each(rename));
    }
    page.arms.iter_mut().for_each(|arm| rename(&mut arm.name));
    page.clean();
    Kept {
        folder: "2026-11-22-a-run".to_owned(),
        page,
        is_candidate: true,
    }
}

/// What no place may show as it is.
fn assert_without_controls(text: &str) {
    for char in text.chars() {
        let is_harmless = !char.is_control() || char == '\n';
        assert!(
            is_harmless && !('\u{2028}'..='\u{206f}').contains(&char),
            "{char:?}"
        );
    }
}

/// Outside code, nothing that begins an element; nowhere, a comment.
fn assert_no_markup(markdown: &str) {
    assert!(!markdown.contains("<!--"), "{markdown}");
    for (number, line) in markdown.lines().enumerate() {
        let own = [
            "<img src=\"",
            "<details><summary>",
            "</details>",
            "</summary>",
        ];
        let mut rest = line.to_owned();
        for tag in own {
            rest = rest.replace(tag, "");
        }
        let outside: String = rest.split('`').step_by(2).collect();
        assert!(
            !outside.contains("<script") && !outside.contains("</"),
            "line {number}: {line}"
        );
        assert!(!line.starts_with("# heading"), "line {number}: {line}");
    }
}

#[test]
fn on_the_page_of_a_run_they_are_text() {
    let page = crate::report::run_page(&kept().page);
    assert_without_controls(&page);
    assert_no_markup(&page);
    let mut tables = 0;
    for table in page.split("\n\n").filter(|part| part.starts_with("| ")) {
        let columns = |line: &str| line.replace("\\|", "").matches('|').count();
        let mut lines = table.lines().filter(|line| line.starts_with('|'));
        let head = columns(lines.next().unwrap());
        assert!(lines.all(|line| columns(line) == head), "{table}");
        tables += 1;
    }
    assert!(tables > 1, "{page}");
}

#[test]
fn splice_markers_in_a_record_leave_the_front_page_whole() {
    let runs = [kept()];
    let front = front_page(&runs, "results", &["throughput"]).unwrap();
    assert_without_controls(&front);
    assert_no_markup(&front);
    let page = "a\n<!-- BEGIN: results -->\n<!-- END: results -->\n<!-- BEGIN: index -->\n<!-- END: index -->\n";
    let once = splice(page, "results", &front).unwrap();
    let twice = splice(&once, "results", &front).unwrap();
    assert_eq!(once, twice);
    let both = splice(&twice, "index", &index(&runs)).unwrap();
    assert_eq!(splice(&both, "index", &index(&runs)).unwrap(), both);
}

#[test]
fn on_the_page_of_a_machine_they_are_text() {
    let kept = kept();
    let html = html_page(&[&kept]);
    assert_without_controls(&html);
    assert_eq!(html.matches("<script").count(), 2, "data and script");
    assert_eq!(html.matches("</script").count(), 2);
    assert_eq!(html.matches("</style").count(), 1);
    assert!(!html.contains("alert(1)</script"), "{html}");
    assert!(
        html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
        "{html}"
    );
    assert!(html.len() < 500_000, "{}", html.len());
}

#[test]
fn in_charts_and_on_a_terminal_they_are_text() {
    let page = kept().page;
    for chart in page.all_charts() {
        let svg = svg::file(chart);
        assert_without_controls(&svg);
        assert!(roxmltree::Document::parse(&svg).is_ok(), "{svg}");
    }
    assert_without_controls(&tables(&page, Screen::PLAIN));
}
