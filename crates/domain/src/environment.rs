//! The three environments, and things that exist once in each.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where a conversation runs. There are exactly three, always in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// For building.
    Development,
    /// For rehearsing.
    Staging,
    /// For real.
    Production,
}

impl Environment {
    /// All of them, in their fixed order.
    pub const ALL: [Self; 3] = [Self::Development, Self::Staging, Self::Production];

    /// The name used in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no such environment; use development, staging or production")]
pub struct UnknownEnvironment;

impl FromStr for Environment {
    type Err = UnknownEnvironment;

    fn from_str(text: &str) -> Result<Self, UnknownEnvironment> {
        Self::ALL
            .into_iter()
            .find(|environment| environment.as_str() == text)
            .ok_or(UnknownEnvironment)
    }
}

/// At most one `T` in each environment. An absent one is an empty slot; nothing falls back to
/// another environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerEnvironment<T> {
    /// The slot of `development`.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub development: Option<T>,
    /// The slot of `staging`.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub staging: Option<T>,
    /// The slot of `production`.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub production: Option<T>,
}

fn none<T>() -> Option<T> {
    None
}

impl<T> Default for PerEnvironment<T> {
    fn default() -> Self {
        Self {
            development: None,
            staging: None,
            production: None,
        }
    }
}

impl<T> PerEnvironment<T> {
    /// The slot of one environment.
    pub const fn get(&self, environment: Environment) -> Option<&T> {
        match environment {
            Environment::Development => self.development.as_ref(),
            Environment::Staging => self.staging.as_ref(),
            Environment::Production => self.production.as_ref(),
        }
    }

    /// The slot of one environment, to be filled or emptied.
    pub const fn slot(&mut self, environment: Environment) -> &mut Option<T> {
        match environment {
            Environment::Development => &mut self.development,
            Environment::Staging => &mut self.staging,
            Environment::Production => &mut self.production,
        }
    }

    /// The filled slots, in the fixed order.
    pub fn iter(&self) -> impl Iterator<Item = (Environment, &T)> {
        Environment::ALL
            .into_iter()
            .filter_map(|environment| Some((environment, self.get(environment)?)))
    }

    /// True when no slot is filled.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The same slots with their values changed; the first error ends it.
    pub fn try_map<U, E>(
        &self,
        mut change: impl FnMut(Environment, &T) -> Result<U, E>,
    ) -> Result<PerEnvironment<U>, E> {
        let mut mapped = PerEnvironment::default();
        for (environment, value) in self.iter() {
            *mapped.slot(environment) = Some(change(environment, value)?);
        }
        Ok(mapped)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn slots_are_listed_in_the_fixed_order() {
        let slots: PerEnvironment<u8> =
            serde_json::from_str(r#"{"production": 3, "development": 1}"#).unwrap();
        let listed: Vec<_> = slots.iter().map(|(e, v)| (e.as_str(), *v)).collect();
        assert_eq!(listed, [("development", 1), ("production", 3)]);
    }

    #[test]
    fn a_fourth_environment_is_refused() {
        assert!(serde_json::from_str::<PerEnvironment<u8>>(r#"{"qa": 1}"#).is_err());
        assert!("qa".parse::<Environment>().is_err());
    }
}
