//! What the program does, seen from outside; and the rules of the house. One program of tests, so that
//! it is linked once.

mod access;
mod accounts;
mod bounds;
mod calls;
mod crash;
mod documents;
mod door;
mod faults;
mod forgetting;
mod freshness;
mod house;
mod inputs;
mod lists;
mod log_line;
mod mcp_door;
mod mcp_servers;
mod messages;
mod metrics;
mod overview;
mod own_actions;
mod postgres;
mod publishing;

mod restored;
mod secret_origins;
mod shared_changes;
mod studio;
mod tool_formats;
mod version_properties;
mod versions;
