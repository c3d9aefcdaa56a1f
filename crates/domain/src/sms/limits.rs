//! What a provider takes at most.

/// The most parts a message may take; the provider refuses more.
pub const MAX_PARTS: usize = 10;
