//! An agent's locked versions.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::FutureExt as _;
use serde::Deserialize;
use serde_json::{Value, json};
use switchboard_app::publishing::{self, Outcome, Preview, PublishInput};
use switchboard_app::versions::{self, LockInput, VersionView};
use switchboard_app::{Configuration, Manager, Reader};
use switchboard_domain::id::AgentId;

use crate::extract::{Auth, DryRunQuery, IfMatch, OptionalJson, Path, Query, after, limit};
use crate::problem::Problem;
use crate::routes::{agents, drafts};
use crate::{ApiState, schema, view};

fn show(found: &VersionView, with_document: bool) -> Value {
    let version = &found.version;
    let mut value = json!({
        "number": version.number(), "notes": version.notes(),
        "locked_at": view::time(version.locked_at()), "locked_by": version.locked_by(),
        "published": found.is_published,
    });
    if with_document {
        value["document"] = json!(version.document());
    }
    value
}

/// Which versions.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// How many entries, from 1 to 200.
    #[serde(default)]
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(default)]
    after: Option<String>,
    /// False leaves the documents out.
    #[serde(default)]
    #[param(default = true)]
    document: Option<bool>,
}

/// List an agent's locked versions, the newest first.
#[utoipa::path(get, path = "/agents/{id}/versions", tag = "versions",
    params(("id" = String, Path, description = "The agent's id"), ListQuery),
    responses((status = 200, description = "A page of versions", body = schema::VersionList)))]
pub async fn list_versions(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Path((id,)): Path<(AgentId,)>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let before = after(query.after.as_deref())?;
    let page = versions::list(&state.app, &reader, id, before, limit(query.limit)?)
        .boxed()
        .await?;
    let with_document = query.document.unwrap_or(true);
    Ok(view::page(
        &page,
        |found| found.version.number().to_string(),
        |found| show(found, with_document),
    ))
}

/// Lock the draft as the next version.
#[utoipa::path(post, path = "/agents/{id}/versions", tag = "versions",
    params(("id" = String, Path, description = "The agent's id"), ("if-match" = Option<String>, Header, description = "The draft's revision you read")),
    request_body = schema::LockInput,
    responses((status = 201, description = "The version", body = schema::LockedVersion)))]
pub async fn lock_version(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(AgentId,)>,
    IfMatch(expected): IfMatch,
    OptionalJson(input): OptionalJson<LockInput>,
) -> Result<Response, Problem> {
    let found = versions::lock(&state.app, &manager, id, expected, input)
        .boxed()
        .await?;
    let value = show(&found, true);
    Ok(view::raw(StatusCode::CREATED, value.to_string()))
}

/// Read a locked version.
#[utoipa::path(get, path = "/agents/{id}/versions/{number}", tag = "versions",
    params(("id" = String, Path, description = "The agent's id"), ("number" = u32, Path, description = "The version's number")),
    responses((status = 200, description = "The version", body = schema::LockedVersion)))]
pub async fn get_version(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Path((id, number)): Path<(AgentId, u32)>,
) -> Result<Response, Problem> {
    let found = versions::get(&state.app, &reader, id, number)
        .boxed()
        .await?;
    let value = show(&found, true);
    Ok(view::raw(StatusCode::OK, value.to_string()))
}

/// List the links of a locked version that changed since it was locked.
#[utoipa::path(get, path = "/agents/{id}/versions/{number}/drift", tag = "versions",
    params(("id" = String, Path, description = "The agent's id"), ("number" = u32, Path, description = "The version's number")),
    responses((status = 200, description = "What changed", body = schema::LinkChangeList)))]
pub async fn get_version_drift(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Path((id, number)): Path<(AgentId, u32)>,
) -> Result<Response, Problem> {
    let changes = versions::drift(&state.app, &reader, id, number)
        .boxed()
        .await?;
    Ok(view::list(&changes))
}

/// See what a restored version would come back into: its links that changed since it was locked.
#[utoipa::path(get, path = "/agents/{id}/versions/{number}/restore-preview", tag = "versions",
    params(("id" = String, Path, description = "The agent's id"), ("number" = u32, Path, description = "The version's number")),
    responses((status = 200, description = "What changed", body = schema::RestorePreview)))]
pub async fn preview_restore(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Path((id, number)): Path<(AgentId, u32)>,
) -> Result<Response, Problem> {
    let changes = versions::drift(&state.app, &reader, id, number)
        .boxed()
        .await?;
    let value = json!({"version": number, "changes": changes});
    Ok(view::raw(StatusCode::OK, value.to_string()))
}

/// Overwrite the draft with a locked version. Shared actions stay as they are.
#[utoipa::path(post, path = "/agents/{id}/versions/{number}/restore", tag = "versions",
    params(("id" = String, Path, description = "The agent's id"), ("number" = u32, Path, description = "The version's number"),
        ("if-match" = Option<String>, Header, description = "The draft's revision you read")),
    responses((status = 200, description = "The draft", body = schema::Draft)))]
pub async fn restore_version(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id, number)): Path<(AgentId, u32)>,
    IfMatch(expected): IfMatch,
) -> Result<Response, Problem> {
    let row = versions::restore(&state.app, &manager, id, number, expected)
        .boxed()
        .await?;
    Ok(view::resource(
        StatusCode::OK,
        row.revision,
        &drafts::show(&row),
    ))
}

/// Make a locked version the one that new conversations get.
#[utoipa::path(post, path = "/agents/{id}/versions/{number}/publish", tag = "versions",
    params(("id" = String, Path, description = "The agent's id"), ("number" = u32, Path, description = "The version's number"),
        ("if-match" = Option<String>, Header, description = "The agent's revision you read")),
    responses((status = 200, description = "The version, and what may go wrong with it", body = schema::PublishedVersion),
        (status = 409, description = "`broken_references` or `not_publishable`", body = schema::Problem, content_type = "application/problem+json")))]
pub async fn publish_version(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id, number)): Path<(AgentId, u32)>,
    IfMatch(expected): IfMatch,
) -> Result<Response, Problem> {
    let published = versions::publish(&state.app, &manager, id, number, expected)
        .boxed()
        .await?;
    let mut value = show(&published.version, true);
    value["warnings"] = json!(published.warnings);
    Ok(view::raw(StatusCode::OK, value.to_string()))
}

/// Publish the draft: lock it as the next version and make that one live, or do neither.
///
/// The last locked version is published where locking the draft would only repeat it: the same
/// document, the linked actions unchanged, and `notes` empty or the same.
#[utoipa::path(post, path = "/agents/{id}/publish", tag = "versions",
    params(("id" = String, Path, description = "The agent's id"), ("if-match" = Option<String>, Header, description = "The draft's revision you read"), DryRunQuery),
    request_body = schema::PublishInput,
    responses((status = 201, description = "The version that was locked and published", body = schema::PublishedVersion),
        (status = 200, description = "The last locked version, which is the same and is published; in a dry run, what publishing would come to", body = schema::PublishedOrReview),
        (status = 409, description = "`broken_references`, `not_publishable` or `needs_accept`; nothing was locked", body = schema::Problem, content_type = "application/problem+json")))]
pub async fn publish_draft(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(AgentId,)>,
    IfMatch(expected): IfMatch,
    Query(query): Query<DryRunQuery>,
    OptionalJson(input): OptionalJson<PublishInput>,
) -> Result<Response, Problem> {
    let how = query.how(expected);
    match publishing::publish(&state.app, &manager, id, how, input)
        .boxed()
        .await?
    {
        Outcome::Done { published, is_new } => {
            let status = if is_new {
                StatusCode::CREATED
            } else {
                StatusCode::OK
            };
            let mut value = show(&published.version, true);
            value["warnings"] = json!(published.warnings);
            Ok(view::raw(status, value.to_string()))
        }
        Outcome::WouldBe(found) => Ok(view::raw(StatusCode::OK, preview(&found).to_string())),
    }
}

fn preview(found: &Preview) -> Value {
    let review = &found.review;
    json!({
        "dry_run": true, "would_publish": found.refusal.is_none(),
        "refusal": found.refusal.as_ref().map(view::refusal),
        "number": found.number, "locks": found.is_new,
        "published_version": found.published_version, "draft_revision": found.draft_revision,
        "findings": review.findings, "differences": found.differences,
        "broken_references": review.verdict.broken_references, "problems": review.verdict.problems,
        "drift": review.drift, "missing_secrets": review.missing_secrets,
        "unknown_variables": review.unknown_variables, "provider_limits": review.provider_limits,
    })
}

/// Take the published version back: the agent takes no new conversations but tests.
#[utoipa::path(post, path = "/agents/{id}/unpublish", tag = "versions",
    params(("id" = String, Path, description = "The agent's id"), ("if-match" = Option<String>, Header, description = "The agent's revision you read")),
    responses((status = 200, description = "The agent", body = schema::Agent)))]
pub async fn unpublish_agent(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(AgentId,)>,
    IfMatch(expected): IfMatch,
) -> Result<Response, Problem> {
    let row = versions::unpublish(&state.app, &manager, id, expected)
        .boxed()
        .await?;
    Ok(view::resource(
        StatusCode::OK,
        row.revision,
        &agents::show(&row),
    ))
}
