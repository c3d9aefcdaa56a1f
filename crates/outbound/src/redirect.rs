//! Where a redirect leads, and what may be taken along.

use http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header};
use url::Url;

use crate::error::OutboundError;
use crate::uri::check;

/// How many redirects are followed.
pub const MAX_REDIRECTS: u8 = 5;

/// True for the methods whose redirects are followed: those that change nothing.
pub const fn follows(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// True for the statuses that send a GET elsewhere (RFC 9110, section 15.4).
pub const fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// The place a `Location` names, seen from where the answer came from. The query parameters named
/// do not leave the host they were meant for.
pub fn target(
    from: &Uri,
    headers: &HeaderMap,
    credential_queries: &[String],
) -> Result<Uri, OutboundError> {
    let invalid = OutboundError::InvalidRedirect;
    let location = headers
        .get(header::LOCATION)
        .ok_or(invalid("it names none"))?
        .to_str()
        .map_err(|_| invalid("it is no URL"))?;
    let from = Url::parse(&from.to_string()).map_err(|_| invalid("it starts from no URL"))?;
    let mut to = from.join(location).map_err(|_| invalid("it is no URL"))?;
    if !matches!(to.scheme(), "http" | "https") {
        return Err(invalid("it is neither http nor https"));
    }
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err(invalid("it leads from https to http"));
    }
    to.set_fragment(None);
    if from.origin() != to.origin() {
        drop_queries(&mut to, credential_queries);
    }
    let to = to.as_str().parse().map_err(|_| invalid("it is no URL"))?;
    check(&to).map_err(|_| invalid("it holds credentials"))?;
    Ok(to)
}

fn drop_queries(to: &mut Url, names: &[String]) {
    let carries = |name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    if !to.query_pairs().any(|(name, _)| carries(&name)) {
        return;
    }
    let kept: Vec<(String, String)> = to
        .query_pairs()
        .filter(|(name, _)| !carries(name))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    to.set_query(None);
    if !kept.is_empty() {
        to.query_pairs_mut().extend_pairs(kept);
    }
}

/// True when both have the same scheme, host and port.
pub fn same_origin(a: &Uri, b: &Uri) -> bool {
    let port = |uri: &Uri| {
        let default = if uri.scheme_str() == Some("https") {
            443
        } else {
            80
        };
        uri.port_u16().unwrap_or(default)
    };
    let host = |uri: &Uri| uri.host().unwrap_or_default().to_ascii_lowercase();
    a.scheme() == b.scheme() && host(a) == host(b) && port(a) == port(b)
}

/// Removes what proves who we are, and the name of the host that is left.
pub fn drop_credentials(headers: &mut HeaderMap, more: &[HeaderName]) {
    for name in [
        header::AUTHORIZATION,
        header::COOKIE,
        header::PROXY_AUTHORIZATION,
        header::HOST,
    ]
    .iter()
    .chain(more)
    {
        headers.remove(name);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    fn go(from: &str, location: &str) -> Result<String, OutboundError> {
        let headers = HeaderMap::from_iter([(header::LOCATION, location.parse().unwrap())]);
        let names = ["key".to_owned()];
        target(&from.parse().unwrap(), &headers, &names).map(|uri| uri.to_string())
    }

    #[test]
    fn places_are_seen_from_where_the_answer_came_from() {
        for (location, place) in [
            ("/c?d", "https://a.example/c?d"),
            ("c", "https://a.example/x/c"),
            ("//b.example/", "https://b.example/"),
            ("https://b.example#f", "https://b.example/"),
            (
                "https://b.example/?key=1&a=%26&b=2",
                "https://b.example/?a=%26&b=2",
            ),
            ("https://b.example/?key=1", "https://b.example/"),
            ("https://b.example/?%6bey=1&KEY=2", "https://b.example/"),
            ("/?key=1", "https://a.example/?key=1"),
            ("https://0x7f.1/", "https://127.0.0.1/"),
        ] {
            assert_eq!(
                go("https://a.example/x/y?key=1", location).unwrap(),
                place,
                "{location}"
            );
        }
    }

    #[test]
    fn places_that_are_not_followed() {
        for location in [
            "http://a.example/",
            "ftp://a.example/",
            "file:///etc/passwd",
            "javascript:1",
            "https://user@a.example/",
            "https://user:word@a.example/",
            "https://",
            "https://300.0.0.1/",
        ] {
            let error = go("https://a.example/x", location).unwrap_err();
            assert_eq!(error.code(), "invalid_redirect", "{location}");
        }
        let from = "http://a.example/".parse().unwrap();
        assert!(target(&from, &HeaderMap::new(), &[]).is_err());
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for (a, b, same) in [
            ("http://a.example/x", "http://A.example:80/y", true),
            ("https://a.example/", "https://a.example:443/", true),
            ("http://a.example/", "https://a.example/", false),
            ("http://a.example/", "http://a.example:81/", false),
            ("http://a.example/", "http://b.example/", false),
            ("http://a.example/", "http://sub.a.example/", false),
        ] {
            assert_eq!(
                same_origin(&a.parse().unwrap(), &b.parse().unwrap()),
                same,
                "{a} {b}"
            );
        }
    }
}
