//! Which problems each operation may answer.
//!
//! What follows from an operation's shape (it takes a body, it needs somebody, it names a revision) is
//! said once; the table says the rest. The tests hold every problem against it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use switchboard_domain::error_code::ErrorCode::{
    self, AlreadyAMember, AlreadySetUp, BodyTooLarge, BrokenReferences, CallInProgress,
    ChangedMeanwhile, ConversationClosed, CsrfFailed, DatabaseUnavailable, Forbidden, ForeignHost,
    IdempotencyKeyReused, IntegrationDeleted, IntegrationUnavailable, InternalError,
    InvalidArguments, InvalidCredentials, InvalidIdempotencyKey, InvalidInput, InvalidSetupToken,
    InvalidSignature, InvalidWebhookPublicKey, InvitationNotFound, LastOwner, MalformedBody,
    MalformedJson, MalformedWebhook, MaxSuccessfulCallsReached, NameCollision, NameTaken,
    NeedsAccept, NoWorkspace, NotALink, NotAMessagingChannel, NotATool, NotAnApiCall,
    NotAnMcpServer, NotAnOwnAction, NotFound, NotPublishable, NotPublished, Overloaded,
    PhaseNotAllowed, ReadOnly, RequestTimeout, ResultNotAwaited, SecretInUse,
    SecretOriginNotAllowed, StaleRevision, StateNotAllowed, Stopping, TooManyAttempts,
    TooManyCalls, ToolChangeUnapproved, TransitionNotAllowed, Unauthenticated, UnknownAction,
    UnsupportedMediaType, VersionUnreadable, WebhookPublicKeyMissing, WorkspaceChanged,
    WorkspaceNotNamed,
};

/// What any operation may answer.
const ALWAYS: &[ErrorCode] = &[InternalError, DatabaseUnavailable, Overloaded];
/// What an operation with a body may answer.
const OF_BODIES: &[ErrorCode] = &[
    MalformedJson,
    MalformedBody,
    RequestTimeout,
    BodyTooLarge,
    UnsupportedMediaType,
    InvalidInput,
];
/// What keeps a call from being made.
const OF_CALLS: &[ErrorCode] = &[
    UnknownAction,
    PhaseNotAllowed,
    StateNotAllowed,
    MaxSuccessfulCallsReached,
    IntegrationUnavailable,
    ToolChangeUnapproved,
    InvalidArguments,
    InvalidIdempotencyKey,
    IdempotencyKeyReused,
    CallInProgress,
    TooManyCalls,
    VersionUnreadable,
    Stopping,
];

/// What is particular to an operation.
fn particular(operation: &str) -> &'static [ErrorCode] {
    match operation {
        "delete_secret" => &[SecretInUse],
        "create_integration" | "update_integration" | "undelete_integration" => {
            &[SecretOriginNotAllowed]
        }
        "test_connection" => &[SecretOriginNotAllowed, IntegrationUnavailable],
        "refresh_integration" => &[NotAnMcpServer, ChangedMeanwhile, SecretOriginNotAllowed],
        "create_action" => &[SecretOriginNotAllowed, NameTaken, ReadOnly],
        "update_action" | "move_action" => {
            &[SecretOriginNotAllowed, NameTaken, NameCollision, ReadOnly]
        }
        "delete_action" => &[ReadOnly],
        "undelete_action" => &[
            SecretOriginNotAllowed,
            NameTaken,
            NameCollision,
            ReadOnly,
            IntegrationDeleted,
        ],
        "approve_action" => &[SecretOriginNotAllowed, NotATool],
        "test_action" => &[
            SecretOriginNotAllowed,
            IntegrationUnavailable,
            InvalidArguments,
        ],
        "put_draft" | "create_draft_action" | "update_draft_action" => {
            &[SecretOriginNotAllowed, NameTaken, InvalidInput]
        }
        "delete_draft_action" => &[SecretOriginNotAllowed, NameTaken, InvalidInput],
        "promote_draft_action" => &[
            SecretOriginNotAllowed,
            NameTaken,
            NotAnOwnAction,
            NotAnApiCall,
        ],
        "relink_draft_action" => &[SecretOriginNotAllowed, NameTaken, NotALink],
        "restore_version" => &[SecretOriginNotAllowed],
        "publish_version" => &[BrokenReferences, NotPublishable],
        "publish_draft" => &[BrokenReferences, NotPublishable, NeedsAccept],
        "start_conversation" => &[NotFound, NotPublished, VersionUnreadable, Stopping],
        "update_conversation" => &[ConversationClosed, TransitionNotAllowed, VersionUnreadable],
        "delete_conversation" => &[CallInProgress],
        "list_tools" => &[VersionUnreadable],
        "list_events" | "get_overview" => &[Stopping],
        "call_action" => OF_CALLS,
        "answer_client_event" => &[ResultNotAwaited],
        "send_test_message" => &[NotAMessagingChannel, SecretOriginNotAllowed],
        "receive_telnyx_webhook" => &[
            WebhookPublicKeyMissing,
            InvalidWebhookPublicKey,
            InvalidSignature,
            MalformedWebhook,
        ],
        "sign_in" => &[InvalidCredentials, TooManyAttempts, NoWorkspace],
        "change_password" => &[InvalidCredentials, TooManyAttempts],
        "switch_workspace" => &[NotFound],
        "complete_setup" => &[InvalidSetupToken, AlreadySetUp],
        "update_member" | "remove_member" => &[LastOwner],
        "create_invitation" => &[AlreadyAMember],
        "inspect_invitation" => &[InvitationNotFound],
        "accept_invitation" => &[
            InvitationNotFound,
            InvalidCredentials,
            TooManyAttempts,
            AlreadyAMember,
        ],
        _ => &[],
    }
}

/// Who may use an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    /// Whoever has a key or is signed in.
    Somebody,
    /// Whoever is signed in.
    SignedIn,
    /// Anybody.
    Anybody,
}

fn is_for(operation: &Value) -> For {
    match operation["security"].as_array() {
        None => For::Somebody,
        Some(needs) if needs.iter().any(|need| need.get("session").is_some()) => For::SignedIn,
        Some(_) => For::Anybody,
    }
}

fn has_parameter(operation: &Value, place: &str, name: Option<&str>) -> bool {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let mut parameters = parameters.filter(|parameter| parameter["in"] == place);
    parameters.any(|parameter| name.is_none_or(|name| parameter["name"] == name))
}

/// The codes of the problems that an operation may answer.
fn codes(method: &str, path: &str, operation: &Value) -> BTreeSet<ErrorCode> {
    let name = operation["operationId"].as_str().unwrap_or_default();
    let mut codes: BTreeSet<_> = ALWAYS.iter().chain(particular(name)).copied().collect();
    let (who, changes) = (is_for(operation), method != "get");
    if who != For::Anybody {
        codes.extend([Unauthenticated, ForeignHost, WorkspaceChanged]);
        if changes {
            codes.extend([CsrfFailed, WorkspaceNotNamed]);
        }
    }
    if who == For::Somebody {
        codes.insert(Forbidden);
    }
    // Pages of ours, on which nobody is signed in yet.
    if who == For::Anybody && changes && !path.contains("/webhooks/") {
        codes.extend([ForeignHost, CsrfFailed]);
    }
    if operation.get("requestBody").is_some() {
        codes.extend(OF_BODIES);
    }
    if path.contains("/webhooks/") {
        // Its body is bytes until its signature is checked.
        codes.retain(|code| ![MalformedJson, UnsupportedMediaType, InvalidInput].contains(code));
    }
    if has_parameter(operation, "query", None) {
        codes.insert(InvalidInput);
    }
    if has_parameter(operation, "header", Some("if-match")) {
        codes.insert(StaleRevision);
    }
    if path.contains("/{name}") && !path.contains("/actions/{name}") {
        codes.insert(InvalidInput);
    }
    if path.contains('{') {
        codes.insert(NotFound);
    }
    if name == "refresh_integration" {
        codes.extend(ErrorCode::ALL.iter().filter(|code| code.status() == 502));
    }
    codes
}

/// The response of one status: what its problems are.
fn response(status: u16, codes: &[ErrorCode]) -> Value {
    let line = |code: &ErrorCode| format!("`{code}`: {}", code.meaning());
    let lines: Vec<_> = codes.iter().map(line).collect();
    let names: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
    let mut response = json!({
        "description": lines.join("\n\n"),
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        "x-codes": names,
    });
    let mut headers = Map::new();
    if matches!(status, 429 | 503) || codes.contains(&CallInProgress) {
        headers.insert(
            "Retry-After".to_owned(),
            json!({
                "description": "After how many seconds to try again.",
                "schema": {"type": "integer", "minimum": 1},
                "required": matches!(status, 429 | 503),
            }),
        );
    }
    if status == 401 {
        headers.insert(
            "WWW-Authenticate".to_owned(),
            json!({
                "description": "How to authenticate.", "schema": {"type": "string"}, "required": true,
            }),
        );
    }
    if !headers.is_empty() {
        response["headers"] = Value::Object(headers);
    }
    response
}

/// Adds its problems to an operation.
pub fn add(method: &str, path: &str, operation: &mut Value) {
    let codes = codes(method, path, operation);
    let statuses: BTreeSet<_> = codes.iter().map(|code| code.status()).collect();
    for status in statuses {
        let of_status = codes.iter().copied().filter(|code| code.status() == status);
        let of_status: Vec<_> = of_status.collect();
        operation["responses"][status.to_string()] = response(status, &of_status);
    }
}
