//! The URLs that can be requested.

use http::Uri;
use url::Url;

use crate::error::OutboundError;

/// Reads a URL as people write it: unusual spellings of addresses become plain ones, a fragment is
/// dropped, and what cannot be requested is refused.
pub fn parse_url(text: &str) -> Result<Uri, OutboundError> {
    let mut url = Url::parse(text).map_err(|_| OutboundError::InvalidUrl("it is not a URL"))?;
    url.set_fragment(None);
    let uri = url
        .as_str()
        .parse()
        .map_err(|_| OutboundError::InvalidUrl("it is too long or not a URL"))?;
    check(&uri)?;
    Ok(uri)
}

/// Whether a URI is one that can be requested.
pub fn check(uri: &Uri) -> Result<(), OutboundError> {
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(OutboundError::InvalidUrl("it is neither http nor https"));
    }
    let Some(authority) = uri.authority() else {
        return Err(OutboundError::InvalidUrl("it has no host"));
    };
    if authority.as_str().contains('@') {
        return Err(OutboundError::InvalidUrl(
            "it holds credentials; keep them in the integration's auth",
        ));
    }
    if authority.host().is_empty() {
        return Err(OutboundError::InvalidUrl("it has no host"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_cannot_be_requested_are_refused() {
        for text in [
            "",
            "billing",
            "//host/x",
            "ftp://host/",
            "file:///etc/passwd",
            "gopher://host/",
            "data:text/plain,x",
            "http://",
            "http://user@host/",
            "http://user:word@host/",
            "http://:word@host/",
            "http://300.1.1.1/",
            "http://[::1/",
            "http://host:99999/",
        ] {
            let error = parse_url(text).err();
            assert_eq!(
                error.map(|error| error.code()),
                Some("invalid_url"),
                "{text}"
            );
        }
    }

    #[test]
    fn addresses_are_read_in_every_spelling() {
        for (text, plain) in [
            ("http://2130706433/a?b=c#d", "http://127.0.0.1/a?b=c"),
            ("HTTP://0x7f.1", "http://127.0.0.1/"),
            ("http://0177.0.0.1:8080", "http://127.0.0.1:8080/"),
            ("http://[0:0::1]", "http://[::1]/"),
            ("https://Billing.Example", "https://billing.example/"),
        ] {
            let uri = parse_url(text).map(|uri| uri.to_string());
            assert_eq!(uri.ok().as_deref(), Some(plain), "{text}");
        }
    }
}
