//! Telling a runtime's client, and waiting for its answer where that is asked for.

use std::time::Duration;

use switchboard_domain::agent::ClientEvent;
use switchboard_domain::input::InputErrors;
use switchboard_domain::limits::{CLIENT_WAITS_MS, MAX_CLIENT_EVENT_NAME_BYTES};

use crate::perform::{Next, Telling};

/// What the client is told.
#[derive(Debug)]
pub struct PreparedEvent {
    /// What the client knows it by.
    event: String,
    /// How long to wait for its answer.
    wait: Option<Duration>,
}

/// Prepares it.
pub fn prepare(
    event: &ClientEvent,
    pointer: &str,
    errors: &mut InputErrors,
) -> Option<PreparedEvent> {
    let name = &event.event;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:/-".contains(&byte);
    let is_name =
        (1..=MAX_CLIENT_EVENT_NAME_BYTES).contains(&name.len()) && name.bytes().all(allowed);
    if !is_name {
        errors.push(
            format!("{pointer}/event"),
            "the name of an event has 1 to 100 letters, digits, `_`, `.`, `:`, `/` or `-`",
        );
    }
    let waits = event
        .await_result_ms
        .is_none_or(|wait| CLIENT_WAITS_MS.contains(&wait));
    if !waits {
        errors.push(
            format!("{pointer}/await_result_ms"),
            "the wait for a client is 1 to 600000 milliseconds; leave it out to not wait",
        );
    }
    (is_name && waits).then(|| PreparedEvent {
        event: name.clone(),
        wait: event
            .await_result_ms
            .map(|wait| Duration::from_millis(u64::from(wait))),
    })
}

/// Has the client told. What it is told with are the call's arguments.
pub fn perform(event: &PreparedEvent) -> Next {
    Next::Tell(Telling {
        event: event.event.clone(),
        wait: event.wait,
    })
}
