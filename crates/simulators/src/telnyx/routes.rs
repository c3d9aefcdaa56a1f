//! The simulator's routes.

use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::extract::{ConnectInfo, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use switchboard_domain::sms::status::Status;
use switchboard_domain::sms::{PhoneNumber, Segments, Sender};

use super::behaviour::{Behaviour, Rule};
use super::listener::Cut;
use super::payload::{self, Refusal};
use super::shared::Shared;
use super::state::{Known, Taken};
use super::webhook;

/// The routes of the service and of its control.
pub fn router(shared: Shared) -> Router {
    Router::new()
        .route("/messages", post(send))
        .route("/messages/{id}", get(read))
        .route("/v2/messages", post(send))
        .route("/v2/messages/{id}", get(read))
        .route("/simulator", get(about))
        .route("/simulator/messages", get(log))
        .route("/simulator/webhook", put(set_webhook))
        .route("/simulator/rules", post(add_rule).delete(clear_rules))
        .with_state(shared)
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

fn authorize(shared: &Shared, headers: &HeaderMap) -> Result<(), Refusal> {
    let sent = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.strip_prefix("Bearer "))
        .filter(|key| !key.is_empty());
    match (&shared.api_key, sent) {
        (None, Some(_)) => Ok(()),
        (Some(key), Some(sent)) if key == sent => Ok(()),
        _ => Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            "10009",
            "send a valid API key as a bearer token",
        )),
    }
}

async fn read(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    authorize(&shared, &headers)?;
    let state = shared.state();
    let message = state
        .find(&id)
        .ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, "10005", "there is no such message"))?;
    Ok(Json(json!({"data": payload::message(message)})))
}

async fn send(
    State(shared): State<Shared>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    // In a task of its own: a caller that goes away does not stop what was begun.
    let sending = tokio::spawn(async move { decide(&shared, &cut, &headers, &body).await });
    match sending.await {
        Ok(Ok(response)) => response,
        Ok(Err(refusal)) => refusal.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What is asked for, after it was found to be in order.
#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    messaging_profile_id: Option<String>,
    #[serde(default)]
    to: Option<Value>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    webhook_url: Option<String>,
}

async fn decide(
    shared: &Shared,
    cut: &Cut,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Response, Refusal> {
    authorize(shared, headers)?;
    let key = key(shared, headers)?;
    if let Some(key) = &key
        && let Some(response) = known(shared, key, body)?
    {
        return Ok(response);
    }
    let result = perform(shared, cut, key.as_deref(), body).await;
    if let Some(key) = &key {
        let good = result.as_ref().ok().and_then(|done| done.good.clone());
        shared.state().finish(key, good);
    }
    result.map(|done| done.response)
}

/// The request's key, if keys are known here.
fn key(shared: &Shared, headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(key) = headers.get("idempotency-key").filter(|_| shared.knows_keys) else {
        return Ok(None);
    };
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"_:-".contains(byte);
    let bytes = key.as_bytes();
    if (1..=255).contains(&bytes.len()) && bytes.iter().all(allowed) {
        Ok(Some(String::from_utf8_lossy(bytes).into_owned()))
    } else {
        let detail = "an idempotency key has 1 to 255 letters, digits, `_`, `:` or `-`";
        Err(Refusal::new(StatusCode::BAD_REQUEST, "10015", detail))
    }
}

/// The answer to a key that was used before; none for a new one.
fn known(shared: &Shared, key: &str, body: &Bytes) -> Result<Option<Response>, Refusal> {
    match shared.state().begin(key, body) {
        Known::New => Ok(None),
        Known::Answered(answer) => Ok(Some(Json(answer).into_response())),
        Known::UnderWay => Err(Refusal::new(
            StatusCode::CONFLICT,
            "10036",
            "the first request with this idempotency key is still under way",
        )),
        Known::Other => Err(Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "10015",
            "this idempotency key was used for another body",
        )),
    }
}

struct Performed {
    /// The good answer, to be given again for the same key.
    good: Option<Value>,
    /// What is answered.
    response: Response,
}

fn bad(response: impl IntoResponse) -> Performed {
    Performed {
        good: None,
        response: response.into_response(),
    }
}

async fn perform(
    shared: &Shared,
    cut: &Cut,
    key: Option<&str>,
    body: &Bytes,
) -> Result<Performed, Refusal> {
    let wanted: Wanted = serde_json::from_slice(body).map_err(|_| {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            "10015",
            "the body is not a JSON object of a message",
        )
    })?;
    let message = check(shared, wanted, key)?;
    let behaviour = shared.state().behaviour(&message.to);
    let (ends, code) = match behaviour.clone() {
        Behaviour::Accept { ends, code } => (ends, code),
        Behaviour::Refuse { status, code } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
            return Ok(bad(Refusal::new(
                status,
                &code,
                "the simulator was told so",
            )));
        }
        Behaviour::RateLimit { reset_seconds } => return Ok(bad(too_many(reset_seconds))),
        Behaviour::Unavailable => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            return Ok(bad(Refusal::new(status, "10007", "try again later")));
        }
        Behaviour::DropBefore => {
            cut.now();
            return Ok(bad(StatusCode::OK));
        }
        _ => (Status::Delivered, None),
    };
    let answer = json!({"data": payload::message(&message)});
    let id = message.id.clone();
    shared.state().take(message);
    tokio::spawn(webhook::live(shared.clone(), id, ends, code));
    let response = match behaviour {
        Behaviour::Fail => {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            // Its key is forgotten like that of every bad answer, so who sends again sends twice.
            let refusal = Refusal::new(status, "10007", "the simulator was told so");
            return Ok(bad(refusal));
        }
        Behaviour::DropAfter => {
            cut.now();
            StatusCode::OK.into_response()
        }
        Behaviour::Truncate => {
            let text = answer.to_string();
            let half = text.get(..text.len() / 2).unwrap_or_default().to_owned();
            ([(header::CONTENT_TYPE, "application/json")], half).into_response()
        }
        Behaviour::Late { milliseconds } => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            Json(&answer).into_response()
        }
        _ => Json(&answer).into_response(),
    };
    Ok(Performed {
        good: Some(answer),
        response,
    })
}

fn too_many(reset_seconds: u64) -> Response {
    let refusal = Refusal::new(
        StatusCode::TOO_MANY_REQUESTS,
        "10011",
        "wait until the limit is reset",
    );
    let mut response = refusal.into_response();
    for (name, value) in [
        ("x-ratelimit-limit", 1),
        ("x-ratelimit-remaining", 0),
        ("x-ratelimit-reset", reset_seconds),
    ] {
        response
            .headers_mut()
            .insert(HeaderName::from_static(name), HeaderValue::from(value));
    }
    response
}

/// Makes a message of what is asked for, or says which field is wrong.
fn check(shared: &Shared, wanted: Wanted, key: Option<&str>) -> Result<Taken, Refusal> {
    let to = wanted.to.as_ref().and_then(Value::as_str);
    let Some(to) = to else {
        return Err(Refusal::of_field(
            "10004",
            "a message needs a recipient",
            "/to",
        ));
    };
    if PhoneNumber::parse(to).map_or(true, |number| number.as_str() != to) {
        return Err(Refusal::of_field(
            "10016",
            "the recipient is not in E.164 form",
            "/to",
        ));
    }
    let Some(text) = wanted.text.filter(|text| !text.is_empty()) else {
        return Err(Refusal::of_field(
            "10004",
            "a message needs a text",
            "/text",
        ));
    };
    let sender = Sender::parse(
        wanted.from.as_deref(),
        wanted.messaging_profile_id.as_deref(),
    );
    if let Err(error) = sender {
        return Err(Refusal::of_field("40305", &error.to_string(), "/from"));
    }
    let segments = Segments::of(&text)
        .map_err(|error| Refusal::of_field("10015", &error.to_string(), "/text"))?;
    let number = shared.state().next();
    Ok(Taken {
        id: shared.id(number),
        idempotency_key: key.map(ToOwned::to_owned),
        // A pool has numbers of its own.
        from: wanted.from.unwrap_or_else(|| "+13125550199".to_owned()),
        to: to.to_owned(),
        text,
        messaging_profile_id: wanted.messaging_profile_id,
        webhook_url: wanted.webhook_url,
        encoding: segments.encoding.as_str(),
        parts: segments.parts,
        status: Status::Queued,
        error: None,
        received_at: (shared.clock)(),
        sent_at: None,
        completed_at: None,
    })
}

async fn about(State(shared): State<Shared>) -> Json<Value> {
    let webhook_url = shared.state().webhook_url.clone();
    Json(json!({"public_key": shared.signer.public_key(), "webhook_url": webhook_url}))
}

async fn log(State(shared): State<Shared>) -> Json<Value> {
    Json(json!({"data": shared.state().taken()}))
}

#[derive(Deserialize)]
struct Webhook {
    url: Option<String>,
}

async fn set_webhook(State(shared): State<Shared>, Json(webhook): Json<Webhook>) -> StatusCode {
    shared.state().webhook_url = webhook.url;
    StatusCode::NO_CONTENT
}

async fn add_rule(State(shared): State<Shared>, Json(rule): Json<Rule>) -> StatusCode {
    shared.state().add_rule(rule);
    StatusCode::NO_CONTENT
}

async fn clear_rules(State(shared): State<Shared>) -> StatusCode {
    shared.state().clear_rules();
    StatusCode::NO_CONTENT
}
