//! What callers and events are told of a call that was performed, as JSON text.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use switchboard_connect::{CallError, Performed};
use switchboard_domain::name::VariableName;
use switchboard_domain::output::LeftOut;

/// The member that names variables which were too large, or cost too much to take.
pub const LEFT_OUT: &str = "left_out_variables";

/// An error as it stands in answers and events.
pub fn error(error: Option<&CallError>) -> String {
    let Some(error) = error else {
        return "null".to_owned();
    };
    let mut value = json!({"code": error.code, "message": error.message});
    if let Some(status) = error.upstream_status {
        value["upstream_status"] = status.into();
    }
    value.to_string()
}

/// The variables a call set, as a JSON object.
pub fn variables(performed: &Performed) -> String {
    let variables: Map<String, Value> = performed
        .variables
        .iter()
        .map(|(name, value)| (name.to_string(), value.clone()))
        .collect();
    Value::Object(variables).to_string()
}

/// A member that names variables, after another one; nothing where there are none to name.
pub fn named(member: &str, variables: &[impl serde::Serialize]) -> String {
    if variables.is_empty() {
        return String::new();
    }
    format!(r#","{member}":{}"#, json!(variables))
}

/// The members that name variables which were left out, after another one, with the reason of those
/// that cost too much; nothing where all were set.
pub fn left_out(over_budget: &[LeftOut], too_large: &[VariableName]) -> String {
    let names = over_budget.iter().map(|left| &left.name);
    let names: Vec<_> = names.chain(too_large).collect();
    let reasons: BTreeMap<_, _> = over_budget
        .iter()
        .map(|left| (&left.name, left.reason.to_string()))
        .collect();
    let mut members = named(LEFT_OUT, &names);
    if !reasons.is_empty() {
        members.push_str(r#","left_out_reasons":"#);
        members.push_str(&json!(reasons).to_string());
    }
    members
}
