//! Versions: locked, published, compared with the present, and restored.

mod locking;
mod review;

pub mod publishing;

use switchboard_contract::versions::LockInput;
use switchboard_domain::agent::{LockedVersion, VersionRef};
use switchboard_domain::drift::{self, LinkChange};
use switchboard_domain::id::{AgentId, WorkspaceId};
use switchboard_domain::publish;
use switchboard_store::agent::{self, AgentRow, VersionRow};
use switchboard_store::change::Entity;
use switchboard_store::search::Search;
use switchboard_store::{Engine, link, version};

use crate::change::{ConfigChange, check_revision};
use crate::{Manage, drafts, existing};
pub use locking::{Published, VersionView};
use locking::{add, check_notes, make_live, view};
use review::{refused, surroundings};
use switchboard_operation::{AppError, Configuration, Manager, Page, Reader};

/// A page of an agent's locked versions, the newest first, optionally only those that are found by their
/// notes.
pub async fn list(
    manage: &Manage,
    reader: &Reader<Configuration>,
    id: AgentId,
    search: Option<&Search>,
    before: Option<u32>,
    limit: u32,
) -> Result<Page<VersionView>, AppError> {
    let workspace = reader.workspace();
    let mut conn = manage.db.read().await?;
    let engine = &mut conn.engine();
    let agent = existing::agent(engine, workspace, id).await?;
    let page = version::list(engine, workspace, id, search, before, limit).await?;
    page.try_map(|version| Ok(view(&agent, version)))
}

async fn existing(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: AgentId,
    number: u32,
) -> Result<(AgentRow, LockedVersion), AppError> {
    let agent = existing::agent(engine, workspace, id).await?;
    let found = version::get(engine, workspace, id, number).await?;
    Ok((agent, found.ok_or(AppError::NotFound("version"))?))
}

/// One locked version.
pub async fn get(
    manage: &Manage,
    reader: &Reader<Configuration>,
    id: AgentId,
    number: u32,
) -> Result<VersionView, AppError> {
    let mut conn = manage.db.read().await?;
    let engine = &mut conn.engine();
    let (agent, version) = existing(engine, reader.workspace(), id, number).await?;
    Ok(view(&agent, version))
}

/// Locks the draft as the next version, and records the revision of every action it links.
pub async fn lock(
    manage: &Manage,
    manager: &Manager,
    id: AgentId,
    expected: Option<u64>,
    input: LockInput,
) -> Result<VersionView, AppError> {
    check_notes(&input.notes)?;
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let engine = &mut change.engine();
    let agent = existing::agent(engine, workspace, id).await?;
    let draft = existing::draft(engine, workspace, id).await?;
    check_revision(expected, draft.revision)?;
    let locked = add(&mut change, id, input.notes, draft.document).await?;
    change.commit().await?;
    Ok(view(&agent, locked))
}

/// Makes a locked version the one that new conversations get. Refused while it has links that lead
/// nowhere or could not work; nothing can come between the check and the publishing.
pub async fn publish(
    manage: &Manage,
    manager: &Manager,
    id: AgentId,
    number: u32,
    expected: Option<u64>,
) -> Result<Published, AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let engine = &mut change.engine();
    let (mut agent, version) = existing(engine, workspace, id, number).await?;
    check_revision(expected, agent.revision)?;
    let links = link::of_version(engine, workspace, id, VersionRef::Number(number)).await?;
    let (channels, around) = surroundings(engine, workspace, version.document(), &links).await?;
    let verdict = publish::check(version.document(), &links, &channels);
    if !verdict.is_publishable() {
        let what = format!("version {number}");
        return Err(refused(&what, &verdict, ", and lock a new version"));
    }
    let warnings = publish::warnings(version.document(), &links, &around);
    make_live(&mut change, &mut agent, number).await?;
    change.commit().await?;
    Ok(Published {
        version: view(&agent, version),
        warnings,
    })
}

/// Takes the published version back: the agent takes no new conversations but tests.
pub async fn unpublish(
    manage: &Manage,
    manager: &Manager,
    id: AgentId,
    expected: Option<u64>,
) -> Result<AgentRow, AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let now = change.now;
    let engine = &mut change.engine();
    let mut agent = existing::agent(engine, workspace, id).await?;
    check_revision(expected, agent.revision)?;
    agent.published_version = None;
    agent.revision += 1;
    agent.updated_at = now;
    agent::update(engine, workspace, &agent).await?;
    change
        .note(Entity::Agent, &id.to_string(), "agent.unpublish")
        .await?;
    change.commit().await?;
    Ok(agent)
}

/// The links of a locked version that are no longer what they were when it was locked: what is live
/// now, and what restoring it would bring back into.
pub async fn drift(
    manage: &Manage,
    reader: &Reader<Configuration>,
    id: AgentId,
    number: u32,
) -> Result<Vec<LinkChange>, AppError> {
    let workspace = reader.workspace();
    let mut conn = manage.db.read().await?;
    let engine = &mut conn.engine();
    let (_, version) = existing(engine, workspace, id, number).await?;
    let links = link::of_version(engine, workspace, id, VersionRef::Number(number)).await?;
    Ok(drift::since_locked(version.document(), &links))
}

/// How many links of an agent's published version are no longer what they were when it was locked.
pub(crate) async fn published_drift(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    agent: &AgentRow,
) -> Result<Option<usize>, AppError> {
    let Some(number) = agent.published_version else {
        return Ok(None);
    };
    let links = link::of_version(engine, workspace, agent.id, VersionRef::Number(number)).await?;
    Ok(Some(
        links.iter().filter(|link| drift::has_changed(link)).count(),
    ))
}

/// Overwrites the draft with a locked version. Shared actions stay as they are now; what is no
/// longer as the version expects stands in the draft's drift until it is dealt with.
pub async fn restore(
    manage: &Manage,
    manager: &Manager,
    id: AgentId,
    number: u32,
    expected: Option<u64>,
) -> Result<VersionRow, AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let now = change.now;
    let engine = &mut change.engine();
    let (_, version) = existing(engine, workspace, id, number).await?;
    let mut draft = existing::draft(engine, workspace, id).await?;
    check_revision(expected, draft.revision)?;
    draft.document = version.document().clone();
    draft.restored_from = Some(number);
    draft.revision += 1;
    draft.updated_at = now;
    drafts::write(&mut change, id, &draft).await?;
    link::restore(&mut change.engine(), workspace, id, number).await?;
    change
        .note(Entity::Agent, &id.to_string(), "version.restore")
        .await?;
    change.commit().await?;
    Ok(draft)
}
