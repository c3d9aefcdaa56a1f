//! What publishing a version is judged by, and the refusal of one that could not work.

use std::collections::{BTreeMap, BTreeSet};

use switchboard_contract::problem::Details;
use switchboard_domain::agent::AgentDocument;
use switchboard_domain::environment::Environment;
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::id::{IntegrationId, WorkspaceId};
use switchboard_domain::link::LinkedAction;
use switchboard_domain::publish::{Surroundings, Verdict};
use switchboard_operation::AppError;
use switchboard_store::{Engine, Listing, integration, secret, variable};

/// The refusal of a version that has broken links, or that could not work.
pub(crate) fn refused(what: &str, verdict: &Verdict, then: &str) -> AppError {
    let (code, message) = match verdict.broken_references.len() {
        0 => (
            ErrorCode::NotPublishable,
            format!("{what} cannot be published; see `problems` for each reason"),
        ),
        count => (
            ErrorCode::BrokenReferences,
            format!(
                "{what} links {count} shared actions that were deleted or moved; link them again or remove them in the draft{then}"
            ),
        ),
    };
    let broken = verdict.broken_references.iter().cloned();
    let problems = verdict.problems.iter().cloned();
    let details = Details {
        broken_references: Some(broken.map(Into::into).collect()),
        problems: Some(problems.map(Into::into).collect()),
        ..Details::default()
    };
    AppError::Conflict {
        code,
        message,
        errors: vec![],
        details: Some(Box::new(details)),
    }
}

/// The channels that a version's own actions name and that are not deleted; and what else there is
/// that its actions need.
pub(crate) async fn surroundings(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    document: &AgentDocument,
    links: &[LinkedAction],
) -> Result<(BTreeSet<IntegrationId>, Surroundings), AppError> {
    let mut integrations = BTreeMap::new();
    for id in document.channels() {
        let row = integration::get(engine, workspace, id).await?;
        if let Some(row) = row.filter(|row| row.deleted_at.is_none()) {
            integrations.insert(id, (row.name, row.definition));
        }
    }
    let channels = integrations.keys().copied().collect();
    let linked: BTreeSet<_> = links
        .iter()
        .map(|link| link.now.place.integration)
        .collect();
    for id in linked {
        if let Some(row) = integration::get(engine, workspace, id).await? {
            integrations.insert(id, (row.name, row.definition));
        }
    }
    let secrets = secret::all_environments(engine, workspace)
        .await?
        .into_iter();
    let secrets = secrets
        .map(|(name, set)| (name, set.into_iter().collect()))
        .collect();
    let production_variables = production_variables(engine, workspace).await?;
    let around = Surroundings {
        integrations,
        secrets,
        production_variables,
    };
    Ok((channels, around))
}

async fn production_variables(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
) -> Result<BTreeSet<String>, AppError> {
    let mut found = BTreeSet::new();
    let mut after = None;
    loop {
        let page = variable::list(engine, workspace, &Listing::page(after, 1000)).await?;
        let set = page.rows.iter().filter(|row| {
            let production = Environment::Production;
            row.values.get(production).is_some()
        });
        found.extend(set.map(|row| row.name.to_string()));
        if !page.more {
            return Ok(found);
        }
        after = page.rows.last().map(|last| last.name.clone());
    }
}
