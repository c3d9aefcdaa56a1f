//! Taking output variables without holding up whoever else is served by the same thread.

use std::sync::Arc;

use serde_json::Value;
use switchboard_domain::budget::OverBudget;
use switchboard_domain::output::{OutputVariable, Taken};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

/// How many long evaluations run at once, whoever asks for them.
const AT_ONCE: usize = 2;

/// Evaluates output variables: at once where that takes about a millisecond, else on a thread that
/// serves nobody, for as long as the call has time.
#[derive(Debug, Clone)]
pub struct Evaluations {
    turns: Arc<Semaphore>,
}

impl Default for Evaluations {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

impl Evaluations {
    /// Takes the variables from a response. Those that are not done at the deadline are left out.
    pub async fn take(
        &self,
        outputs: &Arc<[OutputVariable]>,
        response: Value,
        deadline: Instant,
    ) -> Taken {
        let mut taken = Taken::default();
        if taken.quickly(outputs, &response) {
            return taken;
        }
        let turn = timeout_at(deadline, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            taken.give_up(outputs, OverBudget::Time);
            return taken;
        };
        let all = Arc::clone(outputs);
        let evaluated = tokio::task::spawn_blocking(move || {
            taken.rest(&all, &response, &|| Instant::now() >= deadline);
            drop(turn);
            taken
        });
        // It fails only when the runtime ends or the evaluation panics.
        evaluated.await.unwrap_or_else(|_| {
            let mut taken = Taken::default();
            taken.give_up(outputs, OverBudget::Steps);
            taken
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use switchboard_domain::action::OutputVariableSpec;

    use super::*;

    fn outputs(paths: &[&str]) -> Arc<[OutputVariable]> {
        let output = |(at, path): (usize, &&str)| {
            let spec: OutputVariableSpec =
                serde_json::from_value(json!({"name": format!("v{at}"), "path": path})).unwrap();
            OutputVariable::parse(&spec).unwrap()
        };
        paths.iter().enumerate().map(output).collect()
    }

    fn large() -> Value {
        json!({"id": 7, "items": (0..100_000).map(|n| json!({"n": n})).collect::<Vec<_>>()})
    }

    #[tokio::test]
    async fn a_long_one_ends_and_leaves_the_others_alone() {
        let outputs = outputs(&[
            "$.id",
            "$..[?@.n == 99999].n",
            "$..[?$..[?@.n == -1]].n",
            "$.id",
        ]);
        let deadline = Instant::now() + Duration::from_mins(1);
        let evaluations = Evaluations::default();
        let taken = evaluations.take(&outputs, large(), deadline).await;
        let set: Vec<_> = taken
            .variables
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(set, ["v0", "v1", "v3"]);
        assert_eq!(taken.left_out.len(), 1);
        assert_eq!(taken.left_out[0].name.as_str(), "v2");
        assert_eq!(taken.left_out[0].reason, OverBudget::Steps);
    }

    #[tokio::test]
    async fn without_time_only_what_is_quick_is_taken() {
        let outputs = outputs(&["$.id", "$..[?@.n == 99999].n"]);
        let evaluations = Evaluations::default();
        let taken = evaluations.take(&outputs, large(), Instant::now()).await;
        assert_eq!(taken.variables[0].1, json!(7));
        assert_eq!(taken.left_out[0].reason, OverBudget::Time);
    }

    #[tokio::test]
    async fn no_more_than_two_run_at_once() {
        let evaluations = Evaluations::default();
        let _turns = [
            Arc::clone(&evaluations.turns)
                .acquire_owned()
                .await
                .unwrap(),
            Arc::clone(&evaluations.turns)
                .acquire_owned()
                .await
                .unwrap(),
        ];
        let outputs = outputs(&["$..[?@.n == 99999].n"]);
        let deadline = Instant::now() + Duration::from_millis(50);
        let taken = evaluations.take(&outputs, large(), deadline).await;
        assert_eq!(taken.left_out[0].reason, OverBudget::Time);
    }
}
