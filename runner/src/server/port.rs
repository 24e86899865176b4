//! Ports: a free one for a child, and who holds one that is not.

use anyhow::{Context, Result};
use procfs::process::{FDTarget, Process};
use std::collections::BTreeSet;
use std::io;
use std::net::{SocketAddr, TcpListener};

/// Somebody else listens there.
#[derive(Debug, thiserror::Error)]
#[error("{address} is taken{}: end what holds it, or choose another port", holder.as_deref().unwrap_or(""))]
pub struct PortTaken {
    address: SocketAddr,
    holder: Option<String>,
}

/// Makes sure that one can listen on `address`, and says where that is: port 0 stands for one that is free.
///
/// # Errors
///
/// [`PortTaken`] with the process that holds it, where the kernel tells; otherwise what it says.
pub fn check_free(address: SocketAddr) -> Result<SocketAddr> {
    match TcpListener::bind(address) {
        Ok(listener) => listener.local_addr().context("a listener has an address"),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let holder = holder(address).map(|who| format!(" by {who}"));
            Err(PortTaken { address, holder }.into())
        }
        Err(error) => Err(error).with_context(|| format!("cannot listen on {address}")),
    }
}

/// The name and number of the process that listens on this port.
fn holder(address: SocketAddr) -> Option<String> {
    let tables = [procfs::net::tcp().ok(), procfs::net::tcp6().ok()];
    let entry = tables.into_iter().flatten().flatten().find(|entry| {
        entry.local_address.port() == address.port() && entry.state == procfs::net::TcpState::Listen
    })?;
    let mut processes = procfs::process::all_processes().ok()?.flatten();
    let process = processes.find(|process| {
        let mut files = process.fd().into_iter().flatten().flatten();
        files.any(|file| file.target == FDTarget::Socket(entry.inode))
    })?;
    let name = process.stat().ok()?.comm;
    Some(format!("{name} (process {})", process.pid))
}

/// Where these processes listen, as far as the kernel tells.
pub(super) fn listened_by(processes: &[u32]) -> Vec<SocketAddr> {
    let sockets: BTreeSet<u64> = processes.iter().flat_map(|&pid| sockets(pid)).collect();
    // Of the network namespace that they are in.
    let tables = processes.iter().find_map(|&pid| {
        let process = process(pid)?;
        Some((process.tcp().ok()?, process.tcp6().unwrap_or_default()))
    });
    let entries = tables
        .into_iter()
        .flat_map(|(v4, v6)| v4.into_iter().chain(v6));
    let own = entries.filter(|entry| {
        entry.state == procfs::net::TcpState::Listen && sockets.contains(&entry.inode)
    });
    own.map(|entry| entry.local_address).collect()
}

/// Whether a process has a socket open: one that only waits for another process has none.
pub(crate) fn has_socket(pid: u32) -> bool {
    !sockets(pid).is_empty()
}

fn process(pid: u32) -> Option<Process> {
    Process::new(i32::try_from(pid).ok()?).ok()
}

/// The sockets that a process has open.
fn sockets(pid: u32) -> Vec<u64> {
    let files = process(pid).and_then(|process| process.fd().ok());
    let files = files.into_iter().flatten().flatten();
    let sockets = files.filter_map(|file| match file.target {
        FDTarget::Socket(inode) => Some(inode),
        _ => None,
    });
    sockets.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_names_its_holder() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let own = format!("(process {})", std::process::id());
        // A child of another test holds it too, between fork and exec.
        let names_us = |_: u32| {
            let error = check_free(address).unwrap_err().to_string();
            let is_ours = error.contains(&own);
            std::thread::sleep(std::time::Duration::from_millis(u64::from(!is_ours) * 20));
            is_ours
        };
        assert!((0..100).any(names_us), "{own}");
        // Not the same port once more: a child of another test may hold it between fork and exec.
        assert_ne!(check_free(([127, 0, 0, 1], 0).into()).unwrap().port(), 0);
    }
}
