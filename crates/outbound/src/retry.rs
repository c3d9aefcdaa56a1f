//! Which failures are tried again, and when.

use std::time::Duration;

use http::{HeaderMap, Method, StatusCode, header};
use rand::RngExt as _;

use crate::error::OutboundError;

/// How often a request goes out, and how long lies between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often a request goes out at most; one means no retries.
    pub max_attempts: u32,
    /// The wait before the second attempt. It doubles for each one after.
    pub first_wait: Duration,
    /// The longest of these waits.
    pub max_wait: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            first_wait: Duration::from_millis(50),
            max_wait: Duration::from_secs(2),
        }
    }
}

/// True for methods that may be repeated (RFC 9110, section 9.2.2).
pub const fn is_idempotent(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE
    )
}

impl RetryPolicy {
    /// How long to wait after an answer; none when it stands. `attempts` is how many there were.
    pub fn after_answer(
        &self,
        method: &Method,
        attempts: u32,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Option<Duration> {
        if !matches!(status.as_u16(), 429 | 502..=504)
            || attempts >= self.max_attempts
            || !is_idempotent(method)
        {
            return None;
        }
        let asked = retry_after(headers);
        // A service that limits rates and does not say for how long is not pressed.
        if status == StatusCode::TOO_MANY_REQUESTS {
            return asked;
        }
        Some(asked.unwrap_or_else(|| self.backoff(attempts)))
    }

    /// How long to wait after a failure; none when it stands.
    pub fn after_failure(
        &self,
        method: &Method,
        attempts: u32,
        error: &OutboundError,
    ) -> Option<Duration> {
        if attempts >= self.max_attempts {
            return None;
        }
        let again = match error {
            // Nothing was sent, so nothing can happen twice.
            OutboundError::Dns { .. }
            | OutboundError::Connect { .. }
            | OutboundError::Tls { .. } => true,
            OutboundError::ConnectionLost { in_answer, .. } => !in_answer && is_idempotent(method),
            _ => false,
        };
        again.then(|| self.backoff(attempts))
    }

    /// Doubling waits, each with half of it random, so that callers do not come back together.
    fn backoff(&self, attempts: u32) -> Duration {
        let doubled = 2u32.saturating_pow(attempts.saturating_sub(1));
        let wait = self.first_wait.saturating_mul(doubled).min(self.max_wait);
        wait / 2 + rand::rng().random_range(Duration::ZERO..=wait / 2)
    }
}

/// How long a service asks to wait (RFC 9110, section 10.2.3). A date is measured against the
/// service's own clock, its `Date` header, so that no two clocks need to agree.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let then = httpdate::parse_http_date(text).ok()?;
    let now = httpdate::parse_http_date(headers.get(header::DATE)?.to_str().ok()?).ok()?;
    Some(then.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    http::HeaderName::from_static(name),
                    http::HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn only_repeatable_methods_are_repeated_after_an_answer() {
        let policy = RetryPolicy::default();
        for method in [
            Method::GET,
            Method::HEAD,
            Method::OPTIONS,
            Method::PUT,
            Method::DELETE,
            Method::POST,
            Method::PATCH,
        ] {
            for status in [200, 301, 400, 404, 408, 429, 500, 501, 502, 503, 504, 505] {
                let again =
                    !matches!(method, Method::POST | Method::PATCH) && matches!(status, 502..=504);
                let code = StatusCode::from_u16(status).unwrap_or_default();
                let wait = policy.after_answer(&method, 1, code, &HeaderMap::new());
                assert_eq!(wait.is_some(), again, "{method} {status}");
            }
        }
        let unavailable = StatusCode::SERVICE_UNAVAILABLE;
        assert!(
            policy
                .after_answer(&Method::GET, 2, unavailable, &HeaderMap::new())
                .is_some()
        );
        assert!(
            policy
                .after_answer(&Method::GET, 3, unavailable, &HeaderMap::new())
                .is_none()
        );
    }

    #[test]
    fn a_service_says_how_long_to_wait() {
        let policy = RetryPolicy::default();
        let wait = |pairs: &[_]| {
            let headers = headers(pairs);
            policy.after_answer(&Method::GET, 1, StatusCode::TOO_MANY_REQUESTS, &headers)
        };
        assert_eq!(wait(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        let later = ("retry-after", "Sun, 06 Nov 1994 08:49:40 GMT");
        let earlier = ("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT");
        assert_eq!(wait(&[date, later]), Some(Duration::from_secs(3)));
        assert_eq!(wait(&[date, earlier]), Some(Duration::ZERO));
        assert_eq!(wait(&[later]), None, "no clock to measure it by");
        for nonsense in ["", "soon", "-1", "1.5"] {
            assert_eq!(wait(&[date, ("retry-after", nonsense)]), None, "{nonsense}");
        }
    }

    #[test]
    fn what_never_went_out_may_go_out_again() {
        let policy = RetryPolicy::default();
        let host = || "h".to_owned();
        let refused = OutboundError::Connect {
            host: host(),
            detail: String::new(),
        };
        let lost = |in_answer| OutboundError::ConnectionLost {
            host: host(),
            in_answer,
        };
        for (method, error, again) in [
            (Method::POST, refused.clone(), true),
            (Method::GET, refused, true),
            (Method::POST, lost(false), false),
            (Method::PATCH, lost(false), false),
            (Method::PUT, lost(false), true),
            (Method::GET, lost(true), false),
            (Method::GET, OutboundError::InvalidUrl("x"), false),
        ] {
            let wait = policy.after_failure(&method, 1, &error);
            assert_eq!(wait.is_some(), again, "{method} {error}");
        }
    }

    #[test]
    fn waits_grow_to_a_limit() {
        let policy = RetryPolicy::default();
        for attempts in [1, 2, 3, 10, 40, u32::MAX] {
            let full = 50u64
                .saturating_mul(2u64.saturating_pow(attempts - 1))
                .min(2000);
            let wait = policy.backoff(attempts);
            assert!(
                wait >= Duration::from_millis(full / 2),
                "{attempts}: {wait:?}"
            );
            assert!(wait <= Duration::from_millis(full), "{attempts}: {wait:?}");
        }
    }
}
