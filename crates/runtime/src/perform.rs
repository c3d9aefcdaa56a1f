//! Performing an admitted call: its kind does what it can, and the conversation's part is done here.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use switchboard_connect::{CallError, Performed};
use switchboard_domain::effect::Effect;
use switchboard_domain::event::NewEvent;
use switchboard_domain::name::StateName;
use switchboard_domain::template::RenderContext;
use switchboard_kinds::{Call, Hands, Next};
use switchboard_operation::AppError;
use tokio::time::Instant;

use crate::admitted::Admitted;
use crate::client_events::Told;
use crate::journal::{Change, Transition, Work};
use crate::messages::Outgoing;
use crate::{Runtime, client_events, messages};

/// What came of it.
pub(crate) struct Carried {
    /// What the call answers.
    pub performed: Performed,
    /// What the client is told before the call's own event.
    pub told: Option<NewEvent>,
    /// What it does to the conversation.
    pub effect: Option<Effect>,
}

impl From<Performed> for Carried {
    fn from(performed: Performed) -> Self {
        Self {
            performed,
            told: None,
            effect: None,
        }
    }
}

/// Does what a call asks for.
pub(crate) async fn perform(runtime: &Runtime, admitted: &Admitted, start: Instant) -> Carried {
    let environment = admitted.conversation.key.environment;
    let empty = Map::new();
    let parameters = admitted.arguments.as_object().unwrap_or(&empty);
    let secrets = admitted.snapshot.secrets_in(environment);
    let workspace = admitted.snapshot.workspace_variables(environment);
    let context = RenderContext::new(
        parameters,
        &admitted.conversation.variables,
        Some(admitted.key.1.to_string()),
        &workspace,
    );
    let ready = match admitted.binding.view(environment) {
        Ok(ready) => ready,
        // It was there when the call was admitted, in this very snapshot.
        Err(refusal) => {
            return failed("integration_unavailable", refusal.to_string()).into();
        }
    };
    let call = Call {
        arguments: &admitted.arguments,
        parameters,
        variables: &admitted.conversation.variables,
        context: &context,
        secrets: &secrets,
        notices: admitted.notices.as_ref(),
        cancelled: &admitted.cancelled,
        start,
        timeout: runtime.settings.call_timeout,
    };
    let hands = Hands {
        connector: &runtime.connector,
        mcp: &runtime.mcp,
    };
    match ready.perform(hands, &call).await {
        Next::Came(performed, effect) => Carried {
            effect,
            ..performed.into()
        },
        // On the heap: few calls do more than that, and these futures are large.
        next => Box::pin(carry_on(runtime, admitted, next, call.deadline(None))).await,
    }
}

/// Does what a kind cannot do by itself.
async fn carry_on(
    runtime: &Runtime,
    admitted: &Admitted,
    next: Next,
    deadline: Instant,
) -> Carried {
    match next {
        Next::Came(performed, effect) => Carried {
            effect,
            ..performed.into()
        },
        Next::Send(sending) => {
            let outgoing = Outgoing {
                channel: &sending.channel,
                rendered: &sending.rendered,
                workspace: admitted.key.0,
                environment: admitted.conversation.key.environment,
                from: Some((admitted.key.1, admitted.id)),
                deadline,
            };
            messages::perform(runtime, outgoing).await.into()
        }
        Next::Tell(telling) => {
            let told = Told {
                key: admitted.key,
                call: admitted.id,
                event: &telling.event,
                payload: &admitted.arguments,
            };
            if let Some(wait) = telling.wait {
                return client_events::ask(runtime, &told, wait).await.into();
            }
            let (performed, told) = client_events::tell(runtime, &told);
            Carried {
                told: Some(told),
                ..performed.into()
            }
        }
        Next::GoTo(state) => go_to_state(runtime, admitted, state).await.into(),
    }
}

fn failed(code: &'static str, message: impl Into<String>) -> Performed {
    Performed::not_sent(CallError::new(code, message))
}

/// Changes the conversation's state, if it still may go there.
async fn go_to_state(runtime: &Runtime, admitted: &Admitted, to: StateName) -> Performed {
    let from = admitted.conversation.state.clone();
    let change = Change {
        state: Some(Transition {
            to: to.clone(),
            states: Arc::clone(&admitted.agent.own.states),
        }),
        variables: Map::new(),
        end: None,
        caps: runtime.settings.variable_caps,
        ids: std::array::from_fn(|_| runtime.context.uuid()),
    };
    let work = Work::Change(Box::new(change), runtime.context.now());
    match runtime.journal.submit(admitted.key, work).await {
        Ok(_) => {
            let output: Value = json!({"from": from, "to": to});
            Performed::answered(output.to_string())
        }
        Err(error @ AppError::Conflict { .. }) => failed(error.code().as_str(), error.to_string()),
        Err(error) => {
            tracing::error!(%error, "a conversation's state could not be changed");
            failed("internal_error", "the state could not be changed")
        }
    }
}
