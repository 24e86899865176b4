//! The life of one process: started, connected, loaded, left alone; its memory at every stage. Whatever goes wrong with
//! it becomes part of its rows.

use super::connections::Connections;
use super::plan::{MemoryPlan, Stage, Step};
use super::rows::StageRow;
use crate::duration::millis;
use crate::environment::limits;
use crate::interrupt;
use crate::load::Generator;
use crate::record::Binary;
use crate::run::{Launch, one_line};
use crate::server::{Resident, Server, Tree, start_repeatedly};
use anyhow::{Result, anyhow, ensure};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often memory is read under load.
const SAMPLE_EVERY: Duration = Duration::from_millis(50);

/// How long after its connections have broken a process may take to be known as dead.
const DYING: Duration = Duration::from_secs(1);

/// How often somebody who waits looks whether the run is over.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What all processes of a run have in common.
pub(super) struct Surroundings<'r> {
    /// The plan.
    pub(super) plan: &'r MemoryPlan,
    /// Who opens connections.
    pub(super) generator: &'r Generator,
    /// Where servers run.
    pub(super) processors: &'r [usize],
}

/// One process, and what is known of it so far.
pub(super) struct Life {
    arm: String,
    block: u32,
    /// `None` if it has failed.
    server: Option<Server>,
    /// Why it has failed; empty if it has not.
    err: String,
    /// When its last connection was closed.
    closed: Instant,
    rows: Vec<StageRow>,
}

impl Life {
    /// Starts a process and leads it through all stages up to the end of its last connection.
    ///
    /// # Errors
    ///
    /// If the run is interrupted, or a thread of the generator has died.
    pub(super) fn lead(around: &Surroundings, launch: &Launch, block: u32) -> Result<Self> {
        let mut life = Self {
            arm: launch.name.clone(),
            block,
            server: None,
            err: String::new(),
            closed: Instant::now(),
            rows: Vec::new(),
        };
        match start(launch, around.processors) {
            Ok(server) => life.server = Some(server),
            Err(error) => life.fail(&error)?,
        }
        let address = life.server.as_ref().map(|server| server.address);
        // Without a server nobody connects to this address.
        let address = address.unwrap_or_else(|| ([127, 0, 0, 1], 0).into());
        let (target, timeout) = (launch.exchange.target(address), around.plan.timeout());
        let mut connections = Connections::to(around.generator, target, timeout);
        let steps = around.plan.steps().into_iter();
        let outcome = steps
            .filter(|step| step.wait_ms == 0)
            .try_for_each(|step| life.take(step, around.plan, &mut connections));
        // The next process needs the generator's memory and files, however this one has fared.
        connections.close()?;
        outcome?;
        Ok(life)
    }

    fn row(&self, step: Step) -> StageRow {
        StageRow {
            block: self.block,
            arm: self.arm.clone(),
            stage: step.stage,
            connections: step.connections,
            wait_ms: step.wait_ms,
            err: self.err.clone(),
            ..StageRow::default()
        }
    }

    /// Leads it to the next stage and reads its memory there.
    fn take(&mut self, step: Step, plan: &MemoryPlan, connections: &mut Connections) -> Result<()> {
        interrupt::check()?;
        let mut row = self.row(step);
        let is_opening = matches!(step.stage, Stage::Unused | Stage::Idle);
        if let (Some(tree), true) = (self.tree(), self.err.is_empty()) {
            // The limit is ours and not the server's failure: the stages after this one go on with what is open.
            if let (true, Err(limit)) = (is_opening, limits::allow_connections(step.connections)) {
                row.err = one_line(&limit.to_string());
                self.rows.push(row);
                return Ok(());
            }
            let outcome = go_through(&mut row, tree, plan, connections);
            let death = self.death(outcome.is_err());
            match death.map_or(outcome, |death| Err(anyhow!(death))) {
                Ok(since) => self.closed = since,
                Err(error) => {
                    self.fail(&error)?;
                    row = self.row(step);
                }
            }
        }
        self.rows.push(row);
        Ok(())
    }

    /// Waits, reads its memory when that is due, and ends it; its rows, or `None` if the run was over before.
    ///
    /// # Errors
    ///
    /// If nobody can say what became of the process.
    pub(super) fn see_out(
        mut self,
        plan: &MemoryPlan,
        is_over: &AtomicBool,
    ) -> Result<Option<Vec<StageRow>>> {
        for step in plan.steps().into_iter().filter(|step| step.wait_ms > 0) {
            let due = self.closed + Duration::from_millis(step.wait_ms);
            while self.server.is_some() && Instant::now() < due {
                if is_over.load(Ordering::Relaxed) || interrupt::is_requested() {
                    return Ok(None);
                }
                thread::sleep(
                    due.saturating_duration_since(Instant::now())
                        .min(LOOK_EVERY),
                );
            }
            self.read_later(step);
        }
        if let Some(server) = self.server.take() {
            server.stop()?;
        }
        Ok(Some(self.rows))
    }

    fn read_later(&mut self, step: Step) {
        let mut row = self.row(step);
        row.after_ms = millis(self.closed.elapsed());
        let death = self.server.as_mut().and_then(Server::died);
        let read = match (death, self.tree()) {
            (Some(death), _) => Err(anyhow!(death)),
            (None, Some(tree)) => tree.resident(),
            (None, None) => Err(anyhow!("{}", self.err)),
        };
        match read {
            Ok(resident) => row.enter(&resident),
            Err(error) => {
                self.err = one_line(&format!("{error:#}"));
                self.server = None;
                row = self.row(step);
            }
        }
        self.rows.push(row);
    }

    /// How the server ended, if it has. If something has failed, it may be about to: the connections of a process
    /// break before it can be waited for.
    fn death(&mut self, has_failed: bool) -> Option<String> {
        let until = Instant::now() + if has_failed { DYING } else { Duration::ZERO };
        let server = self.server.as_mut()?;
        loop {
            let death = server.died();
            if death.is_some() || Instant::now() >= until {
                return death;
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    fn tree(&self) -> Option<Tree> {
        self.server.as_ref().map(Server::tree)
    }

    /// The process has failed, unless it was an interruption that broke something off.
    fn fail(&mut self, error: &anyhow::Error) -> Result<()> {
        interrupt::check()?;
        self.err = one_line(&format!("{error:#}"));
        self.server = None;
        Ok(())
    }
}

fn start(launch: &Launch, processors: &[usize]) -> Result<Server> {
    let binary = launch.binary.as_ref();
    binary.map_or(Ok(()), Binary::refuse_another)?;
    let program = launch.program.as_ref().map_err(|why| anyhow!("{why}"))?;
    let (server, _) = start_repeatedly(program, &launch.exchange, processors, launch.ready_within)?;
    Ok(server)
}

/// Does what the stage is about, and reads the memory of the server; when the connections were last touched.
fn go_through(
    row: &mut StageRow,
    tree: Tree,
    plan: &MemoryPlan,
    connections: &mut Connections,
) -> Result<Instant> {
    match row.stage {
        Stage::Started => {}
        Stage::Unused => connections.open_unused(row.connections)?,
        Stage::Idle => row.ok = connections.grow_to(row.connections)?,
        Stage::Loaded => return load(row, tree, plan, connections),
        Stage::Closed => connections.close()?,
    }
    let since = Instant::now();
    thread::sleep(plan.settle());
    row.enter(&tree.resident()?);
    row.open = connections.total();
    if row.stage == Stage::Closed {
        row.after_ms = millis(since.elapsed());
    }
    if row.stage == Stage::Idle {
        // Those that have to be opened again now were closed when memory was read.
        let closed = usize::try_from(connections.open_again()?).unwrap_or(usize::MAX);
        row.open = row.open.saturating_sub(closed);
    }
    Ok(since)
}

/// The most memory that is read while the first connections are under load.
fn load(
    row: &mut StageRow,
    tree: Tree,
    plan: &MemoryPlan,
    connections: &Connections,
) -> Result<Instant> {
    let is_over = AtomicBool::new(false);
    let (measured, most) = thread::scope(|scope| {
        let sampler = scope.spawn(|| most_until(&tree, &is_over));
        let measured = connections.load(Duration::from_millis(plan.load_ms));
        is_over.store(true, Ordering::Relaxed);
        (measured, sampler.join())
    });
    let measured = measured?;
    let most = most.map_err(|_| anyhow!("the thread that reads memory has panicked"))?;
    (row.ok, row.errors) = (measured.tally.ok, measured.tally.errors());
    let complaint = measured.complaint.as_deref().unwrap_or("nothing came");
    ensure!(row.ok > 0, "no right answer came under load: {complaint}");
    row.enter(&most?);
    row.open = connections.total();
    Ok(Instant::now())
}

fn most_until(tree: &Tree, is_over: &AtomicBool) -> Result<Resident> {
    let mut most = tree.resident()?;
    while !is_over.load(Ordering::Relaxed) {
        thread::sleep(SAMPLE_EVERY);
        let now = tree.resident()?;
        if now.bytes() > most.bytes() {
            most = now;
        }
    }
    Ok(most)
}
