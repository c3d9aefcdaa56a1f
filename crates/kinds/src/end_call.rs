//! Ending the dialogue.

use serde_json::json;
use switchboard_connect::Performed;
use switchboard_domain::agent::Gate;
use switchboard_domain::conversation::Phase;
use switchboard_domain::effect::Effect;

use crate::perform::Next;

/// What ends the call is for the call alone.
pub fn gate(gate: &mut Gate) {
    let phases = gate.phases.get_or_insert_with(|| vec![Phase::InCall]);
    phases.retain(|phase| *phase == Phase::InCall);
}

/// Ends it.
pub fn perform() -> Next {
    let performed = Performed::answered(json!({"ended": true}).to_string());
    Next::Came(performed, Some(Effect::EndCall))
}
