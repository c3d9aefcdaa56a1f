//! The OpenAPI document and the router, made from the same list.

use axum::Router;
use serde_json::Value;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, ResponseBuilder};
use utoipa::{OpenApi as _, PartialSchema as _, ToSchema as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::routes::{
    actions, agents, api_keys, audit, calls, client_events, conversations, drafts, events,
    integrations, invitations, members, messages, overview, secrets, session, setup, variables,
    versions,
};
use switchboard_contract::problem::Problem;

use crate::{ApiState, session as door};

#[derive(utoipa::OpenApi)]
#[openapi(info(
    title = "Switchboard",
    description = "Connect a service once, define actions on it, link them into agents, and have them called."
))]
struct Document;

/// What any operation may answer when it does not do what was asked.
const PROBLEMS: [(&str, &str); 14] = [
    ("400", "The request is not well-formed"),
    ("401", "No valid API key was given, and nobody is signed in"),
    (
        "403",
        "The API key, or the person's role, may not do this, or the request is not from a page of this server",
    ),
    ("404", "There is no such thing in this workspace"),
    ("408", "The body did not come in time"),
    ("409", "It does not go with what is there; `code` says how"),
    ("412", "`If-Match` names an old revision"),
    ("413", "The body is too large"),
    ("415", "The body is no JSON"),
    ("422", "The input is not valid; `errors` says where"),
    (
        "429",
        "Too many attempts; `Retry-After` says in how many seconds to try again",
    ),
    (
        "500",
        "Something went wrong inside; the server's log says what, under this answer's `x-request-id`",
    ),
    ("502", "An outside service did not do what was needed of it"),
    ("503", "The server is stopping"),
];

/// The router of `/api/v1` and the document that describes it.
pub fn parts() -> (Router<ApiState>, Value) {
    let (router, mut document) = OpenApiRouter::new()
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
            conversations::update_conversation
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
    let mut described = Document::openapi();
    env!("CARGO_PKG_VERSION").clone_into(&mut described.info.version);
    document.info = described.info;
    complete(&mut document);
    let mut document = serde_json::to_value(&document).unwrap_or_default();
    switchboard_contract::document::finish(&mut document);
    (router, document)
}

/// The document, as it is committed in `docs/openapi.json`.
pub fn document() -> Value {
    parts().1
}

/// Adds what all operations share: the key they need, and the problems they may answer.
fn complete(document: &mut OpenApi) {
    let paths = std::mem::take(&mut document.paths.paths);
    document.paths.paths = paths
        .into_iter()
        .map(|(path, item)| (format!("/api/v1{path}"), item))
        .collect();
    for item in document.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.patch,
            &mut item.delete,
        ];
        for operation in operations.into_iter().flatten() {
            for (status, description) in PROBLEMS {
                let content = ContentBuilder::new()
                    .schema(Some(Ref::from_schema_name("Problem")))
                    .build();
                let response = ResponseBuilder::new()
                    .description(description)
                    .content("application/problem+json", content)
                    .build();
                operation
                    .responses
                    .responses
                    .entry(status.to_owned())
                    .or_insert(RefOr::T(response));
            }
        }
    }
    let components = document.components.get_or_insert_default();
    let mut schemas = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut schemas);
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
    // Either will do.
    document.security = Some(
        ["api_key", "session"]
            .map(|name| SecurityRequirement::new(name, Vec::<String>::new()))
            .to_vec(),
    );
}
