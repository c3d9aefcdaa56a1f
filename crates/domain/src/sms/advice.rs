//! What the provider's error codes mean for whoever reads them (Telnyx: "Messaging Error Code
//! Reference" and "API error codes" of the developer pages).

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    /// A sentence for the user.
    pub sentence: &'static str,
    /// Whether the same message can go through if it is sent again later, with nothing changed. It
    /// says nothing about whether this attempt was taken: only what the provider refused at once
    /// may go out again.
    pub may_be_retried: bool,
}

const fn never(sentence: &'static str) -> Advice {
    Advice {
        sentence,
        may_be_retried: false,
    }
}

const fn later(sentence: &'static str) -> Advice {
    Advice {
        sentence,
        may_be_retried: true,
    }
}

/// The advice for a code, if it is one of the common ones.
pub fn advice(code: &str) -> Option<Advice> {
    Some(match code {
        "10009" => never(
            "The API key is wrong or was revoked. Put a valid one into the channel's secret for this environment.",
        ),
        "10010" => never(
            "The API key may not send from here. Check that sender and messaging profile belong to the key's account.",
        ),
        "10011" => later("Too many messages in a short time. They wait and go out more slowly."),
        "10036" => later(
            "The first request for this message is still under way. Its result will be known shortly.",
        ),
        "20100" => later("The account has no funds left. Top it up, then send again."),
        "40001" => never("The number cannot receive text messages; it may be a landline."),
        "40002" => later(
            "A carrier's filter took the message for spam. Send more slowly and look at what the text says.",
        ),
        "40003" => never(
            "A carrier has blocked the sender for good. Use another sender, or ask the provider to appeal.",
        ),
        "40006" | "40014" => {
            later("The recipient's carrier could not be reached in time. Try later.")
        }
        "40008" => {
            never("The carrier did not accept the message. Check that the number is in use.")
        }
        "40010" => never(
            "The sender is not registered for 10DLC, which carriers in the United States require. Register brand and campaign with the provider, then assign the number to the campaign.",
        ),
        "40011" => later(
            "The carrier takes no more messages from this sender right now. Send more slowly.",
        ),
        "40300" => never(
            "The recipient answered STOP and must not be written to. Only the recipient can lift this, by answering START.",
        ),
        "40305" => never(
            "The sender may not be used. Check that the number belongs to the account, is enabled for messages and is assigned to the messaging profile.",
        ),
        "40310" => never("The recipient's number is not valid. Check it, with its country code."),
        "40312" => never("The messaging profile is disabled. Enable it in the provider's portal."),
        "40318" => later(
            "The sender's queue at the provider is full. Send more slowly, or from more numbers.",
        ),
        "40322" => never("The provider blocked the message for what it says. Change its text."),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_codes_have_advice() {
        for (code, may_be_retried) in [
            ("10009", false),
            ("10011", true),
            ("20100", true),
            ("40010", false),
            ("40300", false),
            ("40305", false),
            ("40310", false),
            ("40312", false),
            ("40318", true),
            ("40322", false),
        ] {
            let found = advice(code);
            assert_eq!(
                found.map(|found| found.may_be_retried),
                Some(may_be_retried),
                "{code}"
            );
            assert!(found.is_some_and(|found| found.sentence.ends_with('.')));
        }
        assert_eq!(advice("99999"), None);
        assert_eq!(advice(""), None);
    }
}
