//! What the audit log is told of a change.

use serde_json::Value;
use switchboard_context::Context;
use switchboard_domain::difference::difference;
use switchboard_domain::environment::Environment;
use switchboard_domain::id::AuditId;
use switchboard_domain::secret_use::SecretUse;
use switchboard_store::audit::{AuditRow, More};

use crate::principal::By;

/// What an entry tells beyond who did what to which thing. Nothing of it is a secret's value.
#[derive(Debug, Clone, Default)]
pub struct Details {
    /// The environment it was done in.
    pub environment: Option<Environment>,
    /// The names of the secrets it used or concerned.
    pub secrets: Vec<String>,
    /// Where they went.
    pub destination: Option<String>,
    /// What the thing was before.
    pub before: Option<Value>,
    /// What it is since.
    pub after: Option<Value>,
}

impl Details {
    /// What the thing was and what it is.
    pub fn differs(&mut self, before: Option<Value>, after: Option<Value>) {
        (self.before, self.after) = (before, after);
    }

    /// The secrets that are used, and where they go.
    pub fn uses(&mut self, uses: &[SecretUse]) {
        let mut origins: Vec<&str> = uses.iter().map(|found| &*found.origin).collect();
        origins.sort_unstable();
        origins.dedup();
        self.destination = (!origins.is_empty()).then(|| origins.join(" "));
        self.secrets = uses.iter().map(|found| found.secret.to_string()).collect();
        self.secrets.sort();
        self.secrets.dedup();
    }
}

/// An entry: `what` is the operation, the kind of thing, and which one.
pub fn row(
    context: &Context,
    by: &By,
    (operation, entity, entity_id): (&str, &str, &str),
    details: Details,
) -> AuditRow {
    let (before, after) = match (details.before, details.after) {
        (Some(before), Some(after)) => {
            let (before, after) = difference(&before, &after);
            (Some(before), Some(after))
        }
        (before, after) => {
            let told = |value: Value| difference(&Value::Null, &value).1;
            (before.map(told), after.map(told))
        }
    };
    let request = by.request();
    AuditRow {
        id: AuditId::from_uuid(context.uuid()),
        at: context.now(),
        actor: by.to_string(),
        operation: operation.to_owned(),
        entity: entity.to_owned(),
        entity_id: entity_id.to_owned(),
        more: More {
            environment: details.environment.map(|found| found.to_string()),
            secrets: details.secrets,
            destination: details.destination,
            address: request.and_then(|request| Some(request.address?.to_string())),
            request_id: request.map(|request| request.id.clone()),
            before: before.map(|value| value.to_string()),
            after: after.map(|value| value.to_string()),
        },
    }
}
