//! The handlers, one file for each resource.
//!
//! What they await of the application is `.boxed()`: axum puts half a dozen services around each handler,
//! and for each of them the compiler proves anew that everything a handler's future holds may move
//! between threads: the operation, its statements, their connection. In a box that is proved once. Without
//! it that proof is three quarters of the time that this crate takes to compile, and most of it in a release.

pub mod actions;
pub mod agents;
pub mod api_keys;
pub mod audit;
pub mod calls;
pub mod client_events;
pub mod conversations;
pub mod drafts;
pub mod events;
pub mod integrations;
pub mod invitations;
pub mod members;
pub mod messages;
pub mod overview;
pub mod secrets;
pub mod session;
pub mod setup;
pub mod studio;
pub mod system;
pub mod variables;
pub mod versions;
pub mod workspaces;
