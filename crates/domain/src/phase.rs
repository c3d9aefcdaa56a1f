//! The phases of a conversation, which agents know too: a binding may be for one of them alone.

use serde::{Deserialize, Serialize};

/// Which half of its life a conversation is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The dialogue is going on.
    InCall,
    /// The dialogue is over; what follows it may still be done.
    PostCall,
}

impl Phase {
    /// The name used in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InCall => "in_call",
            Self::PostCall => "post_call",
        }
    }
}
