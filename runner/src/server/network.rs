//! Between which network addresses a server and its generator talk: loopback, or a veth pair between two network namespaces
//! of one machine.

use crate::usage::UsageError;
use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::sched::{CloneFlags, setns, unshare};
use std::fs::{self, File};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{self, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{io, thread};

/// Benchmarks between networks have these addresses to themselves (RFC 2544, appendix C.2.2): 198.18.0.0/15. A pair takes four
/// of them.
const FIRST_ADDRESS: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 0);
const PAIRS: u32 = 1 << 15;

/// What a new namespace does not take over from the one it was made in: how many connections may wait to be accepted.
const TUNABLES: [&str; 2] = ["core/somaxconn", "ipv4/tcp_max_syn_backlog"];

/// Namespaces that this process has made.
static MADE: AtomicU32 = AtomicU32::new(0);

/// The end of the pair that is in the namespace of the servers.
const INNER_DEVICE: &str = "eth0";

const NEEDS_ROOT: &str = "cannot make a network namespace: --netns needs root (CAP_SYS_ADMIN and CAP_NET_ADMIN); run as \
    root, or leave the option out to measure over loopback";

const NEEDS_IP: &str = "--netns needs the program `ip`: install the package iproute2, or leave the option out to measure over \
    loopback";

/// Where servers listen.
#[derive(Debug, Clone, Default)]
pub enum Network {
    /// On loopback, where the generator is.
    #[default]
    Loopback,
    /// In a namespace of their own.
    Namespace(Arc<Namespace>),
    /// On this address of the machine, for generators on other hosts.
    Address(IpAddr),
}

/// A network namespace, and a veth pair from it to the namespace of this process. The kernel removes both when this is
/// dropped and no process is left in it, also if the runner is killed.
#[derive(Debug)]
pub struct Namespace {
    file: OwnedFd,
    address: Ipv4Addr,
    #[cfg(test)]
    device: String,
}

impl Network {
    /// An address there on which nobody listens.
    pub(super) fn free_address(&self) -> Result<SocketAddr> {
        match self {
            Self::Loopback => free_on(Ipv4Addr::LOCALHOST.into()),
            Self::Address(address) => free_on(*address),
            Self::Namespace(namespace) => namespace.free_address(),
        }
    }

    /// What a server has to enter before it becomes its program.
    pub(super) fn namespace(&self) -> Option<&Namespace> {
        match self {
            Self::Loopback | Self::Address(_) => None,
            Self::Namespace(namespace) => Some(namespace),
        }
    }
}

impl Namespace {
    /// Makes a namespace and the pair.
    ///
    /// # Errors
    ///
    /// If the kernel refuses it, as it does unless this is root, or if `ip` cannot be run.
    pub fn create() -> Result<Self> {
        let (process, made) = (process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        // Processes with neighbouring numbers, and several of one process, are given different addresses.
        let pair = process.wrapping_add(made.wrapping_mul(PAIRS / 7)) % PAIRS;
        let first = u32::from(FIRST_ADDRESS) + pair * 4;
        let [outer, inner] = [1, 2].map(|host| Ipv4Addr::from(first + host));
        let device = format!("veth{process}x{made}");
        let of_device = device.clone();
        // A namespace belongs to a thread. This one makes it, and what is opened keeps it.
        let made = thread::spawn(move || made_by_this_thread(&of_device, inner));
        let file = made.join().expect("making a namespace does not panic")?;
        ip(&format!("address add {outer}/30 dev {device}"))?;
        ip(&format!("link set {device} up"))?;
        Ok(Self {
            file,
            address: inner,
            #[cfg(test)]
            device,
        })
    }

    /// What a process enters it by.
    pub(super) fn file(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    fn free_address(&self) -> Result<SocketAddr> {
        thread::scope(|scope| {
            let inside = scope.spawn(|| {
                enter(self.file())?;
                free_on(self.address.into())
            });
            inside.join().expect("binding a socket does not panic")
        })
    }
}

/// Takes the calling thread into a network namespace.
pub(super) fn enter(namespace: BorrowedFd) -> io::Result<()> {
    Ok(setns(namespace, CloneFlags::CLONE_NEWNET)?)
}

fn free_on(address: IpAddr) -> Result<SocketAddr> {
    let listener = TcpListener::bind((address, 0));
    let listener = listener.with_context(|| format!("cannot listen on {address}"))?;
    listener.local_addr().context("a listener has an address")
}

/// Takes the calling thread into a new namespace, with one end of a pair whose other end has this name where the process was.
fn made_by_this_thread(outer_device: &str, address: Ipv4Addr) -> Result<OwnedFd> {
    let read = TUNABLES.map(|name| fs::read_to_string(tunable(name)).ok());
    unshare(CloneFlags::CLONE_NEWNET).map_err(|errno| match errno {
        Errno::EPERM => anyhow::Error::new(UsageError(NEEDS_ROOT.to_owned())),
        other => anyhow::Error::new(other).context("cannot make a network namespace"),
    })?;
    for (name, value) in TUNABLES.iter().zip(read) {
        // A kernel without one of them has it in neither namespace.
        let written = value.map_or(Ok(()), |value| fs::write(tunable(name), value));
        written.with_context(|| format!("cannot set {name} in the network namespace"))?;
    }
    let file = File::open("/proc/thread-self/ns/net");
    let file = file.context("the network namespace of a thread cannot be opened")?;
    let outer = process::id();
    ip(&format!(
        "link add {INNER_DEVICE} type veth peer name {outer_device} netns {outer}"
    ))?;
    ip(&format!("address add {address}/30 dev {INNER_DEVICE}"))?;
    ip(&format!("link set {INNER_DEVICE} up"))?;
    ip("link set lo up")?;
    Ok(file.into())
}

/// The file of a setting of the network, which is that of the namespace of the thread that opens it.
fn tunable(name: &str) -> String {
    format!("/proc/sys/net/{name}")
}

/// Runs `ip` with these words in the namespace of the calling thread.
fn ip(words: &str) -> Result<()> {
    let output = Command::new("ip").args(words.split(' ')).output();
    let output = output.map_err(|_| UsageError(NEEDS_IP.to_owned()))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!(
            "`ip {words}` failed: {}; --netns needs CAP_NET_ADMIN and a kernel with veth",
            complaint.trim()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests;
