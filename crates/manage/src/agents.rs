//! Agents.

use serde_json::{Value, json};
use switchboard_contract::agents::{AgentInput, AgentPatch};
use switchboard_domain::agent::AgentDocument;
use switchboard_domain::id::AgentId;
use switchboard_domain::input::InputErrors;
use switchboard_domain::limits::MAX_DESCRIPTION_BYTES;
use switchboard_domain::name::Title;
use switchboard_store::agent::{self, AgentRow, Draft};
use switchboard_store::change::Entity;
use switchboard_store::stat;

use crate::change::{ConfigChange, check_revision};
use crate::{Manage, drafts, existing, versions};
use switchboard_operation::{AppError, Configuration, Listing, Manager, Page, Reader};

/// A page of agents.
pub async fn list(
    manage: &Manage,
    reader: &Reader<Configuration>,
    listing: &Listing<AgentId>,
) -> Result<Page<AgentView>, AppError> {
    let workspace = reader.workspace();
    let mut conn = manage.db.read().await?;
    let engine = &mut conn.engine();
    let page = agent::list(engine, workspace, listing).await?;
    // One question tells which agents may have drifted; only those are looked at closer.
    let ids: Vec<AgentId> = page.rows.iter().map(|row| row.id).collect();
    let drifted = stat::maybe_drifted_of(engine, workspace, &ids).await?;
    let mut rows = Vec::with_capacity(page.rows.len());
    for row in page.rows {
        let drifted_links = if drifted.contains(&row.id) {
            versions::published_drift(engine, workspace, &row).await?
        } else {
            row.published_version.map(|_| 0)
        };
        rows.push(AgentView { row, drifted_links });
    }
    Ok(Page {
        rows,
        more: page.more,
    })
}

/// An agent, and how far its published version is from what it was when it was locked.
#[derive(Debug, Clone)]
pub struct AgentView {
    /// The agent.
    pub row: AgentRow,
    /// How many links of the published version changed since it was locked; none where nothing is
    /// published.
    pub drifted_links: Option<usize>,
}

/// One agent.
pub async fn get(
    manage: &Manage,
    reader: &Reader<Configuration>,
    id: AgentId,
) -> Result<AgentView, AppError> {
    let workspace = reader.workspace();
    let mut conn = manage.db.read().await?;
    let engine = &mut conn.engine();
    let row = existing::agent(engine, workspace, id).await?;
    let drifted_links = versions::published_drift(engine, workspace, &row).await?;
    Ok(AgentView { row, drifted_links })
}

/// Adds an agent with an empty draft.
pub async fn create(
    manage: &Manage,
    manager: &Manager,
    input: AgentInput,
) -> Result<AgentRow, AppError> {
    let workspace = manager.workspace();
    check(&input.name, &input.description)?;
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let now = change.now;
    let row = AgentRow {
        id: AgentId::from_uuid(manage.context.uuid()),
        name: input.name,
        description: input.description,
        published_version: None,
        retain_events: input.retain_events_days.map(|given| given.0),
        revision: 1,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    };
    let engine = &mut change.engine();
    agent::insert(engine, workspace, &row).await?;
    let draft = Draft {
        document: &AgentDocument::default(),
        revision: 1,
        restored_from: None,
    };
    agent::save_draft(engine, workspace, row.id, &draft, now).await?;
    change
        .note(Entity::Agent, &row.id.to_string(), "agent.create")
        .await?;
    change.commit().await?;
    Ok(row)
}

/// What the audit log tells of an agent.
fn told(row: &AgentRow) -> Value {
    json!({
        "name": row.name, "description": row.description, "retain_events_days": row.retain_events,
    })
}

/// Changes an agent's name or description, or for how long events of its conversations are kept.
pub async fn update(
    manage: &Manage,
    manager: &Manager,
    id: AgentId,
    expected: Option<u64>,
    patch: AgentPatch,
) -> Result<AgentRow, AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let now = change.now;
    let engine = &mut change.engine();
    let mut row = existing::agent(engine, workspace, id).await?;
    check_revision(expected, row.revision)?;
    let before = told(&row);
    row.name = patch.name.unwrap_or(row.name);
    row.description = patch.description.unwrap_or(row.description);
    let retention = patch.retain_events_days.map(|given| given.0);
    retention.apply(&mut row.retain_events);
    check(&row.name, &row.description)?;
    row.revision += 1;
    row.updated_at = now;
    agent::update(engine, workspace, &row).await?;
    change.details().differs(Some(before), Some(told(&row)));
    change
        .note(Entity::Agent, &id.to_string(), "agent.update")
        .await?;
    change.commit().await?;
    Ok(row)
}

/// Deletes an agent. Its conversations stay readable; they accept no more calls.
pub async fn delete(
    manage: &Manage,
    manager: &Manager,
    id: AgentId,
    expected: Option<u64>,
) -> Result<(), AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let now = change.now;
    let engine = &mut change.engine();
    let mut row = existing::agent(engine, workspace, id).await?;
    check_revision(expected, row.revision)?;
    row.deleted_at = Some(now);
    row.updated_at = now;
    row.revision += 1;
    agent::update(engine, workspace, &row).await?;
    drafts::forget(engine, workspace, id).await?;
    change
        .note(Entity::Agent, &id.to_string(), "agent.delete")
        .await?;
    change.commit().await
}

fn check(name: &str, description: &str) -> Result<(), AppError> {
    let mut errors = InputErrors::new();
    errors.check("/name", Title::parse(name));
    if description.len() > MAX_DESCRIPTION_BYTES {
        errors.push(
            "/description",
            format!("a description has at most {MAX_DESCRIPTION_BYTES} bytes"),
        );
    }
    errors.finish(()).map_err(AppError::Invalid)
}
