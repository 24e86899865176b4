//! `runner man`: the manual pages, from the parser itself.

use crate::cli::{Cli, ManOptions};
use crate::output::{Verdict, print};
use crate::record::write_whole;
use anyhow::{Context, Result};
use clap::CommandFactory;

pub(super) fn run(options: &ManOptions) -> Result<Verdict> {
    let mut command = Cli::command();
    command.build();
    let Some(folder) = &options.folder else {
        print(page(&command)?.trim_end())?;
        return Ok(Verdict::Good);
    };
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    write_whole(&folder.join("runner.1"), &page(&command)?)?;
    for sub in command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
    {
        let name = format!("runner-{}", sub.get_name());
        write_whole(&folder.join(format!("{name}.1")), &page(sub)?)?;
    }
    Ok(Verdict::Good)
}

fn page(command: &clap::Command) -> Result<String> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone())
        .render(&mut text)
        .context("memory takes every page")?;
    String::from_utf8(text).context("a page is text")
}
