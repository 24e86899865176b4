//! The network interface by which an address is reached, as the kernel's own routes have it.

use rustix::net::netdevice::index_to_name;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with,
};
use serde::{Deserialize, Serialize};
use std::fs;
use std::net::{IpAddr, SocketAddr};

/// A network interface, with what the kernel says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Interface {
    /// Its name; `lo` is the loopback interface.
    pub name: String,
    /// The speed of its link in Mbit/s. Loopback and most virtual interfaces have none.
    pub link_mbit_s: Option<u64>,
    /// The driver of its card. Interfaces without a device have none.
    pub driver: Option<String>,
    /// The longest packet in bytes.
    pub mtu_bytes: Option<u64>,
}

impl Interface {
    /// The interface by which `to` is reached; nothing if the kernel does not tell.
    #[must_use]
    pub fn towards(to: SocketAddr) -> Option<Self> {
        let index = match to {
            // The address names its interface.
            SocketAddr::V6(to) if to.scope_id() != 0 => to.scope_id(),
            _ => route(to.ip())?,
        };
        let flags = SocketFlags::CLOEXEC;
        let socket = socket_with(AddressFamily::INET, SocketType::DGRAM, flags, None).ok()?;
        index_to_name(&socket, index).ok().map(Self::named)
    }

    /// The one of this host that has this address; nothing if the kernel does not tell.
    #[cfg(feature = "mpi")]
    #[must_use]
    pub fn with_address(address: IpAddr) -> Option<Self> {
        let mut all = nix::ifaddrs::getifaddrs().ok()?;
        let address_of = |one: &nix::ifaddrs::InterfaceAddress| {
            let own = one.address?;
            let v4 = own.as_sockaddr_in().map(|own| IpAddr::from(own.ip()));
            v4.or_else(|| Some(own.as_sockaddr_in6()?.ip().into()))
        };
        let found = all.find(|one| address_of(one) == Some(address))?;
        // A label such as `eth0:1` is of the same interface.
        let name = found.interface_name.split(':').next().unwrap_or_default();
        Some(Self::named(name.to_owned()))
    }

    /// Those of this host that have a card: real ones, and those of virtual machines.
    #[cfg(feature = "mpi")]
    #[must_use]
    pub fn with_card() -> Vec<Self> {
        let entries = fs::read_dir("/sys/class/net").into_iter().flatten();
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut all: Vec<Self> = names.map(Self::named).collect();
        all.retain(|interface| interface.driver.is_some());
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }

    fn named(name: String) -> Self {
        let folder = format!("/sys/class/net/{name}");
        let number = |file: &str| {
            let text = fs::read_to_string(format!("{folder}/{file}")).ok()?;
            // A speed that is not known is -1.
            text.trim().parse().ok()
        };
        let driver = fs::read_link(format!("{folder}/device/driver")).ok();
        let driver = driver.and_then(|path| Some(path.file_name()?.to_str()?.to_owned()));
        Self {
            link_mbit_s: number("speed"),
            mtu_bytes: number("mtu"),
            driver,
            name,
        }
    }
}

/// Types of messages and attributes, and a flag (`linux/netlink.h`, `linux/rtnetlink.h`).
const GET_ROUTE: u16 = 26;
const NEW_ROUTE: u16 = 24;
const IS_REQUEST: u16 = 1;
const DESTINATION: u16 = 1;
const OUTPUT: u16 = 4;

/// Lengths of the heads of a message, of a route in it and of an attribute.
const MESSAGE_HEAD: usize = 16;
const ROUTE_HEAD: usize = 12;
const ATTRIBUTE_HEAD: usize = 4;

/// The index of the interface by which packets to this address leave: `ip route get`.
fn route(to: IpAddr) -> Option<u32> {
    let (family, kind) = (AddressFamily::NETLINK, SocketType::RAW);
    let socket = socket_with(family, kind, SocketFlags::CLOEXEC, None).ok()?;
    send(&socket, &question(to), SendFlags::empty()).ok()?;
    let mut answer = [0; 4096];
    // The kernel has answered when `send` returns.
    let (_, length) = recv(&socket, &mut answer[..], RecvFlags::DONTWAIT).ok()?;
    output(answer.get(..length)?)
}

/// A request for the route to this address.
fn question(to: IpAddr) -> Vec<u8> {
    let (family, address) = match to {
        IpAddr::V4(to) => (AddressFamily::INET, to.octets().to_vec()),
        IpAddr::V6(to) => (AddressFamily::INET6, to.octets().to_vec()),
    };
    let attribute = ATTRIBUTE_HEAD + address.len();
    let length = MESSAGE_HEAD + ROUTE_HEAD + attribute;
    let mut bytes = Vec::with_capacity(length);
    bytes.extend((length as u32).to_ne_bytes());
    bytes.extend(GET_ROUTE.to_ne_bytes());
    bytes.extend(IS_REQUEST.to_ne_bytes());
    // No sequence number and no port: there is one answer.
    bytes.extend([0; 8]);
    bytes.extend([family.as_raw() as u8, (address.len() * 8) as u8]);
    bytes.extend([0; ROUTE_HEAD - 2]);
    bytes.extend((attribute as u16).to_ne_bytes());
    bytes.extend(DESTINATION.to_ne_bytes());
    bytes.extend(address);
    bytes
}

/// The interface in an answer.
fn output(answer: &[u8]) -> Option<u32> {
    let number = |at: usize| Some(u16::from_ne_bytes(answer.get(at..at + 2)?.try_into().ok()?));
    if number(4)? != NEW_ROUTE {
        return None;
    }
    let mut at = MESSAGE_HEAD + ROUTE_HEAD;
    while let (Some(length), Some(kind)) = (number(at), number(at + 2)) {
        let length = usize::from(length);
        let value = answer.get(at + ATTRIBUTE_HEAD..at + length)?;
        if kind == OUTPUT {
            return Some(u32::from_ne_bytes(value.try_into().ok()?));
        }
        at += length.next_multiple_of(4).max(ATTRIBUTE_HEAD);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_reached_by_loopback() {
        for to in ["127.0.0.1:80", "127.9.9.9:1"] {
            let found = Interface::towards(to.parse().unwrap()).unwrap();
            assert_eq!((found.name.as_str(), found.driver), ("lo", None), "{to}");
            assert!(found.mtu_bytes >= Some(1500), "{:?}", found.mtu_bytes);
        }
    }

    #[test]
    fn an_address_elsewhere_leaves_by_the_interface_of_its_route() {
        let table = fs::read_to_string("/proc/net/route").unwrap_or_default();
        let is_default = |line: &&str| line.split_whitespace().nth(1) == Some("00000000");
        let default = table.lines().find(is_default);
        let expected = default.and_then(|line| line.split_whitespace().next());
        // Reserved for documentation (RFC 5737): no network has it, so it goes where most goes.
        let found = Interface::towards("203.0.113.1:80".parse().unwrap());
        assert_eq!(found.map(|found| found.name).as_deref(), expected);
    }

    #[test]
    fn what_is_no_answer_has_no_interface() {
        let mut answer = vec![0; MESSAGE_HEAD + ROUTE_HEAD];
        answer[4..6].copy_from_slice(&NEW_ROUTE.to_ne_bytes());
        assert_eq!(output(&answer), None);
        answer.extend([0, 0, 9, 0, 8, 0]);
        assert_eq!(output(&answer), None, "an attribute that is too short");
        answer.truncate(MESSAGE_HEAD + ROUTE_HEAD);
        for (kind, value) in [(DESTINATION, 1u32), (OUTPUT, 7)] {
            answer.extend(8u16.to_ne_bytes());
            answer.extend(kind.to_ne_bytes());
            answer.extend(value.to_ne_bytes());
        }
        assert_eq!(output(&answer), Some(7));
        assert_eq!(
            output(&answer[..answer.len() - 1]),
            None,
            "one that is cut off"
        );
        answer[4..6].copy_from_slice(&2u16.to_ne_bytes());
        assert_eq!(output(&answer), None, "an error");
    }
}
