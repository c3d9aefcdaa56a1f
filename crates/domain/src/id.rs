//! Identifiers: a prefix that says what it names, and a time-ordered UUID (version 7, RFC 9562).
//!
//! The text form is the prefix, an underscore and 32 lower-case hexadecimal digits, so ids of one
//! kind sort by the time they were made. Ids are made by the caller, from a clock and randomness
//! that are passed in; this crate only wraps them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// The text is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an id that starts with `{prefix}_`, followed by 32 hexadecimal digits")]
pub struct InvalidId {
    /// The prefix that was expected, without the underscore.
    pub prefix: &'static str,
}

/// Reads the digits after the prefix. Only the one canonical spelling is an id: upper case or
/// hyphens would give one thing two names.
fn parse(text: &str, prefix: &'static str) -> Result<Uuid, InvalidId> {
    let digits = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .filter(|digits| {
            digits.len() == 32
                && digits
                    .bytes()
                    .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        })
        .ok_or(InvalidId { prefix })?;
    Uuid::try_parse(digits).map_err(|_| InvalidId { prefix })
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// What the text form starts with, without the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// Wraps a UUID that was made, or stored, for this kind of thing.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID, as it is stored.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut buffer = Uuid::encode_buffer();
                f.write_str(concat!($prefix, "_"))?;
                f.write_str(self.0.as_simple().encode_lower(&mut buffer))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse(text, $prefix).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(
    /// A workspace: the tenant that owns everything below.
    WorkspaceId, "wsp");
id!(
    /// The connection to one outside service.
    IntegrationId, "int");
id!(
    /// A shared action.
    ActionId, "act");
id!(
    /// An agent.
    AgentId, "agt");
id!(
    /// An agent's use of an action.
    BindingId, "bnd");
id!(
    /// One run of one agent version in one environment.
    ConversationId, "cnv");
id!(
    /// One entry of a conversation's log.
    EventId, "evt");
id!(
    /// One call of an action.
    CallId, "cal");
id!(
    /// An API key.
    ApiKeyId, "key");
id!(
    /// A person who signs in.
    UserId, "usr");
id!(
    /// An invitation into a workspace.
    InvitationId, "inv");
id!(
    /// An entry of the audit log.
    AuditId, "aud");
id!(
    /// One text message.
    MessageId, "msg");
id!(
    /// One running server.
    InstanceId, "ins");

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips_and_names_its_kind() {
        let id = ActionId::from_uuid(Uuid::from_u128(0x0198_0000_0000_7000_8000_0000_0000_0001));
        assert_eq!(id.to_string(), "act_01980000000070008000000000000001");
        assert_eq!(id.to_string().parse::<ActionId>().unwrap(), id);
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{id}\""));
    }

    #[test]
    fn other_spellings_and_kinds_are_refused() {
        for text in [
            "",
            "act_",
            "int_01980000000070008000000000000001",
            "act_0198000000007000800000000000000",
            "act_01980000-0000-7000-8000-000000000001",
            "act_0198000000007000800000000000000A",
            "01980000000070008000000000000001",
        ] {
            assert!(text.parse::<ActionId>().is_err(), "{text}");
        }
    }

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        let early = EventId::from_uuid(Uuid::from_u128(1)).to_string();
        let late = EventId::from_uuid(Uuid::from_u128(2)).to_string();
        assert!(early < late);
    }
}
