//! `runner list`: what was discovered under frameworks/.

use crate::cli::ListOptions;
use crate::framework::{self, Framework, Role};
use crate::output::{Verdict, print, print_json};
use anyhow::Result;
use comfy_table::{Table, presets};

pub(super) fn run(options: &ListOptions) -> Result<Verdict> {
    let workspace = framework::discover()?;
    if options.json {
        print_json(&workspace.frameworks)?;
    } else {
        print(table(&workspace.frameworks))?;
    }
    Ok(Verdict::Good)
}

fn table(frameworks: &[Framework]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["contestant", "version", "servers", "role"]);
    for framework in frameworks {
        let servers: Vec<String> = framework
            .servers
            .keys()
            .map(|kind| match framework.topology.get(kind) {
                Some(topology) => format!("{kind} ({topology})"),
                None => kind.to_string(),
            })
            .collect();
        let role = match framework.role {
            Role::Contestant => "",
            Role::Baseline => "baseline",
        };
        table.add_row([
            &framework.name,
            &framework.version,
            &servers.join(", "),
            role,
        ]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}
