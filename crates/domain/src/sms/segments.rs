//! How a text is encoded and how many parts it takes (3GPP TS 23.038 and 23.040).

use super::error::SmsError;
use super::limits::MAX_PARTS;

/// How the characters of a message travel. One character outside GSM-7 makes the whole message
/// UCS-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// The GSM 7-bit default alphabet with its extension table (3GPP TS 23.038, section 6.2.1).
    /// Its unit is the septet.
    Gsm7,
    /// Two bytes a unit; what lies outside the basic plane takes a surrogate pair. Its unit is the
    /// UTF-16 code unit.
    Ucs2,
}

impl Encoding {
    /// The encoding a text needs.
    pub fn of(text: &str) -> Self {
        if text.chars().all(|character| septets(character).is_some()) {
            Self::Gsm7
        } else {
            Self::Ucs2
        }
    }

    /// The name used in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gsm7 => "GSM-7",
            Self::Ucs2 => "UCS-2",
        }
    }

    /// The units of a message of one part.
    pub const fn single(self) -> usize {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }

    /// The units of each part of a longer message: a header of 6 bytes says where it belongs.
    pub const fn concatenated(self) -> usize {
        match self {
            Self::Gsm7 => 153,
            Self::Ucs2 => 67,
        }
    }

    /// The units of a character. Whoever asks for GSM-7 has checked that it is in there.
    fn units(self, character: char) -> usize {
        match self {
            Self::Gsm7 => septets(character).unwrap_or(1),
            Self::Ucs2 => character.len_utf16(),
        }
    }

    fn units_of(self, text: &str) -> usize {
        text.chars().map(|character| self.units(character)).sum()
    }
}

/// The characters of the default alphabet that are not in ASCII.
const BEYOND_ASCII: &str = "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà";
/// The extension table.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// The septets of a character: one in the default alphabet, two (escape and character) in the
/// extension table, none when GSM-7 does not have it.
fn septets(character: char) -> Option<usize> {
    match character {
        '\n' | '\r' | ' '..='Z' | '_' | 'a'..='z' => Some(1),
        _ if EXTENSION.contains(character) => Some(2),
        _ if BEYOND_ASCII.contains(character) => Some(1),
        _ => None,
    }
}

/// What a text takes on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segments {
    /// How it is encoded.
    pub encoding: Encoding,
    /// How many parts it takes and is charged for, 1 to [`MAX_PARTS`].
    pub parts: usize,
    /// How long it is: septets or UTF-16 code units.
    pub units: usize,
}

impl Segments {
    /// Counts the parts of a text. One without anything to read in it, and one of more than
    /// [`MAX_PARTS`], cannot be sent.
    pub fn of(text: &str) -> Result<Self, SmsError> {
        if text.trim().is_empty() {
            return Err(SmsError::TextEmpty);
        }
        let encoding = Encoding::of(text);
        let parts = pieces(text).count();
        if parts > MAX_PARTS {
            return Err(SmsError::TextTooLong { parts });
        }
        Ok(Self {
            encoding,
            parts,
            units: encoding.units_of(text),
        })
    }
}

/// The parts of a text, in order. A character of two units never lies across two of them, so a part
/// can be shorter than it might be.
pub fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let encoding = Encoding::of(text);
    let limit = if encoding.units_of(text) <= encoding.single() {
        encoding.single()
    } else {
        encoding.concatenated()
    };
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut used = 0;
        let end = rest
            .char_indices()
            .find(|(_, character)| {
                used += encoding.units(*character);
                used > limit
            })
            .map_or(rest.len(), |(at, _)| at);
        let (piece, after) = rest.split_at(end);
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> (Encoding, usize, usize) {
        let segments = Segments::of(text).unwrap();
        (segments.encoding, segments.parts, segments.units)
    }

    #[test]
    fn the_tables_have_as_many_characters_as_the_standard_says() {
        let count = |wanted| {
            ('\0'..=char::MAX)
                .filter(|character| septets(*character) == Some(wanted))
                .count()
        };
        assert_eq!(count(1), 127, "128 less the escape");
        assert_eq!(count(2), 10);
    }

    #[test]
    fn texts_change_parts_at_the_limits() {
        use Encoding::{Gsm7, Ucs2};
        assert_eq!(of("a"), (Gsm7, 1, 1));
        assert_eq!(of(&"a".repeat(160)), (Gsm7, 1, 160));
        assert_eq!(of(&"a".repeat(161)), (Gsm7, 2, 161));
        assert_eq!(of(&"a".repeat(306)), (Gsm7, 2, 306));
        assert_eq!(of(&"a".repeat(307)), (Gsm7, 3, 307));
        assert_eq!(of(&"€".repeat(80)), (Gsm7, 1, 160));
        assert_eq!(of("Grüße, 5 € [ok]"), (Gsm7, 1, 18));
        assert_eq!(of("`"), (Ucs2, 1, 1), "not in GSM-7, although in ASCII");
        assert_eq!(of(&"я".repeat(70)), (Ucs2, 1, 70));
        assert_eq!(of(&"я".repeat(71)), (Ucs2, 2, 71));
        assert_eq!(of(&"я".repeat(134)), (Ucs2, 2, 134));
        assert_eq!(of(&"я".repeat(135)), (Ucs2, 3, 135));
        assert_eq!(of(&"😀".repeat(35)), (Ucs2, 1, 70));
    }

    #[test]
    fn what_takes_two_units_is_not_split() {
        // 76 pairs fill 152 of 153 septets; the 153rd stays free.
        let text = "€".repeat(153);
        let lengths: Vec<_> = pieces(&text).map(|piece| piece.chars().count()).collect();
        assert_eq!(lengths, [76, 76, 1]);
        // 33 pairs fill 66 of 67 units.
        let text = "😀".repeat(67);
        let lengths: Vec<_> = pieces(&text).map(|piece| piece.chars().count()).collect();
        assert_eq!(lengths, [33, 33, 1]);
    }

    #[test]
    fn texts_that_cannot_be_sent_are_refused() {
        for text in ["", " ", "\n\t\u{a0}"] {
            assert_eq!(Segments::of(text), Err(SmsError::TextEmpty));
        }
        assert_eq!(of(&"a".repeat(1530)).1, 10);
        assert_eq!(
            Segments::of(&"a".repeat(1531)),
            Err(SmsError::TextTooLong { parts: 11 })
        );
        assert_eq!(of(&"я".repeat(670)).1, 10);
        assert!(Segments::of(&"я".repeat(671)).is_err());
    }

    /// Characters of both tables and of neither.
    fn texts() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-zA-Z0-9 €\\[\\]{}~^|@£ÄÖΔ\\n]{0,400}",
            "[a-z€я😀`]{0,200}",
            "\\PC{0,200}",
        ]
    }

    proptest! {
        #[test]
        fn pieces_are_the_text_and_fit(text in texts()) {
            let parts: Vec<&str> = pieces(&text).collect();
            prop_assert_eq!(parts.concat(), text.as_str());
            let encoding = Encoding::of(&text);
            let limit = if parts.len() == 1 { encoding.single() } else { encoding.concatenated() };
            for (at, part) in parts.iter().enumerate() {
                prop_assert!(!part.is_empty());
                prop_assert!(encoding.units_of(part) <= limit);
                // Full: what comes next would not have fitted.
                if let Some(next) = parts.get(at + 1).and_then(|next| next.chars().next()) {
                    prop_assert!(encoding.units_of(part) + encoding.units(next) > limit);
                }
            }
        }

        #[test]
        fn the_count_agrees_with_arithmetic(text in texts()) {
            prop_assume!(!text.trim().is_empty());
            let encoding = Encoding::of(&text);
            let units = match encoding {
                Encoding::Gsm7 => text.chars().map(|c| if "^{}\\[~]|€\u{c}".contains(c) { 2 } else { 1 }).sum(),
                Encoding::Ucs2 => text.encode_utf16().count(),
            };
            let least = if units <= encoding.single() { 1 } else { units.div_ceil(encoding.concatenated()) };
            // Each part may lose one unit to a character that did not fit.
            let most = if units <= encoding.single() { 1 } else { units.div_ceil(encoding.concatenated() - 1) };
            match Segments::of(&text) {
                Ok(segments) => {
                    prop_assert_eq!(segments.units, units);
                    prop_assert!((least..=most).contains(&segments.parts));
                    prop_assert!(segments.parts <= MAX_PARTS);
                }
                Err(SmsError::TextTooLong { parts }) => {
                    prop_assert!(parts > MAX_PARTS && (least..=most).contains(&parts));
                }
                Err(error) => prop_assert!(false, "{}", error),
            }
        }
    }
}
