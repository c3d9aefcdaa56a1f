//! The life of a message: what the provider's reports, in whatever order and however often they
//! come, make of it.
//!
//! ```text
//! queued ── sending ── sent ──┬─ delivered
//!    │         │              ├─ delivery_failed
//!    │         │              └─ delivery_unconfirmed ── (a late receipt)
//!    │         └─ outcome_unknown ── (any report)
//!    └─ sending_failed, expired
//! ```

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It waits to be sent, with us or with the provider.
    Queued,
    /// It is being handed over.
    Sending,
    /// A carrier has it.
    Sent,
    /// The request went out and no answer came: the provider may have it or not. Ours to say; no
    /// provider reports it.
    OutcomeUnknown,
    /// A carrier had it and never said what became of it.
    DeliveryUnconfirmed,
    /// The recipient has it.
    Delivered,
    /// A carrier could not deliver it.
    DeliveryFailed,
    /// It was never handed to a carrier.
    SendingFailed,
    /// It waited longer than it was allowed to.
    Expired,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 9] = [
        Self::Queued,
        Self::Sending,
        Self::Sent,
        Self::OutcomeUnknown,
        Self::DeliveryUnconfirmed,
        Self::Delivered,
        Self::DeliveryFailed,
        Self::SendingFailed,
        Self::Expired,
    ];

    /// The name used in the API, in the store and by the provider.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::DeliveryUnconfirmed => "delivery_unconfirmed",
            Self::Delivered => "delivered",
            Self::DeliveryFailed => "delivery_failed",
            Self::SendingFailed => "sending_failed",
            Self::Expired => "expired",
        }
    }

    /// The status of this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// The status of this name, among those that a provider reports.
    pub fn reported(text: &str) -> Option<Self> {
        Self::parse(text).filter(|status| *status != Self::OutcomeUnknown)
    }

    /// True when nothing that is heard later changes it.
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Delivered | Self::DeliveryFailed | Self::SendingFailed | Self::Expired
        )
    }

    /// How far along a status is. A message only goes forward, whatever the order of its reports.
    const fn rank(self) -> u8 {
        match self {
            // Any report says more.
            Self::OutcomeUnknown => 0,
            Self::Queued => 1,
            Self::Sending => 2,
            Self::Sent => 3,
            // Not final: receipts can come after the provider stopped waiting for them.
            Self::DeliveryUnconfirmed => 4,
            Self::Delivered | Self::DeliveryFailed | Self::SendingFailed | Self::Expired => 5,
        }
    }
}

/// An error that the provider gives for a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderError {
    /// Its code; [`advice`](super::advice()) explains the common ones.
    pub code: String,
    /// What it is called.
    pub title: String,
    /// What the provider says about this case.
    pub detail: Option<String>,
}

/// What a provider says about a message: in a webhook, or when it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How far the message has come. Never [`Status::OutcomeUnknown`].
    pub status: Status,
    /// When it came that far, by the provider's clock.
    pub occurred_at: DateTime<Utc>,
    /// The id of the webhook's event, the same for each time it is delivered; none for an answer.
    pub event_id: Option<String>,
    /// Why it failed.
    pub error: Option<ProviderError>,
}

/// What is stored of a message's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// How far it has come.
    pub status: Status,
    /// When it came that far.
    pub at: DateTime<Utc>,
    /// The event that said so.
    pub event_id: Option<String>,
    /// Why it failed.
    pub error: Option<ProviderError>,
    /// Whether the provider was heard of it, so that it surely has the message.
    pub confirmed: bool,
}

/// What a report does to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// This is to be stored; the message came further.
    Forward(Life),
    /// This is to be stored; it corrects when or by which event it came as far as it is.
    Corrected(Life),
    /// There is nothing to store: it is known, or older than what is known.
    Known,
    /// There is nothing to store: it ends the message in another way than an earlier report did. The
    /// first one stands; the provider contradicts itself.
    Contradiction,
}

impl Life {
    /// A message that waits in the outbox.
    pub const fn queued(at: DateTime<Utc>) -> Self {
        Self::local(Status::Queued, at)
    }

    const fn local(status: Status, at: DateTime<Utc>) -> Self {
        Self {
            status,
            at,
            event_id: None,
            error: None,
            confirmed: false,
        }
    }

    /// The message whose request goes out now. None when a provider was heard of it or it is over.
    pub fn sending(&self, at: DateTime<Utc>) -> Option<Self> {
        self.may_be_sent().then(|| Self::local(Status::Sending, at))
    }

    /// The message whose request surely was not taken and waits again. None when a provider was
    /// heard of it meanwhile.
    pub fn waiting(&self, at: DateTime<Utc>) -> Option<Self> {
        (!self.confirmed && self.status == Status::Sending).then(|| Self::queued(at))
    }

    /// The message whose request went out and was not answered. None when a provider was heard of
    /// it, which says more: a webhook can be quicker than the answer.
    pub fn lost(&self, at: DateTime<Utc>) -> Option<Self> {
        (!self.confirmed && self.status == Status::Sending)
            .then(|| Self::local(Status::OutcomeUnknown, at))
    }

    /// True while a request may go out: nobody has been asked to send it.
    pub fn may_be_sent(&self) -> bool {
        !self.confirmed && self.status == Status::Queued
    }

    /// Merges a report into what is stored.
    ///
    /// Statuses go forward only, and a final one never changes. Of reports of the same status the
    /// earliest stands, and of those at the same time the one with the smaller event id. So the
    /// order in which reports come and how often each comes make no difference.
    pub fn merge(&self, report: &Report) -> Merged {
        let next = Self {
            status: report.status,
            at: report.occurred_at,
            event_id: report.event_id.clone(),
            error: report.error.clone(),
            confirmed: true,
        };
        if self.status.is_final() {
            return if next.status.is_final() && next.status != self.status {
                Merged::Contradiction
            } else {
                Merged::Known
            };
        }
        // What we noted ourselves gives way to any word of the provider.
        let further = match next.status.rank().cmp(&self.status.rank()) {
            _ if !self.confirmed => true,
            Ordering::Less => false,
            Ordering::Equal => (next.at, &next.event_id) < (self.at, &self.event_id),
            Ordering::Greater => true,
        };
        if !further {
            Merged::Known
        } else if next.status == self.status {
            Merged::Corrected(next)
        } else {
            Merged::Forward(next)
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn report(status: Status, seconds: i64, event: &str) -> Report {
        Report {
            status,
            occurred_at: at(seconds),
            event_id: Some(event.to_owned()),
            error: status.is_final().then(|| ProviderError {
                code: event.to_owned(),
                title: String::new(),
                detail: None,
            }),
        }
    }

    fn after(reports: &[Report]) -> Life {
        reports.iter().fold(Life::queued(at(0)), |life, report| {
            match life.merge(report) {
                Merged::Forward(next) | Merged::Corrected(next) => next,
                Merged::Known | Merged::Contradiction => life,
            }
        })
    }

    #[test]
    fn names_are_read_back() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(status));
            assert_eq!(
                serde_json::to_value(status).unwrap(),
                serde_json::Value::from(status.as_str())
            );
        }
        assert_eq!(Status::reported("outcome_unknown"), None);
        assert_eq!(Status::reported("webhook_delivered"), None);
    }

    #[test]
    fn an_older_status_replaces_nothing() {
        let life = after(&[
            report(Status::Delivered, 3, "b"),
            report(Status::Sent, 2, "a"),
            report(Status::Sent, 9, "c"),
        ]);
        assert_eq!((life.status, life.at), (Status::Delivered, at(3)));
        let life = after(&[
            report(Status::Sent, 2, "a"),
            report(Status::Queued, 5, "late clock"),
        ]);
        assert_eq!(life.status, Status::Sent);
    }

    #[test]
    fn a_final_status_stands_against_every_other() {
        for status in Status::ALL.into_iter().filter(|status| status.is_final()) {
            let life = after(&[report(status, 3, "b")]);
            for other in Status::ALL {
                let expected = if other.is_final() && other != status {
                    Merged::Contradiction
                } else {
                    Merged::Known
                };
                for seconds in [0, 3, 9] {
                    assert_eq!(life.merge(&report(other, seconds, "z")), expected);
                }
            }
        }
    }

    #[test]
    fn a_late_receipt_settles_an_unconfirmed_delivery() {
        let late = [
            report(Status::DeliveryUnconfirmed, 3, "a"),
            report(Status::Delivered, 9, "b"),
        ];
        assert_eq!(after(&late).status, Status::Delivered);
    }

    #[test]
    fn an_unknown_outcome_is_settled_by_any_report() {
        let sending = Life::queued(at(0)).sending(at(1)).unwrap();
        let lost = sending.lost(at(2)).unwrap();
        assert_eq!(lost.status, Status::OutcomeUnknown);
        assert!(!lost.may_be_sent(), "never again");
        for status in Status::ALL
            .into_iter()
            .filter(|s| *s != Status::OutcomeUnknown)
        {
            let Merged::Forward(life) = lost.merge(&report(status, 1, "a")) else {
                panic!("{status:?}");
            };
            assert_eq!(life.status, status);
            assert!(life.confirmed);
        }
    }

    #[test]
    fn a_webhook_may_be_quicker_than_the_answer() {
        let sending = Life::queued(at(0)).sending(at(1)).unwrap();
        let Merged::Forward(heard) = sending.merge(&report(Status::Queued, 0, "a")) else {
            panic!("what the provider says counts more than what we noted");
        };
        assert_eq!(heard.status, Status::Queued);
        assert_eq!(heard.lost(at(5)), None);
        assert_eq!(heard.waiting(at(5)), None);
        assert_eq!(heard.sending(at(5)), None);
        assert!(!heard.may_be_sent());
    }

    #[test]
    fn what_was_not_taken_waits_again() {
        let sending = Life::queued(at(0)).sending(at(1)).unwrap();
        assert_eq!(sending.sending(at(2)), None, "its request is under way");
        let again = sending.waiting(at(2)).unwrap();
        assert!(again.may_be_sent());
    }

    /// The reports of one message: any that are on the way, and at most one that ends it.
    fn reports() -> impl Strategy<Value = Vec<Report>> {
        let under_way = (
            prop::sample::select(vec![
                Status::Queued,
                Status::Sending,
                Status::Sent,
                Status::DeliveryUnconfirmed,
            ]),
            0..5i64,
            "[a-c]",
        );
        let end = (
            prop::sample::select(
                Status::ALL
                    .into_iter()
                    .filter(|status| status.is_final())
                    .collect::<Vec<_>>(),
            ),
            0..9i64,
            "[d-f]",
        );
        (
            prop::collection::vec(under_way, 0..6),
            prop::option::of(end),
        )
            .prop_map(|(under_way, end)| {
                under_way
                    .into_iter()
                    .chain(end)
                    .map(|(status, seconds, event)| report(status, seconds, &event))
                    .collect()
            })
    }

    fn shuffled_twice() -> impl Strategy<Value = (Vec<Report>, Vec<Report>)> {
        let with_duplicates = |reports: Vec<Report>| {
            let again = prop::collection::vec(0..reports.len().max(1), 0..6);
            (Just(reports), again).prop_map(|(mut reports, again)| {
                for at in again {
                    reports.extend(reports.get(at).cloned());
                }
                reports
            })
        };
        reports().prop_flat_map(move |reports| {
            (
                with_duplicates(reports.clone()).prop_shuffle(),
                with_duplicates(reports).prop_shuffle(),
            )
        })
    }

    proptest! {
        #[test]
        fn order_and_duplicates_make_no_difference((one, other) in shuffled_twice()) {
            prop_assert_eq!(after(&one), after(&other));
        }

        #[test]
        fn a_message_never_goes_back(reports in reports().prop_shuffle()) {
            let mut life = Life::queued(at(0));
            for report in &reports {
                let before = life.clone();
                life = match life.merge(report) {
                    Merged::Forward(next) | Merged::Corrected(next) => next,
                    Merged::Known | Merged::Contradiction => life,
                };
                prop_assert!(!before.confirmed || life.status.rank() >= before.status.rank());
                prop_assert!(!before.status.is_final() || life == before);
                prop_assert_eq!(life.merge(report), Merged::Known);
            }
        }
    }
}
