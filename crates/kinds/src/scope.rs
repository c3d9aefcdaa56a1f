//! Where what is prepared is used.

use std::sync::Arc;

use switchboard_domain::environment::Environment;
use switchboard_domain::id::{BindingId, IntegrationId, WorkspaceId};
use switchboard_outbound::{Breaker, Breakers};
use uuid::Uuid;

/// Where what is prepared is used. Its tokens and its breakers are told apart from those of others by
/// it, and stay the same when it is prepared again.
#[derive(Debug)]
pub struct Scope<'a> {
    key: String,
    breakers: &'a Breakers,
}

impl<'a> Scope<'a> {
    /// An integration in one environment.
    pub fn integration(
        workspace: WorkspaceId,
        id: IntegrationId,
        environment: Environment,
        breakers: &'a Breakers,
    ) -> Self {
        let key = format!("{workspace}/{id}/{environment}");
        Self { key, breakers }
    }

    /// An agent's own call.
    pub fn binding(workspace: WorkspaceId, id: BindingId, breakers: &'a Breakers) -> Self {
        let key = format!("{workspace}/{id}");
        Self { key, breakers }
    }

    /// What nothing is sent by, but only checked.
    pub fn check(breakers: &'a Breakers) -> Self {
        let key = String::new();
        Self { key, breakers }
    }

    /// What is tried before it is saved, under an id that nothing else has.
    pub fn trial(workspace: WorkspaceId, id: Uuid, breakers: &'a Breakers) -> Self {
        let key = format!("{workspace}/test/{id}");
        Self { key, breakers }
    }

    /// What tells its tokens apart from those of others.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The breaker of a host.
    pub fn breaker(&self, host: &str) -> Arc<Breaker> {
        self.breakers.get(host, &self.key)
    }
}
