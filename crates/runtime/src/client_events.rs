//! Client events: what a runtime's client is told, and what it answers.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use switchboard_connect::{CallError, Performed};
use switchboard_contract::calls::ClientEventResult;
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::event::{EventType, NewEvent};
use switchboard_domain::id::{CallId, ConversationId, EventId};
use switchboard_domain::limits::MAX_CLIENT_RESULT_BYTES;
use switchboard_store::client_event::{self, ClientEventKey};

use crate::journal::{Key, Work};
use crate::{Runtime, conversations};
use switchboard_operation::{AppError, Runner};

/// How often a call looks whether another server took its answer.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// How long an event that nobody waits for any more is known.
const KEPT: TimeDelta = TimeDelta::hours(24);
/// An event for a client.
pub(crate) struct Told<'a> {
    /// The conversation.
    pub key: Key,
    /// The call that tells it.
    pub call: CallId,
    /// What the client knows it by.
    pub event: &'a str,
    /// What it carries.
    pub payload: &'a Value,
}

impl Told<'_> {
    /// The event. `until` is when its answer is waited for.
    fn event(&self, runtime: &Runtime, until: Option<chrono::DateTime<chrono::Utc>>) -> NewEvent {
        let until = until.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true));
        let data = json!({
            "call_id": self.call, "event": self.event, "payload": self.payload,
            "awaits_result_until": until,
        });
        NewEvent {
            id: EventId::from_uuid(runtime.context.uuid()),
            at: runtime.context.now(),
            kind: EventType::ClientEventEmitted,
            data: data.to_string(),
        }
    }
}

/// Tells the client with the call's own settlement, and waits for nothing.
pub(crate) fn tell(runtime: &Runtime, told: &Told<'_>) -> (Performed, NewEvent) {
    let event = told.event(runtime, None);
    let output = json!({"event_id": event.id, "emitted": true});
    (Performed::answered(output.to_string()), event)
}

/// Tells the client and waits for its answer.
pub(crate) async fn ask(runtime: &Runtime, told: &Told<'_>, wait: Duration) -> Performed {
    match try_to_ask(runtime, told, wait).await {
        Ok(performed) => performed,
        Err(error) => {
            tracing::error!(%error, "a client event could not be handled");
            Performed::unknown(
                "the server could not finish the call; see the conversation's events",
            )
        }
    }
}

async fn try_to_ask(
    runtime: &Runtime,
    told: &Told<'_>,
    wait: Duration,
) -> Result<Performed, AppError> {
    let deadline = runtime.context.elapsed() + wait;
    let until = runtime.context.now() + TimeDelta::from_std(wait).unwrap_or(TimeDelta::zero());
    let event = told.event(runtime, Some(until));
    let key = ClientEventKey {
        workspace: told.key.0,
        conversation: told.key.1,
        event: event.id,
    };
    let mut tx = runtime.db.write().await?;
    let forget = runtime.context.now() - KEPT;
    client_event::expect(&mut tx.engine(), key, until, forget).await?;
    tx.commit().await?;
    runtime.journal.submit(told.key, Work::Note(event)).await?;
    loop {
        // Before the look, so that an answer between the two is heard.
        let answered = runtime.client_answers.notified();
        if let Some(result) = result(runtime, key).await? {
            return Ok(performed(&result));
        }
        let left = deadline.saturating_sub(runtime.context.elapsed());
        if left.is_zero() {
            break;
        }
        let pause = LOOK_AGAIN.min(left);
        runtime.context.timeout(pause, answered).await;
    }
    let mut tx = runtime.db.write().await?;
    let gave_up = client_event::give_up(&mut tx.engine(), key, runtime.context.now()).await?;
    tx.commit().await?;
    if !gave_up && let Some(result) = result(runtime, key).await? {
        return Ok(performed(&result));
    }
    Ok(Performed::unknown(format!(
        "the client did not answer `{}` within {} ms; whether it acted on the event is not known",
        told.event,
        wait.as_millis()
    )))
}

async fn result(runtime: &Runtime, key: ClientEventKey) -> Result<Option<String>, AppError> {
    let mut conn = runtime.db.read().await?;
    let found = client_event::get(&mut conn.engine(), key).await?;
    Ok(found.and_then(|found| found.result))
}

/// What a client's answer means for the call.
fn performed(text: &str) -> Performed {
    let answer: ClientEventResult = serde_json::from_str(text).unwrap_or(ClientEventResult {
        result: Some(Value::Null),
        error: None,
    });
    match answer.error {
        None => {
            let output = answer.result.unwrap_or_default().to_string();
            Performed {
                response: text.to_owned(),
                ..Performed::answered(output)
            }
        }
        Some(error) => Performed {
            response: text.to_owned(),
            ..Performed::not_sent(CallError::new(
                "client_error",
                format!("the client says that it failed: {error}"),
            ))
        },
    }
}

/// Takes a client's answer to an event that a call waits for.
pub async fn answer(
    runtime: &Runtime,
    runner: &Runner,
    conversation: ConversationId,
    event: EventId,
    input: ClientEventResult,
) -> Result<(), AppError> {
    if input.result.is_some() == input.error.is_some() {
        return Err(AppError::invalid(
            "",
            "an answer has either a `result` or an `error`",
        ));
    }
    let text = match (&input.result, &input.error) {
        (Some(result), _) => json!({"result": result}),
        (None, error) => json!({"error": error}),
    }
    .to_string();
    if text.len() > MAX_CLIENT_RESULT_BYTES {
        return Err(AppError::invalid(
            "/result",
            format!("an answer has at most {MAX_CLIENT_RESULT_BYTES} bytes"),
        ));
    }
    conversations::get(runtime, runner, conversation).await?;
    let key = ClientEventKey {
        workspace: runner.workspace(),
        conversation,
        event,
    };
    let mut tx = runtime.db.write().await?;
    let engine = &mut tx.engine();
    if client_event::get(engine, key).await?.is_none() {
        return Err(AppError::NotFound("client event that awaits a result"));
    }
    if !client_event::answer(engine, key, &text, runtime.context.now()).await? {
        return Err(AppError::conflict(
            ErrorCode::ResultNotAwaited,
            "this event was already answered, or its call no longer waits",
        ));
    }
    tx.commit().await?;
    runtime.client_answers.notify_waiters();
    Ok(())
}
