//! What the actions of a version need of an environment: slots of integrations, and secrets.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::agent::AgentDocument;
use crate::environment::{Environment, PerEnvironment};
use crate::id::{BindingId, IntegrationId};
use crate::integration::IntegrationDefinition;
use crate::link::LinkedAction;
use crate::name::SecretName;

/// What there is, beside the version and its links.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// The integrations that are linked, and the channels that are sent through.
    pub integrations: BTreeMap<IntegrationId, (String, IntegrationDefinition)>,
    /// The environments that each secret has a value in.
    pub secrets: BTreeMap<SecretName, BTreeSet<Environment>>,
    /// The workspace variables that have a value in production.
    pub production_variables: BTreeSet<String>,
}

impl Surroundings {
    fn has(&self, secret: &SecretName, environment: Environment) -> bool {
        let set = self.secrets.get(secret);
        set.is_some_and(|environments| environments.contains(&environment))
    }
}

/// A secret that has no value where it is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissingSecret {
    /// The secret.
    pub name: SecretName,
    /// The bindings that need it.
    pub binding_ids: BTreeSet<BindingId>,
}

/// The secrets without a value that actions need, in each environment. What the environment has no
/// slot for is not there at all, and needs nothing.
pub fn missing_secrets(
    document: &AgentDocument,
    links: &[LinkedAction],
    around: &Surroundings,
) -> PerEnvironment<Vec<MissingSecret>> {
    let mut missing = PerEnvironment::default();
    for environment in Environment::ALL {
        let needs = Needs::of(document, links, around, environment);
        let list = needs.missing.into_iter();
        *missing.slot(environment) = Some(
            list.map(|(name, binding_ids)| MissingSecret {
                name: name.clone(),
                binding_ids,
            })
            .collect(),
        );
    }
    missing
}

/// What one environment lacks.
pub(super) struct Needs<'a> {
    around: &'a Surroundings,
    environment: Environment,
    /// The secrets without a value, each with the bindings that need it.
    pub missing: BTreeMap<&'a SecretName, BTreeSet<BindingId>>,
    /// The names of the integrations without a slot, each with the bindings that link them.
    pub empty_slots: BTreeMap<&'a str, BTreeSet<BindingId>>,
}

impl<'a> Needs<'a> {
    pub fn of(
        document: &'a AgentDocument,
        links: &'a [LinkedAction],
        around: &'a Surroundings,
        environment: Environment,
    ) -> Self {
        let mut needs = Self {
            around,
            environment,
            missing: BTreeMap::new(),
            empty_slots: BTreeMap::new(),
        };
        for link in links.iter().filter(|link| link.broken().is_none()) {
            needs.link(link);
        }
        for (binding, action) in document.own_actions() {
            needs.secrets(binding, action.kind.secrets());
            let channel = action.kind.channel();
            if let Some((_, channel)) = channel.and_then(|id| around.integrations.get(&id)) {
                needs.secrets(binding, channel.secrets());
            }
        }
        needs
    }

    fn secrets(&mut self, binding: BindingId, names: impl IntoIterator<Item = &'a SecretName>) {
        for name in names {
            if !self.around.has(name, self.environment) {
                self.missing.entry(name).or_default().insert(binding);
            }
        }
    }

    fn link(&mut self, link: &'a LinkedAction) {
        let integration = self.around.integrations.get(&link.now.place.integration);
        if let Some((name, definition)) = integration {
            let secrets = match definition {
                IntegrationDefinition::CustomApi { environments } => {
                    let Some(slot) = environments.get(self.environment) else {
                        let bindings = self.empty_slots.entry(name).or_default();
                        bindings.insert(link.binding);
                        return;
                    };
                    slot.secrets()
                }
                other => other.secrets(),
            };
            self.secrets(link.binding, secrets);
        }
        self.secrets(link.binding, link.now.shape.definition.secrets());
    }
}
