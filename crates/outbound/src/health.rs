//! What an exchange says about the health of its upstream.

use http::StatusCode;

use crate::breaker::Breaker;
use crate::error::OutboundError;
use crate::pool::Answer;

/// True for the answers that say the upstream itself is not well.
const fn is_unwell(status: StatusCode) -> bool {
    matches!(status.as_u16(), 502..=504)
}

/// Tells the breaker when no answer came, or one that says the upstream is not well.
pub fn note_head(breaker: &Breaker, result: &Result<http::Response<Answer>, OutboundError>) {
    match result {
        Ok(answer) if is_unwell(answer.status()) => {
            breaker.failed(&format!("status {}", answer.status().as_u16()));
        }
        Ok(_) => {}
        Err(error) => note_error(breaker, error),
    }
}

/// Tells the breaker what came of the rest of an answer. One that says the caller is wrong, or is
/// too large, is no failure of the upstream.
pub fn note_body(breaker: &Breaker, status: StatusCode, error: Option<&OutboundError>) {
    match error {
        // It was noted with the head.
        _ if is_unwell(status) => {}
        None | Some(OutboundError::TooLarge { .. }) => breaker.succeeded(),
        Some(error) => note_error(breaker, error),
    }
}

fn note_error(breaker: &Breaker, error: &OutboundError) {
    if matches!(
        error,
        OutboundError::Dns { .. }
            | OutboundError::Connect { .. }
            | OutboundError::Tls { .. }
            | OutboundError::Timeout { .. }
            | OutboundError::ConnectionLost { .. }
    ) {
        breaker.failed(error.code());
    }
}
