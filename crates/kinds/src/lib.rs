//! Kinds of integration and of action, one file each: how a kind is prepared, which is how it is
//! checked; whether it is safe; how it is tried; and how it is performed.
//!
//! Nobody else tells kinds apart. What a kind cannot do by itself, because it is the conversation's
//! matter, it asks its caller for ([`Next`]).

mod action;
mod channel;
mod client_event;
mod end_call;
mod handover;
mod http;
mod integration;
mod own;
mod parts;
mod perform;
mod probe;
mod ready;
mod scope;
mod static_response;

pub mod go_to_state;
pub mod mcp_tool;
pub mod notices;
pub mod overrides;
pub mod text_message;
pub mod told;

pub use action::{BodyOverride, Request, prepare_action};
pub use channel::{Channel, channel};
pub use integration::{Place, discover, prepare_integration, probe};
pub use own::{OwnCall, gate, prepare_own};
pub use parts::schema;
pub use perform::{Call, Hands, Next, Sending, Telling};
pub use probe::{NotProbed, Probe, Probing};
pub use ready::Ready;
pub use scope::Scope;
