//! Locking a draft and making a locked version live, as parts of a change.

use switchboard_domain::agent::{AgentDocument, LockedVersion, VersionRef};
use switchboard_domain::id::AgentId;
use switchboard_domain::limits::MAX_NOTES_BYTES;
use switchboard_domain::publish::PublishWarning;
use switchboard_operation::AppError;
use switchboard_store::agent::{self, AgentRow};
use switchboard_store::change::Entity;
use switchboard_store::{link, version};

use crate::change::ConfigChange;
use crate::drafts;

/// A locked version as it is shown.
#[derive(Debug, Clone)]
pub struct VersionView {
    /// The version.
    pub version: LockedVersion,
    /// Whether new conversations get it.
    pub is_published: bool,
}

/// A version as it is shown.
pub(crate) fn view(agent: &AgentRow, version: LockedVersion) -> VersionView {
    VersionView {
        is_published: agent.published_version == Some(version.number()),
        version,
    }
}

/// Checks what is written about a version.
pub(crate) fn check_notes(notes: &str) -> Result<(), AppError> {
    if notes.len() > MAX_NOTES_BYTES {
        let detail = format!("notes have at most {MAX_NOTES_BYTES} bytes");
        return Err(AppError::invalid("/notes", detail));
    }
    Ok(())
}

/// Adds the draft's document as the next locked version, as a part of a change.
pub(crate) async fn add(
    change: &mut ConfigChange<'_>,
    id: AgentId,
    notes: String,
    document: AgentDocument,
) -> Result<LockedVersion, AppError> {
    let (workspace, now, actor) = (change.workspace(), change.now, change.actor().to_owned());
    let engine = &mut change.engine();
    let number = version::next_number(engine, workspace, id).await?;
    let locked = LockedVersion::new(number, notes, now, actor, document);
    version::insert(engine, workspace, id, &locked).await?;
    link::lock(engine, workspace, id, number).await?;
    let at = VersionRef::Number(number);
    drafts::refer(engine, workspace, id, at, locked.document()).await?;
    change
        .note(Entity::Agent, &id.to_string(), "version.lock")
        .await?;
    Ok(locked)
}

/// Makes a locked version the one that new conversations get, as a part of a change.
pub(crate) async fn make_live(
    change: &mut ConfigChange<'_>,
    agent: &mut AgentRow,
    number: u32,
) -> Result<(), AppError> {
    let (workspace, now) = (change.workspace(), change.now);
    agent.published_version = Some(number);
    agent.revision += 1;
    agent.updated_at = now;
    agent::update(&mut change.engine(), workspace, agent).await?;
    let id = agent.id.to_string();
    change.note(Entity::Agent, &id, "version.publish").await
}

/// What publishing came to.
#[derive(Debug, Clone)]
pub struct Published {
    /// The version.
    pub version: VersionView,
    /// What may go wrong with it in production.
    pub warnings: Vec<PublishWarning>,
}
