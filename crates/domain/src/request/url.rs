//! Base URLs of integrations and full URLs of an agent's own calls.

use serde_json::{Map, Value};
use url::Url;

use super::path::PathTemplate;
use crate::rule::RuleError;

/// Where the paths of an integration start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    /// The URL without a slash at its end.
    text: String,
    origin: String,
}

fn invalid(message: impl Into<String>) -> RuleError {
    RuleError::new("invalid_url", message)
}

/// What every URL that a user sets must be.
fn check(text: &str) -> Result<Url, RuleError> {
    if text
        .chars()
        .any(|c| c.is_control() || c == ' ' || c == '\\')
    {
        return Err(invalid(
            "a URL has no spaces, backslashes or control characters",
        ));
    }
    let url = Url::parse(text).map_err(|error| {
        invalid(format!(
            "not a URL: {error}; write for example https://api.example.com/v1"
        ))
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("a URL starts with https:// or http://"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(invalid("the URL has no host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid(
            "a URL holds no user name or password; use `auth` with a secret",
        ));
    }
    if url.fragment().is_some() {
        return Err(invalid("a URL that requests go to has no `#` part"));
    }
    Ok(url)
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

impl BaseUrl {
    /// Parses a base URL: `http` or `https`, a host, perhaps a path; no credentials, query or
    /// fragment.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let url = check(text)?;
        if url.query().is_some() {
            return Err(invalid(
                "a base URL has no query; put parameters into the action",
            ));
        }
        let origin = origin(&url);
        let text = format!("{origin}{}", url.path().trim_end_matches('/'));
        Ok(Self { text, origin })
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The URL of a path, its placeholders filled.
    pub fn join(
        &self,
        path: &PathTemplate,
        arguments: &Map<String, Value>,
    ) -> Result<String, RuleError> {
        let mut url = String::with_capacity(self.text.len() + 128);
        url.push_str(&self.text);
        path.render_onto(&mut url, arguments)?;
        if url.len() == self.origin.len() {
            url.push('/');
        }
        Ok(url)
    }
}

/// A full URL whose path may have `{placeholders}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlTemplate {
    origin: String,
    path: PathTemplate,
    query: Option<String>,
    /// The names in the query, decoded.
    fixed: Vec<String>,
}

impl UrlTemplate {
    /// Parses a URL. Placeholders stand in its path only, so no argument chooses the host.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let start = text
            .find("://")
            .map(|at| at + 3)
            .ok_or_else(|| invalid("a URL starts with https:// or http://"))?;
        let end = text[start..]
            .find(['/', '?', '#'])
            .map_or(text.len(), |at| start + at);
        let (site, rest) = text.split_at(end);
        if site.contains(['{', '}']) {
            return Err(invalid(
                "placeholders stand in the path of a URL, not in its host",
            ));
        }
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        if query.is_some_and(|query| query.contains(['{', '}', '#'])) {
            return Err(invalid(
                "placeholders stand in the path of a URL; arguments that are left over go to the query by themselves",
            ));
        }
        let url = check(&format!(
            "{site}/{}",
            query.map_or_else(String::new, |query| format!("?{query}"))
        ))?;
        Ok(Self {
            fixed: url
                .query_pairs()
                .map(|(name, _)| name.into_owned())
                .collect(),
            origin: origin(&url),
            path: PathTemplate::parse(if path.is_empty() { "/" } else { path })?,
            query: url.query().map(str::to_owned),
        })
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The names of its placeholders.
    pub fn names(&self) -> &[String] {
        self.path.names()
    }

    /// The names its own query sets. No argument may set them again: which of two values counts is
    /// up to each server.
    pub fn fixed_query(&self) -> &[String] {
        &self.fixed
    }

    /// Fills the placeholders.
    pub fn render(&self, arguments: &Map<String, Value>) -> Result<String, RuleError> {
        let mut url = String::with_capacity(self.origin.len() + 128);
        url.push_str(&self.origin);
        self.path.render_onto(&mut url, arguments)?;
        if let Some(query) = &self.query {
            url.push('?');
            url.push_str(query);
        }
        Ok(url)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use serde_json::json;

    fn join(base: &str, path: &str) -> String {
        let path = PathTemplate::parse(path).unwrap();
        BaseUrl::parse(base)
            .unwrap()
            .join(&path, &Map::new())
            .unwrap()
    }

    #[test]
    fn base_urls_are_normalised() {
        for (text, path, url) in [
            ("https://a.example", "", "https://a.example/"),
            ("https://A.example:443/", "/x", "https://a.example/x"),
            (
                "http://a.example:8080/v1/",
                "/x",
                "http://a.example:8080/v1/x",
            ),
            ("https://a.example/v1/../v2", "/x", "https://a.example/v2/x"),
        ] {
            assert_eq!(join(text, path), url);
        }
    }

    #[test]
    fn urls_that_say_too_much_or_too_little_are_refused() {
        for text in [
            "",
            "a.example",
            "/x",
            "ftp://a.example",
            "https://",
            "https://u:p@a.example",
            "https://u@a.example",
            "https://a.example/#x",
            "https://a.example/?x=1",
            "https://a b/",
            "https://a.example\\@b.example",
            "file:///etc/passwd",
            "https:///x",
        ] {
            let refused = BaseUrl::parse(text);
            assert!(
                refused.as_ref().is_err_and(|e| e.code == "invalid_url")
                    || text == "https:///x" && refused.is_ok_and(|u| u.origin() == "https://x"),
                "{text}"
            );
        }
    }

    #[test]
    fn full_urls_take_placeholders_in_their_path() {
        let url = UrlTemplate::parse("https://a.example/v1/{id}/x?fixed=1").unwrap();
        let rendered = url.render(json!({"id": "@b.example/"}).as_object().unwrap());
        assert_eq!(
            rendered.unwrap(),
            "https://a.example/v1/%40b.example%2F/x?fixed=1"
        );
        for text in [
            "https://{host}/x",
            "https://a.example{x}/",
            "https://a.example/?x={y}",
            "nothing",
            "https://u:p@a.example/x",
            "https://a.example/../x",
        ] {
            assert!(UrlTemplate::parse(text).is_err(), "{text}");
        }
    }
}
