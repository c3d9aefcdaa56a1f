//! Integrations.

mod probe;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use switchboard_contract::integrations::{IntegrationInput, IntegrationPatch};
use switchboard_domain::id::{AgentId, IntegrationId, WorkspaceId};
use switchboard_domain::input::InputErrors;
use switchboard_domain::integration::IntegrationDefinition;
use switchboard_domain::limits::MAX_DESCRIPTION_BYTES;
use switchboard_domain::name::Title;
use switchboard_domain::secret_use::SecretUse;
use switchboard_kinds::mcp_tool::Found;
use switchboard_kinds::{Scope, prepare_integration};
use switchboard_mcp::McpError;
use switchboard_outbound::Breakers;
use switchboard_store::action_revision::ActionChange;
use switchboard_store::change::Entity;
use switchboard_store::integration::{self, IntegrationRow};
use switchboard_store::reference::{self, Source};
use switchboard_store::stat::{self, ErrorRow};
use switchboard_store::{Engine, action, link};

use crate::change::{ConfigChange, check_revision};
use crate::impact::{self, How, Outcome, Report};
use crate::{Manage, actions, existing, origins, secrets, tools};
use switchboard_operation::{AppError, Configuration, Listing, Manager, Page, Reader};

pub use probe::{Probe, probe};

/// An integration as it is shown.
#[derive(Debug, Clone)]
pub struct IntegrationView {
    /// The integration.
    pub row: IntegrationRow,
    /// How many actions it has.
    pub action_count: u64,
    /// How many agents use it.
    pub agent_count: u64,
    /// The last error of a call of it, and where that was.
    pub last_error: Option<(String, ErrorRow)>,
}

/// A page of integrations.
pub async fn list(
    manage: &Manage,
    reader: &Reader<Configuration>,
    listing: &Listing<IntegrationId>,
) -> Result<Page<IntegrationView>, AppError> {
    let workspace = reader.workspace();
    let mut conn = manage.db.read().await?;
    let engine = &mut conn.engine();
    let Page { rows, more } = integration::list(engine, workspace, listing).await?;
    let rows = views(engine, workspace, rows).await?;
    Ok(Page { rows, more })
}

/// Integrations as they are shown: read together what is read of each.
async fn views(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    rows: Vec<IntegrationRow>,
) -> Result<Vec<IntegrationView>, AppError> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let actions = action::counts(engine, workspace, &ids).await?;
    let agents = agent_counts(engine, workspace, &ids).await?;
    // They come in the order of time, so the last one stays.
    let errors = stat::errors(engine, workspace, &ids).await?.into_iter();
    let mut errors: BTreeMap<_, _> = errors
        .map(|(id, environment, error)| (id, (environment, error)))
        .collect();
    let view = |row: IntegrationRow| IntegrationView {
        action_count: actions.get(&row.id).copied().unwrap_or(0),
        agent_count: agents.get(&row.id).copied().unwrap_or(0),
        last_error: errors.remove(&row.id),
        row,
    };
    Ok(rows.into_iter().map(view).collect())
}

/// How many agents use each of these integrations, in any version: by a link, or by sending through it.
async fn agent_counts(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    ids: &[IntegrationId],
) -> Result<BTreeMap<IntegrationId, u64>, AppError> {
    let mut counts = link::agent_counts(engine, workspace, ids).await?;
    let mut sending: BTreeMap<IntegrationId, BTreeSet<AgentId>> = BTreeMap::new();
    for (channel, source) in reference::to_channels(engine, workspace, ids).await? {
        if let Source::Agent(agent, _) = source {
            sending.entry(channel).or_default().insert(agent);
        }
    }
    // An agent that does both counts once.
    let channels: Vec<_> = sending.keys().copied().collect();
    for (channel, agents) in link::agents_of(engine, workspace, &channels).await? {
        sending.entry(channel).or_default().extend(agents);
    }
    counts.extend(
        sending
            .into_iter()
            .map(|(channel, agents)| (channel, agents.len() as u64)),
    );
    Ok(counts)
}

async fn view(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    row: IntegrationRow,
) -> Result<IntegrationView, AppError> {
    let mut views = views(engine, workspace, vec![row]).await?;
    views.pop().ok_or(AppError::NotFound("integration"))
}

/// One integration.
pub async fn get(
    manage: &Manage,
    reader: &Reader<Configuration>,
    id: IntegrationId,
) -> Result<IntegrationView, AppError> {
    let workspace = reader.workspace();
    let mut conn = manage.db.read().await?;
    let engine = &mut conn.engine();
    let row = existing::integration(engine, workspace, id).await?;
    view(engine, workspace, row).await
}

/// Adds an integration. The tools of an MCP server are fetched at once; where that fails the
/// integration is there all the same, and says why.
pub async fn create(
    manage: &Manage,
    manager: &Manager,
    input: IntegrationInput,
) -> Result<IntegrationView, AppError> {
    let workspace = manager.workspace();
    let now = manage.context.now();
    let new = input.into_new().map_err(AppError::Invalid)?;
    let (name, description, definition) = new.into_parts();
    let mut row = IntegrationRow {
        id: IntegrationId::from_uuid(manage.context.uuid()),
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
    admit_server(manage, manager, &row).await?;
    let found = tools::fetch(manage, workspace, &row).await?;
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let uses = row.definition.secret_uses(manage.provider());
    origins::admit(&mut change, uses).await?;
    let engine = &mut change.engine();
    integration::insert(engine, workspace, &row).await?;
    refer(engine, workspace, &row).await?;
    settle(&mut change, manage, &mut row, found).await?;
    let view = view(&mut change.engine(), workspace, row).await?;
    let id = view.row.id.to_string();
    tell(&mut change, None, Some(&view.row));
    change
        .note(Entity::Integration, &id, "integration.create")
        .await?;
    change.commit().await?;
    Ok(view)
}

/// Makes actions of what an MCP server offers, or notes why that is not known.
async fn settle(
    change: &mut ConfigChange<'_>,
    manage: &Manage,
    row: &mut IntegrationRow,
    found: Option<Result<Found, McpError>>,
) -> Result<(), AppError> {
    let (workspace, now) = (change.workspace(), change.now);
    match found {
        None => return Ok(()),
        Some(Ok(found)) => drop(tools::settle(change, manage, row, found).await?),
        Some(Err(error)) => drop(tools::note_failure(row, &error, now)),
    }
    Ok(integration::update(&mut change.engine(), workspace, row).await?)
}

/// Changes an integration. The tools of an MCP server that is reached otherwise now are fetched
/// again.
pub async fn update(
    manage: &Manage,
    manager: &Manager,
    id: IntegrationId,
    expected: Option<u64>,
    mut patch: IntegrationPatch,
) -> Result<IntegrationView, AppError> {
    let workspace = manager.workspace();
    let mut conn = manage.db.read().await?;
    let before = existing::integration(&mut conn.engine(), workspace, id).await?;
    drop(conn);
    check_revision(expected, before.revision)?;
    let mut row = before.clone();
    row.name = patch.name.take().unwrap_or(row.name);
    row.description = patch.description.take().unwrap_or(row.description);
    patch
        .apply(&mut row.definition)
        .map_err(AppError::Invalid)?;
    check(&row)?;
    let found = if is_reached_otherwise(&before.definition, &row.definition) {
        admit_server(manage, manager, &row).await?;
        tools::fetch(manage, workspace, &row).await?
    } else {
        None
    };
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let current = existing::integration(&mut change.engine(), workspace, id).await?;
    if current.revision != before.revision {
        return Err(AppError::Stale {
            current: current.revision,
        });
    }
    row.discovery = current.discovery;
    if before.definition != row.definition {
        let uses = all_uses(&mut change, &row).await?;
        origins::admit(&mut change, uses).await?;
    }
    save(&mut change, &mut row).await?;
    refer(&mut change.engine(), workspace, &row).await?;
    settle(&mut change, manage, &mut row, found).await?;
    let view = view(&mut change.engine(), workspace, row).await?;
    tell(&mut change, Some(&before), Some(&view.row));
    change
        .note(Entity::Integration, &id.to_string(), "integration.update")
        .await?;
    change.commit().await?;
    Ok(view)
}

/// Admits that an MCP server is given its secrets: it is asked for its tools before it is saved.
async fn admit_server(
    manage: &Manage,
    manager: &Manager,
    row: &IntegrationRow,
) -> Result<(), AppError> {
    if row.definition.mcp_server().is_none() {
        return Ok(());
    }
    let mut change = ConfigChange::begin(manage, manager.workspace(), manager.actor()).await?;
    let uses = row.definition.secret_uses(manage.provider());
    origins::admit(&mut change, uses).await?;
    change.commit().await
}

/// Where the secrets of an integration and of its actions go.
async fn all_uses(
    change: &mut ConfigChange<'_>,
    row: &IntegrationRow,
) -> Result<Vec<SecretUse>, AppError> {
    let mut uses = row.definition.secret_uses(change.manage().provider());
    let (workspace, mut after) = (change.workspace(), None);
    loop {
        let page = action::list(
            &mut change.engine(),
            workspace,
            Some(row.id),
            &Listing::page(after, 500),
        )
        .await?;
        for found in &page.rows {
            after = Some(found.id);
            uses.extend(found.definition.secret_uses(&row.definition));
        }
        if !page.more {
            return Ok(uses);
        }
    }
}

/// What the audit log says of a changed integration.
fn tell(
    change: &mut ConfigChange<'_>,
    before: Option<&IntegrationRow>,
    after: Option<&IntegrationRow>,
) {
    let show = |row: &IntegrationRow| json!({"name": row.name, "description": row.description, "definition": row.definition});
    let provider = change.manage().provider();
    let uses = after.map(|row| row.definition.secret_uses(provider));
    let details = change.details();
    details.uses(&uses.unwrap_or_default());
    details.differs(before.map(show), after.map(show));
}

/// Whether requests to an MCP server go elsewhere, or as somebody else.
fn is_reached_otherwise(before: &IntegrationDefinition, after: &IntegrationDefinition) -> bool {
    match (before.mcp_server(), after.mcp_server()) {
        (Some(before), Some(after)) => {
            before.url != after.url || before.auth != after.auth || before.headers != after.headers
        }
        _ => false,
    }
}

/// Deletes an integration and its actions. Agents that link them are left with broken links. It can
/// be brought back, and its actions come with it.
pub async fn delete(
    manage: &Manage,
    manager: &Manager,
    id: IntegrationId,
    how: How,
) -> Result<Outcome<()>, AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let now = change.now;
    let mut row = existing::integration(&mut change.engine(), workspace, id).await?;
    check_revision(how.expected, row.revision)?;
    let mut after = None;
    loop {
        let page = action::list(
            &mut change.engine(),
            workspace,
            Some(id),
            &Listing::page(after, 500),
        )
        .await?;
        for mut found in page.rows {
            after = Some(found.id);
            found.deleted_at = Some(now);
            found.updated_at = now;
            found.revision += 1;
            action::update(&mut change.engine(), workspace, &found).await?;
            actions::record(&mut change, &found, ActionChange::Deleted).await?;
        }
        if !page.more {
            break;
        }
    }
    row.deleted_at = Some(now);
    save(&mut change, &mut row).await?;
    if how.dry_run {
        let engine = &mut change.engine();
        let affected = impact::of_deleted_integration(engine, workspace, id).await?;
        return Ok(Outcome::WouldBe(Report {
            affected,
            refusal: None,
        }));
    }
    let none = BTreeSet::new();
    let source = Source::Integration(id);
    secrets::refer(&mut change.engine(), workspace, &source, &[], &none).await?;
    tell(&mut change, Some(&row), None);
    change
        .note(Entity::Integration, &id.to_string(), "integration.delete")
        .await?;
    change.commit().await?;
    Ok(Outcome::Done(()))
}

/// Brings a deleted integration back as it was, with the actions that were deleted with it.
pub async fn undelete(
    manage: &Manage,
    manager: &Manager,
    id: IntegrationId,
) -> Result<IntegrationView, AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let engine = &mut change.engine();
    let mut row = integration::get(engine, workspace, id)
        .await?
        .ok_or(AppError::NotFound("integration"))?;
    if let Some(deleted_at) = row.deleted_at.take() {
        let uses = all_uses(&mut change, &row).await?;
        origins::admit(&mut change, uses).await?;
        save(&mut change, &mut row).await?;
        let engine = &mut change.engine();
        for found in action::deleted_at(engine, workspace, id, deleted_at).await? {
            actions::bring_back(&mut change, found).await?;
        }
        refer(&mut change.engine(), workspace, &row).await?;
        change
            .note(Entity::Integration, &id.to_string(), "integration.undelete")
            .await?;
    }
    let view = view(&mut change.engine(), workspace, row).await?;
    change.commit().await?;
    Ok(view)
}

/// Writes a changed integration.
async fn save(change: &mut ConfigChange<'_>, row: &mut IntegrationRow) -> Result<(), AppError> {
    let workspace = change.workspace();
    row.revision += 1;
    row.updated_at = change.now;
    Ok(integration::update(&mut change.engine(), workspace, row).await?)
}

async fn refer(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    row: &IntegrationRow,
) -> Result<(), AppError> {
    let names = row.definition.secrets();
    let source = Source::Integration(row.id);
    secrets::refer(engine, workspace, &source, &names, &BTreeSet::new()).await
}

/// Checks all of an integration, by preparing it as calls need it.
fn check(row: &IntegrationRow) -> Result<(), AppError> {
    let breakers = Breakers::default();
    let mut errors = InputErrors::new();
    errors.check("/name", Title::parse(&row.name));
    if row.description.len() > MAX_DESCRIPTION_BYTES {
        errors.push(
            "/description",
            format!("a description has at most {MAX_DESCRIPTION_BYTES} bytes"),
        );
    }
    prepare_integration(
        row.id,
        &row.definition,
        |_| Scope::check(&breakers),
        &mut errors,
    );
    errors.finish(()).map_err(AppError::Invalid)
}
