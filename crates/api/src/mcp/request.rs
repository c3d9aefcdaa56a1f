//! What a request says beside its message: its query, and the level of its log messages.

use axum::http::{StatusCode, Uri};
use serde::Deserialize;
use switchboard_contract::conversations::ConversationInput;
use switchboard_contract::wire::{RequestedVersion, Wire};
use switchboard_domain::agent::VersionRef;
use switchboard_domain::environment::Environment;
use switchboard_domain::id::ConversationId;

use super::Visit;
use super::failure::{Failure, INVALID_PARAMS};

/// The query of the endpoint's URL.
#[derive(Debug)]
pub struct Query {
    /// Which version new conversations get.
    pub version: RequestedVersion,
    /// Where they run.
    pub environment: Environment,
    /// The conversation, for clients that cannot name it in a message.
    pub conversation: Option<ConversationId>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    version: Option<String>,
    environment: Option<String>,
    conversation: Option<String>,
}

fn wrong(message: impl Into<String>) -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        INVALID_PARAMS,
        "invalid_input",
        message,
    )
}

impl Query {
    /// Reads it.
    pub fn read(uri: &Uri) -> Result<Self, Failure> {
        if uri.query().is_none_or(str::is_empty) {
            return Ok(Self {
                version: RequestedVersion::Published,
                environment: Environment::Production,
                conversation: None,
            });
        }
        let written = axum::extract::Query::<Written>::try_from_uri(uri)
            .map_err(|error| wrong(error.body_text()))?
            .0;
        let version = match written.version.as_deref() {
            None | Some("published") => RequestedVersion::Published,
            Some("draft") => RequestedVersion::Exact(VersionRef::Draft),
            Some(number) => number
                .parse()
                .ok()
                .filter(|number| *number > 0)
                .map(|number| RequestedVersion::Exact(VersionRef::Number(number)))
                .ok_or_else(|| wrong("`version` is published, draft or a version's number"))?,
        };
        let environment = written
            .environment
            .map_or(Ok(Environment::Production), |text| text.parse())
            .map_err(|_| wrong("`environment` is development, staging or production"))?;
        let conversation = written
            .conversation
            .map(|text| text.parse())
            .transpose()
            .map_err(|error| wrong(format!("`conversation`: {error}")))?;
        Ok(Self {
            version,
            environment,
            conversation,
        })
    }
}

impl Visit<'_> {
    /// A new conversation, as the URL asks for it.
    pub fn new_conversation(&self) -> ConversationInput {
        ConversationInput {
            agent_id: Wire(self.agent),
            environment: Wire(self.query.environment),
            version: self.query.version,
            variables: serde_json::Map::new(),
        }
    }
}

/// How severe a log message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(usize);

impl Level {
    const NAMES: [&str; 8] = [
        "debug",
        "info",
        "notice",
        "warning",
        "error",
        "critical",
        "alert",
        "emergency",
    ];
    /// Everything.
    pub const LEAST: Self = Self(0);

    /// The level of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .position(|known| *known == name)
            .map(Self)
    }
}
