//! The handlers, one file for each resource.

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
