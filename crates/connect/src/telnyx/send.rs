//! Sending a message, and what each kind of answer says about whether the provider has it.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use switchboard_domain::sms::status::{ProviderError, Status};
use switchboard_domain::sms::{Advice, advice};
use switchboard_outbound::{OutboundError, Response};
use switchboard_vault::SecretText;
use tokio::time::Instant;

use super::wire::{Data, Errors, Message};
use super::{IdempotencyKey, MessageBody, MessageId, Telnyx};
use crate::error::CallError;
use crate::redact::Redactor;
use crate::trace;

/// How long to wait where the provider does not say.
const WAIT: Duration = Duration::from_secs(1);
/// The longest wait that is believed. A larger number is a point in time, or a mistake.
const LONGEST_WAIT: Duration = Duration::from_hours(1);
/// The code of the answer to a second request while the first is under way.
const UNDER_WAY: &str = "10036";

/// The provider took the message. That says nothing about its delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The provider's id of it.
    pub id: MessageId,
    /// How many parts the provider counts; it may write a text otherwise than it came.
    pub parts: Option<u32>,
    /// How far it has come.
    pub status: Status,
}

/// The provider does not take the message, now or later, as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The provider's code, or one of ours (`http_404`, `missing_secret`) where it gave none.
    pub code: String,
    /// What it is called.
    pub title: String,
    /// What the provider says about this case.
    pub detail: Option<String>,
    /// The status of the answer, if there was one.
    pub http_status: Option<u16>,
    /// What to do about it.
    pub advice: Option<Advice>,
}

impl Rejection {
    fn new(error: ProviderError, status: StatusCode) -> Self {
        Self {
            advice: advice(&error.code),
            code: error.code,
            title: error.title,
            detail: error.detail,
            http_status: Some(status.as_u16()),
        }
    }
}

impl From<CallError> for Rejection {
    fn from(error: CallError) -> Self {
        Self {
            code: error.code.to_owned(),
            title: error.message,
            detail: None,
            http_status: error.upstream_status,
            advice: None,
        }
    }
}

/// What came of an attempt to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// The provider has it.
    Accepted(Accepted),
    /// The provider does not have it and will not take it.
    Rejected(Rejection),
    /// The provider surely does not have it. The same bytes with the same key may go out again.
    RetryLater {
        /// How long to wait at least.
        after: Duration,
        /// Why.
        error: CallError,
    },
    /// The first request with this key is still under way. The same bytes with the same key may go
    /// out again after a moment: that only asks for the first one's answer.
    UnderWay,
    /// The provider may have it or not. It must not go out again; a webhook or a look at the
    /// provider's log tells.
    Unknown(CallError),
}

/// An attempt to send, with what is kept of it.
#[derive(Debug, Clone)]
pub struct Sent {
    /// What came of it.
    pub outcome: SendOutcome,
    /// The request, JSON text without credentials.
    pub request: String,
    /// The answer, JSON text without credentials; `null` where there was none.
    pub response: String,
}

impl Telnyx {
    /// Sends a message, once, before the deadline (`POST /v2/messages`). Nothing here repeats a
    /// request; the outcome says whether the caller may.
    pub async fn send(
        &self,
        api_key: &SecretText,
        redactor: &Redactor,
        body: &MessageBody,
        key: &IdempotencyKey,
        deadline: Instant,
    ) -> Sent {
        let prepared = self.prepare(api_key, body, key);
        let request = match prepared {
            Ok(request) => request,
            Err(error) => {
                return Sent {
                    outcome: SendOutcome::Rejected(error.into()),
                    request: "null".to_owned(),
                    response: "null".to_owned(),
                };
            }
        };
        let kept = trace::request(
            "POST",
            &self.messages,
            &request.headers,
            &[],
            std::str::from_utf8(body.as_bytes()).ok(),
            redactor,
        );
        // On the heap: the client's future is large.
        let sending = Box::pin(self.client.send_with(request, &self.options, deadline));
        let (outcome, response) = match sending.await {
            Ok(response) => answered(&response, redactor),
            Err(error) => (unanswered(&error), "null".to_owned()),
        };
        Sent {
            outcome,
            request: kept,
            response,
        }
    }

    fn prepare(
        &self,
        api_key: &SecretText,
        body: &MessageBody,
        key: &IdempotencyKey,
    ) -> Result<switchboard_outbound::Request, CallError> {
        let mut request = self.request(Method::POST, &self.messages, api_key)?;
        request.headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        let key = HeaderValue::from_str(key.as_str()).map_err(|_| CallError {
            code: "invalid_header",
            message: "the idempotency key cannot be put into a header".to_owned(),
            upstream_status: None,
        })?;
        request
            .headers
            .insert(HeaderName::from_static("idempotency-key"), key);
        request.body = body.as_bytes().clone();
        Ok(request)
    }
}

/// No whole answer came. Whether the request may have gone out is what the client knows.
fn unanswered(error: &OutboundError) -> SendOutcome {
    let call = |code| CallError {
        code,
        message: error.to_string(),
        upstream_status: match error {
            OutboundError::TooLarge { status, .. } => Some(*status),
            _ => None,
        },
    };
    if error.may_have_reached_upstream() {
        return SendOutcome::Unknown(call("outcome_unknown"));
    }
    match error {
        OutboundError::CircuitOpen { retry_in, .. } => SendOutcome::RetryLater {
            after: (*retry_in).max(WAIT),
            error: call(error.code()),
        },
        OutboundError::Dns { .. }
        | OutboundError::Connect { .. }
        | OutboundError::Tls { .. }
        | OutboundError::Timeout { .. } => SendOutcome::RetryLater {
            after: WAIT,
            error: call(error.code()),
        },
        // A setting stands in the way, and stands there the next time too.
        _ => SendOutcome::Rejected(call(error.code()).into()),
    }
}

fn answered(response: &Response, redactor: &Redactor) -> (SendOutcome, String) {
    let status = response.status;
    let text = String::from_utf8_lossy(&response.body);
    let text = redactor.clean_json(&text);
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
    let kept = trace::response(status, &response.headers, &text, is_json, redactor);
    let body = Bytes::copy_from_slice(text.as_bytes());
    (classify(status, &response.headers, &body), kept)
}

/// Says what an answer means. Only where it is sure that the provider does not have the message may
/// it go out again.
fn classify(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> SendOutcome {
    if status.is_success() {
        return accepted(status, body);
    }
    let first = first_error(body);
    let code = first.as_ref().map(|error| error.code.as_str());
    let failed = |what: &str| CallError {
        code: "upstream_error",
        message: format!(
            "Telnyx responded with status {}{}: {what}",
            status.as_u16(),
            first.as_ref().map_or_else(String::new, |error| format!(
                " ({} {})",
                error.code, error.title
            )),
        ),
        upstream_status: Some(status.as_u16()),
    };
    let unknown = || {
        SendOutcome::Unknown(CallError {
            code: "outcome_unknown",
            ..failed("it is not known whether it accepted the message")
        })
    };
    match status {
        StatusCode::CONFLICT if code == Some(UNDER_WAY) => SendOutcome::UnderWay,
        StatusCode::TOO_MANY_REQUESTS => SendOutcome::RetryLater {
            after: wait(headers),
            error: failed("too many messages in a short time; this one waits"),
        },
        // The service itself refuses at the door: it names an error or says when to come back. A
        // bare 503 can be a gateway's, which lost the service in the middle of our request.
        StatusCode::SERVICE_UNAVAILABLE
            if first.is_some() || headers.contains_key(header::RETRY_AFTER) =>
        {
            SendOutcome::RetryLater {
                after: wait(headers),
                error: failed("it takes no messages right now; this one waits"),
            }
        }
        // It gave up on a request that it had begun with.
        StatusCode::REQUEST_TIMEOUT => unknown(),
        _ if status.is_server_error() => unknown(),
        _ => SendOutcome::Rejected(first.clone().map_or_else(
            || Rejection {
                code: format!("http_{}", status.as_u16()),
                title: failed(what_of(status)).message,
                detail: None,
                http_status: Some(status.as_u16()),
                advice: None,
            },
            |error| Rejection::new(error, status),
        )),
    }
}

const fn what_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        300..=399 => "it redirects, which is not followed; set the final URL of Telnyx",
        401 | 403 => "it refused the API key; check the channel's secret",
        404 => "it does not know this path; check the URL of Telnyx",
        _ => "it did not accept the message",
    }
}

fn accepted(status: StatusCode, body: &[u8]) -> SendOutcome {
    let unreadable = |what: &str| {
        SendOutcome::Unknown(CallError {
            code: "outcome_unknown",
            message: format!("Telnyx seems to have taken the message, but {what}"),
            upstream_status: Some(status.as_u16()),
        })
    };
    let Ok(Data { data }) = serde_json::from_slice::<Data<Message>>(body) else {
        return unreadable("its response cannot be read");
    };
    let Ok(id) = MessageId::parse(&data.id) else {
        return unreadable("its response has no id to ask for");
    };
    SendOutcome::Accepted(Accepted {
        id,
        parts: data.parts,
        // A status that is new to us is a stage of being sent.
        status: data.status().unwrap_or(Status::Queued),
    })
}

/// The first error of an answer, if it has the form of the provider's errors.
pub(super) fn first_error(body: &[u8]) -> Option<ProviderError> {
    serde_json::from_slice::<Errors>(body)
        .ok()
        .and_then(|errors| errors.errors.into_iter().next())
        .map(Into::into)
}

/// How long the provider asks to wait: seconds in `x-ratelimit-reset`, or in `retry-after`.
pub(super) fn wait(headers: &HeaderMap) -> Duration {
    ["x-ratelimit-reset", "retry-after"]
        .iter()
        .filter_map(|name| headers.get(*name)?.to_str().ok()?.trim().parse().ok())
        .map(Duration::from_secs)
        .find(|wait| *wait <= LONGEST_WAIT)
        .map_or(WAIT, |wait| wait.max(WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAKEN: &str = r#"{"data":{"id":"4038-a","parts":2,"to":[{"status":"queued"}]}}"#;

    fn error(code: &str) -> String {
        format!(r#"{{"errors":[{{"code":"{code}","title":"T","detail":"D"}}]}}"#)
    }

    fn name(outcome: &SendOutcome) -> &'static str {
        match outcome {
            SendOutcome::Accepted(_) => "accepted",
            SendOutcome::Rejected(_) => "rejected",
            SendOutcome::RetryLater { .. } => "later",
            SendOutcome::UnderWay => "under way",
            SendOutcome::Unknown(_) => "unknown",
        }
    }

    #[test]
    fn each_answer_means_one_thing() {
        for (status, body, expected) in [
            (200, TAKEN.to_owned(), "accepted"),
            (202, TAKEN.to_owned(), "accepted"),
            (200, r#"{"data":{"id":"../x"}}"#.to_owned(), "unknown"),
            (200, r#"{"data":{"id":"a""#.to_owned(), "unknown"),
            (200, String::new(), "unknown"),
            (200, "<html>".to_owned(), "unknown"),
            (400, error("10015"), "rejected"),
            (401, error("10009"), "rejected"),
            (402, error("20100"), "rejected"),
            (403, "<html>".to_owned(), "rejected"),
            (404, String::new(), "rejected"),
            (408, error("10008"), "unknown"),
            (409, error("10036"), "under way"),
            (409, error("10012"), "rejected"),
            (422, error("40310"), "rejected"),
            (429, String::new(), "later"),
            (429, error("10011"), "later"),
            (307, String::new(), "rejected"),
            (500, error("10007"), "unknown"),
            (502, String::new(), "unknown"),
            (503, error("10007"), "later"),
            (503, "upstream connect error".to_owned(), "unknown"),
            (503, String::new(), "unknown"),
            (504, String::new(), "unknown"),
        ] {
            let code = StatusCode::from_u16(status).unwrap_or_default();
            let outcome = classify(code, &HeaderMap::new(), body.as_bytes());
            assert_eq!(name(&outcome), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_rejection_says_what_to_do() {
        let outcome = classify(
            StatusCode::BAD_REQUEST,
            &HeaderMap::new(),
            error("40300").as_bytes(),
        );
        let SendOutcome::Rejected(rejection) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(rejection.code, "40300");
        assert_eq!(rejection.detail.as_deref(), Some("D"));
        assert_eq!(rejection.http_status, Some(400));
        assert!(
            rejection
                .advice
                .is_some_and(|advice| !advice.may_be_retried)
        );
    }

    #[test]
    fn the_provider_says_how_long_to_wait() {
        let with = |name, value| {
            let mut headers = HeaderMap::new();
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
            wait(&headers)
        };
        assert_eq!(with("x-ratelimit-reset", "7"), Duration::from_secs(7));
        assert_eq!(with("retry-after", "9"), Duration::from_secs(9));
        for nonsense in ["0", "", "soon", "-1", "1800000000", "99999999999999999999"] {
            assert_eq!(with("x-ratelimit-reset", nonsense), WAIT, "{nonsense}");
        }
        assert_eq!(wait(&HeaderMap::new()), WAIT);
    }

    #[test]
    fn what_never_left_may_leave_later_and_what_left_may_not() {
        let host = || "h".to_owned();
        for (error, expected) in [
            (
                OutboundError::Connect {
                    host: host(),
                    detail: String::new(),
                },
                "later",
            ),
            (
                OutboundError::Timeout {
                    host: host(),
                    phase: switchboard_outbound::Phase::Connecting,
                    sent: false,
                },
                "later",
            ),
            (
                OutboundError::Timeout {
                    host: host(),
                    phase: switchboard_outbound::Phase::Waiting,
                    sent: true,
                },
                "unknown",
            ),
            (
                OutboundError::ConnectionLost {
                    host: host(),
                    in_answer: false,
                },
                "unknown",
            ),
            (
                OutboundError::TooLarge {
                    limit: 1,
                    status: 200,
                },
                "unknown",
            ),
            (OutboundError::InvalidUrl("x"), "rejected"),
        ] {
            assert_eq!(name(&unanswered(&error)), expected, "{error}");
        }
    }
}
