//! Performing a call: admission, reservation, the request, settlement.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use switchboard_connect::{CallError, Performed};
use switchboard_domain::admission::{self, Refusal};
use switchboard_domain::conversation::{Conversation, Outcome};
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::event::{EventType, NewEvent};
use switchboard_domain::id::{AgentId, CallId, ConversationId, EventId};
use switchboard_domain::input::InputError;
use switchboard_domain::limits::MAX_IDEMPOTENCY_KEY_BYTES;
use switchboard_store::Lane;
use switchboard_store::journal::{CallKey, CallRow, KeptAnswer};
use switchboard_store::stat::{Came, Count};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Runtime;
use crate::admitted::Admitted;
use crate::bulkheads::{Goes, Inside};
use crate::catalog::{PreparedAgent, PreparedBinding};
use crate::finish::Finished;
use crate::journal::{Done, Key, Reservation, Reserved, Settlement, Work};
use crate::news::News;
use crate::perform::{self, Carried};
use crate::running::RunningCall;
use switchboard_kinds::notices::Notices;
use switchboard_kinds::{Ready, go_to_state, told};
use switchboard_operation::{AppError, Runner, caps};

/// How long a repeated call waits at most before it looks again for the first one's answer.
const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_millis(250);
/// How long it waits in all.
const WAIT_FOR_FIRST: std::time::Duration = std::time::Duration::from_secs(20);

/// What is asked for.
#[derive(Debug, Clone)]
pub struct CallRequest {
    /// In which conversation.
    pub conversation: ConversationId,
    /// The action's name.
    pub name: String,
    /// The arguments.
    pub arguments: Map<String, Value>,
    /// The caller's key, under which it is done once.
    pub idempotency_key: Option<String>,
    /// The agent that the conversation must be one of, where the caller addresses an agent.
    pub agent: Option<AgentId>,
    /// Where what the service says of a call under way goes, for callers that listen.
    pub notices: Option<Notices>,
}

/// The answer of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallAnswer {
    /// `{call_id, status, output, variables, error, duration_ms}`, as JSON text.
    pub json: String,
    /// The result of an MCP server's tool, as the JSON text of what it sent; none for other kinds.
    pub mcp: Option<String>,
    /// True when it is the answer of an earlier call with the same key.
    pub replayed: bool,
}

/// Performs an action of a conversation's agent. The answer is given when its event is durable; a
/// caller that goes away does not stop the call.
#[tracing::instrument(level = "debug", skip_all, fields(conversation = %request.conversation))]
pub async fn call(
    runtime: &Arc<Runtime>,
    runner: &Runner,
    request: CallRequest,
) -> Result<CallAnswer, AppError> {
    if runtime.stopping.load(Ordering::Acquire) {
        return Err(AppError::Stopping);
    }
    // From here on a stop waits for this call.
    let _running = runtime.calls.token();
    check_key(request.idempotency_key.as_deref())?;
    let key = (runner.workspace(), request.conversation);
    let conversation = runtime
        .journal
        .get(key)
        .await?
        .filter(|found| request.agent.is_none_or(|agent| agent == found.key.agent))
        .ok_or(AppError::NotFound("conversation"))?;
    let (snapshot, agent) = runtime
        .catalog
        .agent(key.0, conversation.key.agent, conversation.key.version)
        .await?
        .ok_or(AppError::NotFound("agent"))?;
    let id = CallId::from_uuid(runtime.context.uuid());
    let arguments = Value::Object(request.arguments);
    let fingerprint = request
        .idempotency_key
        .is_some()
        .then(|| fingerprint(&request.name, &arguments));
    if let (Some(text), Some(fingerprint)) = (&request.idempotency_key, &fingerprint)
        && let Some(earlier) = Box::pin(find_call(runtime, key, text)).await?
    {
        return Box::pin(answer_of(runtime, &conversation, earlier, fingerprint)).await;
    }
    let binding = match admit(&agent, &conversation, &request.name, &arguments) {
        Ok(binding) => binding,
        Err((binding, error)) => {
            let (name, binding) = (&request.name, binding.as_deref());
            let note = note_refusal(
                runtime,
                &conversation,
                id,
                name,
                binding,
                &arguments,
                &error,
            );
            Box::pin(note).await?;
            return Err(error);
        }
    };
    // What came of it could not be written down.
    runtime.journal.check(key)?;
    // Before anything is reserved or sent: who finds no place has done nothing.
    let inside = enter(runtime, runner, &binding, &conversation).await?;
    let reserved = reservation_needed(&binding, request.idempotency_key.is_some());
    let unreserved = reserved == Reserved::No;
    let admitted = Admitted {
        _under_way: unreserved.then(|| runtime.under_way.begin(key.1)),
        key,
        id,
        snapshot,
        agent,
        conversation,
        reserved,
        running: (reserved != Reserved::No).then(|| runtime.running.begin(id)),
        binding,
        arguments,
        notices: request.notices,
        cancelled: CancellationToken::new(),
        _inside: inside,
    };
    let cancel = admitted.cancelled.clone().drop_guard();
    let reservation = admitted.running.clone().map(|running| {
        reservation(
            runtime,
            &admitted,
            request.idempotency_key,
            fingerprint,
            running,
        )
    });
    // What happens seldom is on the heap: futures are moved as a whole, and these are large.
    // From the reservation on, a call is finished whether or not its caller waits: a place that was
    // taken is given back or used up.
    let run = run(runtime.clone(), admitted, reservation);
    let answer = Finished::new(runtime.calls.clone(), run).await;
    // Dropped before this, it tells an MCP server that nobody waits any more.
    cancel.disarm();
    answer
}

/// Takes a call's places.
async fn enter(
    runtime: &Runtime,
    runner: &Runner,
    binding: &PreparedBinding,
    conversation: &Conversation,
) -> Result<Inside, AppError> {
    let view = binding.view(conversation.key.environment).ok();
    let goes = Goes {
        integration: binding.called.integration,
        host: view.as_ref().and_then(Ready::host),
    };
    runtime
        .bulkheads
        .enter(runner.workspace(), runner.who(), goes)
        .await
}

/// Reserves a call where that is needed, and performs it.
async fn run(
    runtime: Arc<Runtime>,
    mut admitted: Admitted,
    reservation: Option<Reservation>,
) -> Result<CallAnswer, AppError> {
    if let Some(reservation) = reservation {
        let expected = reservation.call.fingerprint.clone();
        let work = Work::Reserve(Box::new(reservation));
        match runtime.journal.submit(admitted.key, work).await {
            Ok(Done::Now(conversation)) => admitted.conversation = conversation,
            Ok(Done::Before(before)) => {
                let conversation = &admitted.conversation;
                let answer = answer_of(&runtime, conversation, *before, &expected);
                return Box::pin(answer).await;
            }
            Ok(_) => return Err(AppError::Stopping),
            Err(error) => {
                let (conversation, id) = (&admitted.conversation, admitted.id);
                let (binding, arguments) = (&*admitted.binding, &admitted.arguments);
                let (name, binding) = (&binding.name, Some(binding));
                let note =
                    note_refusal(&runtime, conversation, id, name, binding, arguments, &error);
                Box::pin(note).await?;
                return Err(error);
            }
        }
    }
    perform(runtime, admitted).await
}

/// The answer of a call of an MCP tool holds the tool's result, as `output`.
fn tool_result(json: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Kept<'a> {
        #[serde(borrow)]
        output: &'a serde_json::value::RawValue,
    }
    let kept = serde_json::from_str::<Kept<'_>>(json).ok()?;
    Some(kept.output.get().to_owned())
}

/// An answer as it is kept, which says by itself what it is.
fn kept(answer: KeptAnswer, replayed: bool) -> CallAnswer {
    let is_tool_result = answer.is_tool_result;
    CallAnswer {
        mcp: is_tool_result.then(|| tool_result(&answer.json)).flatten(),
        json: answer.json,
        replayed,
    }
}

fn check_key(key: Option<&str>) -> Result<(), AppError> {
    let Some(key) = key else { return Ok(()) };
    if key.is_empty()
        || key.len() > MAX_IDEMPOTENCY_KEY_BYTES
        || !key.bytes().all(|b| (b' '..=b'~').contains(&b))
    {
        return Err(AppError::bad_request(
            ErrorCode::InvalidIdempotencyKey,
            format!(
                "an Idempotency-Key has 1 to {MAX_IDEMPOTENCY_KEY_BYTES} visible ASCII characters"
            ),
        ));
    }
    Ok(())
}

fn fingerprint(name: &str, arguments: &Value) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(name.as_bytes());
    hash.update([0]);
    hash.update(switchboard_domain::canonical::to_string(arguments).as_bytes());
    hash.finalize().to_vec()
}

type NotAdmitted = (Option<Arc<PreparedBinding>>, AppError);

/// Checks everything that needs no reservation.
fn admit(
    agent: &PreparedAgent,
    conversation: &Conversation,
    name: &str,
    arguments: &Value,
) -> Result<Arc<PreparedBinding>, NotAdmitted> {
    let state = conversation.state.as_ref();
    let binding = agent.action(name, state).ok_or_else(|| {
        if name == go_to_state::NAME && !agent.own.go_to_state.is_empty() {
            return (None, Refusal::last_state(name, state).into());
        }
        let name = name.chars().take(100).collect();
        (None, Refusal::UnknownAction { name }.into())
    })?;
    let refuse = |error: AppError| (Some(binding.clone()), error);
    admission::admit(
        &binding.name,
        binding.id,
        &binding.gate,
        agent.own.strict_states,
        conversation,
    )
    .and_then(|()| binding.view(conversation.key.environment).map(drop))
    .map_err(|refusal| refuse(refusal.into()))?;
    binding
        .schema
        .validate(arguments)
        .map_err(|errors| refuse(AppError::InvalidArguments(under_arguments(errors))))?;
    Ok(binding.clone())
}

/// The schema's pointers start at the arguments; the caller's body has them under a name.
fn under_arguments(mut errors: Vec<InputError>) -> Vec<InputError> {
    for error in &mut errors {
        error.pointer.insert_str(0, "/arguments");
    }
    errors
}

/// A call that changes nothing outside, takes no place and has no key needs nothing durable before
/// it goes out.
fn reservation_needed(binding: &PreparedBinding, has_key: bool) -> Reserved {
    match (
        has_key,
        binding.is_safe() && binding.gate.max_successful_calls.is_none(),
    ) {
        (true, _) => Reserved::WithAnswer,
        (false, true) => Reserved::No,
        (false, false) => Reserved::UntilSettled,
    }
}

fn reservation(
    runtime: &Runtime,
    admitted: &Admitted,
    idempotency_key: Option<String>,
    fingerprint: Option<Vec<u8>>,
    running: Arc<RunningCall>,
) -> Reservation {
    Reservation {
        call: CallRow {
            workspace: admitted.key.0,
            conversation: admitted.key.1,
            id: admitted.id,
            binding: admitted.binding.id,
            name: admitted.binding.name.clone(),
            arguments: admitted.arguments.to_string(),
            idempotency_key,
            fingerprint: fingerprint.unwrap_or_default(),
            instance: runtime.instance,
            reserved_at: runtime.context.now(),
            answer: None,
        },
        gate: admitted.binding.gate.clone(),
        strict_states: admitted.agent.own.strict_states,
        running,
    }
}

async fn find_call(runtime: &Runtime, key: Key, text: &str) -> Result<Option<CallRow>, AppError> {
    let mut conn = runtime.db.read_in(Lane::Calls).await?;
    let engine = &mut conn.engine();
    Ok(switchboard_store::journal::call_by_idempotency_key(engine, key.0, key.1, text).await?)
}

/// The answer of an earlier call with the same key, waiting for it while it is under way.
async fn answer_of(
    runtime: &Arc<Runtime>,
    conversation: &Conversation,
    mut call: CallRow,
    fingerprint: &[u8],
) -> Result<CallAnswer, AppError> {
    if call.fingerprint != fingerprint {
        return Err(AppError::conflict(
            ErrorCode::IdempotencyKeyReused,
            "this Idempotency-Key was used in this conversation for another action or other arguments; use a new one",
        ));
    }
    let key = (conversation.key.workspace, conversation.key.id);
    let mut news = News::of(runtime, conversation);
    let until = runtime.context.elapsed() + WAIT_FOR_FIRST;
    loop {
        if let Some(answer) = call.answer {
            return Ok(kept(answer, true));
        }
        let text = call.idempotency_key.clone().unwrap_or_default();
        call = find_call(runtime, key, &text)
            .await?
            .ok_or_else(|| AppError::Unavailable {
                code: ErrorCode::DatabaseUnavailable,
                message: "the first call with this Idempotency-Key could not be recorded and was never sent; try again".to_owned(),
                retry_after: 1,
            })?;
        if call.answer.is_none() {
            if runtime.context.elapsed() > until {
                return Err(AppError::CallInProgress);
            }
            // Either way it is looked up again: news may be about another call.
            let _ = runtime.context.timeout(LOOK_AGAIN, news.next()).await;
        }
    }
}

/// As what a call is counted.
fn count(conversation: &Conversation, binding: &PreparedBinding, came: Came) -> Count {
    Count {
        environment: conversation.key.environment,
        called: binding.called.clone(),
        came,
    }
}

/// Keeps what a call says of its integration, for who looks after it.
fn note_health(runtime: &Runtime, admitted: &Admitted, performed: &Performed) {
    if let Some(integration) = admitted.binding.called.integration {
        let (workspace, environment) = (admitted.key.0, admitted.conversation.key.environment);
        let (error, now) = (performed.error.as_ref(), runtime.context.now());
        runtime
            .stats
            .note_health(workspace, integration, environment, error, now);
    }
}

/// Notes that a call was not admitted.
async fn note_refusal(
    runtime: &Runtime,
    conversation: &Conversation,
    id: CallId,
    name: &str,
    binding: Option<&PreparedBinding>,
    arguments: &Value,
    error: &AppError,
) -> Result<(), AppError> {
    if matches!(
        error,
        AppError::Internal(_)
            | AppError::Stopping
            | AppError::Store(_)
            | AppError::Unavailable { .. }
    ) {
        return Ok(());
    }
    let counted = binding.map(|binding| count(conversation, binding, Came::Refused));
    let binding = binding.and_then(PreparedBinding::shown_id);
    let name: String = name.chars().take(100).collect();
    let mut detail =
        serde_json::json!({"code": error.code().as_str(), "message": error.to_string()});
    if let AppError::InvalidArguments(errors) = error {
        detail["errors"] = serde_json::json!(errors);
    }
    let data = serde_json::json!({
        "call_id": id, "name": name, "binding_id": binding, "arguments": arguments,
        "request": null, "response": null, "variables": {}, "error": detail, "duration_ms": 0,
    });
    let event = NewEvent {
        id: EventId::from_uuid(runtime.context.uuid()),
        at: runtime.context.now(),
        kind: EventType::ActionRefused,
        data: data.to_string(),
    };
    metrics::counter!("switchboard_calls_total", "outcome" => "refused").increment(1);
    let key = (conversation.key.workspace, conversation.key.id);
    let work = match counted {
        Some(count) => Work::Refuse(Box::new((event, count))),
        None => Work::Note(event),
    };
    runtime.journal.submit(key, work).await.map(drop)
}

async fn perform(runtime: Arc<Runtime>, admitted: Admitted) -> Result<CallAnswer, AppError> {
    let start = Instant::now();
    let mut carried = perform::perform(&runtime, &admitted, start).await;
    // A large answer takes its room until it is durable.
    let _held = carried.performed.held.take();
    let duration = start.elapsed();
    let performed = &carried.performed;
    let tool_result = performed.tool_result.then(|| performed.output.clone());
    let ours = overloaded(performed);
    if ours.is_none() {
        note_health(&runtime, &admitted, performed);
    }
    let mut settlement = settlement(&runtime, &admitted, carried, duration);
    if ours.is_some() && settlement.reserved == Reserved::WithAnswer {
        // Nothing was sent, so the key stays free for another try.
        settlement.reserved = Reserved::UntilSettled;
    }
    let label = match settlement.outcome {
        Outcome::Succeeded => "succeeded",
        Outcome::Failed => "failed",
        Outcome::Unknown => "unknown",
    };
    let json = settlement.answer.json.clone();
    let done = runtime
        .journal
        .submit(admitted.key, Work::Settle(Box::new(settlement)))
        .await?;
    metrics::counter!("switchboard_calls_total", "outcome" => label).increment(1);
    metrics::histogram!("switchboard_call_seconds").record(duration.as_secs_f64());
    if let Some(error) = ours {
        return Err(error);
    }
    let answered = |json| CallAnswer {
        json,
        mcp: tool_result,
        replayed: false,
    };
    match done {
        Done::Settled => Ok(answered(json)),
        Done::Shortened(json) => Ok(answered(json)),
        Done::Gone(Some(settlement)) => {
            Box::pin(taken_for_dead(&runtime, &admitted, *settlement)).await
        }
        _ => Err(AppError::Internal("a call came to no end".to_owned())),
    }
}

/// The answer of a call that another server settled, because this one was silent for too long: its
/// outcome was given out as unknown, and stays so. What came of it is added to the conversation's log.
async fn taken_for_dead(
    runtime: &Runtime,
    admitted: &Admitted,
    settlement: Settlement,
) -> Result<CallAnswer, AppError> {
    let learned = NewEvent {
        id: EventId::from_uuid(runtime.context.uuid()),
        at: runtime.context.now(),
        kind: EventType::OutcomeLearned,
        data: settlement.event.data,
    };
    runtime
        .journal
        .submit(admitted.key, Work::Note(learned))
        .await?;
    if admitted.reserved == Reserved::WithAnswer
        && let Some(answer) = kept_answer(runtime, admitted).await?
    {
        // A key stands for one answer: the one that the other server gave.
        return Ok(kept(answer, false));
    }
    let error = CallError::new(
        "outcome_unknown",
        "this server could not reach the database for so long that another server recorded the call's outcome as unknown; the service's response is in the conversation's events, as outcome.learned",
    );
    let (id, error) = (admitted.id, told::error(Some(&error)));
    Ok(CallAnswer {
        json: format!(
            r#"{{"call_id":"{id}","status":"failed","output":null,"variables":{{}},"error":{error},"duration_ms":null}}"#
        ),
        mcp: None,
        replayed: false,
    })
}

async fn kept_answer(
    runtime: &Runtime,
    admitted: &Admitted,
) -> Result<Option<KeptAnswer>, AppError> {
    let key = CallKey {
        workspace: admitted.key.0,
        conversation: admitted.key.1,
        id: admitted.id,
    };
    let mut conn = runtime.db.read_in(Lane::Calls).await?;
    Ok(switchboard_store::journal::kept_answer(&mut conn.engine(), key).await?)
}

/// The error of a call that was not sent because this server has no descriptor left.
fn overloaded(performed: &Performed) -> Option<AppError> {
    let error = performed.error.as_ref()?;
    (error.code == "overloaded" && performed.outcome == Outcome::Failed).then(|| {
        caps::note("descriptors", &error.message);
        AppError::Unavailable {
            code: ErrorCode::Overloaded,
            message: error.message.clone(),
            retry_after: 1,
        }
    })
}

fn settlement(
    runtime: &Runtime,
    admitted: &Admitted,
    carried: Carried,
    duration: std::time::Duration,
) -> Settlement {
    let mut performed = carried.performed;
    let caps = runtime.settings.variable_caps;
    let known = &admitted.conversation.variables;
    let too_large = caps.fit(known, &mut performed.variables);
    let duration_ms = duration.as_millis();
    let error = told::error(performed.error.as_ref());
    let variables = told::variables(&performed);
    let succeeded = performed.outcome == Outcome::Succeeded;
    let status = if succeeded { "succeeded" } else { "failed" };
    let call_id = admitted.id;
    let left_out = told::left_out(&performed.left_out, &too_large);
    let json = format!(
        r#"{{"call_id":"{call_id}","status":"{status}","output":{},"variables":{variables}{left_out},"error":{error},"duration_ms":{duration_ms}}}"#,
        performed.output
    );
    let unmatched = told::named("unmatched_variables", &performed.unmatched);
    let binding = admitted.binding.shown_id();
    let binding = binding.map_or_else(|| "null".to_owned(), |id| format!("\"{id}\""));
    // Names follow the pattern of names, so they need no escaping.
    let data = format!(
        r#"{{"call_id":"{call_id}","name":"{}","binding_id":{},"arguments":{},"request":{},"response":{},"variables":{variables}{unmatched}{left_out},"error":{error},"duration_ms":{duration_ms}}}"#,
        admitted.binding.name, binding, admitted.arguments, performed.request, performed.response,
    );
    let came = if succeeded {
        Came::Succeeded(duration)
    } else {
        Came::Failed(Some(duration))
    };
    Settlement {
        count: count(&admitted.conversation, &admitted.binding, came),
        call: call_id,
        binding: admitted.binding.id,
        is_named: admitted.binding.shown_id().is_some(),
        reserved: admitted.reserved,
        outcome: performed.outcome,
        variables: performed.variables,
        told: carried.told,
        effect: carried
            .effect
            .map(|effect| (effect, EventId::from_uuid(runtime.context.uuid()))),
        event: NewEvent {
            id: EventId::from_uuid(runtime.context.uuid()),
            at: runtime.context.now(),
            kind: if succeeded {
                EventType::ActionSucceeded
            } else {
                EventType::ActionFailed
            },
            data,
        },
        answer: KeptAnswer {
            json,
            is_tool_result: performed.tool_result,
        },
        caps,
        is_shortened: false,
        running: admitted.running.clone(),
    }
}
