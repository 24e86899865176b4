//! Where the work of one contestant goes, for its author: functions and owners by instructions.

use crate::cli::IsolatedOptions;
use crate::commands::{Verdict, print};
use crate::environment::processors;
use crate::framework::{self, BuildEnv, ServerKind, Workspace};
use crate::report::profile;
use crate::server::Program;
use crate::usage::UsageError;
use crate::work::{self, tools};
use anyhow::Result;

pub(super) fn run(workspace: &Workspace, options: &IsolatedOptions) -> Result<Verdict> {
    let [name] = options.names.as_slice() else {
        return Err(UsageError(
            "--profile looks at one contestant: runner isolated NAME --profile".to_owned(),
        )
        .into());
    };
    let framework = workspace.find(name)?;
    tools::find(tools::Tool::Valgrind)?;
    tools::find(tools::Tool::Vgdb)?;
    let (kind, env) = (ServerKind::Quickstart, BuildEnv::Release);
    let server = framework::build(workspace, framework, kind, env)?;
    let last = || processors::allowed().map(|all| all.last().copied().unwrap_or(0));
    let processor = options.processor.map_or_else(last, Ok)?;
    let work = work::count(&Program::new(server), processor, options.work_requests)?;
    print(profile(name, &work))?;
    Ok(Verdict::Good)
}
