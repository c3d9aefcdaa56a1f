//! Whether a server takes calls.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

/// Whether it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum ReadyWord {
    /// It does.
    #[serde(rename = "ready")]
    Ready,
    /// It does not.
    #[serde(rename = "not ready")]
    NotReady,
}

/// Whether a server takes calls, and if not, why.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Readiness {
    /// Whether it does.
    pub status: ReadyWord,
    /// What is wrong, by the part of the server.
    pub problems: BTreeMap<&'static str, String>,
    /// How many secrets cannot be opened with the keys that are there.
    pub unreadable_secrets: usize,
}
