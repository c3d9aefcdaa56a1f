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
        "The `Idempotency-Key` is not valid."
        "Send 1 to 255 visible ASCII characters."
    WebhookPublicKeyMissing "webhook_public_key_missing" 400
        "The channel has no public key, so nobody can tell whether a webhook is its provider's."
        "Copy the key from the provider's portal into the channel."
    InvalidWebhookPublicKey "invalid_webhook_public_key" 400
        "The channel's public key is not valid."
        "Copy the key again: 44 characters of base64."
    InvalidSignature "invalid_signature" 400
        "The webhook is not signed by the channel's key, or its time is too far from the server's."
        "Check the channel's public key and the clock of the server."
    MalformedWebhook "malformed_webhook" 400
        "The webhook is signed, but is not an event of the provider."
        "Check which events the provider sends here."
    Unauthenticated "unauthenticated" 401
        "There is no valid API key, and nobody is signed in."
        "Send `Authorization: Bearer sb_...`, or sign in; the key or session may be revoked or expired."
    InvalidCredentials "invalid_credentials" 401
        "The e-mail address or the password is wrong."
        "Try again; an owner can reset the password from the command line."
    Forbidden "forbidden" 403
        "The API key's scope or the person's role may not do this."
        "Use a key with the scope that the problem names, or ask somebody with the role that it names."
    SecretOriginNotAllowed "secret_origin_not_allowed" 403
        "A secret would go to an origin that it may not go to."
        "Ask an admin to make this change, which adds the origin to the secret's `allowed_origins`."
    CsrfFailed "csrf_failed" 403
        "A change by a session came without its token, or from another site's page."
        "Reload the page and try again; send the session's `csrf_token` as `X-CSRF-Token`."
    ForeignHost "foreign_host" 403
        "The request names a host, or comes from a page, that is not this server's."
        "Use the address that the server is reached by; the settings `public_url` and `allowed_hosts` say which those are."
    NoWorkspace "no_workspace" 403
        "The person is no longer a member of any workspace."
        "Ask an admin for an invitation."
    InvalidSetupToken "invalid_setup_token" 403
        "The setup link is not valid."
        "Use the one that the server printed at its last start."
    NotFound "not_found" 404
        "There is no such thing in this workspace."
        "Check the id; what was deleted is not found either."
    UnknownAction "unknown_action" 404
        "The conversation's version has no action of this name."
        "Ask for the conversation's tools to see which there are."
    InvitationNotFound "invitation_not_found" 404
        "The invitation was used, was revoked or has expired."
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
        "A call is still under way: the first one with this key, or one of the conversation that is to be deleted."
        "Repeat the request after `Retry-After`."
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
        "The binding is the agent's own action, not a link."
        "Only links can be linked again."
    NotATool "not_a_tool" 409
        "The action is not a tool of an MCP server."
        "Only changed tools can be approved."
    NotAnApiCall "not_an_api_call" 409
        "The agent's own action is not an API call."
        "Only an API call can become a shared action."
    NotAnMcpServer "not_an_mcp_server" 409
        "The integration is not an MCP server."
        "Only the tools of an MCP server can be fetched."
    NotAMessagingChannel "not_a_messaging_channel" 409
        "The integration is not a messaging channel."
        "Only a messaging channel can send text messages."
    NotAnOwnAction "not_an_own_action" 409
        "The binding links a shared action already."
        "There is nothing to promote."
    NotPublishable "not_publishable" 409
        "The version would not work."
        "Fix each reason that `problems` lists."
    NotPublished "not_published" 409
        "The agent has no published version."
        "Publish one, or start a test conversation on the draft."
    PhaseNotAllowed "phase_not_allowed" 409
        "The action may not be called in the conversation's phase, or the conversation takes no calls."
        "Ask for the conversation's tools to see what may be called."
    ReadOnly "read_only" 409
        "The tools of an MCP server are defined by the server."
        "Change them there and refresh; here `output_variables` and `timeout_ms` can be set."
    ResultNotAwaited "result_not_awaited" 409
        "The event was already answered, or its call no longer waits."
        "Answer an event once, and in time."
    SecretInUse "secret_in_use" 409
        "The secret is used, and calls that need it would fail."
        "Stop using it in what `used_by` lists, or delete it with `?force=true`."
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
        "The body's `Content-Type` is not JSON."
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
        "Look in the server's log for the response's `x-request-id`."
    AddressRefused "address_refused" 502
        "The address may not be reached: it is private, or of this machine."
        "Name it in `allow_networks` where that is meant."
    Cancelled "cancelled" 502
        "The request was cancelled before the service responded."
        "Try again."
    CircuitOpen "circuit_open" 502
        "The service failed so often that calls to it are paused for a while."
        "Try again later."
    ClientSetupFailed "client_setup_failed" 502
        "The server's HTTP client cannot be set up."
        "Check the server's settings for outgoing requests."
    ConnectFailed "connect_failed" 502
        "The service could not be connected to."
        "Check its address and whether it runs."
    ConnectionLost "connection_lost" 502
        "The connection was lost before the response was complete."
        "Check whether the service did what it was asked before you try again."
    DnsFailed "dns_failed" 502
        "The service's name could not be resolved."
        "Check the name."
    EndlessStream "endless_stream" 502
        "The MCP server's stream did not come to an end."
        "Look at the server."
    InputRequired "input_required" 502
        "The MCP server asks for input that nobody gives here."
        "Use a tool that works without it."
    InvalidFrame "invalid_frame" 502
        "The MCP server sent something that is not a message of the protocol."
        "Look at the server."
    InvalidHeader "invalid_header" 502
        "A header could not be made from its secret or template."
        "Check that the value has no line breaks or other control characters."
    InvalidRedirect "invalid_redirect" 502
        "The service redirects to something that is not a usable URL."
        "Look at the service."
    InvalidResponse "invalid_response" 502
        "The response of the service could not be read."
        "Look at the service."
    InvalidSecret "invalid_secret" 502
        "A secret's value cannot be sent in a header or a URL."
        "Set it again, without line breaks or other control characters."
    InvalidUrl "invalid_url" 502
        "A URL is not valid."
        "Check the integration's URL."
    MissingSecret "missing_secret" 502
        "A secret has no value in this environment."
        "Set it and try again; nothing was sent."
    NotMcp "not_mcp" 502
        "What responds at this URL is not an MCP server."
        "Check the URL."
    OutcomeUnknown "outcome_unknown" 502
        "The request was sent, but its outcome is not known."
        "Check at the service before you repeat it."
    ProtocolError "protocol_error" 502
        "The MCP server broke the protocol."
        "Look at the server."
    Redirected "redirected" 502
        "The MCP server redirects to another URL."
        "Set the URL that it redirects to."
    ResponseTooLarge "response_too_large" 502
        "The response is larger than the server takes."
        "Ask for less, or raise `max_response_bytes`."
    SecretUnreadable "secret_unreadable" 502
        "A secret's value cannot be decrypted with the server's keys."
        "Set it again, or put its key back into the key file."
    ServerError "server_error" 502
        "The MCP server responded with an error."
        "See the problem's text."
    SessionLost "session_lost" 502
        "The MCP server ended the session."
        "Try again."
    Timeout "timeout" 502
        "The service did not respond in time."
        "Try again, or give it more time."
    TlsFailed "tls_failed" 502
        "No secure connection to the service could be made."
        "Check its certificate."
    TokenRefused "token_refused" 502
        "The token endpoint gave no token."
        "Check the client's id, secret and scope."
    TooManyRedirects "too_many_redirects" 502
        "The service redirected too many times."
        "Look at the service."
    ToolMissing "tool_missing" 502
        "The MCP server has no such tool or method."
        "Refresh the integration."
    ToolRefused "tool_refused" 502
        "The MCP server does not accept these arguments."
        "Refresh the integration, and see the problem's text."
    Unauthorized "unauthorized" 502
        "The service did not accept these credentials."
        "Check the integration's auth and its secrets."
    Unreachable "unreachable" 502
        "The MCP server cannot be reached."
        "Check its address and whether it runs."
    UpstreamError "upstream_error" 502
        "The service responded with an error."
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
