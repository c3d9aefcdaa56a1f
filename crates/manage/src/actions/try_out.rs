//! Performing a shared action outside any agent, to see what comes of it.

use serde_json::{Map, Value};
use switchboard_connect::Performed;
use switchboard_contract::actions::TestInput;
use switchboard_domain::admission::Refusal;
use switchboard_domain::id::ActionId;
use switchboard_domain::input::InputErrors;
use switchboard_domain::schema::ParameterSchema;
use switchboard_domain::template::RenderContext;
use switchboard_kinds::{Call, Next, Scope, prepare_action, prepare_integration, told};
use switchboard_operation::{AppError, Manager};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::change::ConfigChange;
use crate::outbox::TestSending;
use crate::values::Values;
use crate::{Manage, existing, origins};

/// Performs an action now, outside any agent. Nothing is kept but the audit log's entry.
pub async fn test(
    manage: &Manage,
    manager: &Manager,
    id: ActionId,
    input: TestInput,
) -> Result<String, AppError> {
    let workspace = manager.workspace();
    let environment = *input.environment;
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let engine = &mut change.engine();
    let row = existing::action(engine, workspace, id).await?;
    let integration = existing::integration(engine, workspace, row.integration_id).await?;
    let here = integration.definition.in_environment(environment);
    let mut uses = here.secret_uses(manage.provider());
    uses.extend(row.definition.secret_uses(&here));
    origins::admit(&mut change, uses.clone()).await?;
    let details = change.details();
    details.environment = Some(environment);
    details.uses(&uses);
    let id = id.to_string();
    change.note_only(("action.test", "action", &id)).await?;
    change.commit().await?;
    let arguments = Value::Object(input.arguments);
    let mut errors = InputErrors::new();
    let breakers = manage.connector.client.breakers();
    let scope = |environment| Scope::integration(workspace, integration.id, environment, breakers);
    let places = prepare_integration(integration.id, &integration.definition, scope, &mut errors);
    let prepared = prepare_action(&row.definition, &mut errors);
    let Some((request, schema)) = prepared.filter(|_| errors.is_empty()) else {
        return Err(AppError::Invalid(errors.into_inner()));
    };
    let place = places.get(environment).ok_or_else(|| Refusal::EmptySlot {
        integration: integration.name.clone(),
        environment,
    })?;
    let ready = request
        .at(place)
        .ok_or_else(|| not_of_its_kind("an action is not of its integration's kind"))?;
    check(&schema, &arguments)?;
    let values = Values::read(manage, workspace, environment).await?;
    let empty = Map::new();
    let parameters = arguments.as_object().unwrap_or(&empty);
    let call = Call {
        arguments: &arguments,
        parameters,
        variables: &input.variables,
        context: &RenderContext::new(parameters, &input.variables, None, &values.variables),
        secrets: &values.secrets(),
        notices: None,
        cancelled: &CancellationToken::new(),
        start: Instant::now(),
        timeout: manage.call_timeout,
    };
    let performed = match ready.perform(manage.hands(), &call).await {
        Next::Came(performed, _) => performed,
        Next::Send(sending) => {
            let sending = TestSending {
                workspace,
                environment,
                channel: &sending.channel,
                rendered: &sending.rendered,
                deadline: call.deadline(None),
            };
            manage.outbox.perform(sending).await
        }
        Next::Tell(_) | Next::GoTo(_) => {
            return Err(not_of_its_kind("only a conversation can do this"));
        }
    };
    Ok(trace(&performed, call.start.elapsed().as_millis()))
}

fn not_of_its_kind(what: &str) -> AppError {
    AppError::Internal(what.to_owned())
}

fn check(schema: &ParameterSchema, arguments: &Value) -> Result<(), AppError> {
    schema.validate(arguments).map_err(|mut errors| {
        for error in &mut errors {
            error.pointer.insert_str(0, "/arguments");
        }
        AppError::InvalidArguments(errors)
    })
}

fn trace(performed: &Performed, duration_ms: u128) -> String {
    let status = if performed.error.is_none() {
        "succeeded"
    } else {
        "failed"
    };
    format!(
        r#"{{"status":"{status}","output":{},"variables":{},"unmatched_variables":{}{},"error":{},"request":{},"response":{},"duration_ms":{duration_ms}}}"#,
        performed.output,
        told::variables(performed),
        serde_json::json!(performed.unmatched),
        told::left_out(&performed.left_out, &[]),
        told::error(performed.error.as_ref()),
        performed.request,
        performed.response,
    )
}
