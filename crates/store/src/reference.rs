//! Who refers to what, kept beside the documents that say so.

use std::fmt::Display;

use switchboard_domain::agent::VersionRef;
use switchboard_domain::id::{ActionId, AgentId, IntegrationId, WorkspaceId};
use switchboard_domain::name::SecretName;

use crate::dialect::in_chunks;
use crate::engine::{Engine, on};
use crate::error::StoreError;

/// What refers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// An action.
    Action(ActionId),
    /// A version of an agent, by its own actions.
    Agent(AgentId, VersionRef),
    /// An integration.
    Integration(IntegrationId),
}

impl Source {
    /// `action`, `agent` or `integration`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Action(_) => "action",
            Self::Agent(..) => "agent",
            Self::Integration(_) => "integration",
        }
    }

    /// Its id.
    pub fn id(&self) -> String {
        match self {
            Self::Action(id) => id.to_string(),
            Self::Agent(id, _) => id.to_string(),
            Self::Integration(id) => id.to_string(),
        }
    }

    const fn version(&self) -> u32 {
        match self {
            Self::Agent(_, version) => version.number(),
            Self::Action(_) | Self::Integration(_) => 0,
        }
    }

    fn read((kind, id, version): (String, String, i64)) -> Result<Self, StoreError> {
        let corrupt = |error: &dyn Display| StoreError::corrupt("reference", error);
        let id = id.as_str();
        match kind.as_str() {
            "action" => id.parse().map(Self::Action).map_err(|e| corrupt(&e)),
            "integration" => id.parse().map(Self::Integration).map_err(|e| corrupt(&e)),
            "agent" => {
                let version = u32::try_from(version).map_err(|e| corrupt(&e))?;
                let id = id.parse().map_err(|e| corrupt(&e))?;
                Ok(Self::Agent(id, VersionRef::from_number(version)))
            }
            kind => Err(corrupt(&kind)),
        }
    }
}

/// What is referred to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A secret.
    Secret(SecretName),
    /// A messaging channel.
    Channel(IntegrationId),
}

const SECRET: &str = "secret";
const CHANNEL: &str = "integration";

impl Target {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Secret(_) => SECRET,
            Self::Channel(_) => CHANNEL,
        }
    }

    fn id(&self) -> String {
        match self {
            Self::Secret(name) => name.to_string(),
            Self::Channel(id) => id.to_string(),
        }
    }
}

/// Replaces all that a source refers to.
pub async fn replace(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    source: &Source,
    targets: &[Target],
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "DELETE FROM reference WHERE workspace_id = $1 AND source_kind = $2 AND source_id = $3 AND source_version = $4",
    )
    .bind(workspace.uuid()).bind(source.kind()).bind(source.id()).bind(i64::from(source.version()))
    .execute(conn).await.map(drop))?;
    for target in targets {
        on!(engine, conn => sqlx::query(
            "INSERT INTO reference (workspace_id, source_kind, source_id, source_version, target_kind, target_id) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        )
        .bind(workspace.uuid()).bind(source.kind()).bind(source.id()).bind(i64::from(source.version()))
        .bind(target.kind()).bind(target.id())
        .execute(conn).await.map(drop))?;
    }
    Ok(())
}

/// Forgets all that the versions of an agent refer to.
pub async fn forget_agent(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: AgentId,
) -> Result<(), StoreError> {
    let source = Source::Agent(id, VersionRef::Draft);
    on!(engine, conn => sqlx::query(
        "DELETE FROM reference WHERE workspace_id = $1 AND source_kind = $2 AND source_id = $3",
    )
    .bind(workspace.uuid()).bind(source.kind()).bind(source.id())
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// Everything that refers to a target.
pub async fn sources(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    target: &Target,
) -> Result<Vec<Source>, StoreError> {
    let rows: Vec<(String, String, i64)> = on!(engine, conn => sqlx::query_as(
        "SELECT source_kind, source_id, source_version FROM reference \
         WHERE workspace_id = $1 AND target_kind = $2 AND target_id = $3 ORDER BY source_kind, source_id, source_version",
    )
    .bind(workspace.uuid()).bind(target.kind()).bind(target.id())
    .fetch_all(conn).await)?;
    rows.into_iter().map(Source::read).collect()
}

type Row = (String, String, String, i64);

/// Everything that refers to some secrets.
pub async fn to_secrets(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    names: &[SecretName],
) -> Result<Vec<(SecretName, Source)>, StoreError> {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let rows = to_targets(engine, workspace, SECRET, &names).await?;
    rows.into_iter()
        .map(|(name, kind, id, version)| {
            let name = SecretName::parse(&name)
                .map_err(|error| StoreError::corrupt("reference", error))?;
            Ok((name, Source::read((kind, id, version))?))
        })
        .collect()
}

/// Everything that refers to some messaging channels.
pub async fn to_channels(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    ids: &[IntegrationId],
) -> Result<Vec<(IntegrationId, Source)>, StoreError> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let rows = to_targets(engine, workspace, CHANNEL, &ids).await?;
    rows.into_iter()
        .map(|(target, kind, id, version)| {
            let target = target
                .parse()
                .map_err(|error| StoreError::corrupt("reference", error))?;
            Ok((target, Source::read((kind, id, version))?))
        })
        .collect()
}

async fn to_targets(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    kind: &'static str,
    ids: &[String],
) -> Result<Vec<Row>, StoreError> {
    let head = format!(
        "SELECT target_id, source_kind, source_id, source_version FROM reference \
         WHERE workspace_id = $1 AND target_kind = '{kind}' AND target_id IN"
    );
    let tail = " ORDER BY target_id, source_kind, source_id, source_version";
    in_chunks(engine, &head, tail, workspace, ids).await
}

/// The names of all secrets that something refers to.
pub async fn needed_secrets(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
) -> Result<Vec<SecretName>, StoreError> {
    let names: Vec<String> = on!(engine, conn => sqlx::query_scalar(
        "SELECT DISTINCT target_id FROM reference WHERE workspace_id = $1 AND target_kind = $2 ORDER BY target_id",
    )
    .bind(workspace.uuid()).bind(SECRET)
    .fetch_all(conn).await)?;
    names
        .iter()
        .map(|name| {
            SecretName::parse(name).map_err(|error| StoreError::corrupt("reference", error))
        })
        .collect()
}
