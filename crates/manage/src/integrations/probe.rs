//! Trying a connection before it is saved, or after: who answers there, and whether they know us.

use std::time::Duration;

use serde_json::json;
use switchboard_contract::integrations::ConnectionTest;
use switchboard_domain::id::IntegrationId;
use switchboard_kinds::{self as kinds, NotProbed, Probing, Scope};
use switchboard_operation::{AppError, Manager};
use switchboard_store::integration::IntegrationRow;
use tokio::time::Instant;

use super::check;
use crate::change::ConfigChange;
use crate::values::Values;
use crate::{Manage, origins};

pub use switchboard_kinds::Probe;

/// Asks the service of an integration for something that changes nothing, with its credentials. An
/// HTTP API is asked for its base URL: any answer but 401 and 403 means that the connection stands.
/// Answers what came of it, and how long that took.
pub async fn probe(
    manage: &Manage,
    manager: &Manager,
    input: ConnectionTest,
) -> Result<(Probe, Duration), AppError> {
    let workspace = manager.workspace();
    let environment = *input.environment;
    let now = manage.context.now();
    let new = input.integration.into_new().map_err(AppError::Invalid)?;
    let (name, description, definition) = new.into_parts();
    let row = IntegrationRow {
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
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let uses = row.definition.in_environment(environment);
    let uses = uses.secret_uses(manage.provider());
    origins::admit(&mut change, uses.clone()).await?;
    let details = change.details();
    details.environment = Some(environment);
    details.uses(&uses);
    details.after = Some(json!({"name": row.name, "definition": row.definition}));
    // Nothing is saved here, so there is no id that leads anywhere.
    let what = ("integration.test", "integration", "");
    change.note_only(what).await?;
    change.commit().await?;
    let values = Values::read(manage, workspace, environment).await?;
    let start = Instant::now();
    let breakers = manage.connector.client.breakers();
    let scope = Scope::trial(workspace, manage.context.uuid(), breakers);
    let probing = Probing {
        hands: manage.hands(),
        telnyx: &manage.telnyx,
        secrets: &values.secrets(),
        variables: &values.variables,
        environment,
        now: manage.context.now(),
        start,
    };
    let probe = kinds::probe(&row.name, &row.definition, &scope, &probing).await;
    let probe = probe.map_err(|why| match why {
        NotProbed::Refused(refusal) => AppError::from(refusal),
        NotProbed::Invalid(errors) => AppError::Invalid(errors.into_inner()),
    })?;
    Ok((probe, start.elapsed()))
}
