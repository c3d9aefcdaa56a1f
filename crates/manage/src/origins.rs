//! Where secrets may go: what is saved and tried out is checked here, before anything is written or
//! sent. A call checks by itself, when it takes the secret.

use std::collections::BTreeMap;

use serde_json::json;
use switchboard_domain::id::WorkspaceId;
use switchboard_domain::name::SecretName;
use switchboard_domain::secret_use::{SecretUse, Verdict, judge};
use switchboard_store::change::Entity;
use switchboard_store::reference::{self, Source, Target};
use switchboard_store::{Engine, action, agent, integration, secret};

use crate::Manage;
use crate::change::ConfigChange;
use switchboard_operation::AppError;

/// Admits that secrets go where they would go, and remembers it where that is new. Refused where a
/// secret may not go there and whoever makes the change may not decide that it may.
pub(crate) async fn admit(
    change: &mut ConfigChange<'_>,
    uses: Vec<SecretUse>,
) -> Result<(), AppError> {
    let mut wanted: BTreeMap<SecretName, Vec<String>> = BTreeMap::new();
    for found in uses {
        let origins = wanted.entry(found.secret).or_default();
        if !origins.contains(&found.origin) {
            origins.push(found.origin);
        }
    }
    let (workspace, now) = (change.workspace(), change.now);
    for (name, wanted) in wanted {
        // One that does not exist yet is made with an empty list.
        let Some(row) = secret::get(&mut change.engine(), workspace, &name).await? else {
            continue;
        };
        let before = row.allowed_origins;
        let used = if before.is_empty() {
            used_at(change.manage(), workspace, &name).await?
        } else {
            vec![]
        };
        let after = match judge(&before, &used, &wanted, change.by().administers()) {
            Verdict::Allowed => continue,
            Verdict::Becomes(after) => after,
            Verdict::Refused(origin) => {
                let allowed = if before.is_empty() { used } else { before };
                return Err(AppError::SecretOrigin {
                    secret: name,
                    origin,
                    allowed,
                });
            }
        };
        secret::set_origins(&mut change.engine(), workspace, &name, &after, now).await?;
        let own = std::mem::take(change.details());
        let details = change.details();
        details.secrets = vec![name.to_string()];
        details.destination = Some(wanted.join(" "));
        details.differs(
            Some(json!({ "allowed_origins": before })),
            Some(json!({ "allowed_origins": after })),
        );
        change
            .note(Entity::Secret, name.as_str(), "secret.allow_origin")
            .await?;
        *change.details() = own;
    }
    Ok(())
}

/// Where a secret goes by what was saved before this change: asked outside of its transaction.
async fn used_at(
    manage: &Manage,
    workspace: WorkspaceId,
    name: &SecretName,
) -> Result<Vec<String>, AppError> {
    let mut conn = manage.db.read().await?;
    let engine = &mut conn.engine();
    let target = Target::Secret(name.clone());
    let mut origins = vec![];
    for source in reference::sources(engine, workspace, &target).await? {
        let uses = uses_of(manage, engine, workspace, source).await?;
        for found in uses.into_iter().filter(|found| found.secret == *name) {
            if !origins.contains(&found.origin) {
                origins.push(found.origin);
            }
        }
    }
    Ok(origins)
}

/// Where the secrets go that something refers to.
async fn uses_of(
    manage: &Manage,
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    source: Source,
) -> Result<Vec<SecretUse>, AppError> {
    match source {
        Source::Integration(id) => {
            let provider = manage.provider();
            let row = integration::get(engine, workspace, id).await?;
            Ok(row.map_or_else(Vec::new, |row| row.definition.secret_uses(provider)))
        }
        Source::Action(id) => {
            let Some(row) = action::get(engine, workspace, id).await? else {
                return Ok(vec![]);
            };
            let under = integration::get(engine, workspace, row.integration_id).await?;
            Ok(under.map_or_else(Vec::new, |under| {
                row.definition.secret_uses(&under.definition)
            }))
        }
        Source::Agent(id, version) => {
            let row = agent::version(engine, workspace, id, version).await?;
            Ok(row.map_or_else(Vec::new, |row| row.document.secret_uses()))
        }
    }
}
