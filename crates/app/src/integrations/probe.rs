//! Trying a connection before it is saved, or after: who answers there, and whether they know us.

use std::time::Duration;

use serde_json::{Map, json};
use switchboard_connect::telnyx::{Lookup, MessageId};
use switchboard_connect::{ApiCall, CallError, SecretLookup as _};
use switchboard_contract::integrations::ConnectionTest;
use switchboard_domain::admission::Refusal;
use switchboard_domain::environment::{Environment, PerEnvironment};
use switchboard_domain::id::{IntegrationId, WorkspaceId};
use switchboard_domain::input::InputErrors;
use switchboard_domain::integration::{
    ApiSlot, IntegrationDefinition, McpServer, MessagingChannel,
};
use switchboard_domain::request::{Method, PathTemplate, RequestTemplate, Target};
use switchboard_domain::secret_use::SecretUse;
use switchboard_domain::template::RenderContext;
use switchboard_store::integration::IntegrationRow;
use tokio::time::Instant;

use super::check;
use crate::change::ConfigChange;
use crate::prepare::Scope;
use crate::{App, AppError, Manager, mcp, messages, origins, prepare};

/// How long a service may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The id of a message that no provider has.
const NO_MESSAGE: &str = "00000000-0000-4000-8000-000000000000";

/// What came of it.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Why the connection is not usable; none where it is, as far as can be told.
    pub error: Option<CallError>,
    /// The status that the service answered with.
    pub http_status: Option<u16>,
    /// Of an MCP server: how many tools it offers.
    pub tools: Option<usize>,
    /// How long it took.
    pub duration: Duration,
}

/// Asks the service of an integration for something that changes nothing, with its credentials. An
/// HTTP API is asked for its base URL: any answer but 401 and 403 means that the connection stands.
pub async fn probe(app: &App, manager: &Manager, input: ConnectionTest) -> Result<Probe, AppError> {
    let workspace = manager.workspace();
    let environment = *input.environment;
    let now = app.context.now();
    let new = input.integration.into_new().map_err(AppError::Invalid)?;
    let (name, description, definition) = new.into_parts();
    let row = IntegrationRow {
        id: IntegrationId::from_uuid(app.context.uuid()),
        name,
        description,
        definition,
        discovery: None,
        revision: 1,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    };
    check(&row)?;
    let mut change = ConfigChange::begin(app, workspace, manager.actor()).await?;
    let uses = tried(&row.definition, environment, app.telnyx.origin());
    origins::admit(&mut change, uses.clone()).await?;
    let details = change.details();
    details.environment = Some(environment);
    details.uses(&uses);
    details.after = Some(json!({"name": row.name, "definition": row.definition}));
    // Nothing is saved here, so there is no id that leads anywhere.
    let what = ("integration.test", "integration", "");
    change.note_only(what).await?;
    change.commit().await?;
    let start = Instant::now();
    let mut probe = match &row.definition {
        IntegrationDefinition::CustomApi { environments } => {
            let slot = environments
                .get(environment)
                .ok_or_else(|| Refusal::EmptySlot {
                    integration: row.name.clone(),
                    environment,
                })?;
            of_api(app, workspace, slot, environment).await?
        }
        IntegrationDefinition::McpServer(server) => of_server(app, workspace, row.id, server).await,
        IntegrationDefinition::MessagingChannel(channel) => {
            of_channel(app, workspace, channel, environment).await?
        }
    };
    probe.duration = start.elapsed();
    Ok(probe)
}

/// Where secrets go when an integration is tried in one environment.
fn tried(
    definition: &IntegrationDefinition,
    environment: Environment,
    provider: &str,
) -> Vec<SecretUse> {
    let IntegrationDefinition::CustomApi { environments } = definition else {
        return definition.secret_uses(provider);
    };
    let mut only = PerEnvironment::default();
    *only.slot(environment) = environments.get(environment).cloned();
    IntegrationDefinition::CustomApi { environments: only }.secret_uses(provider)
}

fn came_to(error: Option<CallError>, http_status: Option<u16>) -> Probe {
    Probe {
        error,
        http_status,
        tools: None,
        duration: Duration::ZERO,
    }
}

fn refused(status: u16) -> CallError {
    CallError {
        code: "credentials_refused",
        message: format!(
            "the service answered with status {status}: it does not take these credentials"
        ),
        upstream_status: Some(status),
    }
}

async fn of_api(
    app: &App,
    workspace: WorkspaceId,
    slot: &ApiSlot,
    environment: Environment,
) -> Result<Probe, AppError> {
    let mut errors = InputErrors::new();
    let breakers = app.connector.client.breakers();
    let scope = Scope::trial(workspace, app.context.uuid(), breakers);
    let endpoint = prepare::slot(slot, &scope, "", &mut errors);
    let path = errors.check("", PathTemplate::parse(""));
    let (Some(endpoint), Some(path)) = (endpoint, path) else {
        return Err(AppError::Invalid(errors.into_inner()));
    };
    let call = ApiCall {
        request: RequestTemplate {
            method: Method::Get,
            target: Target::Path(path),
            headers: vec![],
            body: None,
        },
        secret_headers: vec![],
        outputs: [].into(),
        timeout: None,
    };
    let snapshot = app.catalog.snapshot(workspace).await?;
    let (secrets, empty) = (snapshot.secrets_in(environment), Map::new());
    let variables = snapshot.workspace_variables(environment);
    let context = RenderContext::new(&empty, &empty, None, &variables);
    let deadline = Instant::now() + PATIENCE;
    let connector = &app.connector;
    let performing = connector.perform(&endpoint, &call, &context, &secrets, deadline);
    let performed = performing.await;
    Ok(match performed.error {
        None => came_to(None, Some(200)),
        Some(error) => match error.upstream_status {
            Some(status @ (401 | 403)) => came_to(Some(refused(status)), Some(status)),
            // There need be nothing at the base URL itself; somebody is there, and takes us in.
            Some(status) if status < 500 => came_to(None, Some(status)),
            status => came_to(Some(error), status),
        },
    })
}

async fn of_server(
    app: &App,
    workspace: WorkspaceId,
    id: IntegrationId,
    server: &McpServer,
) -> Probe {
    match mcp::fetch(app, workspace, id, server).await {
        Ok(found) => Probe {
            tools: Some(found.count()),
            ..came_to(None, None)
        },
        Err(error) => {
            let error = CallError::new(error.code(), error.to_string());
            came_to(Some(error), None)
        }
    }
}

/// A message that nobody sent is not found, which only a valid key is told.
async fn of_channel(
    app: &App,
    workspace: WorkspaceId,
    definition: &MessagingChannel,
    environment: Environment,
) -> Result<Probe, AppError> {
    let mut errors = InputErrors::new();
    let nowhere = IntegrationId::from_uuid(uuid::Uuid::nil());
    let Some(channel) = messages::channel(nowhere, definition, "", &mut errors) else {
        return Err(AppError::Invalid(errors.into_inner()));
    };
    let snapshot = app.catalog.snapshot(workspace).await?;
    let secrets = snapshot.secrets_in(environment);
    let secret = secrets.secret(&channel.api_key, app.telnyx.origin());
    let id = MessageId::parse(NO_MESSAGE).map_err(|error| AppError::Internal(error.to_string()))?;
    let Ok(secret) = secret else {
        let error = CallError::new(
            "missing_secret",
            format!(
                "the secret `{}` has no value for {environment}; set it, then test again",
                channel.api_key
            ),
        );
        return Ok(came_to(Some(error), None));
    };
    let (now, deadline) = (app.context.now(), Instant::now() + PATIENCE);
    Ok(
        match app
            .telnyx
            .look_up(&secret, &secrets.redactor(), &id, now, deadline)
            .await
        {
            Lookup::Found(_) => came_to(None, Some(200)),
            Lookup::NotFound => came_to(None, Some(404)),
            Lookup::Failed { error, .. } => match error.upstream_status {
                Some(status @ (401 | 403)) => came_to(Some(refused(status)), Some(status)),
                status => came_to(Some(error), status),
            },
        },
    )
}
