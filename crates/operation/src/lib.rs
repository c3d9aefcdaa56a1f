//! What operations share, whatever they are about: who asks, what can go wrong, what the audit log is
//! told, what a workspace's secrets and variables are, and how a committed change is announced.

mod account_error;
mod announce;
mod error;
mod principal;
mod supervise;
mod values;

pub mod audit;
pub mod caps;

pub use account_error::AccountError;
pub use announce::Announce;
pub use error::{AppError, DATABASE_AWAY};
pub use principal::{
    Access, Actor, Admin, Administration, Area, By, Configuration, Conversations, Manager,
    Principal, Reader, RequestInfo, Runner,
};
pub use supervise::{keep_running, supervise};
pub use switchboard_context::{Clock, Context, Randomness, Sleep};
pub use switchboard_store::search::Search;
pub use switchboard_store::{Listing, Page};
pub use values::{SecretsIn, WorkspaceSecrets, workspace_variables};
