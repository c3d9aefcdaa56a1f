//! The Studio: its page at every address that is not something else, and its files.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use switchboard_studio::{File, INDEX};
use tower_http::compression::CompressionLayer;

use crate::routes::system::unknown_path;

/// What a page may do: run its own scripts and talk to its own server, and nothing else. Its
/// components set styles on elements, which takes `unsafe-inline` for styles.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// What is said where the Studio was not built in.
const NOT_BUILT: &str = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Switchboard</title>\n\
    <p>This binary was built without the Studio. <code>make run</code> builds both.\n\
    <p>The API is here all the same. <a href=\"/api/openapi.json\">/api/openapi.json</a> describes it.\n</html>\n";

/// The address of the API's reference, which is a page of the Studio.
const REFERENCE: &str = "/api/docs";

/// What starts like this is no page: a program that asks for it made a mistake, and is told so.
const OTHERS: [&str; 5] = ["/api", "/mcp", "/healthz", "/readyz", "/metrics"];

/// Serves the Studio wherever nothing else is served.
pub fn pages<S: Clone + Send + Sync + 'static>() -> MethodRouter<S> {
    get(serve)
        .fallback(unknown_path)
        .layer(CompressionLayer::new())
}

async fn serve(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    let is_under = |start: &str| {
        path.strip_prefix(start)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let is_reference = path.trim_end_matches('/') == REFERENCE;
    if !is_reference && OTHERS.into_iter().any(is_under) {
        return unknown_path().await.into_response();
    }
    let name = path.trim_start_matches('/');
    if let Some(file) = switchboard_studio::file(name).filter(|_| name != INDEX) {
        // The names of these say what is in them, so what has one name never changes.
        let keeps = if name.starts_with("assets/") {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        return answer(file, keeps, &headers);
    }
    // A script that is not there any more must not become a page.
    if name.starts_with("assets/") {
        return unknown_path().await.into_response();
    }
    match switchboard_studio::file(INDEX) {
        Some(index) => answer(index, "no-cache", &headers),
        None if name.is_empty() || is_reference => not_built(),
        None => unknown_path().await.into_response(),
    }
}

fn not_built() -> Response {
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    secured((kind, NOT_BUILT).into_response())
}

fn answer(file: File, keeps: &'static str, headers: &HeaderMap) -> Response {
    // Weak: the same tag stands for its compressed forms.
    let tag = format!("W/\"{}\"", file.digest);
    let has_it = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim() == tag || known.trim() == "*");
    let mut response = if has_it {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let kind = [(header::CONTENT_TYPE, file.content_type)];
        (kind, file.data.into_owned()).into_response()
    };
    let sent = response.headers_mut();
    sent.insert(header::CACHE_CONTROL, HeaderValue::from_static(keeps));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        sent.insert(header::ETAG, tag);
    }
    secured(response)
}

fn secured(mut response: Response) -> Response {
    let fixed: [(HeaderName, &'static str); 3] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    for (name, value) in fixed {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}
