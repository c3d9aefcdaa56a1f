//! Doing what an admitted call asks for, whatever its kind.

use std::sync::Arc;

use serde_json::{Map, Value};
use switchboard_connect::{CallError, Performed};
use switchboard_domain::event::NewEvent;
use switchboard_domain::name::StateName;
use switchboard_domain::template::RenderContext;
use tokio::time::Instant;

use crate::call::Admitted;
use crate::catalog::TargetView;
use crate::client_events::Telling;
use crate::journal::{Change, Effect, Transition, Work};
use crate::local::{self, Local, LocalAction};
use crate::messages::{self, Outgoing};
use crate::{App, AppError, mcp};

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

impl From<Local> for Carried {
    fn from(local: Local) -> Self {
        Self {
            performed: local.performed,
            told: None,
            effect: local.effect,
        }
    }
}

/// Does what a call asks for.
pub(crate) async fn carry_out(app: &App, admitted: &Admitted, start: Instant) -> Carried {
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
    match admitted.binding.view(environment) {
        Ok(TargetView::Http(endpoint, call)) => {
            let deadline = start + call.timeout.unwrap_or(app.settings.call_timeout);
            let connector = &app.connector;
            let performing = connector.perform(&endpoint, &call, &context, &secrets, deadline);
            performing.await.into()
        }
        Ok(TargetView::Mcp(target, call)) => {
            let how = mcp::How {
                secrets: &secrets,
                notices: admitted.notices.as_ref(),
                cancelled: &admitted.cancelled,
                deadline: start + call.timeout.unwrap_or(app.settings.call_timeout),
            };
            mcp::perform(app, &target, &call, &admitted.arguments, how)
                .await
                .into()
        }
        Ok(TargetView::Message(channel, template)) => {
            let outgoing = Outgoing {
                channel: &channel,
                template: &template,
                workspace: admitted.key.0,
                environment,
                from: Some((admitted.key.1, admitted.id)),
                variables: &admitted.conversation.variables,
                arguments: parameters,
                context: &context,
                deadline: start + app.settings.call_timeout,
            };
            // On the heap: few calls send messages, and this future is large.
            Box::pin(messages::perform(app, outgoing)).await.into()
        }
        Ok(TargetView::Local(action)) => {
            Box::pin(locally(app, admitted, &action, &context, parameters)).await
        }
        // It was there when the call was admitted, in this very snapshot.
        Err(refusal) => failed("integration_unavailable", refusal.to_string()).into(),
    }
}

async fn locally(
    app: &App,
    admitted: &Admitted,
    action: &LocalAction,
    context: &RenderContext<'_>,
    parameters: &Map<String, Value>,
) -> Carried {
    match action {
        LocalAction::Respond(template) => local::respond(template, context).into(),
        LocalAction::EndCall => local::end_call().into(),
        LocalAction::HandOver(template) => local::hand_over(template, context, parameters).into(),
        LocalAction::TellClient { event, wait } => {
            let telling = Telling {
                key: admitted.key,
                call: admitted.id,
                event,
                payload: &admitted.arguments,
            };
            if let Some(wait) = wait {
                return telling.ask(app, *wait).await.into();
            }
            let (performed, told) = telling.tell(app);
            Carried {
                told: Some(told),
                ..performed.into()
            }
        }
        LocalAction::GoToState => go_to_state(app, admitted, parameters).await.into(),
    }
}

fn failed(code: &'static str, message: impl Into<String>) -> Performed {
    Performed::not_sent(CallError::new(code, message))
}

/// Changes the conversation's state, if it still may go there.
async fn go_to_state(app: &App, admitted: &Admitted, parameters: &Map<String, Value>) -> Performed {
    let wanted = parameters.get("state").and_then(Value::as_str);
    let Some(to) = wanted.and_then(|name| StateName::parse(name).ok()) else {
        return failed("invalid_arguments", "name the state to go to");
    };
    let from = admitted.conversation.state.clone();
    let change = Change {
        state: Some(Transition {
            to: to.clone(),
            agent: Arc::clone(&admitted.agent.own),
        }),
        variables: Map::new(),
        end: None,
        caps: app.settings.variable_caps,
        ids: std::array::from_fn(|_| app.context.uuid()),
    };
    let work = Work::Change(Box::new(change), app.context.now());
    match app.journal.submit(admitted.key, work).await {
        Ok(_) => {
            let output = serde_json::json!({"from": from, "to": to});
            local::answered(output.to_string())
        }
        Err(error @ AppError::Conflict { .. }) => failed(error.code().as_str(), error.to_string()),
        Err(error) => {
            tracing::error!(%error, "a conversation's state could not be changed");
            failed("internal_error", "the state could not be changed")
        }
    }
}
