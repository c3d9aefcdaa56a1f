//! Answers that are written down: text or JSON with expressions in it.

use serde_json::{Map, Value};

use crate::request::BodyTemplate;
use crate::rule::RuleError;
use crate::template::{RenderContext, TextTemplate};

/// An answer that is ready to be rendered. Cloning it is cheap for texts.
#[derive(Debug, Clone)]
pub enum ResponseTemplate {
    /// Text.
    Text(TextTemplate),
    /// Text that is JSON, in which expressions stand for values.
    Json(BodyTemplate),
    /// JSON whose texts are templates.
    Value(Tree),
}

/// JSON whose texts are templates.
#[derive(Debug, Clone)]
pub enum Tree {
    /// Null, a boolean or a number.
    Fixed(Value),
    /// A text.
    Text(TextTemplate),
    /// An array.
    Array(Vec<Tree>),
    /// An object.
    Object(Vec<(String, Tree)>),
}

impl ResponseTemplate {
    /// Prepares an answer. A text that is a JSON object or array is taken as a template of JSON.
    pub fn parse(response: &Value) -> Result<Self, RuleError> {
        let Value::String(text) = response else {
            return Tree::parse(response).map(Self::Value);
        };
        let start = text.trim_start();
        let is_expression = ["{{", "{%", "{#"]
            .iter()
            .any(|open| start.starts_with(open));
        if start.starts_with(['{', '[']) && !is_expression {
            // `[Note] we close at six` is text.
            if let Ok(template) = BodyTemplate::parse(text) {
                return Ok(Self::Json(template));
            }
        }
        TextTemplate::parse(text).map(Self::Text)
    }

    /// Renders it, to JSON text.
    pub fn render(&self, context: &RenderContext<'_>) -> Result<String, RuleError> {
        match self {
            Self::Text(template) => Ok(Value::String(template.render(context)?).to_string()),
            Self::Json(template) => template.render(context),
            Self::Value(tree) => Ok(tree.render(context)?.to_string()),
        }
    }
}

impl Tree {
    fn parse(value: &Value) -> Result<Self, RuleError> {
        Ok(match value {
            Value::String(text) => Self::Text(TextTemplate::parse(text)?),
            Value::Array(items) => {
                Self::Array(items.iter().map(Self::parse).collect::<Result<_, _>>()?)
            }
            Value::Object(members) => Self::Object(
                members
                    .iter()
                    .map(|(name, member)| Ok((name.clone(), Self::parse(member)?)))
                    .collect::<Result<_, RuleError>>()?,
            ),
            fixed => Self::Fixed(fixed.clone()),
        })
    }

    fn render(&self, context: &RenderContext<'_>) -> Result<Value, RuleError> {
        Ok(match self {
            Self::Fixed(value) => value.clone(),
            Self::Text(template) => Value::String(template.render(context)?),
            Self::Array(items) => Value::Array(
                items
                    .iter()
                    .map(|item| item.render(context))
                    .collect::<Result<_, _>>()?,
            ),
            Self::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, member)| Ok((name.clone(), member.render(context)?)))
                    .collect::<Result<Map<_, _>, RuleError>>()?,
            ),
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use serde_json::json;

    fn render(response: &Value) -> Result<Value, RuleError> {
        let arguments = json!({"name": "A \"quoted\" name", "n": 2});
        let (arguments, empty) = (arguments.as_object().unwrap(), Map::new());
        let context = RenderContext::new(arguments, &empty, None, &empty);
        let text = ResponseTemplate::parse(response)?.render(&context)?;
        Ok(serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn text_stays_text_and_json_stays_json() {
        let name = "A \"quoted\" name";
        for (response, expected) in [
            (json!("We open at nine."), json!("We open at nine.")),
            (
                json!("Hello {{ parameters.name }}"),
                json!(format!("Hello {name}")),
            ),
            (json!("{{ parameters.name }}"), json!(name)),
            (json!("[Note] closed"), json!("[Note] closed")),
            (
                json!(r#"{"name": "{{ parameters.name }}", "n": {{ parameters.n }}}"#),
                json!({"name": name, "n": 2}),
            ),
            (
                json!({"a": ["{{ parameters.name }}", 1, null]}),
                json!({"a": [name, 1, null]}),
            ),
            (json!(7), json!(7)),
        ] {
            assert_eq!(render(&response).unwrap(), expected, "{response}");
        }
    }

    #[test]
    fn what_is_missing_is_an_error() {
        assert_eq!(
            render(&json!("{{ parameters.gone }}")).unwrap_err().code,
            "template_failed"
        );
        assert_eq!(
            render(&json!(["{{ open"])).unwrap_err().code,
            "invalid_template"
        );
    }
}
