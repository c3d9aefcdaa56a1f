//! Requests, built as values: no argument can change which request is made, only what it carries.

mod body;
mod header;
mod method;
mod path;
mod query;
mod url;

use serde_json::{Map, Value};

pub use body::BodyTemplate;
pub use header::{HeaderTemplate, header_name, header_value};
pub use method::Method;
pub use path::PathTemplate;
pub use url::{BaseUrl, UrlTemplate};

use crate::rule::RuleError;
use crate::template::RenderContext;

/// Where a request goes.
#[derive(Debug, Clone)]
pub enum Target {
    /// A path under an integration's base URL.
    Path(PathTemplate),
    /// A full URL of an agent's own.
    Url(UrlTemplate),
}

/// A request that is ready to be made with a call's arguments. Cloning it is cheap enough for
/// configuration time.
#[derive(Debug, Clone)]
pub struct RequestTemplate {
    /// The method.
    pub method: Method,
    /// Where it goes.
    pub target: Target,
    /// Its headers, those that hold secrets apart.
    pub headers: Vec<HeaderTemplate>,
    /// The template of its body; none sends the arguments.
    pub body: Option<BodyTemplate>,
}

/// A request made with a call's arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedRequest {
    /// The method.
    pub method: Method,
    /// The whole URL.
    pub url: String,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body: JSON text.
    pub body: Option<String>,
}

impl RequestTemplate {
    /// Refuses a body template on a method that carries no body.
    pub fn check(&self) -> Result<(), RuleError> {
        if self.body.is_some() && self.method == Method::Get {
            return Err(RuleError::new(
                "invalid_template",
                "a GET request has no body; remove the body template or use POST, PUT or PATCH",
            ));
        }
        Ok(())
    }

    /// Makes the request. Arguments that the path does not use go to the query for GET and DELETE,
    /// and to the JSON body for the others, or nowhere but through the body template if there is one.
    ///
    /// `base` is where a [`Target::Path`] starts.
    pub fn render(
        &self,
        base: Option<&BaseUrl>,
        context: &RenderContext<'_>,
    ) -> Result<RenderedRequest, RuleError> {
        let arguments = context.parameters;
        let (mut url, placeholders) = match (&self.target, base) {
            (Target::Path(path), Some(base)) => (base.join(&path.render(arguments)?), path.names()),
            (Target::Url(url), _) => (url.render(arguments)?, url.names()),
            (Target::Path(_), None) => {
                return Err(RuleError::new(
                    "invalid_path",
                    "a path needs a base URL to start from",
                ));
            }
        };
        let rest = || {
            arguments
                .iter()
                .filter(|(name, _)| !placeholders.contains(&name.as_str()))
        };
        let body = match (&self.body, self.method.has_body()) {
            (Some(template), _) => Some(template.render(context)?),
            (None, true) => Some(object(rest())),
            (None, false) => {
                query::append(&mut url, rest())?;
                None
            }
        };
        let headers = self
            .headers
            .iter()
            .map(|header| Ok((header.name.clone(), header.render(context)?)))
            .collect::<Result<_, RuleError>>()?;
        Ok(RenderedRequest {
            method: self.method,
            url,
            headers,
            body,
        })
    }
}

/// A JSON object of the given members.
fn object<'a>(members: impl Iterator<Item = (&'a String, &'a Value)>) -> String {
    let object: Map<String, Value> = members
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Value::Object(object).to_string()
}
