//! What is promised for later: nobody waits for it here, the clock is moved.

mod accounts;
mod client_events;
mod conversations;
mod keys;
mod messages;
mod replicas;
