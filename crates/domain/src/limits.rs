//! How much of something a user may configure or send. What a rule of its own bounds (schemas,
//! templates, names) is beside that rule.

use std::ops::RangeInclusive;

/// The longest description of an integration, an action or an agent, in bytes.
pub const MAX_DESCRIPTION_BYTES: usize = 16 * 1024;
/// The longest instructions of an agent, in bytes.
pub const MAX_INSTRUCTIONS_BYTES: usize = 256 * 1024;
/// The longest notes of a version, in bytes.
pub const MAX_NOTES_BYTES: usize = 16 * 1024;
/// How many states a version may have, and how many bindings.
pub const MAX_PARTS_OF_AGENT: usize = 500;
/// How many headers one request may have, and how many output variables.
pub const MAX_PARTS_OF_REQUEST: usize = 100;
/// The largest value of a secret, in bytes.
pub const MAX_SECRET_BYTES: usize = 16 * 1024;
/// How many origins a secret may be allowed to go to.
pub const MAX_ORIGINS: usize = 100;
/// The largest value of a workspace's variable, as JSON, in bytes.
pub const MAX_VARIABLE_BYTES: usize = 16 * 1024;
/// The longest idempotency key, in bytes.
pub const MAX_IDEMPOTENCY_KEY_BYTES: usize = 255;
/// The longest name of a client event, in bytes.
pub const MAX_CLIENT_EVENT_NAME_BYTES: usize = 100;
/// The largest answer of a client to an event, in bytes.
pub const MAX_CLIENT_RESULT_BYTES: usize = 256 * 1024;
/// How long an action may give its calls, in milliseconds.
pub const TIMEOUTS_MS: RangeInclusive<u32> = 1..=600_000;
/// How long a call may wait for its client, in milliseconds.
pub const CLIENT_WAITS_MS: RangeInclusive<u32> = 1..=600_000;
/// How often the tools of an MCP server may be fetched without being asked, in seconds.
pub const REFRESH_INTERVALS_S: RangeInclusive<u32> = 30..=604_800;
/// How many messages may leave a channel in a minute.
pub const MESSAGES_PER_MINUTE: RangeInclusive<u32> = 1..=60_000;
