//! An agent's locked versions.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::FutureExt as _;
use serde::Deserialize;
use switchboard_app::versions::publishing::{self, Outcome, Preview};
use switchboard_app::versions::{self, Published, VersionView};
use switchboard_app::{Configuration, Manager, Reader};
use switchboard_contract::agents::Agent;
use switchboard_contract::drafts::Draft;
use switchboard_contract::list::all;
use switchboard_contract::versions::{
    LinkChangeList, LockInput, LockedVersion, PublishInput, PublishReview, PublishedOrReview,
    PublishedVersion, RestorePreview, VersionList,
};
use switchboard_contract::wire::{self, Time};
use switchboard_domain::id::AgentId;

use crate::extract::{Auth, DryRunQuery, IfMatch, OptionalJson, Path, Query, after, limit, search};
use crate::problem::Problem;
use crate::routes::{agents, drafts};
use crate::{ApiState, view};

fn show(found: VersionView, with_document: bool) -> LockedVersion {
    let version = found.version;
    LockedVersion {
        number: version.number(),
        notes: version.notes().to_owned(),
        locked_at: Time(version.locked_at()),
        locked_by: version.locked_by().to_owned(),
        published: found.is_published,
        document: with_document.then(|| version.document().clone().into()),
    }
}

fn show_published(published: Published) -> PublishedVersion {
    let warnings = published.warnings.into_iter();
    PublishedVersion {
        version: show(published.version, true),
        warnings: warnings.map(Into::into).collect(),
    }
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
    /// Only those that have all these words somewhere in their notes, in any case.
    #[serde(default)]
    #[param(max_length = 200)]
    q: Option<String>,
}

/// List an agent's locked versions, the newest first.
#[utoipa::path(get, path = "/agents/{id}/versions", tag = "versions",
    params(("id" = wire::AgentId, Path, description = "The agent's id"), ListQuery),
    responses((status = 200, description = "A page of versions", body = VersionList)))]
pub async fn list_versions(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Path((id,)): Path<(AgentId,)>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let before = after(query.after.as_deref())?;
    let limit = limit(query.limit)?;
    let search = search(query.q.as_deref());
    let page = versions::list(
        &state.app.manage,
        &reader,
        id,
        search.as_ref(),
        before,
        limit,
    )
    .boxed()
    .await?;
    let with_document = query.document.unwrap_or(true);
    let cursor = |found: &VersionView| found.version.number().to_string();
    let view = |found| show(found, with_document);
    Ok(view::page::<VersionList, _>(page, cursor, view))
}

/// Lock the draft as the next version.
#[utoipa::path(post, path = "/agents/{id}/versions", tag = "versions",
    params(("id" = wire::AgentId, Path, description = "The agent's id"), ("if-match" = Option<String>, Header, description = "The draft's revision you read")),
    request_body = LockInput,
    responses((status = 201, description = "The version", body = LockedVersion)))]
pub async fn lock_version(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(AgentId,)>,
    IfMatch(expected): IfMatch,
    OptionalJson(input): OptionalJson<LockInput>,
) -> Result<Response, Problem> {
    let found = versions::lock(&state.app.manage, &manager, id, expected, input)
        .boxed()
        .await?;
    Ok(view::answer(StatusCode::CREATED, &show(found, true)))
}

/// Read a locked version.
#[utoipa::path(get, path = "/agents/{id}/versions/{number}", tag = "versions",
    params(("id" = wire::AgentId, Path, description = "The agent's id"), ("number" = u32, Path, description = "The version's number")),
    responses((status = 200, description = "The version", body = LockedVersion)))]
pub async fn get_version(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Path((id, number)): Path<(AgentId, u32)>,
) -> Result<Response, Problem> {
    let found = versions::get(&state.app.manage, &reader, id, number)
        .boxed()
        .await?;
    Ok(view::answer(StatusCode::OK, &show(found, true)))
}

/// List the links of a locked version that changed since it was locked.
#[utoipa::path(get, path = "/agents/{id}/versions/{number}/drift", tag = "versions",
    params(("id" = wire::AgentId, Path, description = "The agent's id"), ("number" = u32, Path, description = "The version's number")),
    responses((status = 200, description = "What changed", body = LinkChangeList)))]
pub async fn get_version_drift(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Path((id, number)): Path<(AgentId, u32)>,
) -> Result<Response, Problem> {
    let changes = versions::drift(&state.app.manage, &reader, id, number)
        .boxed()
        .await?;
    Ok(view::list::<LinkChangeList>(changes))
}

/// See what a restored version would come back into: its links that changed since it was locked.
#[utoipa::path(get, path = "/agents/{id}/versions/{number}/restore-preview", tag = "versions",
    params(("id" = wire::AgentId, Path, description = "The agent's id"), ("number" = u32, Path, description = "The version's number")),
    responses((status = 200, description = "What changed", body = RestorePreview)))]
pub async fn preview_restore(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Path((id, number)): Path<(AgentId, u32)>,
) -> Result<Response, Problem> {
    let changes = versions::drift(&state.app.manage, &reader, id, number)
        .boxed()
        .await?;
    let preview = RestorePreview {
        version: number,
        changes: changes.into_iter().map(Into::into).collect(),
    };
    Ok(view::answer(StatusCode::OK, &preview))
}

/// Overwrite the draft with a locked version. Shared actions stay as they are.
#[utoipa::path(post, path = "/agents/{id}/versions/{number}/restore", tag = "versions",
    params(("id" = wire::AgentId, Path, description = "The agent's id"), ("number" = u32, Path, description = "The version's number"),
        ("if-match" = Option<String>, Header, description = "The draft's revision you read")),
    responses((status = 200, description = "The draft", body = Draft)))]
pub async fn restore_version(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id, number)): Path<(AgentId, u32)>,
    IfMatch(expected): IfMatch,
) -> Result<Response, Problem> {
    let row = versions::restore(&state.app.manage, &manager, id, number, expected)
        .boxed()
        .await?;
    Ok(view::resource(
        StatusCode::OK,
        row.revision,
        &drafts::show(row),
    ))
}

/// Make a locked version the one that new conversations get.
#[utoipa::path(post, path = "/agents/{id}/versions/{number}/publish", tag = "versions",
    params(("id" = wire::AgentId, Path, description = "The agent's id"), ("number" = u32, Path, description = "The version's number"),
        ("if-match" = Option<String>, Header, description = "The agent's revision you read")),
    responses((status = 200, description = "The version, and what may go wrong with it", body = PublishedVersion)))]
pub async fn publish_version(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id, number)): Path<(AgentId, u32)>,
    IfMatch(expected): IfMatch,
) -> Result<Response, Problem> {
    let published = versions::publish(&state.app.manage, &manager, id, number, expected)
        .boxed()
        .await?;
    let answer = show_published(published);
    Ok(view::answer(StatusCode::OK, &answer))
}

/// Publish the draft: lock it as the next version and make that one live, or do neither.
///
/// The last locked version is published where locking the draft would only repeat it: the same
/// document, the linked actions unchanged, and `notes` empty or the same.
#[utoipa::path(post, path = "/agents/{id}/publish", tag = "versions",
    params(("id" = wire::AgentId, Path, description = "The agent's id"), ("if-match" = Option<String>, Header, description = "The draft's revision you read"), DryRunQuery),
    request_body = PublishInput,
    responses((status = 201, description = "The version that was locked and published", body = PublishedVersion),
        (status = 200, description = "The last locked version, which is the same and is published; in a dry run, what publishing would come to", body = PublishedOrReview)))]
pub async fn publish_draft(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(AgentId,)>,
    IfMatch(expected): IfMatch,
    Query(query): Query<DryRunQuery>,
    OptionalJson(input): OptionalJson<PublishInput>,
) -> Result<Response, Problem> {
    let how = query.how(expected);
    match publishing::publish(&state.app.manage, &manager, id, how, input)
        .boxed()
        .await?
    {
        Outcome::Done { published, is_new } => {
            let status = if is_new {
                StatusCode::CREATED
            } else {
                StatusCode::OK
            };
            Ok(view::answer(status, &show_published(published)))
        }
        Outcome::WouldBe(found) => Ok(view::answer(StatusCode::OK, &preview(*found))),
    }
}

fn preview(found: Preview) -> PublishReview {
    let review = found.review;
    let verdict = review.verdict;
    PublishReview {
        dry_run: true,
        would_publish: found.refusal.is_none(),
        refusal: found.refusal.as_ref().map(view::refusal),
        number: found.number,
        locks: found.is_new,
        published_version: found.published_version,
        draft_revision: found.draft_revision,
        findings: all(review.findings),
        differences: found.differences.into(),
        broken_references: all(verdict.broken_references),
        problems: all(verdict.problems),
        drift: all(review.drift),
        missing_secrets: review.missing_secrets.into(),
        unknown_variables: all(review.unknown_variables),
        provider_limits: all(review.provider_limits),
    }
}

/// Take the published version back: the agent takes no new conversations but tests.
#[utoipa::path(post, path = "/agents/{id}/unpublish", tag = "versions",
    params(("id" = wire::AgentId, Path, description = "The agent's id"), ("if-match" = Option<String>, Header, description = "The agent's revision you read")),
    responses((status = 200, description = "The agent", body = Agent)))]
pub async fn unpublish_agent(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(AgentId,)>,
    IfMatch(expected): IfMatch,
) -> Result<Response, Problem> {
    let row = versions::unpublish(&state.app.manage, &manager, id, expected)
        .boxed()
        .await?;
    Ok(view::resource(
        StatusCode::OK,
        row.revision,
        &agents::show(row),
    ))
}
