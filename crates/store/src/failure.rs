//! What an error of a database means: whether it may go away by itself, and how it is told.

use rustls::CertificateError;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::error::StoreError;

impl From<sqlx::Error> for StoreError {
    /// The kinds of an error, as far as they matter to who asked.
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::Database(database) = &error {
            if database.is_unique_violation() {
                return Self::Duplicate;
            }
            let code = database.code();
            if code.is_some_and(|code| passes(&code)) {
                return Self::Unavailable(error.to_string());
            }
            return Self::Database(error);
        }
        match error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => Self::Unavailable(error.to_string()),
            _ => Self::Database(error),
        }
    }
}

/// Whether a code says that the database cannot do what it otherwise would: it is gone, full, read
/// only, stopping, or busy.
fn passes(code: &str) -> bool {
    if code.len() == 5 {
        // SQLSTATE: connection exceptions, transaction rollbacks, resources, objects in use,
        // operator intervention, system errors; and a read-only transaction.
        return ["08", "40", "53", "55", "57", "58"]
            .iter()
            .any(|class| code.starts_with(class))
            || code == "25006";
    }
    code.parse().is_ok_and(sqlite_passes)
}

/// The same of a result code of SQLite, whose low byte is the primary one.
pub(crate) const fn sqlite_passes(code: i32) -> bool {
    // busy, locked, out of memory, read only, interrupted, I/O, full, cannot open, protocol
    matches!(code & 0xff, 5 | 6 | 7 | 8 | 9 | 10 | 13 | 14 | 15)
}

/// Where a server is, without a user or a password.
pub(crate) fn place(options: &PgConnectOptions) -> String {
    let port = options.get_port();
    options.get_socket().map_or_else(
        || format!("PostgreSQL at {}:{port}", options.get_host()),
        |socket| format!("PostgreSQL at {} (port {port})", socket.display()),
    )
}

/// An error with the place it came from.
pub(crate) fn told(options: &PgConnectOptions, error: &sqlx::Error) -> String {
    let place = place(options);
    if let Some(why) = handshake(options, error) {
        return format!("{place}: {why}");
    }
    match error {
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            format!("{place} refused the connection")
        }
        sqlx::Error::Database(database) => {
            let said = format!("{place} said: {}", database.message());
            // Refused before it asked who we are.
            let is_refused = database.code().is_some_and(|code| code == "28000");
            if is_refused && options.get_socket().is_none() && is_plain(options) {
                return format!("{said}; if the server demands TLS, leave sslmode out of the URL");
            }
            said
        }
        error => format!("{place}: {error}"),
    }
}

fn is_plain(options: &PgConnectOptions) -> bool {
    matches!(
        options.get_ssl_mode(),
        PgSslMode::Disable | PgSslMode::Allow
    )
}

/// What is wrong with the server's TLS; none where it is something else.
fn handshake(options: &PgConnectOptions, error: &sqlx::Error) -> Option<String> {
    let error = match error {
        sqlx::Error::Tls(error) => {
            return Some(format!(
                "a TLS connection cannot be made: {error}; sslmode=disable in the URL allows plain text, \
                 for a network that nobody else is on"
            ));
        }
        sqlx::Error::Io(error) => error.get_ref()?.downcast_ref::<rustls::Error>()?,
        _ => return None,
    };
    Some(match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "no authority that is trusted signed its certificate; name the authority's certificate \
             with --database-ca-file"
                .to_owned()
        }
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => format!(
            "its certificate is for another name; connect to it by a name that the certificate has, not \
             by {}",
            options.get_host()
        ),
        error => format!("a TLS connection cannot be made: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_go_away_is_told_from_what_will_not() {
        // Too many connections, disk full, admin shutdown, starting up, read only, deadlock,
        // cancelled; and SQLite's busy, read only (with detail), I/O, full.
        for code in [
            "53300", "53100", "57P01", "57P03", "25006", "40P01", "57014", "08006", "5", "1032",
            "10", "3338", "13",
        ] {
            assert!(passes(code), "{code}");
        }
        // Syntax, unknown table, a bad value, a foreign key; SQLite's error, constraint, corrupt.
        for code in ["42601", "42P01", "22P02", "23503", "1", "19", "787", "11"] {
            assert!(!passes(code), "{code}");
        }
    }

    #[test]
    fn a_server_is_named_without_its_password() {
        let options: PgConnectOptions = "postgres://user:geheim@db.internal:5433/x"
            .parse()
            .unwrap_or_default();
        let text = told(&options, &sqlx::Error::PoolTimedOut);
        assert!(text.starts_with("PostgreSQL at db.internal:5433"), "{text}");
        assert!(!text.contains("geheim"));
    }
}
