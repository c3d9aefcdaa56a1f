//! The secrets and variables with which something is tried, as they are saved now.

use std::sync::Arc;

use serde_json::{Map, Value};
use switchboard_domain::environment::Environment;
use switchboard_domain::id::WorkspaceId;
use switchboard_operation::{AppError, SecretsIn, WorkspaceSecrets, workspace_variables};

use crate::Manage;

/// Those of one environment.
#[derive(Debug)]
pub struct Values {
    secrets: WorkspaceSecrets,
    environment: Environment,
    /// The workspace's variables.
    pub variables: Arc<Map<String, Value>>,
}

impl Values {
    /// Reads them.
    pub async fn read(
        manage: &Manage,
        workspace: WorkspaceId,
        environment: Environment,
    ) -> Result<Self, AppError> {
        let mut conn = manage.db.read().await?;
        let engine = &mut conn.engine();
        let secrets = WorkspaceSecrets::load(engine, workspace, &manage.keys).await?;
        let variables = workspace_variables(engine, workspace).await?;
        Ok(Self {
            secrets,
            environment,
            variables: variables.get(environment).cloned().unwrap_or_default(),
        })
    }

    /// The secrets.
    pub const fn secrets(&self) -> SecretsIn<'_> {
        self.secrets.in_environment(self.environment)
    }
}
