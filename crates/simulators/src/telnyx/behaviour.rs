//! What the simulator does with a message, when it is told to do something else than to deliver it.

use serde::{Deserialize, Serialize};
use switchboard_domain::sms::status::Status;

/// What is done with a request to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "behaviour", rename_all = "snake_case")]
pub enum Behaviour {
    /// It is taken, and comes to this end.
    Accept {
        /// The status it ends with.
        ends: Status,
        /// The code of the error that its end carries.
        #[serde(default)]
        code: Option<String>,
    },
    /// It is not taken: this status and code are the answer.
    Refuse {
        /// The status of the answer.
        status: u16,
        /// The code of the error.
        code: String,
    },
    /// It is not taken, because there were too many: 429, with `x-ratelimit-reset`.
    RateLimit {
        /// The seconds of that header.
        reset_seconds: u64,
    },
    /// It is not taken: 503, as the service itself answers it.
    Unavailable,
    /// It is taken, and the answer is 500 all the same.
    Fail,
    /// It is not taken: the connection is closed without an answer.
    DropBefore,
    /// It is taken, and the connection is closed without an answer.
    DropAfter,
    /// It is taken, and the answer comes late.
    Late {
        /// How late, in milliseconds.
        milliseconds: u64,
    },
    /// It is taken, and the answer is half of one.
    Truncate,
}

impl Behaviour {
    /// A message that arrives.
    pub const DELIVER: Self = Self::Accept {
        ends: Status::Delivered,
        code: None,
    };

    /// What the last five digits of a number ask for. They are error codes and statuses, and from
    /// 00901 on what has no number of its own.
    pub fn of_number(number: &str) -> Self {
        let last = number.get(number.len().saturating_sub(5)..);
        let refuse = |status, code: &str| Self::Refuse {
            status,
            code: code.to_owned(),
        };
        let ends = |ends, code: Option<&str>| Self::Accept {
            ends,
            code: code.map(ToOwned::to_owned),
        };
        match last.unwrap_or_default() {
            "20100" => refuse(402, "20100"),
            "40010" => refuse(403, "40010"),
            "40300" => refuse(403, "40300"),
            "40305" => refuse(422, "40305"),
            "40310" => refuse(422, "40310"),
            "00429" => Self::RateLimit { reset_seconds: 2 },
            "00503" => Self::Unavailable,
            "00901" => Self::DropBefore,
            "00902" => Self::DropAfter,
            "00903" => Self::Late {
                milliseconds: 60_000,
            },
            "00904" => ends(Status::DeliveryUnconfirmed, None),
            "40008" => ends(Status::DeliveryFailed, Some("40008")),
            "40014" => ends(Status::Expired, Some("40014")),
            _ => Self::DELIVER,
        }
    }
}

/// Says what is done with some messages. The rule that was made first and fits applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The recipient, in E.164 form; none means every one.
    #[serde(default)]
    pub to: Option<String>,
    /// How often it applies; none means always.
    #[serde(default)]
    pub times: Option<u32>,
    /// What is done.
    #[serde(flatten)]
    pub behaviour: Behaviour,
}

impl Rule {
    /// A rule for every message, for as long as it stands.
    pub const fn always(behaviour: Behaviour) -> Self {
        Self {
            to: None,
            times: None,
            behaviour,
        }
    }

    /// A rule for the next message.
    pub const fn once(behaviour: Behaviour) -> Self {
        Self {
            to: None,
            times: Some(1),
            behaviour,
        }
    }
}
