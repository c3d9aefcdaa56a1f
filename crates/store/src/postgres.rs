//! How a PostgreSQL server is connected to.

use std::net::IpAddr;
use std::str::FromStr as _;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::error::StoreError;

/// What a URL says, and what it leaves open: over a network the server's certificate is verified, and
/// nothing goes in plain text. On the same machine encryption is used where the server offers it.
pub fn options(url: &str) -> Result<PgConnectOptions, StoreError> {
    let mut options = PgConnectOptions::from_str(url)?.application_name("switchboard");
    if !says_mode(url) {
        options = options.clone().ssl_mode(if options.get_socket().is_some() {
            PgSslMode::Disable
        } else if is_loopback(options.get_host()) {
            PgSslMode::Prefer
        } else {
            PgSslMode::VerifyFull
        });
    }
    Ok(options)
}

/// Whether what goes to this server may go over a network in plain text.
pub fn may_be_plain(url: &str) -> bool {
    options(url).is_ok_and(|options| {
        options.get_socket().is_none()
            && !is_loopback(options.get_host())
            && matches!(
                options.get_ssl_mode(),
                PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer
            )
    })
}

fn says_mode(url: &str) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query
        .split('&')
        .any(|pair| pair.starts_with("sslmode=") || pair.starts_with("ssl-mode="))
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn over_a_network_the_server_is_verified_unless_the_url_says_otherwise() {
        for (url, mode, plain) in [
            ("postgres://a@db.example/x", "VerifyFull", false),
            (
                "postgres://a@10.0.0.1/x?application_name=y",
                "VerifyFull",
                false,
            ),
            ("postgres://a@db.example/x?sslmode=disable", "Disable", true),
            ("postgres://a@db.example/x?sslmode=prefer", "Prefer", true),
            (
                "postgres://a@db.example/x?sslmode=require",
                "Require",
                false,
            ),
            ("postgres://a@127.0.0.1/x", "Prefer", false),
            ("postgres://a@[::1]:5432/x", "Prefer", false),
            ("postgres://a@localhost/x", "Prefer", false),
            (
                "postgres://a@localhost/x?host=/run/postgresql",
                "Disable",
                false,
            ),
        ] {
            let options = options(url).unwrap();
            assert_eq!(format!("{:?}", options.get_ssl_mode()), mode, "{url}");
            assert_eq!(may_be_plain(url), plain, "{url}");
        }
    }
}
