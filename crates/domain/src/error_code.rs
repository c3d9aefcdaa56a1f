//! The codes of problems: every reason for which a request is not done.

use std::fmt;

macro_rules! codes {
    ($($variant:ident $code:literal $status:literal $meaning:literal $advice:literal)+) => {
        /// The stable code of a problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ErrorCode {
            $(#[doc = $meaning] $variant,)+
        }

        impl ErrorCode {
            /// All of them, in the order of their statuses.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The code as the API writes it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The status that a problem of this code has.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }

            /// What it means.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)+ }
            }

            /// What to do.
            pub const fn advice(self) -> &'static str {
                match self { $(Self::$variant => $advice,)+ }
            }
        }
    };
}

codes! {
    MalformedJson "malformed_json" 400
        "The body is not JSON."
        "Send well-formed JSON; the problem says where reading stopped."
    MalformedBody "malformed_body" 400
        "The body could not be read to its end."
        "Send it again."
    InvalidIdempotencyKey "invalid_idempotency_key" 400
        "The `Idempotency-Key` is not one."
        "Send 1 to 255 visible ASCII characters."
    WebhookPublicKeyMissing "webhook_public_key_missing" 400
        "The channel has no public key, so nobody can tell whether a webhook is its provider's."
        "Copy the key from the provider's portal into the channel."
    InvalidWebhookPublicKey "invalid_webhook_public_key" 400
        "The channel's public key is not one."
        "Copy the key again: 44 characters of base64."
    InvalidSignature "invalid_signature" 400
        "The webhook is not signed by the channel's key, or not now."
        "Check the channel's public key and the clock of the server."
    MalformedWebhook "malformed_webhook" 400
        "The webhook is signed, and is no event of the provider."
        "Check which events the provider sends here."
    Unauthenticated "unauthenticated" 401
        "There is no valid API key, and nobody is signed in."
        "Send `Authorization: Bearer sb_...`, or sign in; the key or session may be revoked or expired."
    InvalidCredentials "invalid_credentials" 401
        "The e-mail address or the password is wrong."
        "Try again; an owner can reset the password from the command line."
    Forbidden "forbidden" 403
        "The API key's scope or the person's role may not do this."
        "Use a key of the scope, or ask somebody with the role, that the problem names."
    SecretOriginNotAllowed "secret_origin_not_allowed" 403
        "A secret would go to an origin that it may not go to."
        "Ask an admin to do it, which adds the origin to the secret's `allowed_origins`."
    CsrfFailed "csrf_failed" 403
        "A change by a session came without its token, or from another site's page."
        "Reload the page and try again; send the session's `csrf_token` as `X-CSRF-Token`."
    ForeignHost "foreign_host" 403
        "The request names a host, or comes from a page, that is not this server's."
        "Use the address that the server is reached by; `public_url` and `trusted_hosts` say which those are."
    NoWorkspace "no_workspace" 403
        "The person is a member of no workspace any more."
        "Ask an admin for an invitation."
    InvalidSetupToken "invalid_setup_token" 403
        "The link of the first start does not work."
        "Take the one that the server printed at its last start."
    NotFound "not_found" 404
        "There is no such thing in this workspace."
        "Check the id; what was deleted is not found either."
    UnknownAction "unknown_action" 404
        "The conversation's version has no action of this name."
        "Ask for the conversation's tools to see which there are."
    InvitationNotFound "invitation_not_found" 404
        "The invitation was used, taken back or is too old."
        "Ask for another one."
    UnknownPath "unknown_path" 404
        "There is nothing at this path."
        "See `/api/docs` for what there is."
    MethodNotAllowed "method_not_allowed" 405
        "The path does not take this method."
        "See `/api/docs` for what it takes."
    RequestTimeout "request_timeout" 408
        "The body did not come in time."
        "Send it faster, or raise `body_timeout_seconds`."
    AlreadyAMember "already_a_member" 409
        "The address belongs to a member of the workspace."
        "Change their role instead."
    AlreadySetUp "already_set_up" 409
        "There is an owner already."
        "Sign in, or ask an owner for an invitation."
    BrokenReferences "broken_references" 409
        "The version links actions that were deleted or moved."
        "Link them again or remove them; `broken_references` lists them."
    CallInProgress "call_in_progress" 409
        "The first call with this key is still under way."
        "Ask again after `Retry-After` for its answer."
    ChangedMeanwhile "changed_meanwhile" 409
        "The integration was changed while its tools were fetched."
        "Refresh again."
    ConversationClosed "conversation_closed" 409
        "The conversation is closed."
        "Start a new one."
    IdempotencyKeyReused "idempotency_key_reused" 409
        "The key was used for another call of this conversation."
        "Use another key for another call."
    IntegrationDeleted "integration_deleted" 409
        "The action's integration was deleted."
        "Bring the integration back first."
    IntegrationUnavailable "integration_unavailable" 409
        "What the action needs is not there: a slot of the environment, the shared action, its integration or channel."
        "Fill the slot, or link the action again, as the problem says."
    LastOwner "last_owner" 409
        "The workspace would have no owner."
        "Make somebody else an owner first."
    MaxSuccessfulCallsReached "max_successful_calls_reached" 409
        "The action succeeded as often as it may in this conversation; calls under way count."
        "Do not call it again here; raise the limit where that is too low."
    NameCollision "name_collision" 409
        "Published agents would have two actions of one name."
        "Take another name, or change the agents in `agents` first."
    NameTaken "name_taken" 409
        "Something has this name already."
        "Take another name."
    NeedsAccept "needs_accept" 409
        "Something about the draft has to be accepted before it is published."
        "Fix what `findings` lists, or name its codes in `accept`."
    NotALink "not_a_link" 409
        "The binding is an action of the agent's own."
        "Only links are linked again."
    NotATool "not_a_tool" 409
        "The action is no tool of an MCP server."
        "Only changed tools are approved."
    NotAnApiCall "not_an_api_call" 409
        "The agent's own action is no API call."
        "Only an API call becomes a shared action."
    NotAnMcpServer "not_an_mcp_server" 409
        "The integration is no MCP server."
        "Only an MCP server's tools are fetched."
    NotAMessagingChannel "not_a_messaging_channel" 409
        "The integration is no messaging channel."
        "Only a messaging channel sends text messages."
    NotAnOwnAction "not_an_own_action" 409
        "The binding links a shared action already."
        "There is nothing to promote."
    NotPublishable "not_publishable" 409
        "The version could not work."
        "Fix each reason that `problems` lists."
    NotPublished "not_published" 409
        "The agent has no published version."
        "Publish one, or start a test conversation on the draft."
    PhaseNotAllowed "phase_not_allowed" 409
        "The action may not be called in the conversation's phase, or the conversation takes no calls."
        "Ask for the conversation's tools to see what may be called."
    ReadOnly "read_only" 409
        "The tools of an MCP server are what the server says."
        "Change them there and refresh; here `output_variables` and `timeout_ms` can be set."
    ResultNotAwaited "result_not_awaited" 409
        "The event was answered before, or its call waits no more."
        "Answer an event once, and in time."
    SecretInUse "secret_in_use" 409
        "The secret is used, and calls that need it would fail."
        "Remove it in `used_by`, or delete it with `?force=true`."
    StateNotAllowed "state_not_allowed" 409
        "The action may not be called in the conversation's state."
        "Ask for the conversation's tools to see what may be called."
    ToolChangeUnapproved "tool_change_unapproved" 409
        "The MCP server changed the tool, and nobody approved that yet."
        "Look at the difference and approve it."
    TransitionNotAllowed "transition_not_allowed" 409
        "The state does not follow the conversation's state."
        "Go to one of the states that follow, or change the agent's states."
    VersionUnreadable "version_unreadable" 409
        "The version was saved by a release that this one cannot read."
        "Run the release that saved it, or publish another version."
    WorkspaceChanged "workspace_changed" 409
        "The session is in another workspace than the page shows."
        "Reload the page, or switch back."
    WorkspaceNotNamed "workspace_not_named" 409
        "A member of several workspaces did not say which one the change is for."
        "Send its id as `Switchboard-Workspace`."
    StaleRevision "stale_revision" 412
        "It was changed since the revision that `If-Match` names."
        "Read it again and repeat the change."
    BodyTooLarge "body_too_large" 413
        "The body is larger than the server takes."
        "Send less, or raise `max_body_bytes`."
    UnsupportedMediaType "unsupported_media_type" 415
        "The body is no JSON by its `Content-Type`."
        "Send `Content-Type: application/json`."
    InvalidInput "invalid_input" 422
        "The input is wrong in one or more places."
        "Fix each place that `errors` lists; a pointer is into the body, or names a query parameter."
    InvalidArguments "invalid_arguments" 422
        "The arguments do not fit the action's parameters."
        "Fix each place that `errors` lists."
    TooManyAttempts "too_many_attempts" 429
        "There were too many attempts to sign in."
        "Try again after `Retry-After`."
    TooManyCalls "too_many_calls" 429
        "As many calls are under way as the server or the integration allows; nothing was sent."
        "Try again after `Retry-After`."
    InternalError "internal_error" 500
        "Something went wrong inside."
        "Look in the server's log for the answer's `x-request-id`."
    AddressRefused "address_refused" 502
        "The address may not be reached: it is private, or of this machine."
        "Name it in `allow_networks` where that is meant."
    Cancelled "cancelled" 502
        "The request was called off before the service answered."
        "Try again."
    CircuitOpen "circuit_open" 502
        "The service failed so often that it is left alone for a while."
        "Try again later."
    ClientSetupFailed "client_setup_failed" 502
        "The server's HTTP client cannot be set up."
        "Check the settings of what leaves the server."
    ConnectFailed "connect_failed" 502
        "The service could not be connected to."
        "Check its address and whether it runs."
    ConnectionLost "connection_lost" 502
        "The connection broke before the answer was whole."
        "See whether the service did what it was asked before trying again."
    DnsFailed "dns_failed" 502
        "The service's name could not be resolved."
        "Check the name."
    EndlessStream "endless_stream" 502
        "The MCP server's stream did not come to an end."
        "Look at the server."
    InputRequired "input_required" 502
        "The MCP server asks for input that nobody gives here."
        "Use a tool that does without."
    InvalidFrame "invalid_frame" 502
        "What the MCP server sent is no message of the protocol."
        "Look at the server."
    InvalidHeader "invalid_header" 502
        "A header could not be made of what it is made of."
        "Check the secret or the template that the header is made of."
    InvalidRedirect "invalid_redirect" 502
        "The service sends elsewhere, and that is no address."
        "Look at the service."
    InvalidResponse "invalid_response" 502
        "The answer of the service could not be read."
        "Look at the service."
    InvalidSecret "invalid_secret" 502
        "A secret's value cannot be put where it belongs."
        "Set it again, without line breaks or other control characters."
    InvalidUrl "invalid_url" 502
        "What should be a URL is none."
        "Check the integration's URL."
    MissingSecret "missing_secret" 502
        "A secret has no value in this environment."
        "Set it and try again; nothing was sent."
    NotMcp "not_mcp" 502
        "What answers at this URL is no MCP server."
        "Check the URL."
    OutcomeUnknown "outcome_unknown" 502
        "The request went out, and nobody knows what came of it."
        "Look at the service before you repeat it."
    ProtocolError "protocol_error" 502
        "The MCP server broke the protocol."
        "Look at the server."
    Redirected "redirected" 502
        "The MCP server is elsewhere."
        "Take the URL that it names."
    ResponseTooLarge "response_too_large" 502
        "The answer is larger than the server takes."
        "Ask for less, or raise `max_response_bytes`."
    SecretUnreadable "secret_unreadable" 502
        "A secret's value cannot be opened with the keys that are there."
        "Set it again, or bring the key back."
    ServerError "server_error" 502
        "The MCP server answered with an error."
        "See the problem's text."
    SessionLost "session_lost" 502
        "The MCP server ended the session."
        "Try again."
    Timeout "timeout" 502
        "The service did not answer in time."
        "Try again, or give it more time."
    TlsFailed "tls_failed" 502
        "No secure connection to the service came about."
        "Check its certificate."
    TokenRefused "token_refused" 502
        "The token endpoint gave no token."
        "Check the client's id, secret and scope."
    TooManyRedirects "too_many_redirects" 502
        "The service sends elsewhere again and again."
        "Look at the service."
    ToolMissing "tool_missing" 502
        "The MCP server has no such tool or method."
        "Refresh the integration."
    ToolRefused "tool_refused" 502
        "The MCP server does not take these arguments."
        "Refresh the integration, and see the problem's text."
    Unauthorized "unauthorized" 502
        "The service does not take these credentials."
        "Check the integration's auth and its secrets."
    Unreachable "unreachable" 502
        "The MCP server cannot be reached."
        "Check its address and whether it runs."
    UpstreamError "upstream_error" 502
        "The service answered with an error."
        "See the problem's text."
    DatabaseUnavailable "database_unavailable" 503
        "The database cannot be reached or written to now; nothing was done."
        "Try again after `Retry-After`; `/readyz` says more."
    Overloaded "overloaded" 503
        "The server has as many connections, waiting calls or open files as it takes."
        "Try again after `Retry-After`."
    Stopping "stopping" 503
        "The server is stopping and takes no new calls."
        "Try again in a moment, at another server or after the restart."
}

impl ErrorCode {
    /// The code of this name.
    pub fn named(code: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|known| known.as_str() == code)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_one_name_and_they_come_by_status() {
        for pair in ErrorCode::ALL.windows(2) {
            assert!(pair[0].status() <= pair[1].status(), "{pair:?}");
        }
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::named(code.as_str()), Some(*code));
            let sentences = [code.meaning(), code.advice()];
            assert!(sentences.iter().all(|text| text.ends_with('.')), "{code}");
        }
        assert_eq!(ErrorCode::named("no_such_code"), None);
    }
}
