//! Where this server is reached, and which pages are its own.

use std::net::SocketAddr;

use axum::http::{HeaderMap, HeaderValue, header};
use url::Url;

use crate::hosts::AllowedHosts;

/// The addresses of a server.
#[derive(Debug, Clone)]
pub struct Site {
    hosts: AllowedHosts,
    /// How the outside reaches it, where that was said: without the slash at its end.
    public: Option<Public>,
    /// How this machine reaches it.
    local: String,
}

#[derive(Debug, Clone)]
struct Public {
    address: String,
    origin: String,
    is_https: bool,
}

impl Site {
    /// For a server that listens here, that the outside reaches at `public_url`, and that answers for
    /// more hosts.
    pub fn new(listen: SocketAddr, public_url: Option<&Url>, allowed_hosts: &[String]) -> Self {
        let mut named = allowed_hosts.to_vec();
        let public_host = public_url.and_then(Url::host_str);
        // An IPv6 address stands in brackets in a URL.
        named.extend(public_host.map(|host| host.trim_matches(['[', ']']).to_owned()));
        let local = if listen.ip().is_unspecified() {
            format!("http://localhost:{}", listen.port())
        } else {
            format!("http://{listen}")
        };
        Self {
            hosts: AllowedHosts::new(listen, &named),
            public: public_url.map(|url| Public {
                address: url.as_str().trim_end_matches('/').to_owned(),
                origin: url.origin().ascii_serialization(),
                is_https: url.scheme() == "https",
            }),
            local,
        }
    }

    /// The hosts it answers for.
    pub const fn hosts(&self) -> &AllowedHosts {
        &self.hosts
    }

    /// Where people open the Studio, without a slash at its end.
    pub fn address(&self) -> &str {
        self.public
            .as_ref()
            .map_or(&self.local, |public| &public.address)
    }

    /// Whether people come over https, so that a cookie is for that alone.
    pub fn is_https(&self) -> bool {
        self.public.as_ref().is_some_and(|public| public.is_https)
    }

    /// Whether a request says that it comes from a page of this server. None when it does not say
    /// where it comes from, as programs do.
    ///
    /// Unlike the MCP endpoints, other servers on this machine are somebody else: a browser sends
    /// them the same cookies.
    pub fn is_own_page(&self, headers: &HeaderMap) -> Option<bool> {
        let origin = headers.get(header::ORIGIN)?;
        let host = headers.get(header::HOST).map(HeaderValue::to_str);
        let (Ok(origin), Some(Ok(host))) = (origin.to_str(), host) else {
            return Some(false);
        };
        let is_public = self
            .public
            .as_ref()
            .is_some_and(|public| public.origin.eq_ignore_ascii_case(origin));
        Some(is_public || is_same(origin, host))
    }

    /// What a link for other people starts with: where the outside reaches the server or, where that
    /// was not said, where the page is from that asks for the link.
    pub fn link_base(&self, headers: &HeaderMap) -> String {
        let asking = headers.get(header::ORIGIN).and_then(|it| it.to_str().ok());
        match (&self.public, asking) {
            (None, Some(origin))
                if self.hosts.check_host(headers).is_ok()
                    && self.is_own_page(headers) == Some(true) =>
            {
                origin.to_owned()
            }
            _ => self.address().to_owned(),
        }
    }
}

/// Whether `Origin` and `Host` name the same host and port. The scheme is not known here: a proxy in
/// front may speak https.
fn is_same(origin: &str, host: &str) -> bool {
    let Some((scheme @ ("http" | "https"), _)) = origin.split_once("://") else {
        return false;
    };
    let (Ok(from), Ok(to)) = (
        Url::parse(origin),
        Url::parse(&format!("{scheme}://{host}")),
    ) else {
        return false;
    };
    let is_bare = |url: &Url| url.username().is_empty() && url.path() == "/";
    is_bare(&from) && is_bare(&to) && from.origin() == to.origin()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    fn site(listen: &str, public_url: Option<&str>) -> Site {
        let public_url = public_url.map(|url| Url::parse(url).unwrap());
        Site::new(listen.parse().unwrap(), public_url.as_ref(), &[])
    }

    fn headers(host: &str, origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_its_own_pages_are_its_own() {
        let local = site("127.0.0.1:8080", None);
        let public = site("127.0.0.1:8080", Some("https://hub.example"));
        for (site, host, origin, expected) in [
            (&local, "localhost:8080", None, None),
            (
                &local,
                "localhost:8080",
                Some("http://localhost:8080"),
                Some(true),
            ),
            (
                &local,
                "localhost:8080",
                Some("http://localhost:3000"),
                Some(false),
            ),
            (
                &local,
                "localhost:8080",
                Some("http://127.0.0.1:8080"),
                Some(false),
            ),
            (&local, "localhost:8080", Some("null"), Some(false)),
            (
                &local,
                "localhost:8080",
                Some("http://u@localhost:8080"),
                Some(false),
            ),
            (
                &local,
                "hub.example",
                Some("https://hub.example"),
                Some(true),
            ),
            (
                &local,
                "hub.example:443",
                Some("https://hub.example"),
                Some(true),
            ),
            (
                &public,
                "127.0.0.1:8080",
                Some("https://hub.example"),
                Some(true),
            ),
            (
                &public,
                "127.0.0.1:8080",
                Some("http://hub.example"),
                Some(false),
            ),
            (
                &public,
                "hub.example",
                Some("https://evil.example"),
                Some(false),
            ),
            (&public, "a/b", Some("http://a"), Some(false)),
        ] {
            let found = site.is_own_page(&headers(host, origin));
            assert_eq!(found, expected, "{host} {origin:?}");
        }
    }

    #[test]
    fn links_lead_to_where_people_are() {
        for (listen, public_url, host, origin, expected) in [
            (
                "127.0.0.1:80",
                Some("https://hub.example/"),
                "x",
                None,
                "https://hub.example",
            ),
            (
                "127.0.0.1:81",
                None,
                "localhost:81",
                None,
                "http://127.0.0.1:81",
            ),
            (
                "127.0.0.1:81",
                None,
                "localhost:81",
                Some("http://localhost:81"),
                "http://localhost:81",
            ),
            (
                "127.0.0.1:81",
                None,
                "evil.example",
                Some("http://evil.example"),
                "http://127.0.0.1:81",
            ),
            (
                "0.0.0.0:81",
                None,
                "10.0.0.1:81",
                None,
                "http://localhost:81",
            ),
            ("[::1]:81", None, "[::1]:81", None, "http://[::1]:81"),
        ] {
            let site = site(listen, public_url);
            assert_eq!(site.link_base(&headers(host, origin)), expected);
        }
        assert!(site("127.0.0.1:1", Some("https://a.example")).is_https());
        assert!(!site("127.0.0.1:1", Some("http://a.example")).is_https());
    }
}
