//! The secrets and variables of a workspace, as whatever is sent for it uses them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value};
use switchboard_connect::{Masker, NoSecret, Redactor, SecretLookup};
use switchboard_domain::environment::{Environment, PerEnvironment};
use switchboard_domain::id::WorkspaceId;
use switchboard_domain::name::SecretName;
use switchboard_store::{Engine, Listing, StoreError, secret, variable};
use switchboard_vault::{Binding, KeyRing, Sealed, SecretText};

/// Every secret of a workspace.
#[derive(Debug, Default)]
pub struct WorkspaceSecrets {
    values: HashMap<SecretName, PerEnvironment<SecretText>>,
    /// The values that cannot be opened.
    unreadable: HashSet<(SecretName, Environment)>,
    /// The origins that each secret may go to; one without any was never used.
    origins: HashMap<SecretName, Vec<String>>,
    /// What finds the secrets of an environment in what comes back.
    maskers: PerEnvironment<Arc<Masker>>,
}

impl WorkspaceSecrets {
    /// Reads and opens them. One that cannot be opened is kept as such: what uses it is told, and
    /// everything else goes on.
    pub async fn load(
        engine: &mut Engine<'_>,
        workspace: WorkspaceId,
        keys: &KeyRing,
    ) -> Result<Self, StoreError> {
        let mut loaded = Self::default();
        for (row, _) in secret::values(engine, workspace).await? {
            let binding = Binding {
                workspace: workspace.uuid(),
                row: row.name.as_str(),
                environment: row.environment.as_str(),
            };
            let sealed = Sealed {
                key_id: row.key_id,
                bytes: row.sealed,
            };
            match keys.open(binding, &sealed) {
                Ok(value) => {
                    let values = loaded.values.entry(row.name).or_default();
                    *values.slot(row.environment) = Some(value);
                }
                Err(error) => {
                    tracing::error!(%workspace, secret = %row.name, environment = %row.environment, %error, "a secret cannot be opened; set it again or put its key back");
                    loaded.unreadable.insert((row.name, row.environment));
                }
            }
        }
        // What calls look for in what comes back is prepared here, so that none of them does it.
        for environment in Environment::ALL {
            let values = loaded.values.iter();
            let here = values.filter_map(|(name, values)| Some((name, values.get(environment)?)));
            *loaded.maskers.slot(environment) = Some(Arc::new(Masker::new(here)));
        }
        let origins = secret::all_origins(engine, workspace).await?;
        loaded.origins = origins.into_iter().collect();
        Ok(loaded)
    }

    /// Those of an environment.
    pub const fn in_environment(&self, environment: Environment) -> SecretsIn<'_> {
        SecretsIn {
            of: self,
            environment,
        }
    }

    /// Whether a secret has a value in an environment.
    pub fn has(&self, name: &SecretName, environment: Environment) -> bool {
        let values = self.values.get(name);
        values.is_some_and(|values| values.get(environment).is_some())
    }

    /// How many values cannot be opened.
    pub fn unreadable(&self) -> usize {
        self.unreadable.len()
    }
}

/// The secrets of one environment.
#[derive(Debug, Clone, Copy)]
pub struct SecretsIn<'a> {
    of: &'a WorkspaceSecrets,
    environment: Environment,
}

impl SecretLookup for SecretsIn<'_> {
    fn secret(&self, name: &SecretName, origin: &str) -> Result<SecretText, NoSecret> {
        let values = self.of.values.get(name);
        let value = values.and_then(|values| values.get(self.environment));
        let value = value.ok_or_else(|| self.no_value(name))?;
        let allowed = self.of.origins.get(name);
        if allowed.is_some_and(|allowed| !allowed.iter().any(|known| known == origin)) {
            return Err(NoSecret::NotAllowedThere);
        }
        Ok(value.clone())
    }

    fn redactor(&self) -> Redactor {
        let masker = self.of.maskers.get(self.environment);
        masker.map_or_else(Redactor::default, |masker| Redactor::new(masker.clone()))
    }
}

impl SecretsIn<'_> {
    /// Why there is no value to send.
    fn no_value(&self, name: &SecretName) -> NoSecret {
        let key = (name.clone(), self.environment);
        if self.of.unreadable.contains(&key) {
            NoSecret::Unreadable
        } else {
            NoSecret::Missing
        }
    }
}

/// Reads every variable of a workspace, by environment.
pub async fn workspace_variables(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
) -> Result<PerEnvironment<Arc<Map<String, Value>>>, StoreError> {
    let mut values: PerEnvironment<Map<String, Value>> = PerEnvironment::default();
    let mut after = None;
    loop {
        let page = variable::list(engine, workspace, &Listing::page(after, 1000)).await?;
        for row in &page.rows {
            for (environment, value) in row.values.iter() {
                let here = values.slot(environment).get_or_insert_default();
                here.insert(row.name.to_string(), value.clone());
            }
        }
        if !page.more {
            break;
        }
        after = page.rows.last().map(|last| last.name.clone());
    }
    values.try_map(|_, map| Ok(Arc::new(map.clone())))
}
