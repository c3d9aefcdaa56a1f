//! Which addresses may be dialled.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

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

/// An allowance that is neither a network, an address nor a host name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a network such as 10.1.0.0/16, an address or a host name")]
pub struct InvalidAllowance(pub String);

/// What may be reached although it is not public.
#[derive(Debug, Clone, Default)]
pub struct NetworkPolicy {
    networks: Vec<IpNet>,
    hosts: Vec<String>,
}

/// Ranges of IPv4 that are not public: IANA's special-purpose registry (RFC 6890) and what clouds
/// answer for their own machines.
const REFUSED_V4: &[(&str, &str)] = &[
    ("0.0.0.0/8", "an unspecified address"),
    ("10.0.0.0/8", "a private address"),
    ("100.64.0.0/10", "a shared address of a provider (CGNAT)"),
    ("127.0.0.0/8", "a loopback address"),
    (
        "169.254.0.0/16",
        "a link-local address, where clouds keep metadata",
    ),
    ("172.16.0.0/12", "a private address"),
    ("192.0.0.0/24", "a protocol address"),
    ("192.0.2.0/24", "a documentation address"),
    ("192.31.196.0/24", "a special-purpose address"),
    ("192.52.193.0/24", "a special-purpose address"),
    ("192.88.99.0/24", "a relay address"),
    ("192.168.0.0/16", "a private address"),
    ("192.175.48.0/24", "a special-purpose address"),
    ("198.18.0.0/15", "a benchmarking address"),
    ("198.51.100.0/24", "a documentation address"),
    ("203.0.113.0/24", "a documentation address"),
    ("168.63.129.16/32", "a cloud's metadata address"),
    ("224.0.0.0/4", "a multicast address"),
    ("240.0.0.0/4", "a reserved address"),
];

/// Ranges of IPv6 that are not public. Those that carry an IPv4 address are looked at apart.
const REFUSED_V6: &[(&str, &str)] = &[
    ("::/128", "an unspecified address"),
    ("::1/128", "a loopback address"),
    ("100::/64", "a discard address"),
    ("2001::/23", "a protocol address"),
    ("2001:db8::/32", "a documentation address"),
    ("3fff::/20", "a documentation address"),
    ("5f00::/16", "a segment-routing address"),
    ("fc00::/7", "a private address"),
    ("fe80::/10", "a link-local address"),
    ("fec0::/10", "a private address"),
    ("ff00::/8", "a multicast address"),
];

struct Ranges {
    v4: Vec<(Ipv4Net, &'static str)>,
    v6: Vec<(Ipv6Net, &'static str)>,
}

/// The tables above, parsed once.
static RANGES: std::sync::LazyLock<Ranges> = std::sync::LazyLock::new(|| Ranges {
    v4: parse(REFUSED_V4),
    v6: parse(REFUSED_V6),
});

fn parse<N: FromStr>(table: &[(&str, &'static str)]) -> Vec<(N, &'static str)> {
    table
        .iter()
        .filter_map(|(network, rule)| Some((network.parse().ok()?, *rule)))
        .collect()
}

impl NetworkPolicy {
    /// A policy with allowances: networks, single addresses, or host names.
    pub fn new<'a>(
        allowances: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, InvalidAllowance> {
        let mut policy = Self::default();
        for text in allowances {
            let text = text.trim();
            if let Ok(network) = text.parse::<IpNet>() {
                policy.networks.push(network.trunc());
            } else if let Ok(address) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
                policy.networks.push(IpNet::from(address));
            } else if is_host_name(text) {
                policy.hosts.push(text.to_ascii_lowercase());
            } else {
                return Err(InvalidAllowance(text.to_owned()));
            }
        }
        Ok(policy)
    }

    /// Whether an address may be dialled for a host.
    pub fn check(&self, host: &str, address: IpAddr) -> Result<(), Refusal> {
        let Some(rule) = refused_as(address) else {
            return Ok(());
        };
        let plain = address.to_canonical();
        let named = self
            .hosts
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(host));
        if named || self.networks.iter().any(|network| network.contains(&plain)) {
            return Ok(());
        }
        Err(Refusal {
            host: host.to_owned(),
            address: plain,
            rule,
        })
    }
}

fn is_host_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text.bytes().any(|b| b.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.' || b == b'_')
}

/// What kind of address it is, if it is not a public one.
fn refused_as(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => refused_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => refused_v4(inner),
            None => RANGES
                .v6
                .iter()
                .find(|(network, _)| network.contains(&address))
                .map(|(_, rule)| *rule),
        },
    }
}

fn refused_v4(address: Ipv4Addr) -> Option<&'static str> {
    RANGES
        .v4
        .iter()
        .find(|(network, _)| network.contains(&address))
        .map(|(_, rule)| *rule)
}

/// The IPv4 address that an IPv6 address stands for: mapped and compatible (RFC 4291), NAT64
/// (RFC 6052 and RFC 8215), 6to4 (RFC 3056), Teredo (RFC 4380), ISATAP (RFC 5214).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = address.segments();
    let low = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match s {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, a, b]
        | [0, 0, 0, 0, 0xffff, 0, a, b]
        | [0x64, 0xff9b, 0 | 1, _, _, _, a, b]
        | [0x2002, a, b, ..]
        | [_, _, _, _, 0 | 0x200, 0x5efe, a, b] => Some(low(a, b)),
        [0x2001, 0, _, _, _, _, a, b] => Some(low(!a, !b)),
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_range_of_the_tables_parses() {
        assert_eq!(RANGES.v4.len(), REFUSED_V4.len());
        assert_eq!(RANGES.v6.len(), REFUSED_V6.len());
    }

    #[test]
    fn public_addresses_pass() {
        let policy = NetworkPolicy::default();
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "93.184.216.34",
            "172.32.0.1",
            "100.128.0.1",
            "11.0.0.1",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        ] {
            assert_eq!(policy.check("h", text.parse().unwrap()), Ok(()), "{text}");
        }
    }

    #[test]
    fn an_allowance_reaches_no_further_than_it_says() {
        let policy =
            NetworkPolicy::new(["10.1.0.0/16", "192.168.7.7", "fd00::/8", "billing.internal"])
                .unwrap();
        for (host, text, allowed) in [
            ("h", "10.1.2.3", true),
            ("h", "::ffff:10.1.2.3", true),
            ("h", "10.2.0.1", false),
            ("h", "192.168.7.7", true),
            ("h", "192.168.7.8", false),
            ("h", "fd12::1", true),
            ("h", "fe80::1", false),
            ("Billing.internal", "127.0.0.1", true),
            ("other.internal", "127.0.0.1", false),
        ] {
            assert_eq!(
                policy.check(host, text.parse().unwrap()).is_ok(),
                allowed,
                "{host} {text}"
            );
        }
        let refusal = policy
            .check("h", "10.2.0.1".parse().unwrap())
            .unwrap_err()
            .to_string();
        assert!(
            refusal.contains("a private address") && refusal.contains("--allow-network"),
            "{refusal}"
        );
    }

    #[test]
    fn allowances_that_mean_nothing_are_refused() {
        for text in ["", "10.0.0.0/33", "300.1.1.1", "a b", "http://x", "*"] {
            assert!(NetworkPolicy::new([text]).is_err(), "{text}");
        }
    }

    proptest! {
        /// An IPv4 address that is refused is refused in every IPv6 form that stands for it.
        #[test]
        fn no_form_of_a_refused_address_passes(range in 0..REFUSED_V4.len(), bits: u32) {
            let (network, _) = RANGES.v4[range];
            let host = bits & u32::from(network.hostmask());
            let inner = Ipv4Addr::from(u32::from(network.network()) | host);
            let [a, b, c, d] = inner.octets();
            let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            let policy = NetworkPolicy::default();
            for address in [
                IpAddr::V4(inner),
                IpAddr::V6(inner.to_ipv6_mapped()),
                IpAddr::V6(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low)),
                IpAddr::V6(Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1)),
                IpAddr::V6(Ipv6Addr::new(0x2001, 0, 1, 2, 3, 4, !high, !low)),
            ] {
                prop_assert!(policy.check("h", address).is_err(), "{}", address);
            }
        }
    }
}
