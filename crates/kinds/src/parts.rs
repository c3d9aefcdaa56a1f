//! What several kinds are made of: schemas, bodies, headers, output variables, time limits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use switchboard_domain::action::OutputVariableSpec;
use switchboard_domain::auth::ValueSource;
use switchboard_domain::input::{InputErrors, pointer_token};
use switchboard_domain::limits::{MAX_PARTS_OF_REQUEST, TIMEOUTS_MS};
use switchboard_domain::name::SecretName;
use switchboard_domain::output::OutputVariable;
use switchboard_domain::request::{BodyTemplate, HeaderTemplate, header_name};
use switchboard_domain::schema::ParameterSchema;
use switchboard_domain::text_message::FieldError;

/// Headers whose values are secrets.
pub type SecretHeaders = Vec<(http::HeaderName, SecretName)>;

/// Compiles a schema; none takes any object. None of this function's answer means an error.
pub fn schema(
    schema: Option<&serde_json::Value>,
    pointer: &str,
    errors: &mut InputErrors,
) -> Option<ParameterSchema> {
    match schema {
        None | Some(serde_json::Value::Null) => Some(ParameterSchema::default()),
        Some(schema) => errors.check(pointer, ParameterSchema::compile(schema)),
    }
}

/// Parses a body template. The outer none means an error.
#[expect(
    clippy::option_option,
    reason = "the outer one is whether it parsed, the inner one whether there is one"
)]
pub fn body(
    template: Option<&str>,
    pointer: &str,
    errors: &mut InputErrors,
) -> Option<Option<BodyTemplate>> {
    match template.filter(|text| !text.trim().is_empty()) {
        None => Some(None),
        Some(text) => errors.check(pointer, BodyTemplate::parse(text)).map(Some),
    }
}

/// Parses headers: those that are templates, and those that are secrets.
pub fn headers(
    headers: &BTreeMap<String, ValueSource>,
    pointer: &str,
    errors: &mut InputErrors,
) -> (Vec<HeaderTemplate>, SecretHeaders) {
    let (mut templates, mut secrets) = (vec![], vec![]);
    if headers.len() > MAX_PARTS_OF_REQUEST {
        errors.push(
            pointer,
            format!("there are at most {MAX_PARTS_OF_REQUEST} headers"),
        );
    }
    let mut seen = std::collections::BTreeSet::new();
    for (name, value) in headers {
        let pointer = format!("{pointer}/{}", pointer_token(name));
        if !seen.insert(name.to_ascii_lowercase()) {
            errors.push(
                &pointer,
                "this header is there twice; names are the same in upper and lower case",
            );
        }
        match value {
            ValueSource::Text(text) => {
                templates.extend(errors.check(pointer, HeaderTemplate::parse(name, text)));
            }
            ValueSource::Secret(reference) => {
                let parsed = header_name(name)
                    .map_err(|error| error.message)
                    .and_then(|name| {
                        http::HeaderName::from_bytes(name.as_bytes()).map_err(|e| e.to_string())
                    });
                secrets.extend(
                    errors
                        .check(pointer, parsed)
                        .map(|name| (name, reference.secret.clone())),
                );
            }
        }
    }
    (templates, secrets)
}

/// Parses output variables.
pub fn outputs(
    specs: &[OutputVariableSpec],
    pointer: &str,
    errors: &mut InputErrors,
) -> Arc<[OutputVariable]> {
    let mut seen = std::collections::BTreeSet::new();
    if specs.len() > MAX_PARTS_OF_REQUEST {
        errors.push(
            format!("{pointer}/output_variables"),
            format!("there are at most {MAX_PARTS_OF_REQUEST} output variables"),
        );
    }
    specs
        .iter()
        .enumerate()
        .filter_map(|(index, spec)| {
            let pointer = format!("{pointer}/output_variables/{index}");
            if !seen.insert(&spec.name) {
                errors.push(
                    format!("{pointer}/name"),
                    "two output variables have this name",
                );
            }
            let field = if OutputVariable::parse(spec).is_err_and(|e| e.code == "reserved_name") {
                "name"
            } else {
                "path"
            };
            errors.check(format!("{pointer}/{field}"), OutputVariable::parse(spec))
        })
        .collect()
}

/// Checks how long a call may take.
pub fn timeout(timeout: Option<u32>, pointer: &str, errors: &mut InputErrors) -> Option<Duration> {
    let milliseconds = timeout?;
    if !TIMEOUTS_MS.contains(&milliseconds) {
        errors.push(
            format!("{pointer}/timeout_ms"),
            "a timeout is from 1 to 600000 milliseconds",
        );
    }
    Some(Duration::from_millis(u64::from(milliseconds)))
}

/// Keeps what parsed; notes an error at the field that it is of.
pub fn field<T>(
    parsed: Result<T, FieldError>,
    pointer: &str,
    errors: &mut InputErrors,
) -> Option<T> {
    match parsed {
        Ok(parsed) => Some(parsed),
        Err(wrong) => {
            errors.push(format!("{pointer}/{}", wrong.field), wrong.error);
            None
        }
    }
}
