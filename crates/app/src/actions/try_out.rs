//! Performing a shared action outside any agent, to see what comes of it.

use serde_json::{Map, Value};
use switchboard_connect::Performed;
use switchboard_contract::actions::TestInput;
use switchboard_domain::action::ActionDefinition;
use switchboard_domain::admission::Refusal;
use switchboard_domain::environment::{Environment, PerEnvironment};
use switchboard_domain::id::ActionId;
use switchboard_domain::input::InputErrors;
use switchboard_domain::integration::IntegrationDefinition;
use switchboard_domain::schema::ParameterSchema;
use switchboard_domain::secret_use::{SecretUse, origin_of};
use switchboard_domain::template::RenderContext;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::existing;
use crate::change::ConfigChange;
use crate::messages::{self, Outgoing};
use crate::prepare::Scope;
use crate::{App, AppError, Manager, integrations, mcp, origins, prepare};

/// Performs an action now, outside any agent. Nothing is kept but the audit log's entry.
pub async fn test(
    app: &App,
    manager: &Manager,
    id: ActionId,
    input: TestInput,
) -> Result<String, AppError> {
    let workspace = manager.workspace();
    let environment = *input.environment;
    let mut change = ConfigChange::begin(app, workspace, manager.actor()).await?;
    let engine = &mut change.engine();
    let row = existing(engine, workspace, id).await?;
    let integration = integrations::existing(engine, workspace, row.integration_id).await?;
    let mut uses = integration.definition.secret_uses(app.telnyx.origin());
    uses.extend(row.definition.secret_uses(&integration.definition));
    let uses = in_environment(uses, &integration.definition, environment);
    origins::admit(&mut change, uses.clone()).await?;
    let details = change.details();
    details.environment = Some(environment);
    details.uses(&uses);
    let id = id.to_string();
    change.note_only(("action.test", "action", &id)).await?;
    change.commit().await?;
    let arguments = Value::Object(input.arguments);
    let mut errors = InputErrors::new();
    let snapshot = app.catalog.snapshot(workspace).await?;
    let secrets = snapshot.secrets_in(environment);
    let breakers = app.connector.client.breakers();
    let scope = Scope::integration(workspace, integration.id, environment, breakers);
    let start = Instant::now();
    let performed = match (&integration.definition, &row.definition) {
        (IntegrationDefinition::McpServer(server), ActionDefinition::Mcp(action)) => {
            let target = mcp::target(server, &scope, "", &mut errors);
            let prepared = mcp::tool(action, "", &mut errors);
            let (Some(target), Some((call, schema))) = (target, prepared) else {
                return Err(AppError::Invalid(errors.into_inner()));
            };
            check(&schema, &arguments)?;
            let how = mcp::How {
                secrets: &secrets,
                notices: None,
                cancelled: &CancellationToken::new(),
                deadline: start + call.timeout.unwrap_or(app.settings.call_timeout),
            };
            mcp::perform(app, &target, &call, &arguments, how).await
        }
        (IntegrationDefinition::CustomApi { environments }, ActionDefinition::Api(api)) => {
            let slot = environments
                .get(environment)
                .ok_or_else(|| Refusal::EmptySlot {
                    integration: integration.name.clone(),
                    environment,
                })?;
            let endpoint = prepare::slot(slot, &scope, "", &mut errors);
            let prepared = prepare::api_action(api, "", &mut errors);
            let (Some(endpoint), Some((call, schema))) = (endpoint, prepared) else {
                return Err(AppError::Invalid(errors.into_inner()));
            };
            check(&schema, &arguments)?;
            let variables = snapshot.workspace_variables(environment);
            let empty = Map::new();
            let parameters = arguments.as_object().unwrap_or(&empty);
            let context = RenderContext::new(parameters, &input.variables, None, &variables);
            let deadline = start + call.timeout.unwrap_or(app.settings.call_timeout);
            app.connector
                .perform(&endpoint, &call, &context, &secrets, deadline)
                .await
        }
        (
            IntegrationDefinition::MessagingChannel(definition),
            ActionDefinition::Message(action),
        ) => {
            let channel = messages::channel(integration.id, definition, "", &mut errors);
            let prepared = prepare::message_action(action, "", &mut errors);
            let (Some(channel), Some((template, schema))) = (channel, prepared) else {
                return Err(AppError::Invalid(errors.into_inner()));
            };
            check(&schema, &arguments)?;
            let variables = snapshot.workspace_variables(environment);
            let empty = Map::new();
            let parameters = arguments.as_object().unwrap_or(&empty);
            let outgoing = Outgoing {
                workspace,
                environment,
                channel: &channel,
                template: &template,
                from: None,
                variables: &input.variables,
                arguments: parameters,
                context: &RenderContext::new(parameters, &input.variables, None, &variables),
                deadline: start + app.settings.call_timeout,
            };
            messages::perform(app, outgoing).await
        }
        _ => {
            return Err(AppError::Internal(
                "an action is not of its integration's kind".to_owned(),
            ));
        }
    };
    Ok(trace(&performed, start.elapsed().as_millis()))
}

/// Of the uses of all slots, those of one environment.
fn in_environment(
    mut uses: Vec<SecretUse>,
    definition: &IntegrationDefinition,
    environment: Environment,
) -> Vec<SecretUse> {
    if let IntegrationDefinition::CustomApi { environments } = definition {
        let mut only = PerEnvironment::default();
        *only.slot(environment) = environments.get(environment).cloned();
        let here = IntegrationDefinition::CustomApi { environments: only }.secret_uses("");
        let base = environments.get(environment).map(|slot| &slot.base_url);
        let base = base.and_then(|url| origin_of(url));
        uses.retain(|found| here.contains(found) || Some(&found.origin) == base.as_ref());
    }
    uses
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
        crate::call::variables_json(performed),
        serde_json::json!(performed.unmatched),
        crate::call::left_out_json(&performed.left_out, &[]),
        crate::call::error_json(performed.error.as_ref()),
        performed.request,
        performed.response,
    )
}
