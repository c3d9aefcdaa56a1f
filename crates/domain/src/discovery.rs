//! What fetching the tools of an MCP server changes of the actions that stand for them.

use std::collections::HashMap;

use serde_json::Value;

use crate::canonical;
use crate::id::ActionId;

/// A tool as it is known: an action, deleted or not.
#[derive(Debug, Clone, Copy)]
pub struct KnownTool<'a> {
    /// The action.
    pub id: ActionId,
    /// Its name.
    pub name: &'a str,
    /// Its wire object.
    pub wire: &'a Value,
    /// True when its server stopped offering it.
    pub is_deleted: bool,
}

/// What becomes of one tool.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ToolStep<'a> {
    /// A tool that was never there.
    Add(&'a Value),
    /// A tool that is another one than before.
    Change(ActionId, &'a Value),
    /// A tool that was gone is there again, perhaps as another one; it keeps its action.
    Return {
        /// Its action.
        id: ActionId,
        /// What it is now.
        wire: &'a Value,
        /// Whether it differs from what it was.
        differs: bool,
    },
    /// A tool that is no longer there.
    Remove(ActionId),
}

/// Compares what is known of a server's tools with what it offers now, by name. Order is no change,
/// neither of tools nor of the members of one (RFC 8785). Steps come in the order of the offer, the
/// removed tools last.
pub fn steps<'a>(known: &[KnownTool<'_>], offered: &'a [Value]) -> Vec<ToolStep<'a>> {
    let mut left: HashMap<&str, &KnownTool<'_>> =
        known.iter().map(|tool| (tool.name, tool)).collect();
    let mut steps = vec![];
    for wire in offered {
        let name = wire.get("name").and_then(Value::as_str).unwrap_or_default();
        let Some(before) = left.remove(name) else {
            steps.push(ToolStep::Add(wire));
            continue;
        };
        let differs =
            before.wire != wire && canonical::to_string(before.wire) != canonical::to_string(wire);
        match (before.is_deleted, differs) {
            (true, differs) => steps.push(ToolStep::Return {
                id: before.id,
                wire,
                differs,
            }),
            (false, true) => steps.push(ToolStep::Change(before.id, wire)),
            (false, false) => {}
        }
    }
    let gone = known
        .iter()
        .filter(|tool| !tool.is_deleted && left.contains_key(tool.name));
    steps.extend(gone.map(|tool| ToolStep::Remove(tool.id)));
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    #[test]
    fn each_tool_becomes_what_its_server_makes_of_it() {
        let id = |number| ActionId::from_uuid(Uuid::from_u128(number));
        let [same, was, gone, back] = [
            json!({"name": "same", "inputSchema": {"type": "object", "title": "x"}}),
            json!({"name": "other", "description": "a"}),
            json!({"name": "gone"}),
            json!({"name": "back"}),
        ];
        let known = [
            (1, &same, false),
            (2, &was, false),
            (3, &gone, false),
            (4, &back, true),
        ]
        .map(|(number, wire, is_deleted)| KnownTool {
            id: id(number),
            name: wire["name"].as_str().unwrap_or_default(),
            wire,
            is_deleted,
        });
        let offered = [
            json!({"name": "back"}),
            json!({"name": "other", "description": "b"}),
            json!({"name": "new"}),
            json!({"inputSchema": {"title": "x", "type": "object"}, "name": "same"}),
        ];
        assert_eq!(
            steps(&known, &offered),
            [
                ToolStep::Return {
                    id: id(4),
                    wire: &offered[0],
                    differs: false
                },
                ToolStep::Change(id(2), &offered[1]),
                ToolStep::Add(&offered[2]),
                ToolStep::Remove(id(3)),
            ]
        );
        let unchanged = [same.clone(), gone.clone(), was.clone()];
        assert_eq!(steps(&known, &unchanged), []);
    }
}
