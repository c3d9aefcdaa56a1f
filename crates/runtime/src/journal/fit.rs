//! Variables that do not fit into their conversation any more.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Map, Value};
use switchboard_domain::conversation::Conversation;
use switchboard_domain::name::VariableName;
use switchboard_domain::variable_caps::VariableCaps;

use switchboard_kinds::told::LEFT_OUT;

use super::op::{Done, Settlement, Work};
use switchboard_operation::AppError;

impl Work {
    /// Makes what a call sets fit into its conversation as it is now.
    pub fn fit(&mut self, conversation: &Conversation) {
        if let Self::Settle(settlement) = self {
            settlement.fit(conversation);
        }
    }
}

impl Settlement {
    /// What its caller hears once it is durable.
    pub fn done(&self) -> Done {
        if self.is_shortened {
            Done::Shortened(self.answer.json.clone())
        } else {
            Done::Settled
        }
    }

    /// Leaves out the variables that do not fit into the conversation any more, and says so in the
    /// event and the answer. The caller looked before; what calls beside it set since then it did not
    /// see.
    fn fit(&mut self, conversation: &Conversation) {
        let left_out = self.caps.fit(&conversation.variables, &mut self.variables);
        if left_out.is_empty() {
            return;
        }
        self.is_shortened = true;
        for text in [&mut self.event.data, &mut self.answer.json] {
            shorten(text, &left_out);
        }
    }
}

/// Takes variables out of the JSON text of an event or an answer, and names them there. Everything
/// else stays as it is written.
fn shorten(text: &mut String, left_out: &[VariableName]) {
    let Ok(mut members) = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(text) else {
        return;
    };
    let read = |name: &str| members.get(name).map_or("null", |raw| raw.get());
    let variables = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(read("variables"));
    let mut variables = variables.unwrap_or_default();
    let named = serde_json::from_str::<Vec<String>>(read(LEFT_OUT));
    let mut named = named.unwrap_or_default();
    for name in left_out {
        variables.remove(name.as_str());
        named.push(name.to_string());
    }
    let raw = |text: serde_json::Result<String>| text.and_then(RawValue::from_string);
    for (name, value) in [
        ("variables", raw(serde_json::to_string(&variables))),
        (LEFT_OUT, raw(serde_json::to_string(&named))),
    ] {
        members.extend(value.map(|value| (name.to_owned(), value)));
    }
    if let Ok(shorter) = serde_json::to_string(&members) {
        *text = shorter;
    }
}

/// The variables after a change from outside; none where it changes none.
pub fn changed(
    before: &Map<String, Value>,
    change: &Map<String, Value>,
    caps: VariableCaps,
) -> Result<Option<Map<String, Value>>, AppError> {
    if change.is_empty() {
        return Ok(None);
    }
    let mut after = before.clone();
    for (name, value) in change {
        if value.is_null() {
            after.shift_remove(name);
        } else {
            after.insert(name.clone(), value.clone());
        }
    }
    if caps.is_passed(before, &after) {
        return Err(AppError::invalid(
            "/variables",
            format!(
                "the variables of a conversation have at most {} bytes together; remove some, by null, or keep less in them",
                caps.total
            ),
        ));
    }
    Ok(Some(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortened_text_says_the_rest_as_it_was() {
        let name = |text: &str| VariableName::parse(text).into_iter();
        let left_out: Vec<_> = name("b").chain(name("c")).collect();
        let mut text = r#"{"n":1.50,"variables":{"a":1e2,"b":"\"variables\":","c":[]},"left_out_variables":["d"],"error":null}"#.to_owned();
        shorten(&mut text, &left_out);
        assert_eq!(
            text,
            r#"{"error":null,"left_out_variables":["d","b","c"],"n":1.50,"variables":{"a":1e2}}"#
        );
    }
}
