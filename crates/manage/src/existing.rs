//! What is there and not deleted, as a part of an operation.

use switchboard_domain::agent::VersionRef;
use switchboard_domain::id::{ActionId, AgentId, IntegrationId, WorkspaceId};
use switchboard_operation::AppError;
use switchboard_store::Engine;
use switchboard_store::action::{self as store_action, ActionRow};
use switchboard_store::agent::{self as store_agent, AgentRow, VersionRow};
use switchboard_store::integration::{self as store_integration, IntegrationRow};

/// One integration that is not deleted.
pub(crate) async fn integration(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: IntegrationId,
) -> Result<IntegrationRow, AppError> {
    store_integration::get(engine, workspace, id)
        .await?
        .filter(|row| row.deleted_at.is_none())
        .ok_or(AppError::NotFound("integration"))
}

/// An integration that an input names as `integration_id`.
pub(crate) async fn integration_in_input(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: IntegrationId,
) -> Result<IntegrationRow, AppError> {
    integration(engine, workspace, id)
        .await
        .map_err(|error| match error {
            AppError::NotFound(_) => AppError::invalid(
                "/integration_id",
                "there is no such integration in this workspace",
            ),
            error => error,
        })
}

/// One action that is not deleted.
pub(crate) async fn action(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: ActionId,
) -> Result<ActionRow, AppError> {
    store_action::get(engine, workspace, id)
        .await?
        .filter(|row| row.deleted_at.is_none())
        .ok_or(AppError::NotFound("action"))
}

/// One agent that is not deleted.
pub(crate) async fn agent(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: AgentId,
) -> Result<AgentRow, AppError> {
    store_agent::get(engine, workspace, id)
        .await?
        .filter(|row| row.deleted_at.is_none())
        .ok_or(AppError::NotFound("agent"))
}

/// The draft of an agent that is not deleted.
pub(crate) async fn draft(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: AgentId,
) -> Result<VersionRow, AppError> {
    agent(engine, workspace, id).await?;
    store_agent::version(engine, workspace, id, VersionRef::Draft)
        .await?
        .ok_or(AppError::NotFound("agent"))
}
