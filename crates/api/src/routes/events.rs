//! A conversation's log, as a list and as a stream.

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use futures_util::{Stream, StreamExt as _, stream};
use serde::Deserialize;
use switchboard_app::accounts::sessions::Session;
use switchboard_app::authority::Authority;
use switchboard_app::events::{self, Follower, Position};
use switchboard_app::{AppError, Conversations, Reader};
use switchboard_contract::events::EventList;
use switchboard_contract::wire;
use switchboard_domain::event::Event;
use switchboard_domain::id::ConversationId;

use crate::extract::{Auth, Path, Query, authority, limit};
use crate::problem::Problem;
use crate::{ApiState, view};

/// Which events.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// How many entries, from 1 to 200.
    #[serde(default)]
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// After this event: its id, or its sequence number.
    #[serde(default)]
    after: Option<String>,
}

/// Read a conversation's events, in order. With `Accept: text/event-stream`, follow them live;
/// `Last-Event-ID` resumes.
#[utoipa::path(get, path = "/conversations/{id}/events", tag = "conversations",
    params(("id" = wire::ConversationId, Path, description = "The conversation's id"), EventsQuery),
    responses((status = 200, description = "A page of events, or the stream of them",
        content((EventList = "application/json"), (String = "text/event-stream")))))]
pub async fn list_events(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Conversations>>,
    Path((id,)): Path<(ConversationId,)>,
    session: Option<Extension<Session>>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let after = |text: &str| text.parse::<Position>();
    let asked = query.after.as_deref().filter(|text| !text.is_empty());
    if wants_stream(&headers) {
        // It would end at once, and its client come back at once.
        if state.stopping.is_cancelled() {
            return Err(AppError::Stopping.into());
        }
        let last = headers
            .get("last-event-id")
            .and_then(|value| value.to_str().ok())
            .filter(|text| !text.is_empty());
        let position = last.or(asked).map(after).transpose()?;
        let follower = events::follow(&state.app.runtime, reader, id, position)
            .boxed()
            .await?;
        let authority = authority(&state, session.map(|Extension(session)| session), &headers)
            .boxed()
            .await?;
        return Ok(follow(state, follower, authority).into_response());
    }
    let position = asked.map(after).transpose()?;
    let page = events::list(
        &state.app.runtime,
        &reader,
        id,
        position,
        limit(query.limit)?,
    )
    .boxed()
    .await?;
    let next = page.rows.last().filter(|_| page.more).map_or_else(
        || "null".to_owned(),
        |last| format!("\"{}\"", last.sequence),
    );
    let data: Vec<String> = page.rows.iter().map(Event::to_json).collect();
    let json = format!(r#"{{"data":[{}],"next":{next}}}"#, data.join(","));
    Ok(view::raw(StatusCode::OK, json))
}

fn wants_stream(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/event-stream"))
}

fn follow(
    state: ApiState,
    follower: Follower,
    authority: Authority,
) -> Sse<impl Stream<Item = Result<sse::Event, Infallible>>> {
    let stopping = state.stopping.clone();
    let ended = authority.clone().ended();
    let start = (state, follower, authority);
    let batches = stream::unfold(start, |(state, mut follower, authority)| async move {
        match follower.next(&state.app.runtime).await {
            Ok(Some(events)) if authority.holds().await => {
                Some((events, (state, follower, authority)))
            }
            Ok(_) => None,
            // The client comes back with the last id it saw.
            Err(error) => {
                tracing::warn!(%error, "an event stream ended");
                None
            }
        }
    });
    let events = batches
        .flat_map(stream::iter)
        .map(|event| {
            Ok(sse::Event::default()
                .id(event.id.to_string())
                .event(&event.kind)
                .data(event.to_json()))
        })
        .take_until(async move {
            tokio::select! {
                () = stopping.cancelled_owned() => {}
                () = ended => {}
            }
        });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}
