//! What handlers take: their rejections are problems too.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use futures_util::FutureExt as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use switchboard_app::accounts::sessions::Session;
use switchboard_app::authority::Authority;
use switchboard_app::impact::How;
use switchboard_app::{AppError, Listing, Principal, RequestInfo, Search, keys};
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::input::pointer_token;
use switchboard_domain::strict::Strict;

use crate::layer::Caller;
use crate::problem::Problem;
use crate::{ApiState, session};

/// Somebody with a role: `Auth(manager): Auth<Manager>`. A handler without one serves anybody.
#[derive(Debug)]
pub struct Auth<T>(pub T);

impl<T> FromRequestParts<ApiState> for Auth<T>
where
    T: TryFrom<Principal, Error = AppError>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        Ok(Self(T::try_from(principal(parts, state).boxed().await?)?))
    }
}

/// Whom a request stands for: whoever has its key or, where it names none, whoever is signed in.
async fn principal(parts: &mut Parts, state: &ApiState) -> Result<Principal, Problem> {
    if parts.headers.contains_key(header::AUTHORIZATION) {
        return Ok(key_principal(parts, state).await?);
    }
    let session = session::enter(parts, state).await?;
    session::check_workspace(parts, state, &session).await?;
    let mut principal = session.principal();
    let caller = parts.extensions.get::<Caller>();
    principal.request = caller.map(|caller| caller.request().clone());
    // A stream that it opens ends with it.
    parts.extensions.insert(session);
    Ok(principal)
}

/// The key of a request.
fn key(headers: &HeaderMap) -> Result<&str, AppError> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        })
        .ok_or(AppError::Unauthenticated)
}

/// What a stream is opened with: the session that let its request in, or its key.
pub async fn authority(
    state: &ApiState,
    session: Option<Session>,
    headers: &HeaderMap,
) -> Result<Authority, AppError> {
    match session {
        Some(session) => Ok(Authority::of_session(&state.app, session)),
        None => Authority::of_key(&state.app, key(headers)?).await,
    }
}

/// Whom the key of a request stands for.
pub async fn key_principal(parts: &Parts, state: &ApiState) -> Result<Principal, AppError> {
    let token = key(&parts.headers)?;
    let mut principal = keys::authenticate(&state.app.runtime, token).await?;
    if let Some(caller) = parts.extensions.get::<Caller>() {
        principal.request = Some(caller.request().clone());
        caller.set(principal.clone());
    }
    Ok(principal)
}

/// A JSON body.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<ApiState> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Problem> {
        parse(&body(request, state).boxed().await?).map(Self)
    }
}

/// A JSON body that may be left out.
#[derive(Debug)]
pub struct OptionalJson<T>(pub T);

impl<T: DeserializeOwned + Default> FromRequest<ApiState> for OptionalJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Problem> {
        let body = body(request, state).boxed().await?;
        if body.is_empty() {
            return Ok(Self(T::default()));
        }
        parse(&body).map(Self)
    }
}

async fn body(request: Request, state: &ApiState) -> Result<Bytes, Problem> {
    check_content_type(request.headers())?;
    bytes(request, state).await
}

/// Why a body could not be read.
pub enum Unread {
    /// It is larger than a body may be.
    TooLarge,
    /// It did not come in time.
    Late,
    /// Its connection broke.
    Broken,
}

/// Reads the body of a request to its end.
pub async fn read(body: Body, state: &ApiState) -> Result<Bytes, Unread> {
    let limited = Limited::new(body, state.max_body_bytes);
    match limited.collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Unread::TooLarge),
        Err(error) if is_late(&*error) => Err(Unread::Late),
        Err(_) => Err(Unread::Broken),
    }
}

async fn bytes(request: Request, state: &ApiState) -> Result<Bytes, Problem> {
    read(request.into_body(), state).await.map_err(|unread| match unread {
        Unread::TooLarge => Problem::new(
            ErrorCode::BodyTooLarge,
            "the body is larger than this server takes; send less, or raise its `max_body_bytes`",
        ),
        Unread::Late => Problem::new(
            ErrorCode::RequestTimeout,
            "the body did not come in time; send it faster, or raise the server's `body_timeout_seconds`",
        ),
        Unread::Broken => Problem::new(
            ErrorCode::MalformedBody,
            "the body was not read to its end",
        ),
    })
}

/// Whether a body could not be read because it did not come in time.
fn is_late(rejection: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(rejection);
    while let Some(error) = cause {
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|error| error.kind() == std::io::ErrorKind::TimedOut) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// A body as its bytes.
#[derive(Debug)]
pub struct Raw(pub Bytes);

impl FromRequest<ApiState> for Raw {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Problem> {
        bytes(request, state).boxed().await.map(Self)
    }
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let kind = kind.to_str().unwrap_or_default().to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind == "application/json" || kind.ends_with("+json") {
        return Ok(());
    }
    Err(Problem::new(
        ErrorCode::UnsupportedMediaType,
        "send JSON, with `Content-Type: application/json`",
    ))
}

/// The request that is served, for the audit log.
#[derive(Debug)]
pub struct Asked(pub Option<Arc<RequestInfo>>);

impl FromRequestParts<ApiState> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Caller>();
        Ok(Self(caller.map(|caller| caller.request().clone())))
    }
}

/// Refuses text that no database of ours keeps: JSON can write a NUL only by its escape.
fn refuse_nul(body: &[u8]) -> Result<(), Problem> {
    let mut from = 0;
    while let Some(at) = body[from..].windows(6).position(|part| part == b"\\u0000") {
        let at = from + at;
        let slashes = body[..at].iter().rev().take_while(|b| **b == b'\\').count();
        // After a backslash, the next one is text.
        if slashes % 2 == 0 {
            return Err(AppError::invalid(
                "",
                "a text cannot contain the character NUL (`\\u0000`); remove it",
            )
            .into());
        }
        from = at + 6;
    }
    Ok(())
}

/// Reads JSON, objects from objects alone; an error names its place.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    refuse_nul(body)?;
    // Finding the place costs more than reading, so it is done only when there is an error.
    let mut json = serde_json::Deserializer::from_slice(body);
    if let Ok(value) = T::deserialize(Strict::new(&mut json))
        && json.end().is_ok()
    {
        return Ok(value);
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(Strict::new(&mut json)) else {
        return Err(malformed("there is more after the end of the JSON"));
    };
    if error.inner().is_data() {
        let pointer: String = error
            .path()
            .iter()
            .filter_map(|segment| match segment {
                serde_path_to_error::Segment::Seq { index } => Some(format!("/{index}")),
                serde_path_to_error::Segment::Map { key } => {
                    Some(format!("/{}", pointer_token(key)))
                }
                serde_path_to_error::Segment::Enum { .. }
                | serde_path_to_error::Segment::Unknown => None,
            })
            .collect();
        return Err(AppError::invalid(pointer, sentence(error.inner())).into());
    }
    Err(malformed(&error.inner().to_string()))
}

/// What is wrong, without the position that stands in the pointer.
fn sentence(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

fn malformed(detail: &str) -> Problem {
    Problem::new(
        ErrorCode::MalformedJson,
        format!("the body is not JSON: {detail}"),
    )
}

/// Query parameters.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<ApiState> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        axum::extract::Query::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(query)| Self(query))
            .map_err(|rejection| AppError::invalid("", rejection.body_text()).into())
    }
}

/// A part of the path. What is not an id of the right kind names nothing.
#[derive(Debug)]
pub struct Path<T>(pub T);

/// What has the wrong form names nothing either, but somebody mistyped it.
fn malformed_id(text: &str, error: &dyn Display) -> Problem {
    let text: String = text.chars().take(100).collect();
    let detail = format!("`{text}` in the path is malformed: {error}");
    Problem::new(ErrorCode::NotFound, detail)
}

/// A part of a path.
pub fn path_part<P: FromStr<Err: Display>>(text: &str) -> Result<P, Problem> {
    text.parse().map_err(|error| malformed_id(text, &error))
}

macro_rules! path {
    ($($part:ident $name:ident),+) => {
        impl<$($part: FromStr<Err: Display> + Send),+> FromRequestParts<ApiState> for Path<($($part,)+)> {
            type Rejection = Problem;

            async fn from_request_parts(
                parts: &mut Parts,
                state: &ApiState,
            ) -> Result<Self, Problem> {
                let raw = axum::extract::RawPathParams::from_request_parts(parts, state)
                    .await
                    .map_err(|_| AppError::NotFound("thing"))?;
                let mut raw = raw.iter().map(|(_, value)| value);
                Ok(Self(($({
                    let $name = raw.next().unwrap_or_default();
                    path_part::<$part>($name)?
                },)+)))
            }
        }
    };
}

path!(A a);
path!(A a, B b);

/// The revision that `If-Match` (RFC 9110, section 13.1.1) names, if it is there and is no `*`.
#[derive(Debug, Clone, Copy)]
pub struct IfMatch(pub Option<u64>);

impl FromRequestParts<ApiState> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            return Ok(Self(None));
        };
        let tag = value.to_str().unwrap_or_default().trim();
        if tag == "*" {
            return Ok(Self(None));
        }
        // A tag of another form can be no current one.
        let revision = tag.trim_matches('"').parse().unwrap_or(u64::MAX);
        Ok(Self(Some(revision)))
    }
}

/// The `Idempotency-Key` header.
#[derive(Debug, Clone)]
pub struct IdempotencyKey(pub Option<String>);

impl FromRequestParts<ApiState> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get("idempotency-key") else {
            return Ok(Self(None));
        };
        value
            .to_str()
            .map(|text| Self(Some(text.to_owned())))
            .map_err(|_| {
                Problem::new(
                    ErrorCode::InvalidIdempotencyKey,
                    "an Idempotency-Key has visible ASCII characters only",
                )
            })
    }
}

/// Whether a change is only to be told of.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DryRunQuery {
    /// True changes nothing and answers what the change would mean.
    #[serde(default)]
    #[param(required = false, default = false)]
    dry_run: bool,
}

impl DryRunQuery {
    /// How the change is asked for.
    pub const fn how(&self, expected: Option<u64>) -> How {
        How {
            expected,
            dry_run: self.dry_run,
        }
    }
}

/// Which page of a list.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many entries, from 1 to 200.
    #[serde(default)]
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(default)]
    after: Option<String>,
}

impl PageQuery {
    /// The number of entries.
    pub fn limit(&self) -> Result<u32, AppError> {
        limit(self.limit)
    }

    /// Where the page starts.
    pub fn after<T: FromStr>(&self) -> Result<Option<T>, AppError> {
        after(self.after.as_deref())
    }
}

/// Which part of a list of people.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PeopleQuery {
    /// How many entries, from 1 to 200.
    #[serde(default)]
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(default)]
    pub after: Option<String>,
    /// Only those that have all these words somewhere in their name or e-mail address, in any case.
    #[serde(default)]
    #[param(max_length = 200)]
    pub q: Option<String>,
}

/// Which part of a list whose entries have names.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// How many entries, from 1 to 200.
    #[serde(default)]
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(default)]
    pub after: Option<String>,
    /// Only those that have all these words somewhere in their name or description, in any case.
    #[serde(default)]
    #[param(max_length = 200)]
    pub q: Option<String>,
    /// Only these: what they are listed by, one after the other with commas between them, at most 200.
    #[serde(default)]
    pub ids: Option<String>,
}

impl ListQuery {
    /// The part of the list.
    pub fn listing<Id>(&self) -> Result<Listing<Id>, AppError>
    where
        Id: FromStr,
        Id::Err: std::fmt::Display,
    {
        let ids = self.ids.as_deref().map(|text| {
            let ids = text.split(',').filter(|id| !id.is_empty());
            let ids: Vec<Id> = ids
                .map(str::parse)
                .collect::<Result<_, _>>()
                .map_err(|error| AppError::invalid("/ids", error))?;
            if ids.len() > MOST_IDS {
                let detail = format!("at most {MOST_IDS} ids can be given at once");
                return Err(AppError::invalid("/ids", detail));
            }
            Ok(ids)
        });
        Ok(Listing {
            after: after(self.after.as_deref())?,
            limit: limit(self.limit)?,
            search: search(self.q.as_deref()),
            ids: ids.transpose()?,
        })
    }
}

/// How many entries may be asked for by what they are listed by.
const MOST_IDS: usize = 200;

/// Reads what is searched for.
pub fn search(text: Option<&str>) -> Option<Search> {
    text.and_then(Search::parse)
}

/// Checks a number of entries.
pub fn limit(limit: Option<u32>) -> Result<u32, AppError> {
    match limit {
        None => Ok(50),
        Some(limit @ 1..=200) => Ok(limit),
        Some(_) => Err(AppError::invalid("/limit", "a page has 1 to 200 entries")),
    }
}

/// Reads a cursor.
pub fn after<T: FromStr>(text: Option<&str>) -> Result<Option<T>, AppError> {
    text.filter(|text| !text.is_empty())
        .map(|text| {
            text.parse()
                .map_err(|_| AppError::invalid("/after", "send the `next` of the previous page"))
        })
        .transpose()
}

/// A query parameter that is something else than text.
pub fn parsed<T>(text: Option<&str>, pointer: &str) -> Result<Option<T>, AppError>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    text.map(str::parse)
        .transpose()
        .map_err(|error| AppError::invalid(pointer, error))
}
