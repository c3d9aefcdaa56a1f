//! Calls that nobody looks after any more: settled as outcomes that nobody knows.

use serde_json::json;
use switchboard_domain::event::{EventType, NewEvent};
use switchboard_domain::id::{EventId, InstanceId};
use switchboard_operation::AppError;
use switchboard_store::Lane;
use switchboard_store::journal::{self as rows, CallRow, KeptAnswer};
use switchboard_store::stat::{Came, Count};

use crate::journal::{Done, Key, Recovery, Work};
use crate::{Runtime, messages};

/// How old a call is at least that nobody looks after.
const LOST_AFTER: chrono::TimeDelta = chrono::TimeDelta::seconds(5);

/// Settles what an earlier run of this server left under way, before it takes calls.
pub async fn recover(runtime: &Runtime) -> Result<usize, AppError> {
    runtime.journal.catch_up().await?;
    let settled = settle_calls_of(runtime, runtime.instance).await?;
    if settled > 0 {
        tracing::warn!(
            calls = settled,
            "calls that a crash interrupted were settled as outcome_unknown"
        );
    }
    let lost = messages::recover(runtime, runtime.instance).await?;
    if lost > 0 {
        tracing::warn!(
            messages = lost,
            "text messages that a crash interrupted were settled as outcome_unknown"
        );
    }
    Ok(settled)
}

/// Settles the reserved calls of a server that does not run.
pub(crate) async fn settle_calls_of(
    runtime: &Runtime,
    instance: InstanceId,
) -> Result<usize, AppError> {
    let mut settled = 0;
    loop {
        let mut conn = runtime.db.read_in(Lane::Background).await?;
        let calls = rows::open_calls(&mut conn.engine(), instance, 500).await?;
        drop(conn);
        if calls.is_empty() {
            return Ok(settled);
        }
        for call in calls {
            settled += usize::from(settle_unknown(runtime, call, STOPPED).await?);
        }
    }
}

/// Why nobody knows what came of a call.
const STOPPED: &str = "the server stopped while the call was under way, so its outcome is not known; check at the service before you repeat it";
const LOST: &str = "the server lost track of the call, so its outcome is not known; check at the service before you repeat it";

/// Settles this server's reserved calls that no task of it looks after.
pub(crate) async fn sweep(runtime: &Runtime) -> Result<usize, AppError> {
    let mut conn = runtime.db.read_in(Lane::Background).await?;
    let calls = rows::open_calls(&mut conn.engine(), runtime.instance, 500).await?;
    drop(conn);
    let before = runtime.context.now() - LOST_AFTER;
    let mut settled = 0;
    for call in calls {
        // Looked at after the row: who reserves is in the list first.
        if call.reserved_at > before || runtime.running.contains(call.id) {
            continue;
        }
        // It may have been settled since the row was read: the journal looks again.
        let id = call.id;
        if settle_unknown(runtime, call, LOST).await? {
            tracing::error!(call = %id, "a call was lost track of and was settled as outcome_unknown");
            settled += 1;
        }
    }
    Ok(settled)
}

/// Settles a call of which nobody knows what came of it, unless it is settled.
async fn settle_unknown(runtime: &Runtime, call: CallRow, why: &str) -> Result<bool, AppError> {
    let error = json!({"code": "outcome_unknown", "message": why});
    let arguments: serde_json::Value = serde_json::from_str(&call.arguments).unwrap_or_default();
    let data = json!({
        "call_id": call.id, "name": call.name, "binding_id": call.binding, "arguments": arguments,
        "request": null, "response": null, "variables": {}, "error": error, "duration_ms": null,
    });
    let answer = json!({
        "call_id": call.id, "status": "failed", "output": null, "variables": {},
        "error": error, "duration_ms": null,
    });
    let event = NewEvent {
        id: EventId::from_uuid(runtime.context.uuid()),
        at: runtime.context.now(),
        kind: EventType::ActionFailed,
        data: data.to_string(),
    };
    let key = (call.workspace, call.conversation);
    let count = count_unknown(runtime, key, &call).await;
    let work = Work::Recover(Box::new(Recovery {
        call,
        event,
        answer: KeptAnswer::plain(answer.to_string()),
        count,
    }));
    let done = runtime.journal.submit(key, work).await?;
    Ok(!matches!(done, Done::Gone(_)))
}

/// As what a call is counted of which nobody knows what came of it; nothing where its action is gone.
async fn count_unknown(runtime: &Runtime, key: Key, call: &CallRow) -> Option<Count> {
    let conversation = runtime.journal.get(key).await.ok()??;
    let of = &conversation.key;
    let agent = runtime.catalog.agent(key.0, of.agent, of.version).await;
    let (_, agent) = agent.ok()??;
    let of_states = agent.own.go_to_state.values();
    let mut bindings = agent.bindings.iter().chain(of_states);
    let binding = bindings.find(|found| found.id == call.binding)?;
    Some(Count {
        environment: of.environment,
        called: binding.called.clone(),
        came: Came::Failed(None),
    })
}
