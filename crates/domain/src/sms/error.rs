//! What can be wrong with a message before anybody is asked to send it.

use super::limits::MAX_PARTS;

/// What is wrong, as a sentence with advice. It never quotes a number or a text: both are personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SmsError {
    /// There is nothing to read in the text.
    #[error("the message has no text; check its template and arguments")]
    TextEmpty,
    /// The text takes more parts than may be sent.
    #[error(
        "the message takes {parts} parts, more than the {MAX_PARTS} that can be sent; shorten it"
    )]
    TextTooLong {
        /// How many parts it would take.
        parts: usize,
    },
    /// The text is no number with a country code.
    #[error(
        "this is not a phone number in international form; write `+`, the country code and the number, such as +13125550100 (E.164)"
    )]
    NotE164,
    /// No country has this code.
    #[error(
        "the phone number starts with a country code that does not exist; check the digits after the `+`"
    )]
    UnknownCountryCode,
    /// No number of this country looks like this.
    #[error(
        "the phone number does not fit its country: it has too few or too many digits, or starts with digits that are not used there"
    )]
    NotOfItsCountry,
    /// The sender is none of the things a sender can be.
    #[error(
        "this is not a sender: use a phone number with `+` and country code, a short code of 3 to 8 digits, or a name of 1 to 11 letters, digits and spaces with at least one letter"
    )]
    InvalidSender,
    /// A name needs a messaging profile.
    #[error("a sender that is a name needs a messaging profile; set `messaging_profile_id`")]
    ProfileNeeded,
    /// The id of a messaging profile is malformed.
    #[error("the id of a messaging profile is a UUID; copy it from the provider's portal")]
    InvalidProfile,
    /// Nobody is named to send.
    #[error("there is no sender; set `from`, or `messaging_profile_id` to use a pool of numbers")]
    SenderMissing,
}

impl SmsError {
    /// The stable code of the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TextEmpty => "message_empty",
            Self::TextTooLong { .. } => "message_too_long",
            Self::NotE164 | Self::UnknownCountryCode | Self::NotOfItsCountry => {
                "invalid_phone_number"
            }
            Self::InvalidSender => "invalid_sender",
            Self::ProfileNeeded => "messaging_profile_required",
            Self::InvalidProfile => "invalid_messaging_profile",
            Self::SenderMissing => "sender_required",
        }
    }
}
