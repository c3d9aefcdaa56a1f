//! Whom a key stands for.

use switchboard_operation::{AppError, Principal};
use switchboard_vault::{ApiKeyHash, ParsedApiKey};

use crate::Runtime;
use crate::catalog::Holder;

/// Whom the key of a request stands for.
pub async fn authenticate(runtime: &Runtime, text: &str) -> Result<Principal, AppError> {
    let parsed = ParsedApiKey::parse(text).ok_or(AppError::Unauthenticated)?;
    Ok(holder(runtime, parsed.hash).await?.principal)
}

/// The same of a key's hash, and when it ends.
pub async fn holder(runtime: &Runtime, hash: ApiKeyHash) -> Result<Holder, AppError> {
    if let Some(known) = runtime.catalog.known_holder(&hash) {
        return Ok(known);
    }
    Box::pin(runtime.catalog.find_holder(hash))
        .await?
        .ok_or(AppError::Unauthenticated)
}
