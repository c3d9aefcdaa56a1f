//! The one way in which whoever changes configuration reaches whoever runs on it.

use futures_util::future::BoxFuture;
use switchboard_domain::id::WorkspaceId;

/// Told of what was committed. Whoever changes configuration knows nothing else of what runs on it.
pub trait Announce: std::fmt::Debug + Send + Sync {
    /// A change of a workspace's configuration is durable. Returns when this server serves it; what it
    /// cannot take up now it catches up with later, so this never fails.
    fn committed(&self, workspace: WorkspaceId) -> BoxFuture<'_, ()>;
}
