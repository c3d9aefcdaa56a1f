//! Fetching the tools of an MCP server, and making actions of them.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use switchboard_domain::action::{McpAction, Shape};
use switchboard_domain::discovery::{self, KnownTool, ToolStep};
use switchboard_domain::environment::Environment;
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::id::{ActionId, IntegrationId, WorkspaceId};
use switchboard_domain::integration::{Discovery, DiscoveryError, LeftOutTool, OnChange};
use switchboard_domain::name::ActionName;
use switchboard_domain::tool_format::Note;
use switchboard_kinds::mcp_tool::Found;
use switchboard_kinds::{self as kinds, Scope};
use switchboard_mcp::McpError;
use switchboard_operation::WorkspaceSecrets;
use switchboard_store::action::{self, ActionRow};
use switchboard_store::action_revision::ActionChange;
use switchboard_store::change::Entity;
use switchboard_store::integration::{self, IntegrationRow};
use tokio::time::Instant;

use crate::change::{ConfigChange, check_revision};
use crate::{Manage, actions, existing, impact};
use switchboard_operation::{AppError, By, Manager};

/// How long fetching all tools of a server may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What fetching the tools came to.
#[derive(Debug, Clone, Default)]
pub struct Refreshed {
    /// The names of tools that are new or there again.
    pub added: Vec<String>,
    /// The names of tools that are gone.
    pub removed: Vec<String>,
    /// The names of tools that are other ones than before.
    pub changed: Vec<String>,
    /// The tools that agents cannot link, and why.
    pub left_out: Vec<LeftOutTool>,
    /// What providers of models make of the tools that are new or other ones.
    pub schema_notes: Vec<Note>,
}

impl Refreshed {
    fn is_nothing(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// Asks an MCP server for its tools, as it is asked in the first environment whose secrets are all
/// there; none for other kinds.
pub(crate) async fn fetch(
    manage: &Manage,
    workspace: WorkspaceId,
    row: &IntegrationRow,
) -> Result<Option<Result<Found, McpError>>, AppError> {
    let mut conn = manage.db.read().await?;
    let secrets = WorkspaceSecrets::load(&mut conn.engine(), workspace, &manage.keys).await?;
    drop(conn);
    let needed = row.definition.secrets();
    let order = [
        Environment::Production,
        Environment::Staging,
        Environment::Development,
    ];
    let environment = order
        .into_iter()
        .find(|environment| needed.iter().all(|name| secrets.has(name, *environment)))
        .unwrap_or(Environment::Production);
    let breakers = manage.connector.client.breakers();
    let scope = Scope::integration(workspace, row.id, environment, breakers);
    let secrets = secrets.in_environment(environment);
    let deadline = Instant::now() + PATIENCE;
    let asking = kinds::discover(&manage.mcp, &row.definition, &scope, &secrets, deadline);
    Ok(asking.await)
}

/// Fetches the tools of an integration again. When that fails the old list is kept, and the
/// integration says why.
pub async fn refresh(
    manage: &Manage,
    manager: &Manager,
    id: IntegrationId,
) -> Result<Refreshed, AppError> {
    refresh_as(manage, manager.workspace(), id, manager.actor()).await
}

/// The same for whoever is not a person.
pub(crate) async fn refresh_as(
    manage: &Manage,
    workspace: WorkspaceId,
    id: IntegrationId,
    actor: impl Into<By>,
) -> Result<Refreshed, AppError> {
    let mut conn = manage.db.read().await?;
    let row = existing::integration(&mut conn.engine(), workspace, id).await?;
    drop(conn);
    let Some(found) = fetch(manage, workspace, &row).await? else {
        return Err(AppError::conflict(
            ErrorCode::NotAnMcpServer,
            "only MCP servers have tools to fetch; this integration is of another kind",
        ));
    };
    let mut change = ConfigChange::begin(manage, workspace, actor).await?;
    let now = change.now;
    let mut current = existing::integration(&mut change.engine(), workspace, id).await?;
    if current.definition != row.definition {
        return Err(AppError::conflict(
            ErrorCode::ChangedMeanwhile,
            "the integration was changed while its tools were fetched; refresh again",
        ));
    }
    match found {
        Ok(found) => {
            let before = current.discovery.clone();
            let refreshed = settle(&mut change, manage, &mut current, found).await?;
            let is_news = before.is_none_or(|before| {
                before.error.is_some() || before.left_out != refreshed.left_out
            });
            save(&mut change, &current, is_news || !refreshed.is_nothing()).await?;
            change.commit().await?;
            Ok(refreshed)
        }
        Err(error) => {
            let failure = note_failure(&mut current, &error, now);
            save(&mut change, &current, true).await?;
            change.commit().await?;
            Err(failure)
        }
    }
}

/// Notes on an integration why its tools could not be fetched.
pub(crate) fn note_failure(
    row: &mut IntegrationRow,
    error: &McpError,
    now: DateTime<Utc>,
) -> AppError {
    row.discovery.get_or_insert_default().error = Some(DiscoveryError {
        code: error.code().to_owned(),
        message: error.to_string(),
        at: now,
    });
    AppError::Upstream {
        code: ErrorCode::named(error.code()).unwrap_or(ErrorCode::UpstreamError),
        message: error.to_string(),
    }
}

/// Writes what is known of a server. The audit log tells of it where there is something to tell.
async fn save(
    change: &mut ConfigChange<'_>,
    row: &IntegrationRow,
    is_news: bool,
) -> Result<(), AppError> {
    let workspace = change.workspace();
    integration::update(&mut change.engine(), workspace, row).await?;
    if is_news {
        let id = row.id.to_string();
        change
            .note(Entity::Integration, &id, "integration.refresh")
            .await?;
    }
    Ok(())
}

/// Makes actions of what a server offers, as a part of a change.
pub(crate) async fn settle(
    change: &mut ConfigChange<'_>,
    manage: &Manage,
    row: &mut IntegrationRow,
    found: Found,
) -> Result<Refreshed, AppError> {
    let workspace = change.workspace();
    let now = change.now;
    let rows = action::all(&mut change.engine(), workspace, row.id).await?;
    let mut known_rows: HashMap<ActionId, ActionRow> =
        rows.into_iter().map(|row| (row.id, row)).collect();
    let mut refreshed = Refreshed {
        left_out: found.left_out,
        ..Refreshed::default()
    };
    let server = row.definition.mcp_server();
    let holds = server.is_some_and(|server| server.on_change == OnChange::Hold);
    let known_tools: Vec<(ActionId, String, Value, bool)> = known_rows
        .values()
        .filter_map(|row| {
            let tool = row.definition.tool()?.tool.clone();
            let is_deleted = row.deleted_at.is_some();
            Some((row.id, row.name.to_string(), tool, is_deleted))
        })
        .collect();
    let known: Vec<_> = known_tools
        .iter()
        .map(|(id, name, wire, is_deleted)| KnownTool {
            id: *id,
            name,
            wire,
            is_deleted: *is_deleted,
        })
        .collect();
    for step in discovery::steps(&known, &found.tools) {
        match step {
            ToolStep::Add(wire) => {
                let row = new_row(manage, row.id, wire, now)?;
                refreshed.added.push(row.name.to_string());
                refreshed.schema_notes.extend(actions::schema_notes(&row));
                action::insert(&mut change.engine(), workspace, &row).await?;
                actions::record(change, &row, ActionChange::Created).await?;
            }
            ToolStep::Change(id, wire) => {
                if let Some(row) = known_rows.remove(&id) {
                    refreshed.changed.push(row.name.to_string());
                    let row = changed(row, wire, holds, now);
                    refreshed.schema_notes.extend(actions::schema_notes(&row));
                    action::update(&mut change.engine(), workspace, &row).await?;
                    actions::record(change, &row, ActionChange::Updated).await?;
                }
            }
            ToolStep::Return { id, wire, differs } => {
                if let Some(row) = known_rows.remove(&id) {
                    let row = if differs {
                        changed(row, wire, holds, now)
                    } else {
                        row
                    };
                    come_back(change, row, &mut refreshed).await?;
                }
            }
            ToolStep::Remove(id) => {
                if let Some(mut row) = known_rows.remove(&id) {
                    refreshed.removed.push(row.name.to_string());
                    row.deleted_at = Some(now);
                    row.updated_at = now;
                    row.revision += 1;
                    action::update(&mut change.engine(), workspace, &row).await?;
                    actions::record(change, &row, ActionChange::Deleted).await?;
                }
            }
        }
    }
    row.discovery = Some(Discovery {
        fetched_at: Some(now),
        error: None,
        left_out: refreshed.left_out.clone(),
        server: found.server,
        protocol_version: Some(found.protocol_version),
    });
    Ok(refreshed)
}

/// A tool that was gone is linked again wherever it was linked. Where that would give a published
/// agent two tools of one name, it stays away and is named: it never takes another one's calls.
async fn come_back(
    change: &mut ConfigChange<'_>,
    mut row: ActionRow,
    refreshed: &mut Refreshed,
) -> Result<(), AppError> {
    let workspace = change.workspace();
    let gone = row.clone();
    row.deleted_at = None;
    row.updated_at = change.now;
    row.revision = gone.revision + 1;
    let engine = &mut change.engine();
    action::update(engine, workspace, &row).await?;
    if let Some(collision) = impact::name_collision(engine, workspace, row.id, &row.name).await? {
        action::update(engine, workspace, &gone).await?;
        refreshed.left_out.push(LeftOutTool {
            name: Some(row.name.to_string()),
            reason: format!("it would come back under the name of another action: {collision}"),
        });
        return Ok(());
    }
    refreshed.added.push(row.name.to_string());
    actions::record(change, &row, ActionChange::Undeleted).await
}

fn new_row(
    manage: &Manage,
    integration: IntegrationId,
    wire: &Value,
    now: DateTime<Utc>,
) -> Result<ActionRow, AppError> {
    let mcp = McpAction {
        tool: wire.clone(),
        output_variables: vec![],
        timeout_ms: None,
        is_unapproved: false,
    };
    let name = wire.get("name").and_then(Value::as_str).unwrap_or_default();
    let shape = Shape {
        // It was checked when the tool was discovered.
        name: ActionName::parse(name).map_err(|error| AppError::Internal(error.to_string()))?,
        description: mcp.description().to_owned(),
        definition: mcp.into(),
    };
    Ok(ActionRow {
        id: ActionId::from_uuid(manage.context.uuid()),
        integration_id: integration,
        shape_digest: shape.digest(),
        name: shape.name,
        description: shape.description,
        definition: shape.definition,
        revision: 1,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    })
}

/// An action whose tool is another one now.
fn changed(mut row: ActionRow, wire: &Value, holds: bool, now: DateTime<Utc>) -> ActionRow {
    if let Some(mcp) = row.definition.tool_mut() {
        mcp.tool = wire.clone();
        mcp.is_unapproved |= holds;
        mcp.description().clone_into(&mut row.description);
    }
    row.shape_digest = row.shape().digest();
    row.updated_at = now;
    row.revision += 1;
    row
}

/// Approves what a server changed of a tool: agents may call it again.
pub async fn approve(
    manage: &Manage,
    manager: &Manager,
    id: ActionId,
    expected: Option<u64>,
) -> Result<ActionRow, AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let now = change.now;
    let mut row = existing::action(&mut change.engine(), workspace, id).await?;
    check_revision(expected, row.revision)?;
    let Some(mcp) = row.definition.tool_mut() else {
        return Err(AppError::conflict(
            ErrorCode::NotATool,
            "only tools of MCP servers change without you; this action is of another kind",
        ));
    };
    if !std::mem::take(&mut mcp.is_unapproved) {
        return Ok(row);
    }
    row.updated_at = now;
    row.revision += 1;
    action::update(&mut change.engine(), workspace, &row).await?;
    actions::record(&mut change, &row, ActionChange::Approved).await?;
    change.commit().await?;
    Ok(row)
}
