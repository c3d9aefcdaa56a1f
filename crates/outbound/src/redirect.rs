//! Where a redirect leads, and what may be taken along.

use http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use url::Url;

use crate::error::OutboundError;

/// How many redirects are followed.
pub const MAX_REDIRECTS: u8 = 5;

/// True for the statuses that send a GET elsewhere (RFC 9110, section 15.4).
pub const fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// The place a `Location` names, seen from where the answer came from.
pub fn target(from: &Uri, headers: &HeaderMap) -> Result<Uri, OutboundError> {
    let invalid = |detail: &str| OutboundError::InvalidRedirect(detail.to_owned());
    let location = headers
        .get(header::LOCATION)
        .and_then(|value| value.to_str().ok())
        .ok_or_else(|| invalid("it names none"))?;
    let from = Url::parse(&from.to_string()).map_err(|_| invalid("it starts from no URL"))?;
    let mut to = from.join(location).map_err(|_| invalid("it is no URL"))?;
    if !matches!(to.scheme(), "http" | "https") {
        return Err(invalid("it is neither http nor https"));
    }
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err(invalid("it leads from https to http"));
    }
    if !to.username().is_empty() || to.password().is_some() {
        return Err(invalid("it holds credentials"));
    }
    to.set_fragment(None);
    to.as_str().parse().map_err(|_| invalid("it is no URL"))
}

/// True when both have the same scheme, host and port.
pub fn same_origin(a: &Uri, b: &Uri) -> bool {
    let port = |uri: &Uri| {
        uri.port_u16()
            .unwrap_or(if uri.scheme_str() == Some("https") {
                443
            } else {
                80
            })
    };
    a.scheme() == b.scheme() && a.host() == b.host() && port(a) == port(b)
}

/// Removes what proves who we are.
pub fn drop_credentials(headers: &mut HeaderMap, more: &[HeaderName]) {
    headers.remove(header::AUTHORIZATION);
    headers.remove(header::COOKIE);
    headers.remove(header::PROXY_AUTHORIZATION);
    for name in more {
        headers.remove(name);
    }
}
