//! What is promised for later: nobody waits for it here, the clock is moved.

mod accounts;
mod breakers;
mod calls;
mod client_events;
mod conversations;
mod forgetting;
mod keys;
mod mcp_servers;
mod messages;
mod replicas;
