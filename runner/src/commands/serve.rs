//! `runner serve NAME`: one contestant in the foreground; the runner becomes its server.

use crate::cli::ServeOptions;
use crate::framework::{self, BuildError};
use crate::output::Verdict;
use crate::server;
use crate::usage::UsageError;
use anyhow::{Context, Result};
use std::os::unix::process::CommandExt;
use std::process::Command;

pub(super) fn run(options: &ServeOptions) -> Result<Verdict> {
    let workspace = framework::discover()?;
    let framework = workspace.find(&options.name)?;
    let (kind, env) = (options.variant.server, options.variant.env);
    if !framework.servers.contains_key(&kind) {
        let framework = framework.name.clone();
        return Err(UsageError(BuildError::NoSuchServer { framework, kind }.to_string()).into());
    }
    let address = server::check_free(options.address)?;
    let binary = framework::build(&workspace, framework, kind, env)?;
    crate::say!(
        "{} {} ({kind}, {env}) serves http://{}{}",
        framework.crate_name,
        framework.version,
        address,
        crate::contract::PATH
    );
    let error = Command::new(&binary)
        .env("ADDR", address.to_string())
        .exec();
    Err(error).with_context(|| format!("cannot start {}", binary.display()))
}
