//! What is done: scripts of steps, in any order.

use proptest::prelude::*;

use crate::world::{Does, Trouble};

/// Conversations of a script.
pub const CONVERSATIONS: usize = 3;
/// Servers, where several share a database.
pub const SERVERS: usize = 2;
/// What the idempotency keys of a conversation are for: each for one action.
const KEYS: [Action; 4] = [Action::Take, Action::Take, Action::Pay, Action::Peek];

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// A GET.
    Read,
    /// A GET with a limit.
    Peek,
    /// A POST.
    Pay,
    /// A POST with a limit.
    Take,
}

impl Action {
    pub const ALL: [Self; 4] = [Self::Read, Self::Peek, Self::Pay, Self::Take];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Peek => "peek",
            Self::Pay => "pay",
            Self::Take => "take",
        }
    }

    pub const fn method(self) -> &'static str {
        match self {
            Self::Read | Self::Peek => "GET",
            Self::Pay | Self::Take => "POST",
        }
    }

    /// How many calls may succeed in a conversation.
    pub const fn limit(self) -> Option<usize> {
        match self {
            Self::Read | Self::Pay => None,
            Self::Peek => Some(2),
            Self::Take => Some(3),
        }
    }

    /// Whether it may be asked for again where the first request came to nothing.
    pub fn is_safe(self) -> bool {
        self.method() == "GET"
    }
}

/// A call.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    pub server: usize,
    pub conversation: usize,
    pub action: Action,
    /// The key, and whether it comes with the arguments that it usually comes with.
    pub key: Option<(usize, bool)>,
    /// What the service does with it.
    pub does: Does,
}

/// A step.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// Somebody calls, and nobody waits for the answer.
    Call(Call),
    /// Nothing new is begun until everything has come as far as it comes.
    Settle,
    /// The service lets the answers go that it holds, while the database gives every server trouble.
    Release(Trouble),
    /// So many seconds pass.
    Pass(u8),
    /// A server is killed and started again.
    Restart(usize),
    /// A server is killed, and the others go on without it for half a minute.
    Die(usize),
    /// A server stands still for 40 s.
    Pause(usize),
    /// The database gives a server trouble, or no more.
    Trouble(usize, Trouble),
}

impl Step {
    /// Whether no server is away because of it for longer than it takes to try again.
    pub const fn is_calm(&self) -> bool {
        !matches!(
            self,
            Self::Restart(_) | Self::Die(_) | Self::Pause(_) | Self::Trouble(_, Trouble::Away)
        )
    }
}

fn call() -> impl Strategy<Value = Call> {
    let action = prop_oneof![
        2 => Just(Action::Read),
        2 => Just(Action::Peek),
        3 => Just(Action::Pay),
        5 => Just(Action::Take),
    ];
    let does = prop_oneof![
        8 => Just(Does::Succeeds),
        1 => Just(Does::Refuses),
        1 => Just(Does::Fails),
        1 => Just(Does::Vanishes),
        1 => Just(Does::IsLate),
        4 => Just(Does::IsHeld),
    ];
    let key = prop::option::weighted(0.5, (0..KEYS.len(), prop::bool::weighted(0.85)));
    let calls = (0..SERVERS, 0..CONVERSATIONS, action, key, does);
    calls.prop_map(|(server, conversation, action, key, does)| Call {
        server,
        conversation,
        action: key.map_or(action, |(key, _)| KEYS[key]),
        key,
        does,
    })
}

fn trouble() -> impl Strategy<Value = Trouble> {
    prop_oneof![
        4 => (0..12_u32, 1..6_u32).prop_map(|(after, count)| Trouble::Fails { after, count }),
        3 => (0..8_u32, 1..4_u32).prop_map(|(after, count)| Trouble::LosesAnswers { after, count }),
        2 => Just(Trouble::Away),
        3 => Just(Trouble::None),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        40 => call().prop_map(Step::Call),
        6 => Just(Step::Settle),
        5 => trouble().prop_map(Step::Release),
        3 => (1..8_u8).prop_map(Step::Pass),
        2 => (0..SERVERS).prop_map(Step::Restart),
        1 => (0..SERVERS).prop_map(Step::Die),
        1 => (0..SERVERS).prop_map(Step::Pause),
        6 => (0..SERVERS, trouble()).prop_map(|(server, trouble)| Step::Trouble(server, trouble)),
    ]
}

/// A script; in some of them no server is away for long, so that more is to be expected of them.
pub fn script() -> impl Strategy<Value = Vec<Step>> {
    let calm = prop::bool::weighted(0.4);
    let scripts = (calm, prop::collection::vec(step(), 1..50));
    scripts.prop_map(|(calm, mut steps)| {
        steps.retain(|step| !calm || step.is_calm());
        steps
    })
}
