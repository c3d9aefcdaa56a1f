//! Which hosts this server answers for.
//!
//! A page in a browser may name any host it likes and have that name lead to this machine. What it
//! cannot do is hide the name: it stands in `Host`, and the page's own in `Origin`.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderValue, header};

/// The hosts that requests may be addressed to and pages may come from: loopback, the address that
/// is listened on, and what the settings name.
#[derive(Debug, Clone)]
pub struct AllowedHosts {
    listen: IpAddr,
    named: Vec<String>,
}

/// A request that is addressed to, or comes from, a host that is not this server's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    header: &'static str,
    host: String,
}

impl Foreign {
    /// The stable code of the API.
    pub const CODE: &'static str = "foreign_host";

    fn new(header: &'static str, host: &str) -> Self {
        Self {
            header,
            host: host.chars().take(100).collect(),
        }
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { header, host } = self;
        write!(
            f,
            "this server does not answer for `{host}` in the header {header}; if it should, name it in the setting `allowed_hosts`"
        )
    }
}

impl AllowedHosts {
    /// For a server that listens here. `named` are host names or addresses without a port.
    pub fn new(listen: SocketAddr, named: &[String]) -> Self {
        Self {
            listen: listen.ip(),
            named: named.iter().map(|name| name.to_ascii_lowercase()).collect(),
        }
    }

    /// Refuses a request that is addressed to, or comes from, somewhere else.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Foreign> {
        let host = self.check_host(headers)?;
        let Some(origin) = headers.get(header::ORIGIN) else {
            return Ok(());
        };
        let from = text(origin)
            .and_then(|origin| origin.split_once("://"))
            .and_then(|(_, authority)| host_of(authority))
            .ok_or_else(|| Foreign::new("Origin", "no address"))?;
        // A page of this very host is this server's own.
        if self.takes(&from) || from == host {
            return Ok(());
        }
        Err(Foreign::new("Origin", &from))
    }

    /// Refuses a request that is addressed to somewhere else. Answers the host's name.
    pub fn check_host(&self, headers: &HeaderMap) -> Result<String, Foreign> {
        let host = headers
            .get(header::HOST)
            .and_then(text)
            .and_then(host_of)
            .ok_or_else(|| Foreign::new("Host", "nothing"))?;
        if !self.takes(&host) && !self.is_any_address(&host) {
            return Err(Foreign::new("Host", &host));
        }
        Ok(host)
    }

    fn takes(&self, host: &str) -> bool {
        if host == "localhost" || self.named.iter().any(|name| name == host) {
            return true;
        }
        address(host).is_some_and(|address| {
            address.is_loopback() || (address == self.listen && !address.is_unspecified())
        })
    }

    /// Who listens on every interface has many addresses. A request that names one of them by
    /// number is safe: tricking a browser into reaching this machine needs a name.
    fn is_any_address(&self, host: &str) -> bool {
        self.listen.is_unspecified() && address(host).is_some()
    }
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}

/// The host of `host`, `host:port`, `[address]` or `[address]:port`, in lower case.
fn host_of(authority: &str) -> Option<String> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (
                host,
                rest.strip_prefix(':').or(rest.is_empty().then_some("0"))?,
            )
        }
        None => authority.split_once(':').unwrap_or((authority, "0")),
    };
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
    (is_port && !host.is_empty()).then(|| host.to_ascii_lowercase())
}

fn address(host: &str) -> Option<IpAddr> {
    host.parse().ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    fn is_taken(listen: &str, host: &str, origin: Option<&str>) -> bool {
        let allowed = AllowedHosts::new(listen.parse().unwrap(), &["Hub.Example".to_owned()]);
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        allowed.check(&headers).is_ok()
    }

    #[test]
    fn only_known_hosts_and_origins_are_taken() {
        let local = "127.0.0.1:8080";
        for (listen, host, origin, expected) in [
            (local, "127.0.0.1:8080", None, true),
            (local, "127.0.0.1", None, true),
            (local, "127.8.8.8:1", None, true),
            (local, "localhost:9", Some("http://localhost:3000"), true),
            (local, "LOCALHOST", Some("http://[::1]:3000"), true),
            (local, "[::1]:8080", None, true),
            (local, "hub.example", Some("https://hub.example"), true),
            (
                local,
                "hub.example:443",
                Some("https://HUB.example:443"),
                true,
            ),
            (local, "evil.example", None, false),
            (local, "localhost.evil.example", None, false),
            (local, "hub.example.evil.example", None, false),
            (local, "10.1.2.3", None, false),
            (local, "", None, false),
            (local, "localhost:http", None, false),
            (local, "[::1", None, false),
            (local, "localhost", Some("http://evil.example"), false),
            (local, "localhost", Some("null"), false),
            (
                local,
                "localhost",
                Some("http://localhost.evil.example"),
                false,
            ),
            (local, "localhost", Some("http://evil.example:80"), false),
            (local, "localhost", Some("http://user@localhost"), false),
            ("10.1.2.3:80", "10.1.2.3", Some("http://10.1.2.3"), true),
            ("10.1.2.3:80", "10.1.2.4", None, false),
            ("0.0.0.0:80", "10.1.2.4", Some("http://10.1.2.4"), true),
            ("0.0.0.0:80", "10.1.2.4", Some("http://10.1.2.5"), false),
            ("0.0.0.0:80", "evil.example", None, false),
        ] {
            assert_eq!(
                is_taken(listen, host, origin),
                expected,
                "{listen} {host} {origin:?}"
            );
        }
        assert!(
            AllowedHosts::new(local.parse().unwrap(), &[])
                .check(&HeaderMap::new())
                .is_err(),
            "a request without a host"
        );
    }
}
