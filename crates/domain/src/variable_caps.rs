//! How much the variables of a conversation may hold: whatever sets them, call after call, they stay
//! within what a server can carry along.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::name::VariableName;

/// The caps, in bytes of JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VariableCaps {
    /// The largest value.
    pub value: usize,
    /// The largest sum of all names and values.
    pub total: usize,
}

impl Default for VariableCaps {
    fn default() -> Self {
        Self {
            value: 256 * 1024,
            total: 1024 * 1024,
        }
    }
}

/// Counts what is written and keeps nothing of it.
struct Counter(usize);

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// How many bytes a value's JSON text has.
pub fn value_bytes(value: &Value) -> usize {
    let mut counter = Counter(0);
    // Counting cannot fail.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}

/// What a variable adds to its object: two quotes, a colon and a comma are about it.
fn entry_bytes(name: &str, value: &Value) -> usize {
    name.len() + 4 + value_bytes(value)
}

/// How many bytes variables have together.
pub fn total_bytes(variables: &Map<String, Value>) -> usize {
    let entries = variables.iter();
    entries.map(|(name, value)| entry_bytes(name, value)).sum()
}

impl VariableCaps {
    /// Takes those out of what a call sets that do not fit among the variables that are there, in
    /// their order; answers their names.
    pub fn fit(
        self,
        known: &Map<String, Value>,
        set: &mut Vec<(VariableName, Value)>,
    ) -> Vec<VariableName> {
        if set.is_empty() {
            return vec![];
        }
        let mut total = total_bytes(known);
        // Set twice by one call, the last one stays.
        let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
        let mut left_out = vec![];
        set.retain(|(name, value)| {
            let name_text = name.as_str();
            let freed = sizes.get(name_text).copied().unwrap_or_else(|| {
                let old = known.get(name_text);
                old.map_or(0, |old| entry_bytes(name_text, old))
            });
            let bytes = entry_bytes(name_text, value);
            let after = total.saturating_sub(freed) + bytes;
            let fits = value_bytes(value) <= self.value && after <= self.total.max(total);
            if fits {
                total = after;
                sizes.insert(name.to_string(), bytes);
            } else {
                left_out.push(name.clone());
            }
            fits
        });
        left_out
    }

    /// True when variables hold too much. What held too much before may be made less.
    pub fn is_passed(self, before: &Map<String, Value>, after: &Map<String, Value>) -> bool {
        let bytes = total_bytes(after);
        bytes > self.total && bytes > total_bytes(before)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const CAPS: VariableCaps = VariableCaps {
        value: 20,
        total: 60,
    };

    fn name(text: &str) -> VariableName {
        VariableName::parse(text).unwrap()
    }

    fn text(length: usize) -> Value {
        Value::String("x".repeat(length))
    }

    #[test]
    fn what_does_not_fit_is_left_out_and_named() {
        let known = json!({"a": "0123456789"}).as_object().unwrap().clone();
        let mut set = vec![
            (name("big"), text(19)),
            (name("b"), text(18)),
            (name("c"), text(18)),
            (name("a"), text(1)),
            (name("c"), text(10)),
        ];
        // 17 bytes are there; `b` takes 25 more, `c` would pass the sum until `a` is shorter.
        let left_out = CAPS.fit(&known, &mut set);
        assert_eq!(left_out, [name("big"), name("c")]);
        let kept: Vec<_> = set.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(kept, ["b", "a", "c"]);
    }

    #[test]
    fn what_was_too_much_before_may_be_made_less() {
        let before = json!({"a": text(100)}).as_object().unwrap().clone();
        let less = json!({"a": text(90)}).as_object().unwrap().clone();
        let more = json!({"a": text(101)}).as_object().unwrap().clone();
        assert!(!CAPS.is_passed(&before, &less));
        assert!(CAPS.is_passed(&before, &more));
        assert!(CAPS.is_passed(&Map::new(), &less));
        let mut set = vec![(name("a"), text(2)), (name("b"), text(3))];
        assert_eq!(CAPS.fit(&before, &mut set), []);
    }

    proptest! {
        #[test]
        fn the_sum_never_passes_the_cap(calls in prop::collection::vec(
            prop::collection::vec(("[a-e]", 0usize..25), 0..6), 0..20)
        ) {
            let mut variables = Map::new();
            for call in calls {
                let mut set: Vec<_> = call
                    .iter()
                    .map(|(known, length)| (name(known), text(*length)))
                    .collect();
                let all = set.len();
                let left_out = CAPS.fit(&variables, &mut set);
                prop_assert_eq!(set.len() + left_out.len(), all);
                for (name, value) in set {
                    variables.insert(name.to_string(), value);
                }
                prop_assert!(total_bytes(&variables) <= CAPS.total);
            }
        }
    }
}
