//! How a PostgreSQL server is connected to.

use std::net::IpAddr;
use std::path::Path;
use std::str::FromStr as _;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::error::StoreError;

/// What a URL says, and what it leaves open: over a network the server's certificate is verified, and
/// nothing goes in plain text. On the same machine encryption is used where the server offers it.
/// Whoever names an authority has certificates verified everywhere.
pub fn options(url: &str, ca_file: Option<&Path>) -> Result<PgConnectOptions, StoreError> {
    let mut options = PgConnectOptions::from_str(url)?.application_name("switchboard");
    if let Some(path) = ca_file {
        readable(path)?;
        options = options.ssl_root_cert(path);
    }
    if !says(url, &["sslmode", "ssl-mode"]) {
        let authority = ca_file.is_some() || says(url, &["sslrootcert", "ssl-root-cert", "ssl-ca"]);
        options = options.clone().ssl_mode(if options.get_socket().is_some() {
            PgSslMode::Disable
        } else if is_loopback(options.get_host()) && !authority {
            PgSslMode::Prefer
        } else {
            PgSslMode::VerifyFull
        });
    }
    Ok(options)
}

/// Refuses a file without certificates, which would be found out by a refused connection only.
fn readable(path: &Path) -> Result<(), StoreError> {
    let refused = |why: String| {
        StoreError::Held(format!(
            "the certificates of --database-ca-file {} cannot be used: {why}",
            path.display()
        ))
    };
    let mut store = RootCertStore::empty();
    let certificates =
        CertificateDer::pem_file_iter(path).map_err(|error| refused(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| refused(error.to_string()))?;
        store
            .add(certificate)
            .map_err(|error| refused(error.to_string()))?;
    }
    if store.is_empty() {
        return Err(refused(
            "there is none in it, in the form of PEM".to_owned(),
        ));
    }
    Ok(())
}

/// What somebody on the network between could do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// Read everything: it may go in plain text.
    Plain,
    /// Pass for the server: its certificate is not checked, or not that it is this host's.
    Unverified,
}

/// How exposed the connection to a server elsewhere is; none where it is verified, or on this machine.
pub fn exposure(url: &str) -> Option<Exposure> {
    let options = options(url, None).ok()?;
    if options.get_socket().is_some() || is_loopback(options.get_host()) {
        return None;
    }
    match options.get_ssl_mode() {
        PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer => Some(Exposure::Plain),
        PgSslMode::Require | PgSslMode::VerifyCa => Some(Exposure::Unverified),
        PgSslMode::VerifyFull => None,
    }
}

/// Whether a URL has a parameter of one of these names.
fn says(url: &str, names: &[&str]) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query
        .split('&')
        .filter_map(|pair| pair.split('=').next())
        .any(|name| names.contains(&name))
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
        let plain = Some(Exposure::Plain);
        let unverified = Some(Exposure::Unverified);
        for (url, mode, exposed) in [
            ("postgres://a@db.example/x", "VerifyFull", None),
            (
                "postgres://a@10.0.0.1/x?application_name=y",
                "VerifyFull",
                None,
            ),
            (
                "postgres://a@db.example/x?sslmode=disable",
                "Disable",
                plain,
            ),
            ("postgres://a@db.example/x?sslmode=prefer", "Prefer", plain),
            (
                "postgres://a@db.example/x?sslmode=require",
                "Require",
                unverified,
            ),
            (
                "postgres://a@db.example/x?sslmode=verify-ca",
                "VerifyCa",
                unverified,
            ),
            (
                "postgres://a@127.0.0.1/x?sslrootcert=/etc/ssl/ca.pem",
                "VerifyFull",
                None,
            ),
            ("postgres://a@127.0.0.1/x?sslmode=disable", "Disable", None),
            ("postgres://a@127.0.0.1/x", "Prefer", None),
            ("postgres://a@[::1]:5432/x", "Prefer", None),
            ("postgres://a@localhost/x", "Prefer", None),
            (
                "postgres://a@localhost/x?host=/run/postgresql",
                "Disable",
                None,
            ),
        ] {
            let options = options(url, None).unwrap();
            assert_eq!(format!("{:?}", options.get_ssl_mode()), mode, "{url}");
            assert_eq!(exposure(url), exposed, "{url}");
        }
    }

    #[test]
    fn a_file_without_certificates_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for text in [
            "",
            "no certificate",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            std::fs::write(file.path(), text).unwrap();
            let refused = options("postgres://a@db.example/x", Some(file.path()));
            let sentence = refused.unwrap_err().to_string();
            assert!(sentence.contains("--database-ca-file"), "{sentence}");
        }
        let missing = Path::new("/no/such/file.pem");
        assert!(options("postgres://a@db.example/x", Some(missing)).is_err());
    }
}
