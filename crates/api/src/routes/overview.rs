//! `/overview`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;
use serde::Deserialize;
use switchboard_app::overview::{self, Counts, Window};
use switchboard_app::{Configuration, Reader};
use switchboard_contract::overview::{
    DatabaseSpace, MissingSecret, Overview, OverviewAction, OverviewBucket, OverviewDrift,
};
use switchboard_contract::wire::{self, Time, Wire};

use crate::extract::{Auth, Query, parsed};
use crate::problem::Problem;
use crate::{ApiState, view};

/// What is looked at.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OverviewQuery {
    /// From this time on (RFC 3339); left out, a day before the end.
    #[serde(default)]
    #[param(value_type = Option<wire::Time>)]
    from: Option<String>,
    /// Until this time (RFC 3339); left out, now. At most 35 days after `from`.
    #[serde(default)]
    #[param(value_type = Option<wire::Time>)]
    to: Option<String>,
    /// Only this environment.
    #[serde(default)]
    #[param(value_type = Option<wire::Environment>)]
    environment: Option<String>,
}

fn bucket(at: DateTime<Utc>, counts: &Counts) -> OverviewBucket {
    OverviewBucket {
        at: Time(at),
        calls: counts.succeeded + counts.failed,
        failed: counts.failed,
        refused: counts.refused,
        p50_ms: counts.durations.percentile(50),
        p95_ms: counts.durations.percentile(95),
    }
}

/// A bucket for each step, those without calls too.
fn buckets(overview: &overview::Overview) -> Vec<OverviewBucket> {
    let step = overview.step_seconds;
    let first = overview.from.timestamp() - overview.from.timestamp().rem_euclid(step);
    let mut at = DateTime::from_timestamp(first, 0).unwrap_or(overview.from);
    let mut buckets = vec![];
    while at < overview.to {
        let counts = overview.tally.points.get(&at).cloned().unwrap_or_default();
        buckets.push(bucket(at, &counts));
        at += TimeDelta::seconds(step);
    }
    buckets
}

/// See how the workspace is doing: calls over time and per action, published agents that drifted,
/// secrets that are missing.
#[utoipa::path(get, path = "/overview", tag = "overview", params(OverviewQuery),
    responses((status = 200, description = "How it is doing", body = Overview)))]
pub async fn get_overview(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Query(query): Query<OverviewQuery>,
) -> Result<Response, Problem> {
    let window = Window {
        from: parsed(query.from.as_deref(), "/from")?,
        to: parsed(query.to.as_deref(), "/to")?,
        environment: parsed(query.environment.as_deref(), "/environment")?,
    };
    let overview = overview::get(&state.app.manage, &reader, window)
        .boxed()
        .await?;
    let space = state.app.runtime.space().boxed().await?;
    let actions = overview.tally.actions.iter();
    let actions = actions.map(|(called, counts)| OverviewAction {
        integration_id: called.integration.map(Wire),
        action_id: called.action.map(Wire),
        name: called.name.clone(),
        calls: counts.succeeded + counts.failed,
        failed: counts.failed,
        refused: counts.refused,
        p50_ms: counts.durations.percentile(50),
        p95_ms: counts.durations.percentile(95),
        p99_ms: counts.durations.percentile(99),
    });
    let drift = overview.drift.iter().map(|found| OverviewDrift {
        agent_id: Wire(found.agent),
        agent_name: found.name.clone(),
        version: found.version,
        changed: found.changed,
    });
    let missing = overview.missing_secrets.iter().map(|found| MissingSecret {
        name: found.name.to_string(),
        environments: found.environments.iter().copied().map(Wire).collect(),
        used_by: found.used_by.iter().map(Into::into).collect(),
    });
    let answer = Overview {
        from: Time(overview.from),
        to: Time(overview.to),
        step_s: overview.step_seconds,
        buckets: buckets(&overview),
        actions: actions.collect(),
        drift: drift.collect(),
        missing_secrets: missing.collect(),
        database: DatabaseSpace {
            bytes: space.bytes,
            free_bytes: space.free,
        },
    };
    Ok(view::answer(StatusCode::OK, &answer))
}
