//! Which version links which shared action, by which binding, and what it saw of it.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::AssertSqlSafe;
use switchboard_domain::agent::{Link, VersionRef};
use switchboard_domain::id::{ActionId, AgentId, BindingId, IntegrationId, WorkspaceId};
use switchboard_domain::link::{CurrentAction, LinkedAction, Place, SeenAction};
use uuid::Uuid;

use crate::action_revision::shape;
use crate::dialect;
use crate::dialect::in_chunks;
use crate::engine::{Engine, on};
use crate::error::StoreError;

/// A link of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftLink {
    /// The binding.
    pub binding: BindingId,
    /// What it refers to.
    pub link: Link,
    /// The revision that the restored version expects; none where no restored version brought it.
    pub expected: Option<u64>,
    /// The state that somebody marked as reviewed.
    pub reviewed: Option<String>,
}

fn number(version: VersionRef) -> i64 {
    i64::from(version.number())
}

/// The links of a draft, by binding.
pub async fn of_draft(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    agent: AgentId,
) -> Result<BTreeMap<BindingId, DraftLink>, StoreError> {
    type Row = (Uuid, Uuid, Uuid, Option<i64>, Option<String>);
    let rows: Vec<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT binding_id, action_id, integration_id, action_revision, reviewed FROM version_link \
         WHERE workspace_id = $1 AND agent_id = $2 AND number = 0",
    )
    .bind(workspace.uuid()).bind(agent.uuid())
    .fetch_all(conn).await)?;
    let link = |(binding, action, integration, expected, reviewed): Row| DraftLink {
        binding: BindingId::from_uuid(binding),
        link: Link {
            action_id: ActionId::from_uuid(action),
            integration_id: IntegrationId::from_uuid(integration),
        },
        expected: expected.map(i64::unsigned_abs),
        reviewed,
    };
    Ok(rows
        .into_iter()
        .map(|row| {
            let link = link(row);
            (link.binding, link)
        })
        .collect())
}

/// Replaces the links of a draft.
pub async fn replace_draft(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    agent: AgentId,
    links: &[DraftLink],
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "DELETE FROM version_link WHERE workspace_id = $1 AND agent_id = $2 AND number = 0",
    )
    .bind(workspace.uuid()).bind(agent.uuid())
    .execute(conn).await.map(drop))?;
    let mut rest = links;
    for size in dialect::chunk_sizes(links.len(), 64) {
        let (chunk, after) = rest.split_at(size);
        rest = after;
        let sql = dialect::bulk_insert(
            "INSERT INTO version_link (workspace_id, agent_id, number, binding_id, action_id, integration_id, action_revision, reviewed)",
            8,
            size,
            "",
        );
        on!(engine, conn => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for link in chunk {
                query = query
                    .bind(workspace.uuid()).bind(agent.uuid()).bind(0_i64).bind(link.binding.uuid())
                    .bind(link.link.action_id.uuid()).bind(link.link.integration_id.uuid())
                    .bind(link.expected.map(u64::cast_signed)).bind(&link.reviewed);
            }
            query.execute(conn).await.map(drop)
        })?;
    }
    Ok(())
}

/// Records, for a version that is being locked from the draft, the revision of every action it
/// links.
pub async fn lock(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    agent: AgentId,
    version: u32,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "INSERT INTO version_link (workspace_id, agent_id, number, binding_id, action_id, integration_id, action_revision) \
         SELECT l.workspace_id, l.agent_id, $3, l.binding_id, l.action_id, l.integration_id, a.revision \
         FROM version_link AS l JOIN action AS a ON a.workspace_id = l.workspace_id AND a.id = l.action_id \
         WHERE l.workspace_id = $1 AND l.agent_id = $2 AND l.number = 0",
    )
    .bind(workspace.uuid()).bind(agent.uuid()).bind(i64::from(version))
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// Gives the draft the links of a locked version, with what that version saw as what is expected.
pub async fn restore(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    agent: AgentId,
    version: u32,
) -> Result<(), StoreError> {
    replace_draft(engine, workspace, agent, &[]).await?;
    on!(engine, conn => sqlx::query(
        "INSERT INTO version_link (workspace_id, agent_id, number, binding_id, action_id, integration_id, action_revision) \
         SELECT workspace_id, agent_id, 0, binding_id, action_id, integration_id, action_revision \
         FROM version_link WHERE workspace_id = $1 AND agent_id = $2 AND number = $3",
    )
    .bind(workspace.uuid()).bind(agent.uuid()).bind(i64::from(version))
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// Marks what a draft's link refers to, in this state, as reviewed.
pub async fn mark_reviewed(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    agent: AgentId,
    binding: BindingId,
    state: &str,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "UPDATE version_link SET reviewed = $4 WHERE workspace_id = $1 AND agent_id = $2 AND number = 0 AND binding_id = $3",
    )
    .bind(workspace.uuid()).bind(agent.uuid()).bind(binding.uuid()).bind(state)
    .execute(conn).await.map(drop))?;
    Ok(())
}

#[derive(sqlx_macros::FromRow)]
struct Linked {
    binding_id: Uuid,
    action_id: Uuid,
    named_integration: Uuid,
    reviewed: Option<String>,
    integration_id: Uuid,
    name: String,
    description: String,
    definition: String,
    shape_digest: String,
    revision: i64,
    is_deleted: bool,
    integration_name: String,
    is_integration_deleted: bool,
    seen_revision: Option<i64>,
    seen_integration: Option<Uuid>,
    seen_name: Option<String>,
    seen_description: Option<String>,
    seen_definition: Option<String>,
    seen_digest: Option<String>,
    seen_deleted: Option<bool>,
}

fn seen(row: &mut Linked) -> Result<Option<SeenAction>, StoreError> {
    let (Some(revision), Some(integration), Some(name), Some(digest)) = (
        row.seen_revision,
        row.seen_integration,
        row.seen_name.take(),
        row.seen_digest.take(),
    ) else {
        return Ok(None);
    };
    let description = row.seen_description.take().unwrap_or_default();
    let definition = row.seen_definition.take().unwrap_or_default();
    Ok(Some(SeenAction {
        revision: revision.unsigned_abs(),
        integration: IntegrationId::from_uuid(integration),
        is_deleted: row.seen_deleted.unwrap_or(false),
        shape: shape(&name, description, &definition)?,
        digest,
    }))
}

fn linked(mut row: Linked) -> Result<LinkedAction, StoreError> {
    Ok(LinkedAction {
        seen: seen(&mut row)?,
        binding: BindingId::from_uuid(row.binding_id),
        link: Link {
            action_id: ActionId::from_uuid(row.action_id),
            integration_id: IntegrationId::from_uuid(row.named_integration),
        },
        now: CurrentAction {
            revision: row.revision.unsigned_abs(),
            place: Place {
                integration: IntegrationId::from_uuid(row.integration_id),
                is_deleted: row.is_deleted,
                is_integration_deleted: row.is_integration_deleted,
            },
            integration_name: row.integration_name,
            shape: shape(&row.name, row.description, &row.definition)?,
            digest: row.shape_digest,
        },
        reviewed: row.reviewed,
    })
}

/// The links of a version, each with what it refers to now and what the version saw.
pub async fn of_version(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    agent: AgentId,
    version: VersionRef,
) -> Result<Vec<LinkedAction>, StoreError> {
    let rows: Vec<Linked> = on!(engine, conn => sqlx::query_as(
        "SELECT l.binding_id, l.action_id, l.integration_id AS named_integration, l.reviewed, \
         a.integration_id, a.name, a.description, a.definition, a.shape_digest, a.revision, \
         a.deleted_at IS NOT NULL AS is_deleted, i.name AS integration_name, i.deleted_at IS NOT NULL AS is_integration_deleted, \
         r.revision AS seen_revision, r.integration_id AS seen_integration, r.name AS seen_name, r.description AS seen_description, \
         r.definition AS seen_definition, r.shape_digest AS seen_digest, r.is_deleted AS seen_deleted \
         FROM version_link AS l \
         JOIN action AS a ON a.workspace_id = l.workspace_id AND a.id = l.action_id \
         JOIN integration AS i ON i.workspace_id = a.workspace_id AND i.id = a.integration_id \
         LEFT JOIN action_revision AS r ON r.workspace_id = l.workspace_id AND r.action_id = l.action_id AND r.revision = l.action_revision \
         WHERE l.workspace_id = $1 AND l.agent_id = $2 AND l.number = $3",
    )
    .bind(workspace.uuid()).bind(agent.uuid()).bind(number(version))
    .fetch_all(conn).await)?;
    rows.into_iter().map(linked).collect()
}

/// A version that links an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkUser {
    /// The agent.
    pub agent: AgentId,
    /// Its name.
    pub agent_name: String,
    /// The version.
    pub version: VersionRef,
    /// Whether new conversations get it.
    pub is_published: bool,
    /// The bindings that link it.
    pub bindings: Vec<BindingId>,
}

/// What is linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linking {
    /// This action.
    Action(ActionId),
    /// Any action that a link names under this integration.
    Integration(IntegrationId),
}

type UserRow = (Uuid, Uuid, String, Option<i64>, i64, Uuid);

const USERS: &str = "SELECT l.action_id, l.agent_id, g.name, g.published_version, l.number, l.binding_id FROM version_link AS l \
     JOIN agent AS g ON g.workspace_id = l.workspace_id AND g.id = l.agent_id \
     WHERE l.workspace_id = $1 AND g.deleted_at IS NULL AND";

/// The versions of agents that are not deleted that link something, the draft of each agent first.
pub async fn users(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    linking: Linking,
) -> Result<Vec<LinkUser>, StoreError> {
    let (column, id) = match linking {
        Linking::Action(id) => ("action_id", id.uuid()),
        Linking::Integration(id) => ("integration_id", id.uuid()),
    };
    let sql = format!("{USERS} l.{column} = $2 ORDER BY l.agent_id, l.number, l.binding_id");
    let rows: Vec<UserRow> = on!(engine, conn => sqlx::query_as(AssertSqlSafe(sql))
        .bind(workspace.uuid()).bind(id)
        .fetch_all(conn).await)?;
    let mut users = vec![];
    for row in rows {
        add_user(&mut users, row)?;
    }
    Ok(users)
}

/// The same for each of these actions that anybody links.
pub async fn users_of(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    actions: &[ActionId],
) -> Result<BTreeMap<ActionId, Vec<LinkUser>>, StoreError> {
    let ids: Vec<Uuid> = actions.iter().map(|id| id.uuid()).collect();
    let head = format!("{USERS} l.action_id IN");
    let tail = " ORDER BY l.agent_id, l.number, l.binding_id";
    let rows: Vec<UserRow> = in_chunks(engine, &head, tail, workspace, &ids).await?;
    let mut users: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in rows {
        let of_action = users.entry(ActionId::from_uuid(row.0)).or_default();
        add_user(of_action, row)?;
    }
    Ok(users)
}

/// Adds a link to those before it: the links of one version stand one after the other.
fn add_user(
    users: &mut Vec<LinkUser>,
    (_, agent, agent_name, published, number, binding): UserRow,
) -> Result<(), StoreError> {
    let agent = AgentId::from_uuid(agent);
    let is_published = published == Some(number);
    let number = u32::try_from(number).map_err(|error| StoreError::corrupt("version", error))?;
    let version = VersionRef::from_number(number);
    let binding = BindingId::from_uuid(binding);
    match users.last_mut() {
        Some(last) if last.agent == agent && last.version == version => {
            last.bindings.push(binding);
        }
        _ => users.push(LinkUser {
            agent,
            agent_name,
            version,
            is_published,
            bindings: vec![binding],
        }),
    }
    Ok(())
}

/// How many agents that are not deleted link actions of each of these integrations, in any version.
pub async fn agent_counts(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    integrations: &[IntegrationId],
) -> Result<BTreeMap<IntegrationId, u64>, StoreError> {
    let ids: Vec<Uuid> = integrations.iter().map(|id| id.uuid()).collect();
    let head = format!("SELECT l.integration_id, COUNT(DISTINCT l.agent_id) {LINKING} IN");
    let tail = " GROUP BY l.integration_id";
    let rows: Vec<(Uuid, i64)> = in_chunks(engine, &head, tail, workspace, &ids).await?;
    Ok(rows
        .into_iter()
        .map(|(id, count)| (IntegrationId::from_uuid(id), count.unsigned_abs()))
        .collect())
}

// A cross join keeps SQLite from beginning with all agents; PostgreSQL takes whichever order is best.
const LINKING: &str = "FROM version_link AS l CROSS JOIN agent AS g \
     WHERE l.workspace_id = $1 AND g.workspace_id = l.workspace_id AND g.id = l.agent_id AND g.deleted_at IS NULL AND l.integration_id";

/// The agents that are not deleted that link actions of these integrations, in any version.
pub async fn agents_of(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    integrations: &[IntegrationId],
) -> Result<BTreeMap<IntegrationId, BTreeSet<AgentId>>, StoreError> {
    let ids: Vec<Uuid> = integrations.iter().map(|id| id.uuid()).collect();
    let head = format!("SELECT DISTINCT l.integration_id, l.agent_id {LINKING} IN");
    let rows: Vec<(Uuid, Uuid)> = in_chunks(engine, &head, "", workspace, &ids).await?;
    let mut agents: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (integration, agent) in rows {
        agents
            .entry(IntegrationId::from_uuid(integration))
            .or_default()
            .insert(AgentId::from_uuid(agent));
    }
    Ok(agents)
}
