//! `/overview`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;
use serde::Deserialize;
use serde_json::{Value, json};
use switchboard_app::overview::{self, Counts, Overview, Window};
use switchboard_app::{Configuration, Reader};

use crate::extract::{Auth, Query, parsed};
use crate::problem::Problem;
use crate::{ApiState, schema, view};

/// What is looked at.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OverviewQuery {
    /// From this time on (RFC 3339); left out, a day before the end.
    #[serde(default)]
    from: Option<String>,
    /// Until this time (RFC 3339); left out, now. At most 35 days after `from`.
    #[serde(default)]
    to: Option<String>,
    /// Only this environment.
    #[serde(default)]
    environment: Option<String>,
}

fn bucket(at: DateTime<Utc>, counts: &Counts) -> Value {
    json!({
        "at": view::time(at), "calls": counts.succeeded + counts.failed,
        "failed": counts.failed, "refused": counts.refused,
        "p50_ms": counts.durations.percentile(50), "p95_ms": counts.durations.percentile(95),
    })
}

/// A bucket for each step, those without calls too.
fn buckets(overview: &Overview) -> Vec<Value> {
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
    responses((status = 200, description = "How it is doing", body = schema::Overview)))]
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
    let overview = overview::get(&state.app, &reader, window).boxed().await?;
    let actions: Vec<_> = overview
        .tally
        .actions
        .iter()
        .map(|(called, counts)| {
            json!({
                "integration_id": called.integration, "action_id": called.action,
                "name": called.name, "calls": counts.succeeded + counts.failed,
                "failed": counts.failed, "refused": counts.refused,
                "p50_ms": counts.durations.percentile(50),
                "p95_ms": counts.durations.percentile(95),
                "p99_ms": counts.durations.percentile(99),
            })
        })
        .collect();
    let drift: Vec<_> = overview
        .drift
        .iter()
        .map(|found| {
            json!({
                "agent_id": found.agent, "agent_name": found.name, "version": found.version,
                "changed": found.changed,
            })
        })
        .collect();
    let missing: Vec<_> = overview
        .missing_secrets
        .iter()
        .map(|found| {
            let users = found.used_by.iter();
            let users: Vec<_> = users
                .map(|user| json!({"kind": user.kind, "id": user.id}))
                .collect();
            json!({"name": found.name, "environments": found.environments, "used_by": users})
        })
        .collect();
    let value = json!({
        "from": view::time(overview.from), "to": view::time(overview.to),
        "step_s": overview.step_seconds, "buckets": buckets(&overview), "actions": actions,
        "drift": drift, "missing_secrets": missing,
    });
    Ok(view::raw(StatusCode::OK, value.to_string()))
}
