//! What single settings may be, each with the sentence that says what is wrong.
//!
//! No sentence repeats a value that may hold a credential.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use switchboard_outbound::NetworkPolicy;
use switchboard_vault::SecretText;
use url::Url;

/// Where the database is, with the password that goes with it. Printing it leaves the password out.
#[derive(Clone)]
pub struct DatabaseUrl {
    whole: SecretText,
    shown: String,
}

impl DatabaseUrl {
    /// The whole URL. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        self.whole.expose()
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(
                "it must start with postgres:// or postgresql:// (leave it out to use SQLite)"
                    .to_owned(),
            );
        }
        let url = Url::parse(text).map_err(|error| {
            format!(
                "it is not a URL ({error}); percent-encode special characters in its user and \
                 password"
            )
        })?;
        // A password with `/`, `?` or `#` in it ends the host early, and its rest would be shown.
        if url.fragment().is_some() || url.path().contains('@') || has_at(url.query()) {
            return Err(
                "it has `#`, or `@` after its host; percent-encode special characters in its user \
                 and password"
                    .to_owned(),
            );
        }
        let mut shown = url;
        if shown.password().is_some() && shown.set_password(Some("***")).is_err() {
            return Err("it has a password and no host".to_owned());
        }
        // Parameters may hold a password too.
        shown.set_query(None);
        Ok(Self {
            whole: SecretText::new(text.to_owned()),
            shown: shown.into(),
        })
    }
}

fn has_at(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.contains('@'))
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({})", self.shown)
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

impl LogFormat {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "text",
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        [Self::Json, Self::Text]
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not a log format; use json or text"))
    }
}

/// How severe a log line must be to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Failures that need somebody.
    Error,
    /// Also what may become one.
    Warn,
    /// Also one line for each request.
    Info,
    /// Also what helps to find a fault.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// Its name, as log filters take it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        [
            Self::Error,
            Self::Warn,
            Self::Info,
            Self::Debug,
            Self::Trace,
        ]
        .into_iter()
        .find(|level| level.as_str() == text)
        .ok_or_else(|| {
            format!("`{text}` is not a log level; use error, warn, info, debug or trace")
        })
    }
}

pub(super) fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("it is empty; name a path".to_owned());
    }
    Ok(PathBuf::from(text))
}

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!("`{text}` is not an IP address and a port such as 127.0.0.1:8080 or [::1]:8080")
    })
}

pub(super) fn http_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("it is not a URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("it must start with https:// or http://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it must not have a user or password in it".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("it must end with its path, without `?` or `#`".to_owned());
    }
    Ok(url)
}

/// Where the whole server is: the Studio's addresses start at the root.
pub(super) fn public_url(text: &str) -> Result<Url, String> {
    let url = http_url(text)?;
    if url.path() == "/" {
        return Ok(url);
    }
    Err("it must end with the host, or its port, and have no path".to_owned())
}

/// One allowance, by the very rule that outbound calls are held to.
pub(super) fn network(text: &str) -> Result<String, String> {
    NetworkPolicy::new([text]).map_err(|error| error.to_string())?;
    Ok(text.to_owned())
}

/// A network, or one address, of proxies.
pub(super) fn proxy(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map(|network| network.trunc())
        .map_err(|_| format!("`{text}` is not a network such as 10.1.0.0/16, or an address"))
}

/// A host's name or address, as it stands in `Host` headers, without a port.
pub(super) fn host(text: &str) -> Result<String, String> {
    let is_name = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    let is_host = (is_name && !text.is_empty()) || text.parse::<std::net::Ipv6Addr>().is_ok();
    if is_host {
        return Ok(text.to_owned());
    }
    Err(format!(
        "`{text}` is not a host such as switchboard.example; leave out scheme, port and path"
    ))
}

pub(super) fn integer(text: &str, least: u64, most: u64) -> Result<u64, String> {
    text.parse()
        .ok()
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("`{text}` is not a whole number from {least} to {most}"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn a_database_url_is_shown_without_its_password() {
        for (text, shown) in [
            (
                "postgres://ann:hunter2@db.example:5432/sb",
                "postgres://ann:***@db.example:5432/sb",
            ),
            (
                "postgresql://ann@db/sb?password=hunter2&sslmode=require",
                "postgresql://ann@db/sb",
            ),
            ("postgres:///sb?host=/run/postgresql", "postgres:///sb"),
        ] {
            let url = DatabaseUrl::parse(text).unwrap();
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), format!("DatabaseUrl({shown})"));
            assert_eq!(url.expose(), text);
        }
    }

    #[test]
    fn a_wrong_database_url_is_refused_without_repeating_it() {
        for text in [
            "",
            "mysql://ann:hunter2@db/sb",
            "sqlite://hunter2.db",
            "postgres:hunter2",
            "postgres://ann:hunter2/x@db/sb",
            "postgres://ann:1/hunter2@db/sb",
            "postgres://ann:1?hunter2@db/sb",
            "postgres://ann:1#hunter2@db/sb",
            "postgres://ann:pw@db:hunter2/sb",
        ] {
            let sentence = DatabaseUrl::parse(text).unwrap_err();
            assert!(!sentence.contains("hunter2"), "{text}: {sentence}");
        }
    }

    #[test]
    fn addresses_have_a_port() {
        assert!(address("127.0.0.1:0").is_ok());
        assert!(address("[::1]:8080").is_ok());
        for text in [
            "",
            "8080",
            ":8080",
            "localhost:8080",
            "127.0.0.1",
            "1.2.3.4:70000",
        ] {
            assert!(address(text).unwrap_err().contains("127.0.0.1:8080"));
        }
    }

    #[test]
    fn base_urls_are_plain() {
        assert!(http_url("http://127.0.0.1:4010").is_ok());
        for text in [
            "",
            "api.example",
            "ftp://a.example",
            "https://",
            "https://u:p@a.example",
            "https://a.example/?x=1",
            "https://a.example/#x",
        ] {
            assert!(http_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn networks_are_taken_as_outbound_calls_take_them() {
        for text in [
            "10.1.0.0/16",
            "fd00::/8",
            "192.168.1.20",
            "::1",
            "billing.internal",
        ] {
            assert_eq!(network(text).unwrap(), text);
        }
        for text in ["", "10.1.0.0/99", "http://a.example", "a b", "*.internal"] {
            assert!(network(text).unwrap_err().contains("10.1.0.0/16"), "{text}");
        }
    }

    #[test]
    fn hosts_are_names_or_addresses_alone() {
        for text in ["hub.example", "localhost", "10.1.2.3", "fd00::1"] {
            assert_eq!(host(text).unwrap(), text);
        }
        for text in [
            "",
            "https://a.example",
            "a.example:80",
            "a/b",
            "*.example",
            "a b",
            "[::1]",
        ] {
            assert!(
                host(text).unwrap_err().contains("switchboard.example"),
                "{text}"
            );
        }
    }

    #[test]
    fn numbers_keep_their_bounds() {
        assert_eq!(integer("7", 0, 7).unwrap(), 7);
        for text in ["8", "-1", "1.5", "", "1s", "99999999999999999999"] {
            assert!(integer(text, 0, 7).unwrap_err().contains("from 0 to 7"));
        }
    }

    #[test]
    fn log_settings_are_named_in_lower_case() {
        assert_eq!(LogFormat::parse("json").unwrap(), LogFormat::Json);
        assert_eq!(LogLevel::parse("trace").unwrap(), LogLevel::Trace);
        assert!(LogFormat::parse("JSON").is_err());
        assert!(LogLevel::parse("verbose").is_err());
    }
}
