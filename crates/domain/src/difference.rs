//! What two states of a thing differ in, for the audit log.

use serde_json::{Map, Value, json};

/// How much of each side is told, in bytes of JSON.
const MOST: usize = 8 * 1024;

/// The members that differ, as they were and as they are. What does not differ is left out; what
/// would be too long is told by its size.
pub fn difference(before: &Value, after: &Value) -> (Value, Value) {
    let (before, after) = match (before, after) {
        (Value::Object(before), Value::Object(after)) => of_members(before, after),
        _ => (before.clone(), after.clone()),
    };
    (shortened(before), shortened(after))
}

fn of_members(before: &Map<String, Value>, after: &Map<String, Value>) -> (Value, Value) {
    let (mut was, mut is) = (Map::new(), Map::new());
    for (name, old) in before {
        match after.get(name) {
            Some(new) if new == old => {}
            Some(Value::Object(new)) if old.is_object() => {
                let empty = Map::new();
                let (old, new) = of_members(old.as_object().unwrap_or(&empty), new);
                was.insert(name.clone(), old);
                is.insert(name.clone(), new);
            }
            new => {
                was.insert(name.clone(), old.clone());
                if let Some(new) = new {
                    is.insert(name.clone(), new.clone());
                }
            }
        }
    }
    for (name, new) in after {
        if !before.contains_key(name) {
            is.insert(name.clone(), new.clone());
        }
    }
    (Value::Object(was), Value::Object(is))
}

fn shortened(value: Value) -> Value {
    let size = value.to_string().len();
    if size <= MOST {
        return value;
    }
    match value {
        Value::Object(members) => {
            let each = MOST / members.len().max(1);
            let short = |value: Value| match value.to_string().len() {
                size if size > each => json!({"bytes": size}),
                _ => value,
            };
            let members = members.into_iter().take(100);
            members.map(|(name, value)| (name, short(value))).collect()
        }
        _ => json!({"bytes": size}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_told() {
        let before = json!({"name": "a", "url": "u", "slots": {"p": {"x": 1, "y": 2}, "s": 1}, "gone": true});
        let after =
            json!({"name": "b", "url": "u", "slots": {"p": {"x": 1, "y": 3}, "s": 1}, "new": [1]});
        assert_eq!(
            difference(&before, &after),
            (
                json!({"name": "a", "slots": {"p": {"y": 2}}, "gone": true}),
                json!({"name": "b", "slots": {"p": {"y": 3}}, "new": [1]})
            )
        );
        assert_eq!(
            difference(&Value::Null, &after),
            (Value::Null, after.clone())
        );
    }

    #[test]
    fn what_is_too_long_is_told_by_its_size() {
        let after = json!({"name": "b", "text": "x".repeat(MOST)});
        let (_, told) = difference(&json!({}), &after);
        assert_eq!(told, json!({"name": "b", "text": {"bytes": MOST + 2}}));
    }
}
