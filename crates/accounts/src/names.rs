//! What those are called who stand in the audit log and on invitations.

use switchboard_domain::id::{ApiKeyId, UserId, WorkspaceId};
use switchboard_store::{Engine, account, api_key};

use switchboard_operation::AppError;

/// What an actor is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// A person's or an API key's name.
    pub name: String,
    /// A person's e-mail address.
    pub email: Option<String>,
}

/// What the actor of a stored entry is called, if it is a person or a key of this workspace.
pub async fn of(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    actor: &str,
) -> Result<Option<Name>, AppError> {
    if let Ok(id) = actor.parse::<UserId>() {
        let found = account::get(engine, id).await?;
        return Ok(found.map(|account| Name {
            name: account.name,
            email: Some(account.email.to_string()),
        }));
    }
    let Ok(id) = actor.parse::<ApiKeyId>() else {
        return Ok(None);
    };
    let found = api_key::name(engine, workspace, id).await?;
    Ok(found.map(|name| Name { name, email: None }))
}
