//! The net under every test: whatever the server answers has to be what its own OpenAPI document says.
//!
//! The first server that a test starts is asked for the document. From then on a [`crate::Client`] holds each
//! answer against it: the operation is there, the status and the kind of content are declared, the body is
//! valid. A request that was taken has to be one that the document allows, too.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use http::{HeaderMap, Method, StatusCode};
use jsonschema::{Draft, Registry, Retrieve, Uri, Validator};
use serde_json::{Value, json};

/// What references to the document start with.
const DOCUMENT: &str = "urn:switchboard:openapi";

static SERVED: OnceLock<Document> = OnceLock::new();

/// An OpenAPI document that answers are held against.
pub struct Document {
    json: &'static Value,
    registry: &'static Registry<'static>,
    operations: Vec<Operation>,
    /// By the JSON Pointer of the schema.
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Document({} operations)", self.operations.len())
    }
}

/// What was sent and what came back.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    /// The request's method.
    pub method: &'a Method,
    /// The request's path, with its query or without.
    pub path: &'a str,
    /// The request's body.
    pub sent: Option<&'a str>,
    /// The answer's status.
    pub status: StatusCode,
    /// The answer's headers.
    pub headers: &'a HeaderMap,
    /// The answer's body.
    pub text: &'a str,
}

#[derive(Debug)]
struct Operation {
    method: Method,
    template: Vec<String>,
    pointer: String,
}

/// Answers never name anything outside the document.
struct Nowhere;

impl Retrieve for Nowhere {
    fn retrieve(
        &self,
        uri: &Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Err(format!("the document refers to {uri}").into())
    }
}

fn token(text: &str) -> String {
    text.replace('~', "~0").replace('/', "~1")
}

fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{')
}

impl Operation {
    fn fits(&self, segments: &[&str]) -> bool {
        let pairs = || self.template.iter().zip(segments);
        self.template.len() == segments.len()
            && pairs().all(|(part, segment)| is_parameter(part) || part == segment)
    }

    fn parameters(&self) -> usize {
        self.template
            .iter()
            .filter(|part| is_parameter(part))
            .count()
    }
}

impl Document {
    /// The document of a server.
    pub fn new(json: Value) -> Self {
        // As long as the process: validators look into it.
        let json: &'static Value = Box::leak(Box::new(json));
        let registry = Registry::new()
            .draft(Draft::Draft202012)
            .retriever(Nowhere)
            .add(DOCUMENT, json)
            .and_then(jsonschema::RegistryBuilder::prepare)
            .expect("the document's references are whole");
        let mut operations = vec![];
        for (path, item) in json["paths"].as_object().unwrap() {
            for name in item.as_object().unwrap().keys() {
                let Ok(method) = name.to_uppercase().parse::<Method>() else {
                    continue;
                };
                operations.push(Operation {
                    method,
                    template: path.split('/').map(ToOwned::to_owned).collect(),
                    pointer: format!("/paths/{}/{name}", token(path)),
                });
            }
        }
        Self {
            json,
            registry: Box::leak(Box::new(registry)),
            operations,
            validators: Mutex::default(),
        }
    }

    /// What an exchange has that the document does not say.
    pub fn violation(&self, exchange: Exchange<'_>) -> Option<String> {
        let found = self.find_violation(exchange)?;
        let Exchange {
            method,
            path,
            status,
            text,
            ..
        } = exchange;
        Some(format!("{method} {path}: {found}\n{status} {text}"))
    }

    fn find_violation(&self, exchange: Exchange<'_>) -> Option<String> {
        let path = exchange.path.split('?').next().unwrap_or_default();
        let segments: Vec<_> = path.split('/').collect();
        let mut there: Vec<_> = self
            .operations
            .iter()
            .filter(|operation| operation.fits(&segments))
            .collect();
        // `/integrations/test` is no integration.
        let fewest = there.iter().map(|found| found.parameters()).min();
        there.retain(|found| Some(found.parameters()) == fewest);
        let operation = there.iter().find(|found| found.method == exchange.method);
        let Some(operation) = operation else {
            let expected = if there.is_empty() { 404 } else { 405 };
            let is_ours = path.starts_with("/api/v1/");
            return (is_ours && exchange.status != expected)
                .then(|| format!("the document has no such operation, so {expected} is due"));
        };
        self.answer(operation, exchange)
            .or_else(|| self.request(operation, exchange))
    }

    fn answer(&self, operation: &Operation, exchange: Exchange<'_>) -> Option<String> {
        let declared = |status: &str| {
            let at = format!("{}/responses/{status}", operation.pointer);
            self.json.pointer(&at).map(|response| (at, response))
        };
        let found = declared(exchange.status.as_str()).or_else(|| declared("default"));
        let Some((at, response)) = found else {
            return Some("the document does not declare this status".to_owned());
        };
        let headers = response["headers"].as_object().into_iter().flatten();
        let mut needed = headers.filter(|(_, header)| header["required"] == true);
        if let Some((name, _)) = needed.find(|(name, _)| !exchange.headers.contains_key(*name)) {
            return Some(format!("the document says that it has the header {name}"));
        }
        let body = serde_json::from_str::<Value>(exchange.text).unwrap_or_default();
        let code = body.get("code").cloned().unwrap_or_default();
        if let Some(codes) = response["x-codes"].as_array()
            && !codes.contains(&code)
        {
            return Some(format!("the document does not list the code {code} here"));
        }
        let kind = exchange.headers.get("content-type");
        let kind = kind.map(|kind| kind.to_str().unwrap().split(';').next().unwrap().trim());
        let declared = response["content"].as_object();
        match (declared, kind) {
            (None, _) if exchange.text.is_empty() => None,
            (None, _) => Some("the document declares no body".to_owned()),
            (Some(_), None) => Some("the document declares a body".to_owned()),
            (Some(declared), Some(kind)) if !declared.contains_key(kind) => Some(format!(
                "the document does not declare content of type {kind}"
            )),
            (Some(_), Some(kind)) if kind.ends_with("json") => {
                let at = format!("{at}/content/{}/schema", token(kind));
                self.wrong(&at, exchange.text)
            }
            (Some(_), Some(_)) => None,
        }
    }

    /// What was taken is something that may be sent.
    fn request(&self, operation: &Operation, exchange: Exchange<'_>) -> Option<String> {
        let sent = exchange.sent.filter(|sent| !sent.is_empty())?;
        let at = format!(
            "{}/requestBody/content/application~1json/schema",
            operation.pointer
        );
        if !exchange.status.is_success() || self.json.pointer(&at).is_none() {
            return None;
        }
        let wrong = self.wrong(&at, sent)?;
        Some(format!(
            "it took what the document refuses: {wrong}: {sent}"
        ))
    }

    /// Why a text is not what the schema at a pointer describes.
    fn wrong(&self, pointer: &str, text: &str) -> Option<String> {
        let Ok(value) = serde_json::from_str(text) else {
            return Some("it is no JSON".to_owned());
        };
        let validator = self.validator(pointer);
        let errors: Vec<_> = validator
            .iter_errors(&value)
            .map(|error| format!("`{}`: {error}", error.instance_path()))
            .collect();
        (!errors.is_empty()).then(|| errors.join("\n"))
    }

    fn validator(&self, pointer: &str) -> Arc<Validator> {
        let mut validators = self.validators.lock().unwrap();
        if let Some(found) = validators.get(pointer) {
            return found.clone();
        }
        // A reference is a URI: what is no part of one is written as its bytes.
        let fragment = pointer.replace('{', "%7B").replace('}', "%7D");
        let made = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(self.registry)
            .should_validate_formats(true)
            .build(&json!({"$ref": format!("{DOCUMENT}#{fragment}")}))
            .expect("the document's schemas are valid");
        let made = Arc::new(made);
        validators.insert(pointer.to_owned(), made.clone());
        made
    }

    /// Why an event of a stream is none of those that the document describes.
    pub fn wrong_event(&self, text: &str) -> Option<String> {
        self.wrong("/components/schemas/Event", text)
    }
}

/// Notes the document of the first server of the process.
pub(crate) fn served(ask: impl FnOnce() -> Value) {
    SERVED.get_or_init(|| Document::new(ask()));
}

/// Whether the document is known already.
pub(crate) fn is_served() -> bool {
    SERVED.get().is_some()
}

/// Fails the test when an answer is not what the document says.
#[track_caller]
pub(crate) fn hold(exchange: Exchange<'_>) {
    let found = SERVED.get().and_then(|served| served.violation(exchange));
    assert!(
        found.is_none(),
        "not what the API's document says: {}",
        found.unwrap()
    );
}

/// The same for an event of a conversation's stream.
#[track_caller]
pub(crate) fn hold_event(text: &str) {
    let found = SERVED.get().and_then(|served| served.wrong_event(text));
    assert!(
        found.is_none(),
        "not what the API's document says: {}\n{text}",
        found.unwrap()
    );
}
