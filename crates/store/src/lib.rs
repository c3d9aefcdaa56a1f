//! Everything that is kept, on SQLite and on PostgreSQL, through one code path.
//!
//! [`Db`] gives connections and transactions; every store function takes an [`Engine`], which is
//! one of the two, and writes its query once (`docs/decisions/0001`). The clock is a parameter.

mod checkpoint;
mod compact;
mod connection;
mod db;
mod dialect;
mod engine;
mod error;
mod failure;
mod page;
mod pools;
mod postgres;
mod sqlite_writer;
mod turn;
mod words;

pub mod account;
pub mod action;
pub mod action_revision;
pub mod agent;
pub mod api_key;
pub mod audit;
pub mod batch;
pub mod behind;
pub mod change;
pub mod client_event;
pub mod conversation;
pub mod disk;
pub mod ended;
pub mod event;
pub mod forget;
pub mod installation;
pub mod instance;
pub mod integration;
pub mod invitation;
pub mod journal;
pub mod link;
pub mod membership;
pub mod message;
pub mod reference;
pub mod search;
pub mod secret;
pub mod session;
pub mod setup;
pub mod sign_in;
pub mod stat;
pub mod variable;
pub mod version;
pub mod workspace;

pub use compact::{Compacted, compact};
pub use connection::{Fault, Faults, Link, Step};
pub use db::{Conn, Connections, Db, Inspection, Listener, Location, Tx, hold_directory};
pub use engine::Engine;
pub use error::StoreError;
pub use page::{Listing, Page};
pub use pools::{DbSettings, Lane, PoolSizes};
pub use postgres::{Exposure, exposure};
