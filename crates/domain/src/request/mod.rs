//! Requests, built as values: no argument can change which request is made, only what it carries.

mod body;
mod header;
mod method;
mod path;
mod query;
mod url;

use serde::Serializer as _;
use serde_json::Value;

pub use body::BodyTemplate;
pub use header::{HeaderTemplate, header_name, header_value};
pub use method::Method;
pub use path::PathTemplate;
pub use query::{encode_query, query_names};
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
    /// and to the JSON body for the others, or nowhere but through the body template if there is one:
    /// that holds for DELETE too, which then has no query of arguments.
    ///
    /// `base` is where a [`Target::Path`] starts.
    pub fn render(
        &self,
        base: Option<&BaseUrl>,
        context: &RenderContext<'_>,
    ) -> Result<RenderedRequest, RuleError> {
        let arguments = context.parameters;
        let (mut url, placeholders, fixed) = match (&self.target, base) {
            (Target::Path(path), Some(base)) => {
                (base.join(path, arguments)?, path.names(), &[][..])
            }
            (Target::Url(url), _) => (url.render(arguments)?, url.names(), url.fixed_query()),
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
                .filter(|(name, _)| !placeholders.contains(name))
        };
        let body = match (&self.body, self.method.has_body()) {
            (Some(template), _) => Some(template.render(context)?),
            (None, true) => Some(object(rest())?),
            (None, false) => {
                query::append(&mut url, fixed, rest())?;
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
fn object<'a>(members: impl Iterator<Item = (&'a String, &'a Value)>) -> Result<String, RuleError> {
    let mut body = vec![];
    serde_json::Serializer::new(&mut body)
        .collect_map(members)
        .ok()
        .and_then(|()| String::from_utf8(body).ok())
        .ok_or_else(|| {
            RuleError::new(
                "argument_refused",
                "the arguments cannot be written as JSON",
            )
        })
}
