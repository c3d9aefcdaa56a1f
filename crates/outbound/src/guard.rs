//! Which addresses may be dialled.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::Host;

/// Why an address is not dialled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the address {address} of `{host}` is refused: it is {rule}; if this server may reach it, start Switchboard with `--allow-network {address}`"
)]
pub struct Refusal {
    /// The host as it was asked for.
    pub host: String,
    /// The address that would have been dialled.
    pub address: IpAddr,
    /// What kind of address it is.
    pub rule: &'static str,
}

/// An allowance that is neither a network, an address nor a host name, with a port or without.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a network such as 10.1.0.0/16, an address or a host name")]
pub struct InvalidAllowance(pub String);

/// What may be reached although it is not public.
#[derive(Debug, Clone, Default)]
pub struct NetworkPolicy {
    networks: Vec<(IpNet, Option<u16>)>,
    hosts: Vec<(String, Option<u16>)>,
}

const PRIVATE: &str = "a private address";
const LINK_LOCAL: &str = "a link-local address, where clouds keep metadata";
const METADATA: &str = "a cloud's metadata address";
const DOCUMENTATION: &str = "a documentation address";
const SPECIAL: &str = "a special-purpose address";

const fn v4(a: u8, b: u8, c: u8, d: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6(a: u16, b: u16, c: u16, length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), length)
}

/// Ranges of IPv4 that are not public: IANA's special-purpose registry (RFC 6890) and what clouds
/// answer for their own machines. The first that fits names the rule.
const REFUSED_V4: &[(Ipv4Net, &str)] = &[
    (v4(169, 254, 169, 254, 32), METADATA),
    (v4(100, 100, 100, 200, 32), METADATA),
    (v4(168, 63, 129, 16, 32), METADATA),
    (v4(192, 0, 0, 192, 32), METADATA),
    (v4(0, 0, 0, 0, 8), "an unspecified address"),
    (v4(10, 0, 0, 0, 8), PRIVATE),
    (
        v4(100, 64, 0, 0, 10),
        "a shared address of a provider (CGNAT)",
    ),
    (v4(127, 0, 0, 0, 8), "a loopback address"),
    (v4(169, 254, 0, 0, 16), LINK_LOCAL),
    (v4(172, 16, 0, 0, 12), PRIVATE),
    (v4(192, 0, 0, 0, 24), "a protocol address"),
    (v4(192, 0, 2, 0, 24), DOCUMENTATION),
    (v4(192, 31, 196, 0, 24), SPECIAL),
    (v4(192, 52, 193, 0, 24), SPECIAL),
    (v4(192, 88, 99, 0, 24), "a relay address (6to4)"),
    (v4(192, 168, 0, 0, 16), PRIVATE),
    (v4(192, 175, 48, 0, 24), SPECIAL),
    (v4(198, 18, 0, 0, 15), "a benchmarking address"),
    (v4(198, 51, 100, 0, 24), DOCUMENTATION),
    (v4(203, 0, 113, 0, 24), DOCUMENTATION),
    (v4(224, 0, 0, 0, 4), "a multicast address"),
    (v4(255, 255, 255, 255, 32), "the broadcast address"),
    (v4(240, 0, 0, 0, 4), "a reserved address"),
];

/// Ranges of IPv6 that are not public. They come before any look at an IPv4 address inside, so
/// that a private prefix is not passed for the sake of a public address in its end.
const REFUSED_V6: &[(Ipv6Net, &str)] = &[
    (
        Ipv6Net::new_assert(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), 128),
        METADATA,
    ),
    (
        Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 128),
        "an unspecified address",
    ),
    (
        Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128),
        "a loopback address",
    ),
    (
        v6(0x64, 0xff9b, 1, 48),
        "an address of a local translator (NAT64)",
    ),
    (v6(0x100, 0, 0, 64), "a discard address"),
    (v6(0x2001, 0xdb8, 0, 32), DOCUMENTATION),
    (v6(0x3fff, 0, 0, 20), DOCUMENTATION),
    (v6(0x5f00, 0, 0, 16), "a segment-routing address"),
    (v6(0xfc00, 0, 0, 7), PRIVATE),
    (v6(0xfe80, 0, 0, 10), LINK_LOCAL),
    (v6(0xfec0, 0, 0, 10), "a site-local address"),
    (v6(0xff00, 0, 0, 8), "a multicast address"),
];

/// The part of IPv6 that is given out for unicast.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 0, 3);
/// What is taken from it for protocols, Teredo among them.
const PROTOCOLS_V6: Ipv6Net = v6(0x2001, 0, 0, 23);
/// IPv4 in IPv6, for a socket that speaks both.
const MAPPED: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96);

/// An address or a network without the brackets around its address. None where they stand elsewhere:
/// what follows them is a port, and taken for a part of the address it would allow another one.
fn without_brackets(text: &str) -> Option<String> {
    let Some(inside) = text.strip_prefix('[') else {
        return (!text.contains(['[', ']'])).then(|| text.to_owned());
    };
    let (address, rest) = inside.split_once(']')?;
    (rest.is_empty() || rest.starts_with('/')).then(|| format!("{address}{rest}"))
}

impl NetworkPolicy {
    /// A policy with allowances: networks, single addresses, or host names.
    pub fn new<'a>(
        allowances: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, InvalidAllowance> {
        let mut policy = Self::default();
        for text in allowances {
            let text = text.trim();
            if policy.allow(text, None) {
                continue;
            }
            // `10.1.0.0/16:443`, `[fd00::]/8:443`, `billing.internal:443`.
            let with_port = text.rsplit_once(':');
            let with_port = with_port.and_then(|(rest, port)| Some((rest, port.parse().ok()?)));
            if !with_port.is_some_and(|(rest, port)| policy.allow(rest, Some(port))) {
                return Err(InvalidAllowance(text.to_owned()));
            }
        }
        Ok(policy)
    }

    /// Takes an allowance, if it is one.
    fn allow(&mut self, text: &str, port: Option<u16>) -> bool {
        let Some(bare) = without_brackets(text) else {
            return false;
        };
        let network = bare.parse::<IpNet>().map(plain_network).ok();
        let address = || bare.parse::<IpAddr>().ok();
        let network = network.or_else(|| Some(IpNet::from(address()?.to_canonical())));
        if let Some(network) = network {
            self.networks.push((network, port));
            return true;
        }
        let Some(host) = host_name(text) else {
            return false;
        };
        self.hosts.push((host, port));
        true
    }

    /// The addresses at which clouds keep metadata that a network covers which is allowed.
    pub fn metadata(&self) -> Vec<(IpNet, IpAddr)> {
        let four = REFUSED_V4
            .iter()
            .map(|(net, rule)| (IpNet::V4(*net), *rule));
        let six = REFUSED_V6
            .iter()
            .map(|(net, rule)| (IpNet::V6(*net), *rule));
        let kept = four.chain(six).filter(|(_, rule)| *rule == METADATA);
        let kept: Vec<_> = kept.map(|(net, _)| net.addr()).collect();
        let covered = |network: IpNet| {
            let inside = kept
                .iter()
                .filter(move |address| network.contains(*address));
            inside.map(move |address| (network, *address))
        };
        let networks = self.networks.iter().map(|(network, _)| *network);
        networks.flat_map(covered).collect()
    }

    /// Whether an address may be dialled for a host.
    pub fn check(&self, host: &str, address: IpAddr, port: u16) -> Result<(), Refusal> {
        let Some(rule) = refused_as(address) else {
            return Ok(());
        };
        let plain = address.to_canonical();
        let is_open = |allowed: &Option<u16>| allowed.is_none_or(|allowed| allowed == port);
        let mut networks = self.networks.iter();
        if self.names(host, is_open)
            || networks.any(|(network, port)| is_open(port) && network.contains(&plain))
        {
            return Ok(());
        }
        Err(Refusal {
            host: host.to_owned(),
            address: plain,
            rule,
        })
    }

    fn names(&self, host: &str, is_open: impl Fn(&Option<u16>) -> bool) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host);
        self.hosts
            .iter()
            .any(|(allowed, port)| is_open(port) && allowed.eq_ignore_ascii_case(host))
    }
}

/// A network of mapped addresses is the network of IPv4 that they stand for.
fn plain_network(network: IpNet) -> IpNet {
    if let IpNet::V6(six) = network
        && MAPPED.contains(&six)
        && let Some(four) = six.addr().to_ipv4_mapped()
        && let Ok(four) = Ipv4Net::new(four, six.prefix_len() - MAPPED.prefix_len())
    {
        return IpNet::V4(four.trunc());
    }
    network.trunc()
}

/// A host name as URLs have it: in lower case, with other scripts as Punycode.
fn host_name(text: &str) -> Option<String> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let Ok(Host::Domain(name)) = Host::parse(text) else {
        return None;
    };
    let plain = name.len() <= 253
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
    plain.then_some(name)
}

/// What kind of address it is, if it is not a public one.
fn refused_as(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => refused_v4(address),
        IpAddr::V6(address) => refused_v6(address),
    }
}

fn refused_v4(address: Ipv4Addr) -> Option<&'static str> {
    REFUSED_V4
        .iter()
        .find(|(network, _)| network.contains(&address))
        .map(|(_, rule)| *rule)
}

fn refused_v6(address: Ipv6Addr) -> Option<&'static str> {
    if let Some((_, rule)) = REFUSED_V6
        .iter()
        .find(|(network, _)| network.contains(&address))
    {
        return Some(rule);
    }
    let (inner, reachable) = embedded(address);
    if let Some(rule) = inner.into_iter().flatten().find_map(refused_v4) {
        return Some(rule);
    }
    if reachable {
        return None;
    }
    if PROTOCOLS_V6.contains(&address) {
        return Some("a protocol address");
    }
    (!GLOBAL_V6.contains(&address)).then_some("an address outside of the public range")
}

/// The IPv4 addresses that an IPv6 address stands for, and whether it is reached through them
/// although it lies outside of the public range: mapped and compatible (RFC 4291), SIIT (RFC 7915),
/// NAT64 (RFC 6052), 6to4 (RFC 3056), Teredo with its server (RFC 4380), ISATAP (RFC 5214).
fn embedded(address: Ipv6Addr) -> ([Option<Ipv4Addr>; 2], bool) {
    let join = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Some(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, a, b] | [0x64, 0xff9b, 0, 0, 0, 0, a, b] => {
            ([join(a, b), None], true)
        }
        [0x2001, 0, s, t, _, _, a, b] => ([join(!a, !b), join(s, t)], false),
        [0, 0, 0, 0, 0 | 0xffff, 0, a, b]
        | [0x2002, a, b, ..]
        | [_, _, _, _, 0 | 0x200, 0x5efe, a, b] => ([join(a, b), None], false),
        _ => ([None, None], false),
    }
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
