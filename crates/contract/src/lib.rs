//! What goes over the wire, once: the types that requests are read into and answers are written from,
//! and that the OpenAPI document is made of.
//!
//! An id, a name or a word of a closed set is the domain's, in a [`wire::Wire`] that says how it is
//! described. What has members is a type of its own, with its conversion from or to the domain's beside it.

pub mod accounts;
pub mod actions;
pub mod agents;
pub mod api_keys;
pub mod audit;
pub mod auth;
pub mod calls;
pub mod conversations;
pub mod document;
pub mod drafts;
pub mod events;
pub mod findings;
pub mod health;
pub mod impact;
pub mod integrations;
pub mod list;
pub mod messages;
pub mod overview;
mod patch;
pub mod problem;
pub mod reference;
pub mod secrets;
pub mod tools;
pub mod versions;
pub mod wire;
pub mod workspaces;

pub use list::List;
pub use patch::Patch;
