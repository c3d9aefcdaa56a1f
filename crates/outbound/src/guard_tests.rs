#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use proptest::prelude::*;

use super::*;

fn check(policy: &NetworkPolicy, host: &str, address: &str) -> Result<(), Refusal> {
    policy.check(host, address.parse().unwrap(), 443)
}

#[test]
fn public_addresses_pass() {
    let policy = NetworkPolicy::default();
    for text in [
        "1.1.1.1",
        "8.8.8.8",
        "93.184.216.34",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00:1450:4001::1",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2001:db7::1",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "2002:808:808::1",
    ] {
        assert_eq!(check(&policy, "h", text), Ok(()), "{text}");
    }
}

#[test]
fn the_rule_is_named() {
    let policy = NetworkPolicy::default();
    for (text, rule) in [
        ("127.0.0.1", "a loopback address"),
        ("::1", "a loopback address"),
        ("::ffff:127.0.0.1", "a loopback address"),
        ("10.0.0.1", PRIVATE),
        ("fd12::1", PRIVATE),
        ("169.254.169.254", METADATA),
        ("100.100.100.200", METADATA),
        ("168.63.129.16", METADATA),
        ("fd00:ec2::254", METADATA),
        ("64:ff9b::a9fe:a9fe", METADATA),
        ("169.254.1.1", LINK_LOCAL),
        ("fe80::1", LINK_LOCAL),
        ("fec0::1", "a site-local address"),
        ("100.64.0.1", "a shared address of a provider (CGNAT)"),
        ("255.255.255.255", "the broadcast address"),
        ("250.0.0.1", "a reserved address"),
        (
            "64:ff9b:1::808:808",
            "an address of a local translator (NAT64)",
        ),
        ("::8.8.8.8", "an address outside of the public range"),
        ("4000::1", "an address outside of the public range"),
        ("2001:0:808:808::f7f7:f7f7", "a protocol address"),
        // The public address at the end does not make up for where it is.
        ("fe80::5efe:808:808", LINK_LOCAL),
        ("fc00::5efe:808:808", PRIVATE),
        ("ff02::5efe:808:808", "a multicast address"),
    ] {
        let refusal = check(&policy, "h", text).unwrap_err();
        assert_eq!(refusal.rule, rule, "{text}");
        let sentence = refusal.to_string();
        assert!(sentence.contains("--allow-network"), "{sentence}");
        assert!(
            sentence.contains(rule) && sentence.contains("`h`"),
            "{sentence}"
        );
    }
}

#[test]
fn an_allowance_reaches_no_further_than_it_says() {
    let policy = NetworkPolicy::new([
        "10.1.0.0/16",
        " 192.168.7.7 ",
        "fd00::/8",
        "[fe80::5]",
        "::ffff:172.16.1.0/120",
        "Billing.Internal",
        "bücher.internal.",
    ])
    .unwrap();
    for (host, address, allowed) in [
        ("h", "10.1.2.3", true),
        ("h", "::ffff:10.1.2.3", true),
        ("h", "10.2.0.1", false),
        ("h", "10.0.255.255", false),
        ("h", "::ffff:10.2.0.1", false),
        ("h", "64:ff9b::a01:203", false),
        ("h", "192.168.7.7", true),
        ("h", "192.168.7.8", false),
        ("h", "fd12::1", true),
        ("h", "fc12::1", false),
        ("h", "fe80::5", true),
        ("h", "fe80::6", false),
        ("h", "172.16.1.255", true),
        ("h", "172.16.2.0", false),
        ("billing.internal", "127.0.0.1", true),
        ("BILLING.internal.", "127.0.0.1", true),
        ("billing.internal.evil.example", "127.0.0.1", false),
        ("evil-billing.internal", "127.0.0.1", false),
        ("other.internal", "127.0.0.1", false),
        ("xn--bcher-kva.internal", "127.0.0.1", true),
    ] {
        assert_eq!(
            check(&policy, host, address).is_ok(),
            allowed,
            "{host} {address}"
        );
    }
}

#[test]
fn allowances_that_mean_nothing_are_refused() {
    for text in [
        "",
        " ",
        "10.0.0.0/33",
        "10.0.0/8",
        "300.1.1.1",
        "1.2.3",
        "2130706433",
        "0x7f.1",
        "a b",
        "http://x",
        "x/y",
        "x:80000",
        "*",
        "*.internal",
        "[::1",
        "::1]",
        "user@x",
    ] {
        let error = NetworkPolicy::new([text]).unwrap_err().to_string();
        assert!(error.contains("10.1.0.0/16"), "{text}: {error}");
    }
}

/// The forms of IPv6 that stand for an IPv4 address, with the bits that are free filled.
fn forms(inner: Ipv4Addr, free: u64) -> Vec<Ipv6Addr> {
    let [a, b, c, d] = inner.octets();
    let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    let segment = |n: u32| u16::try_from(free >> (16 * n) & 0xffff).unwrap();
    let (e, f, g, h) = (segment(0), segment(1), segment(2), segment(3));
    vec![
        inner.to_ipv6_mapped(),
        Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
        Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low),
        Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
        Ipv6Addr::new(0x64, 0xff9b, 1, e, f, g, high, low),
        Ipv6Addr::new(0x64, 0xff9b, 1, high, low, e, f, g),
        Ipv6Addr::new(0x2002, high, low, e, f, g, h, 1),
        Ipv6Addr::new(0x2001, 0, e, f, g, h, !high, !low),
        Ipv6Addr::new(0x2001, 0, high, low, e, f, g, h),
        Ipv6Addr::new(0x2606, e, f, g, 0, 0x5efe, high, low),
        Ipv6Addr::new(0x2606, e, f, g, 0x200, 0x5efe, high, low),
    ]
}

proptest! {
    #[test]
    fn no_form_of_a_refused_address_passes(range in 0..REFUSED_V4.len(), bits: u32, free: u64) {
        let (network, _) = REFUSED_V4[range];
        let host = bits & u32::from(network.hostmask());
        let inner = Ipv4Addr::from(u32::from(network.network()) | host);
        let policy = NetworkPolicy::default();
        prop_assert!(policy.check("h", IpAddr::V4(inner), 443).is_err(), "{}", inner);
        for form in forms(inner, free) {
            prop_assert!(policy.check("h", IpAddr::V6(form), 443).is_err(), "{}", form);
        }
    }

    #[test]
    fn no_address_of_a_refused_range_of_ipv6_passes(range in 0..REFUSED_V6.len(), bits: u128) {
        let (network, _) = REFUSED_V6[range];
        let host = bits & u128::from(network.hostmask());
        let address = Ipv6Addr::from(u128::from(network.network()) | host);
        let policy = NetworkPolicy::default();
        prop_assert!(policy.check("h", IpAddr::V6(address), 443).is_err(), "{}", address);
    }

    /// Written apart from the tables: what the standard library knows of addresses agrees.
    #[test]
    fn what_passes_is_public(bits: u128, four: u32) {
        let policy = NetworkPolicy::default();
        let address = Ipv6Addr::from(bits);
        if policy.check("h", IpAddr::V6(address), 443).is_ok() {
            prop_assert!(!address.is_loopback() && !address.is_multicast());
            prop_assert!(!address.is_unique_local() && !address.is_unicast_link_local());
        }
        let address = Ipv4Addr::from(four);
        if policy.check("h", IpAddr::V4(address), 443).is_ok() {
            prop_assert!(!address.is_private() && !address.is_loopback() && !address.is_link_local());
            prop_assert!(!address.is_multicast() && !address.is_broadcast());
            prop_assert!(!address.is_documentation() && !address.is_unspecified());
        }
    }
}

#[test]
fn an_allowance_may_name_a_port() {
    let allowed = [
        "10.1.0.0/16:443",
        "[fd00::]/8:8443",
        "fd80::/16",
        "[::1]:80",
        "127.0.0.1:80",
        "billing.internal:443",
    ];
    let policy = NetworkPolicy::new(allowed).unwrap();
    for (host, address, port, expected) in [
        ("h", "10.1.2.3", 443, true),
        ("h", "10.1.2.3", 80, false),
        ("h", "10.2.0.1", 443, false),
        ("h", "fd00::1", 8443, true),
        ("h", "fd00::1", 443, false),
        ("h", "fd80::1", 1, true),
        ("h", "::1", 80, true),
        ("h", "::1", 81, false),
        ("h", "127.0.0.1", 80, true),
        ("h", "127.0.0.1", 8080, false),
        ("billing.internal", "192.168.1.1", 443, true),
        ("billing.internal", "192.168.1.1", 80, false),
    ] {
        let found = policy.check(host, address.parse().unwrap(), port);
        assert_eq!(found.is_ok(), expected, "{host} {address} {port}");
    }
    for text in [
        "10.1.0.0/16:",
        "10.1.0.0/16:x",
        "10.1.0.0/16:70000",
        "a b:80",
    ] {
        assert!(NetworkPolicy::new([text]).is_err(), "{text}");
    }
}

#[test]
fn allowed_networks_with_metadata_in_them_are_found() {
    let found = |text: &str| {
        let covered = NetworkPolicy::new([text]).unwrap().metadata();
        let covered = covered.into_iter().map(|(_, address)| address.to_string());
        covered.collect::<Vec<_>>()
    };
    assert_eq!(found("169.254.0.0/16"), ["169.254.169.254"]);
    assert_eq!(found("169.254.169.254"), ["169.254.169.254"]);
    assert_eq!(found("100.64.0.0/10:80"), ["100.100.100.200"]);
    assert_eq!(found("fd00::/8"), ["fd00:ec2::254"]);
    assert_eq!(found("10.0.0.0/8"), [""; 0]);
    assert_eq!(found("0.0.0.0/0").len(), 4);
}
