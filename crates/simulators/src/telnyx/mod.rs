//! Telnyx, as far as text messages go: `POST` and `GET /v2/messages` (and the same without `/v2`),
//! idempotency keys, and signed webhooks.
//!
//! It follows the vendor's public description of the messaging API and of idempotency. What it does
//! beside that is told to it: by the recipient's number ([`Behaviour::of_number`]), or under
//! `/simulator`:
//!
//! | request | does |
//! |---|---|
//! | `GET /simulator` | the public key and where webhooks go |
//! | `PUT /simulator/webhook` `{"url"}` | sends webhooks there |
//! | `GET /simulator/messages` | every message that was taken, in order |
//! | `POST /simulator/rules` `{"behaviour", "to"?, "times"?, ...}` | behaves so from now on |
//! | `DELETE /simulator/rules` | behaves well again |

mod behaviour;
mod listener;
mod payload;
mod routes;
mod server;
mod shared;
mod signer;
mod state;
mod webhook;

pub use behaviour::{Behaviour, Rule};
pub use payload::event;
pub use server::{Settings, Simulator, StartError, start};
pub use shared::{Clock, Pace};
pub use signer::Signer;
pub use state::Taken;
