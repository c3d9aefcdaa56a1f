//! Which failures are tried again, and when.

use std::time::Duration;

use http::{HeaderMap, Method, StatusCode, header};
use rand::RngExt as _;

use crate::error::OutboundError;

/// How often a request goes out at most.
pub const MAX_ATTEMPTS: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// What came of an attempt.
pub enum Attempt<'a> {
    /// An answer.
    Answer(StatusCode, &'a HeaderMap),
    /// No answer.
    Failure(&'a OutboundError),
}

/// True for methods that may be repeated (RFC 9110, section 9.2.2).
const fn is_idempotent(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE
    )
}

/// How long to wait before the next attempt; none when there is to be none. `attempts` is how many
/// there were.
pub fn wait(method: &Method, attempts: u32, attempt: &Attempt<'_>) -> Option<Duration> {
    if attempts >= MAX_ATTEMPTS {
        return None;
    }
    match attempt {
        Attempt::Answer(status, headers) if is_idempotent(method) => match status.as_u16() {
            429 => retry_after(headers),
            502..=504 => Some(retry_after(headers).unwrap_or_else(|| backoff(attempts))),
            _ => None,
        },
        Attempt::Failure(error)
            if error.before_sending()
                || is_idempotent(method) && matches!(error, OutboundError::ConnectionLost(_)) =>
        {
            Some(backoff(attempts))
        }
        _ => None,
    }
}

/// Doubling waits, each with half of it random, so that callers do not come back together.
fn backoff(attempts: u32) -> Duration {
    let wait = FIRST_WAIT * 2u32.pow(attempts.saturating_sub(1).min(6));
    wait / 2 + rand::rng().random_range(Duration::ZERO..=wait / 2)
}

/// The seconds a service asks to wait (RFC 9110, section 10.2.3). A date is not understood, since
/// no clock is asked here.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers
        .get(header::RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(seconds: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::RETRY_AFTER, http::HeaderValue::from_static(seconds))])
    }

    #[test]
    fn only_repeatable_methods_are_repeated_after_an_answer() {
        let none = HeaderMap::new();
        for (method, status, expected) in [
            (Method::GET, 503, true),
            (Method::GET, 502, true),
            (Method::PUT, 504, true),
            (Method::DELETE, 503, true),
            (Method::POST, 503, false),
            (Method::PATCH, 503, false),
            (Method::GET, 500, false),
            (Method::GET, 404, false),
            (Method::GET, 429, false),
        ] {
            let status = StatusCode::from_u16(status).unwrap_or_default();
            let answer = Attempt::Answer(status, &none);
            assert_eq!(
                wait(&method, 1, &answer).is_some(),
                expected,
                "{method} {status}"
            );
        }
        let answer = Attempt::Answer(StatusCode::TOO_MANY_REQUESTS, &after("2"));
        assert_eq!(wait(&Method::GET, 1, &answer), Some(Duration::from_secs(2)));
        assert_eq!(wait(&Method::GET, MAX_ATTEMPTS, &answer), None);
    }

    #[test]
    fn what_never_went_out_may_go_out_again() {
        let refused = OutboundError::Connect {
            host: "h".to_owned(),
            detail: String::new(),
        };
        let lost = OutboundError::ConnectionLost(String::new());
        assert!(wait(&Method::POST, 1, &Attempt::Failure(&refused)).is_some());
        assert!(wait(&Method::POST, 1, &Attempt::Failure(&lost)).is_none());
        assert!(wait(&Method::GET, 1, &Attempt::Failure(&lost)).is_some());
    }
}
