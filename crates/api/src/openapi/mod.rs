//! The OpenAPI document and the router, made from the same list.

mod answers;
mod problems;

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::{MethodRouter, get};
use serde_json::Value;
use tower_http::compression::CompressionLayer;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{OpenApi, Server};
use utoipa::{OpenApi as _, PartialSchema as _, ToSchema as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::routes::{
    actions, agents, api_keys, audit, calls, client_events, conversations, drafts, events,
    integrations, invitations, members, messages, overview, secrets, session, setup, variables,
    versions, workspaces,
};
use switchboard_contract::actions::ActionExpansion;
use switchboard_contract::conversations::CallOutcome;
use switchboard_contract::health::Readiness;
use switchboard_contract::problem::Problem;
use switchboard_contract::tools::ToolFormat;

use crate::{ApiState, session as door};

#[derive(utoipa::OpenApi)]
#[openapi(info(
    title = "Switchboard",
    description = "Connect a service once, define actions on it, link them into agents, and have them called."
))]
struct Document;

/// The router of `/api/v1` and the document that describes it.
pub fn parts() -> (Router<ApiState>, Value) {
    let (router, document) = OpenApiRouter::new()
        .routes(routes!(secrets::list_secrets))
        .routes(routes!(secrets::put_secret, secrets::delete_secret))
        .routes(routes!(variables::list_variables))
        .routes(routes!(variables::put_variable, variables::delete_variable))
        .routes(routes!(
            integrations::list_integrations,
            integrations::create_integration
        ))
        .routes(routes!(
            integrations::get_integration,
            integrations::update_integration,
            integrations::delete_integration
        ))
        .routes(routes!(integrations::undelete_integration))
        .routes(routes!(integrations::test_connection))
        .routes(routes!(integrations::refresh_integration))
        .routes(routes!(actions::list_all_actions))
        .routes(routes!(actions::list_actions, actions::create_action))
        .routes(routes!(
            actions::get_action,
            actions::update_action,
            actions::delete_action
        ))
        .routes(routes!(actions::undelete_action))
        .routes(routes!(actions::approve_action))
        .routes(routes!(actions::move_action))
        .routes(routes!(actions::list_action_revisions))
        .routes(routes!(actions::get_action_usage))
        .routes(routes!(actions::test_action))
        .routes(routes!(agents::list_agents, agents::create_agent))
        .routes(routes!(
            agents::get_agent,
            agents::update_agent,
            agents::delete_agent
        ))
        .routes(routes!(drafts::get_draft, drafts::put_draft))
        .routes(routes!(drafts::create_draft_action))
        .routes(routes!(
            drafts::update_draft_action,
            drafts::delete_draft_action
        ))
        .routes(routes!(drafts::promote_draft_action))
        .routes(routes!(drafts::relink_draft_action))
        .routes(routes!(drafts::get_draft_drift))
        .routes(routes!(drafts::review_draft_drift))
        .routes(routes!(versions::list_versions, versions::lock_version))
        .routes(routes!(versions::get_version))
        .routes(routes!(versions::get_version_drift))
        .routes(routes!(versions::preview_restore))
        .routes(routes!(versions::restore_version))
        .routes(routes!(versions::publish_version))
        .routes(routes!(versions::publish_draft))
        .routes(routes!(versions::unpublish_agent))
        .routes(routes!(
            conversations::list_conversations,
            conversations::start_conversation
        ))
        .routes(routes!(
            conversations::get_conversation,
            conversations::update_conversation,
            conversations::delete_conversation
        ))
        .routes(routes!(conversations::end_conversation))
        .routes(routes!(conversations::list_tools))
        .routes(routes!(calls::call_action))
        .routes(routes!(events::list_events))
        .routes(routes!(client_events::answer_client_event))
        .routes(routes!(overview::get_overview))
        .routes(routes!(messages::list_messages))
        .routes(routes!(messages::get_message))
        .routes(routes!(messages::send_test_message))
        .routes(routes!(messages::receive_telnyx_webhook))
        .routes(routes!(api_keys::list_api_keys, api_keys::create_api_key))
        .routes(routes!(api_keys::revoke_api_key))
        .routes(routes!(audit::list_audit))
        .routes(routes!(
            session::get_session,
            session::sign_in,
            session::sign_out
        ))
        .routes(routes!(session::sign_out_everywhere))
        .routes(routes!(session::switch_workspace))
        .routes(routes!(session::change_password))
        .routes(routes!(setup::get_setup, setup::complete_setup))
        .routes(routes!(
            workspaces::get_workspace,
            workspaces::update_workspace
        ))
        .routes(routes!(members::list_members))
        .routes(routes!(members::update_member, members::remove_member))
        .routes(routes!(
            invitations::list_invitations,
            invitations::create_invitation
        ))
        .routes(routes!(invitations::revoke_invitation))
        .routes(routes!(invitations::inspect_invitation))
        .routes(routes!(invitations::accept_invitation))
        .split_for_parts();
    (router, described(document))
}

/// The document, of what the routes say of themselves.
fn described(mut document: OpenApi) -> Value {
    let mut described = Document::openapi();
    env!("CARGO_PKG_VERSION").clone_into(&mut described.info.version);
    document.info = described.info;
    complete(&mut document);
    let mut document = serde_json::to_value(&document).unwrap_or_default();
    if let Value::Object(paths) = &mut document["paths"] {
        for (path, item) in paths.iter_mut() {
            for (method, operation) in item.as_object_mut().into_iter().flatten() {
                problems::add(method, path, operation);
                answers::add_headers(operation);
                answers::add_links(operation);
            }
        }
        if let Value::Object(beside) = answers::beside() {
            paths.extend(beside);
        }
    }
    switchboard_contract::document::finish(&mut document);
    document
}

/// Serves the document.
pub fn served(document: &Value) -> MethodRouter<ApiState> {
    let text = Bytes::from(document.to_string());
    let kind = [(header::CONTENT_TYPE, "application/json")];
    get(async move || (kind, text.clone())).layer(CompressionLayer::new())
}

/// The document, as it is committed in `docs/openapi.json`.
pub fn document() -> Value {
    parts().1
}

/// Adds what all operations share: where they are, and the key they need.
fn complete(document: &mut OpenApi) {
    let paths = std::mem::take(&mut document.paths.paths);
    document.paths.paths = paths
        .into_iter()
        .map(|(path, item)| (format!("/api/v1{path}"), item))
        .collect();
    let components = document.components.get_or_insert_default();
    let mut schemas = vec![
        (Problem::name().into_owned(), Problem::schema()),
        (Readiness::name().into_owned(), Readiness::schema()),
        // Of parameters, which do not bring their schemas along.
        (
            ActionExpansion::name().into_owned(),
            ActionExpansion::schema(),
        ),
        (CallOutcome::name().into_owned(), CallOutcome::schema()),
        (ToolFormat::name().into_owned(), ToolFormat::schema()),
    ];
    Problem::schemas(&mut schemas);
    Readiness::schemas(&mut schemas);
    components.schemas.extend(schemas);
    components.add_security_scheme(
        "api_key",
        SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
    );
    components.add_security_scheme(
        "session",
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
            door::COOKIE,
            "The cookie of somebody who signed in. Changes also need the session's `csrf_token` in the header `X-CSRF-Token`.",
        ))),
    );
    document.servers = Some(vec![Server::new("/")]);
    // Either will do.
    document.security = Some(
        ["api_key", "session"]
            .map(|name| SecurityRequirement::new(name, Vec::<String>::new()))
            .to_vec(),
    );
}
