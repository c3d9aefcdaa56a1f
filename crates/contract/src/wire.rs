//! The words of the domain as they stand on the wire: ids, closed sets and names, each with its schema.

use std::fmt;
use std::ops::Deref;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};
use switchboard_domain as domain;
use utoipa::openapi::schema::{
    AdditionalProperties, Object, ObjectBuilder, Schema, SchemaType, Type,
};
use utoipa::openapi::{KnownFormat, OneOfBuilder, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

/// A word of the domain, read and written as the domain does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Wire<T>(pub T);

impl<T> From<T> for Wire<T> {
    fn from(word: T) -> Self {
        Self(word)
    }
}

impl<T> Deref for Wire<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: fmt::Debug> fmt::Debug for Wire<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: fmt::Display> fmt::Display for Wire<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a word of the domain is described in the document.
pub trait Described {
    /// What it is called there.
    const NAME: &'static str;

    /// Its schema.
    fn described() -> Schema;
}

impl<T: Described> PartialSchema for Wire<T> {
    fn schema() -> RefOr<Schema> {
        RefOr::T(T::described())
    }
}

impl<T: Described> ToSchema for Wire<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        T::NAME.into()
    }
}

fn text(description: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
}

macro_rules! ids {
    ($($name:ident: $what:literal,)+) => {$(
        impl Described for domain::id::$name {
            const NAME: &'static str = stringify!($name);

            fn described() -> Schema {
                let prefix = Self::PREFIX;
                let schema = text(concat!("The id of ", $what, "."))
                    .pattern(Some(format!("^{prefix}_[0-9a-f]{{32}}$")))
                    .examples([json!(format!("{prefix}_01980000000070008000000000000001"))]);
                Schema::Object(schema.build())
            }
        }

        #[doc = concat!("The id of ", $what, ".")]
        pub type $name = Wire<domain::id::$name>;
    )+};
}

ids! {
    WorkspaceId: "a workspace",
    IntegrationId: "an integration",
    ActionId: "a shared action",
    AgentId: "an agent",
    BindingId: "a binding",
    ConversationId: "a conversation",
    EventId: "an event",
    CallId: "a call",
    ApiKeyId: "an API key",
    UserId: "a person",
    InvitationId: "an invitation",
    AuditId: "an entry of the audit log",
    MessageId: "a text message",
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident = $type:ty { $($variant:ident),+ $(,)? } $what:literal)+) => {$(
        impl Described for $type {
            const NAME: &'static str = stringify!($name);

            fn described() -> Schema {
                // No word is forgotten here.
                let every = [$(Self::$variant),+];
                for word in every {
                    match word { $(Self::$variant => {})+ }
                }
                let words = every.iter().map(|word| json!(word));
                Schema::Object(text($what).enum_values(Some(words)).build())
            }
        }

        #[doc = $what]
        pub type $name = Wire<$type>;
    )+};
}

words! {
    Environment = domain::environment::Environment { Development, Staging, Production }
        "Where a conversation runs."
    Phase = domain::conversation::Phase { InCall, PostCall }
        "A half of a conversation's life."
    ConversationStatus = domain::conversation::Status { Active, HandedOver, Ended, Closed }
        "How far a conversation has come."
    Scope = domain::scope::Scope { Run, Manage, Admin }
        "What an API key may do. Each scope includes those before it."
    Role = domain::account::Role { Viewer, Editor, Admin, Owner }
        "What a person may do in a workspace. Each role includes those before it."
    IntegrationKind = domain::integration::IntegrationKind { CustomApi, McpServer, MessagingChannel }
        "The kinds of integration."
    OnChange = domain::integration::OnChange { Use, Hold }
        "What happens when an MCP server changes a tool: agents use it as it is now, or it is withheld until somebody approves that."
    MessageProvider = domain::integration::Provider { Telnyx }
        "Who carries a channel's messages."
    Method = domain::request::Method { Get, Post, Put, Patch, Delete }
        "A request's method."
    ApiKeyPlace = domain::auth::ApiKeyPlace { Header, Query }
        "Where an API key is put."
    ClientAuth = domain::auth::ClientAuth { Basic, Body }
        "How an OAuth client proves itself to the token endpoint."
    HandoverType = domain::own_action::HandoverType { Phone, Queue, Sip }
        "How whoever takes a conversation over is reached."
    BrokenReason = domain::link::BrokenReason { Deleted, Moved, IntegrationDeleted }
        "What became of a linked action."
    ChangeClass = domain::drift::Class { Cosmetic, Risky, Breaking }
        "How much a change matters to one agent."
    ChangeKind = domain::drift::ChangeKind { Changed, Deleted, Moved, IntegrationDeleted, SecretDeleted }
        "What became of what a binding uses."
    PartChange = domain::publish::PartChange { Added, Removed, Changed }
        "What became of a state or an action."
    FindingSeverity = domain::publish::Weight { Blocks, NeedsAccept, Warns }
        "How much a finding matters."
    ToolProvider = domain::tool_format::Provider { OpenAi, Anthropic, Mcp }
        "Whose format of tools."
    NoteSeverity = domain::tool_format::Severity { Rewritten, Warning, LeftOut }
        "How much a note about a tool matters: the format says the same in other words, the provider passes over something, or the tool is not in its list."
    MessageStatus = domain::sms::status::Status {
        Queued, Sending, Sent, OutcomeUnknown, DeliveryUnconfirmed, Delivered, DeliveryFailed,
        SendingFailed, Expired,
    }
        "How far a text message has come."
}

/// The stable code of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCode(pub domain::error_code::ErrorCode);

impl From<domain::error_code::ErrorCode> for ErrorCode {
    fn from(code: domain::error_code::ErrorCode) -> Self {
        Self(code)
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl PartialSchema for ErrorCode {
    fn schema() -> RefOr<Schema> {
        let codes = domain::error_code::ErrorCode::ALL.iter();
        let codes = codes.map(|code| json!(code.as_str()));
        let schema = text("The stable code of a problem; docs/errors.md says what each means.");
        Schema::Object(schema.enum_values(Some(codes)).build()).into()
    }
}

impl ToSchema for ErrorCode {}

macro_rules! names {
    ($($name:ident: $pattern:literal, $what:literal;)+) => {$(
        impl Described for domain::name::$name {
            const NAME: &'static str = stringify!($name);

            fn described() -> Schema {
                Schema::Object(text($what).pattern(Some($pattern)).build())
            }
        }

        #[doc = $what]
        pub type $name = Wire<domain::name::$name>;
    )+};
}

names! {
    ActionName: "^[A-Za-z0-9_-]{1,64}$", "The name of an action, which the model calls it by.";
    VariableName: "^[A-Za-z0-9_-]{1,64}$", "The name of a variable.";
    SecretName: "^[A-Za-z0-9_.-]{1,64}$", "The name of a secret.";
}

impl Described for domain::name::StateName {
    const NAME: &'static str = "StateName";

    fn described() -> Schema {
        Schema::Object(text("The name of a state.").min_length(Some(1)).build())
    }
}

/// The name of a state.
pub type StateName = Wire<domain::name::StateName>;

impl Described for domain::name::Title {
    const NAME: &'static str = "Title";

    fn described() -> Schema {
        let schema = text("What something is called.")
            .min_length(Some(1))
            .max_length(Some(200));
        Schema::Object(schema.build())
    }
}

/// What something is called.
pub type Title = Wire<domain::name::Title>;

fn unseen(description: &str) -> ObjectBuilder {
    text(description)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
        .write_only(true)
}

impl Described for domain::account::GivenPassword {
    const NAME: &'static str = "Password";

    fn described() -> Schema {
        Schema::Object(unseen("A password; a new one has 12 to 200 characters.").build())
    }
}

/// A password.
pub type Password = Wire<domain::account::GivenPassword>;

impl Described for domain::account::GivenToken {
    const NAME: &'static str = "LinkToken";

    fn described() -> Schema {
        Schema::Object(unseen("What stands behind the `#` of a link.").build())
    }
}

/// What stands behind the `#` of a link.
pub type LinkToken = Wire<domain::account::GivenToken>;

impl Described for domain::account::EmailAddress {
    const NAME: &'static str = "EmailAddress";

    fn described() -> Schema {
        let schema = text("An e-mail address.").examples([json!("name@example.com")]);
        Schema::Object(schema.build())
    }
}

/// An e-mail address.
pub type EmailAddress = Wire<domain::account::EmailAddress>;

fn fixed(word: &str, description: &str) -> Object {
    text(description).enum_values(Some([json!(word)])).build()
}

fn version_number() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
        .minimum(Some(1))
        .description(Some("A locked version."))
        .build()
}

fn days() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(domain::retention::Days::LEAST))
        .maximum(Some(domain::retention::Days::MOST))
        .description(Some("A number of days."))
}

impl Described for domain::retention::Days {
    const NAME: &'static str = "Days";

    fn described() -> Schema {
        Schema::Object(days().build())
    }
}

/// A number of days.
pub type Days = Wire<domain::retention::Days>;

impl Described for domain::retention::Retention {
    const NAME: &'static str = "Retention";

    fn described() -> Schema {
        let schema = OneOfBuilder::new()
            .item(days())
            .item(fixed(
                domain::retention::FOREVER,
                "For ever, whatever the workspace says.",
            ))
            .description(Some("For how many days events are kept, or for ever."));
        Schema::OneOf(schema.build())
    }
}

/// For how many days events are kept, or for ever.
pub type Retention = Wire<domain::retention::Retention>;

impl Described for domain::agent::VersionRef {
    const NAME: &'static str = "Version";

    fn described() -> Schema {
        let schema = OneOfBuilder::new()
            .item(fixed("draft", "The one mutable version."))
            .item(version_number())
            .description(Some("A version of an agent."));
        Schema::OneOf(schema.build())
    }
}

/// A version of an agent.
pub type Version = Wire<domain::agent::VersionRef>;

/// Which version a conversation is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RequestedVersion {
    /// The published one.
    #[default]
    Published,
    /// Exactly this one.
    Exact(domain::agent::VersionRef),
}

impl<'de> Deserialize<'de> for RequestedVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) if text == "published" => Ok(Self::Published),
            other => serde_json::from_value(other).map(Self::Exact).map_err(|_| {
                serde::de::Error::custom("expected \"published\", \"draft\" or a version's number")
            }),
        }
    }
}

impl PartialSchema for RequestedVersion {
    fn schema() -> RefOr<Schema> {
        let names = text("The published version, or the draft.")
            .enum_values(Some([json!("published"), json!("draft")]));
        let schema = OneOfBuilder::new()
            .item(names)
            .item(version_number())
            .description(Some("Which version a conversation is to run."));
        Schema::OneOf(schema.build()).into()
    }
}

impl ToSchema for RequestedVersion {}

/// A time, in UTC and to the microsecond (RFC 3339).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub DateTime<Utc>);

impl From<DateTime<Utc>> for Time {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        DateTime::deserialize(deserializer).map(Self)
    }
}

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        let schema = text("A time (RFC 3339).")
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
        Schema::Object(schema.build()).into()
    }
}

impl ToSchema for Time {}

/// A JSON object with any members.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JsonObject(pub Map<String, Value>);

impl From<Map<String, Value>> for JsonObject {
    fn from(members: Map<String, Value>) -> Self {
        Self(members)
    }
}

impl PartialSchema for JsonObject {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::Object))
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .description(Some("A JSON object with any members."));
        Schema::Object(schema.build()).into()
    }
}

impl ToSchema for JsonObject {}
