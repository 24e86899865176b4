//! Hosts that are network namespaces, with a daemon of the launcher in each, as by ssh: a bridge, a cable to each host, and
//! clocks that differ by an hour. This needs root.

use super::{RUNNER, mpirun, outcome, processes_with, wait_for};
use controls::scripted::{Reply, Script, Scripted, Worth};
use serde_json::Value;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{fs, process};
use tempfile::TempDir;

/// The second host's clock is behind by so much.
const BEHIND_S: f64 = 3600.0;

const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

/// Two hosts, and a bridge where the server listens. Their names are those of no other host.
pub(super) struct Hosts {
    number: u32,
    folder: TempDir,
}

impl Hosts {
    /// Nothing without the right to make them.
    pub(super) fn up() -> Option<Self> {
        let number = process::id() % 10_000 * 10 + next();
        let hosts = Self {
            number,
            folder: tempfile::tempdir().unwrap(),
        };
        if !rustix::process::geteuid().is_root() || !hosts.shell(&hosts.making()) {
            eprintln!("skipped: network namespaces need root, and `ip` of iproute2");
            return None;
        }
        fs::write(
            hosts.path("hosts"),
            format!("{} slots=1\n{} slots=1\n", hosts.name(1), hosts.name(2)),
        )
        .unwrap();
        // In place of ssh: the first word is the host.
        let behind = format!("unshare --time --monotonic -{BEHIND_S}");
        let agent = format!(
            "#!/bin/sh\nhost=$1; shift\n[ $host = {} ] && clock='{behind}'\n\
             exec ip netns exec $host $clock unshare --uts sh -c \"hostname $host; $*\"\n",
            hosts.name(2)
        );
        fs::write(hosts.path("agent"), agent).unwrap();
        fs::set_permissions(hosts.path("agent"), fs::Permissions::from_mode(0o755)).unwrap();
        Some(hosts)
    }

    fn name(&self, host: u32) -> String {
        format!("h{}x{host}", self.number)
    }

    fn path(&self, file: &str) -> String {
        self.folder.path().join(file).display().to_string()
    }

    /// A network of its own for each test.
    pub(super) fn address(&self, host: u32) -> String {
        format!(
            "10.{}.{}.{host}",
            64 + self.number / 250 % 64,
            self.number % 250
        )
    }

    fn making(&self) -> String {
        let (number, gate) = (self.number, self.address(254));
        let mut script = format!(
            "ip link add b{number} type bridge && ip address add {gate}/24 dev b{number} && ip link set b{number} up"
        );
        for host in [1, 2] {
            let (name, address) = (self.name(host), self.address(host));
            script += &format!(
                " && ip netns add {name} && ip link add v{name} type veth peer name eth0 netns {name} \
                 && ip link set v{name} master b{number} up && ip -n {name} address add {address}/24 dev eth0 \
                 && ip -n {name} link set eth0 up && ip -n {name} link set lo up"
            );
        }
        script
    }

    fn shell(&self, script: &str) -> bool {
        let output = Command::new("sh").args(["-c", script]).output().unwrap();
        output.status.success()
    }

    /// A load from both hosts.
    fn load(&self, arguments: &[&str]) -> Command {
        self.launch(&[&[RUNNER, "load"], arguments].concat())
    }

    /// This on both hosts.
    pub(super) fn launch(&self, line: &[&str]) -> Command {
        let (hosts, agent) = (self.path("hosts"), self.path("agent"));
        let network = format!("{}/24", self.address(0));
        let launcher = [
            "--hostfile",
            &hosts,
            "--mca",
            "plm_rsh_agent",
            &agent,
            "--mca",
            "oob_tcp_if_include",
            &network,
            "--mca",
            "btl_tcp_if_include",
            &network,
            "--map-by",
            "ppr:1:node",
            "--bind-to",
            "none",
        ];
        mpirun(&[&launcher[..], line].concat())
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for host in [1, 2] {
            let name = self.name(host);
            // Daemons whose cable was cut go on.
            self.shell(&format!(
                "ip netns pids {name} | xargs --no-run-if-empty kill -9; ip netns del {name}"
            ));
        }
        self.shell(&format!("ip link del b{}", self.number));
    }
}

fn next() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    NUMBER.fetch_add(1, Ordering::SeqCst)
}

/// A server on the bridge that notes when the first request of each connection comes.
fn server(hosts: &Hosts) -> (Scripted, Arc<Mutex<Vec<Instant>>>) {
    let firsts = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&firsts);
    let script = Script::of(move |_, of_connection| {
        if of_connection == 1 {
            noted.lock().unwrap().push(Instant::now());
        }
        Reply::new(Worth::Right, ANSWER)
    });
    let gate = hosts.address(254).parse().unwrap();
    (Scripted::start_at(SocketAddr::new(gate, 0), script), firsts)
}

#[test]
fn hosts_whose_clocks_are_an_hour_apart_begin_together() {
    let Some(hosts) = Hosts::up() else { return };
    let (server, firsts) = server(&hosts);
    let url = format!("http://{}/", server.address);
    let mut command = hosts.load(&[&url, "--allow-remote", "-c", "2", "-d", "1s", "--json"]);
    let (status, said, complained) = outcome(command.output().unwrap());
    assert_eq!(status, 0, "{complained}");
    let sum: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(sum["sent"].as_u64(), Some(server.requests()));
    let found: Vec<_> = sum["hosts"].as_array().unwrap().iter().collect();
    let names: Vec<_> = found
        .iter()
        .map(|host| host["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, [hosts.name(1), hosts.name(2)]);
    let offset_s = |host: &Value| host["start"]["clock_offset_s"].as_f64().unwrap();
    assert_eq!(offset_s(found[0]), 0.0);
    assert!(
        (offset_s(found[1]) + BEHIND_S).abs() < 1.0,
        "{}",
        offset_s(found[1])
    );
    // Without the map of clocks, the second one would begin an hour early or late.
    let firsts = firsts.lock().unwrap();
    let apart = *firsts.iter().max().unwrap() - *firsts.iter().min().unwrap();
    eprintln!(
        "first requests {apart:?} apart; {}",
        sum["hosts"][1]["start"]
    );
    assert_eq!(firsts.len(), 2);
    assert!(apart < Duration::from_millis(500), "{apart:?}");
}

/// A load of two hosts that goes on.
struct GoingOn<'h> {
    hosts: &'h Hosts,
    child: Child,
    url: String,
}

impl<'h> GoingOn<'h> {
    /// Once both have begun. What is printed goes to files: daemons may keep a pipe open.
    fn begin(hosts: &'h Hosts, server: &Scripted) -> Self {
        let url = format!("http://{}/", server.address);
        let mut command = hosts.load(&[
            &url,
            "--allow-remote",
            "-c",
            "2",
            "--rate",
            "100",
            "-d",
            "6s",
            "--timeout",
            "1s",
        ]);
        let file = |name| fs::File::create(hosts.path(name)).unwrap();
        let child = command.stdout(file("said")).stderr(file("complained"));
        let child = child.spawn().unwrap();
        let load = Self { hosts, child, url };
        wait_for("both load", || {
            server.connections() >= 2 && server.requests() > 20
        });
        load
    }

    fn has_generators(&self) -> bool {
        let is_runner = |process: &i32| {
            let program = fs::read_link(format!("/proc/{process}/exe"));
            program.is_ok_and(|path| path == Path::new(RUNNER))
        };
        processes_with(&self.url).iter().any(is_runner)
    }

    /// What was printed, and what was said beside it.
    fn words(&self) -> [String; 2] {
        ["said", "complained"].map(|name| fs::read_to_string(self.hosts.path(name)).unwrap())
    }
}

impl Drop for GoingOn<'_> {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The generators end by their own deadlines. The launcher waits for its daemon, which is not there, for minutes.
#[test]
fn generators_end_although_a_cable_is_cut() {
    let Some(hosts) = Hosts::up() else { return };
    let (server, _) = server(&hosts);
    let load = GoingOn::begin(&hosts, &server);
    assert!(hosts.shell(&format!("ip link set v{} down", hosts.name(2))));
    wait_for("no generator is left", || !load.has_generators());
    let [said, complained] = load.words();
    assert_eq!(said, "", "{complained}");
    assert!(
        complained.contains("nothing was heard of part 2 ("),
        "{complained}"
    );
}

#[test]
fn a_daemon_that_is_killed_ends_the_load() {
    let Some(hosts) = Hosts::up() else { return };
    let (server, _) = server(&hosts);
    let mut load = GoingOn::begin(&hosts, &server);
    let daemons = format!(
        "for process in $(ip netns pids {}); do grep -qE '^(orted|prted)' /proc/$process/comm && kill -9 $process; done; true",
        hosts.name(2)
    );
    assert!(hosts.shell(&daemons));
    wait_for("the launcher ends", || {
        load.child.try_wait().unwrap().is_some()
    });
    assert!(!load.child.wait().unwrap().success());
    wait_for("no generator is left", || !load.has_generators());
    assert_eq!(load.words()[0], "");
}
