//! Phone numbers (ITU-T E.164).

use std::fmt;
use std::sync::Arc;

use phonenumber::metadata::DATABASE;
use phonenumber::{Metadata, Type};

use super::error::SmsError;

/// The most digits of a number, the country code among them (E.164, section 6.1).
const MAX_DIGITS: usize = 15;

/// A phone number in E.164 form: `+`, the country code, the rest, digits alone. It fits what is
/// known of its country, which does not say that anybody has it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber(Arc<str>);

impl PhoneNumber {
    /// Reads a number as people write it in international form: spaces, dashes, dots, slashes and
    /// brackets go, and so does the `(0)` that some countries write.
    ///
    /// The country's own digits are compared with the general pattern and the lengths of the
    /// numbering plan, and not with the ranges handed out so far: new ranges come faster than
    /// tables do, and a number wrongly refused is worse than one the provider refuses.
    pub fn parse(text: &str) -> Result<Self, SmsError> {
        let mut number = String::with_capacity(MAX_DIGITS + 1);
        for character in text.trim().replace("(0)", "").chars() {
            match character {
                '0'..='9' if number.len() <= MAX_DIGITS => number.push(character),
                '+' if number.is_empty() => number.push(character),
                ' '
                | '\u{a0}'
                | '\u{202f}'
                | '-'
                | '\u{2010}'..='\u{2013}'
                | '.'
                | '/'
                | '('
                | ')' => {}
                _ => return Err(SmsError::NotE164),
            }
        }
        let digits = number.strip_prefix('+').ok_or(SmsError::NotE164)?;
        if digits.is_empty() || digits.starts_with('0') {
            return Err(SmsError::NotE164);
        }
        check(digits)?;
        Ok(Self(number.into()))
    }

    /// The number in E.164 form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a country has numbers like this. Country codes are free of prefixes (E.164, section
/// 6.2.1), so at most one fits.
fn check(digits: &str) -> Result<(), SmsError> {
    let countries = (1..=3).find_map(|length| {
        let (code, national) = digits.split_at_checked(length)?;
        let countries = DATABASE.by_code(&code.parse::<u16>().ok()?)?;
        Some((countries, national))
    });
    let Some((countries, national)) = countries else {
        return Err(SmsError::UnknownCountryCode);
    };
    if countries.iter().any(|country| fits(country, national)) {
        Ok(())
    } else {
        Err(SmsError::NotOfItsCountry)
    }
}

/// The kinds of number that can be reached from another country.
const KINDS: [Type; 10] = [
    Type::FixedLine,
    Type::Mobile,
    Type::TollFree,
    Type::PremiumRate,
    Type::SharedCost,
    Type::PersonalNumber,
    Type::Voip,
    Type::Pager,
    Type::Uan,
    Type::Voicemail,
];

/// Whether the numbering plan of a country has numbers that begin and are as long as this one. The
/// general pattern carries no lengths, those of the kinds do.
fn fits(country: &Metadata, national: &str) -> bool {
    let plan = country.descriptors();
    let length = |kind: &Type| {
        plan.get(*kind).is_some_and(|kind| {
            let lengths = kind.possible_length();
            lengths
                .iter()
                .any(|length| usize::from(*length) == national.len())
        })
    };
    KINDS.iter().any(length) && plan.general().is_match(national)
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A number is personal: logs show the end of it at most.
        let shown = self.0.len().saturating_sub(2);
        write!(f, "PhoneNumber(..{})", &self.0[shown..])
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_normalised() {
        for (text, number) in [
            ("+13125550100", "+13125550100"),
            (" +1 (312) 555-0100 ", "+13125550100"),
            ("+1.312.555.0100", "+13125550100"),
            ("+44 (0)20 7946 0018", "+442079460018"),
            ("+447700900123", "+447700900123"),
            ("+49 30/901820", "+4930901820"),
            ("+39 06 6982 1234", "+390669821234"),
            ("+7 800 555\u{2011}35-35", "+78005553535"),
            ("+33\u{a0}6\u{202f}12 34 56 78", "+33612345678"),
            ("+525512345678", "+525512345678"),
            ("+91 98765 43210", "+919876543210"),
            ("+86 131 2345 6789", "+8613123456789"),
            ("+61 412 345 678", "+61412345678"),
            ("+36201234567", "+36201234567"),
            ("+3545551234", "+3545551234"),
        ] {
            assert_eq!(
                PhoneNumber::parse(text).as_ref().map(PhoneNumber::as_str),
                Ok(number),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for (text, error) in [
            ("", SmsError::NotE164),
            ("+", SmsError::NotE164),
            ("contact", SmsError::NotE164),
            ("3125550100", SmsError::NotE164),
            ("0049301234567", SmsError::NotE164),
            ("++13125550100", SmsError::NotE164),
            ("1+3125550100", SmsError::NotE164),
            ("+1312555010o", SmsError::NotE164),
            ("+1312\r\n5550100", SmsError::NotE164),
            ("+13125550100;ext=5", SmsError::NotE164),
            ("+0123456789", SmsError::NotE164),
            ("+1234567890123456", SmsError::NotE164),
            ("+٤٤٧٧٠٠٩٠٠١٢٣", SmsError::NotE164),
            ("+2101234567", SmsError::UnknownCountryCode),
            ("+9991234567", SmsError::UnknownCountryCode),
            ("+131255501", SmsError::NotOfItsCountry),
            ("+131255501000", SmsError::NotOfItsCountry),
            ("+11125550100", SmsError::NotOfItsCountry),
            ("+4402079460018", SmsError::NotOfItsCountry),
        ] {
            assert_eq!(PhoneNumber::parse(text), Err(error), "{text}");
            assert_eq!(error.code(), "invalid_phone_number");
        }
    }

    #[test]
    fn debugging_shows_the_end_alone() {
        let number = PhoneNumber::parse("+13125550142").unwrap();
        assert_eq!(format!("{number:?}"), "PhoneNumber(..42)");
    }

    /// The examples that the numbering plans themselves give.
    #[test]
    fn every_country_has_a_number_that_is_accepted() {
        let mut countries = 0;
        for code in 1..1000u16 {
            let found = DATABASE.by_code(&code).unwrap_or_default();
            for country in found {
                let descriptors = country.descriptors();
                for example in [descriptors.mobile(), descriptors.fixed_line()]
                    .into_iter()
                    .flatten()
                    .filter_map(|descriptor| descriptor.example())
                {
                    let text = format!("+{code}{example}");
                    assert!(PhoneNumber::parse(&text).is_ok(), "{} {text}", country.id());
                    countries += 1;
                }
            }
        }
        assert!(countries > 400, "{countries}");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            if let Ok(number) = PhoneNumber::parse(&text) {
                prop_assert!(number.as_str().len() <= MAX_DIGITS + 1);
            }
        }

        #[test]
        fn reading_twice_changes_nothing(digits in "\\+[1-9][0-9]{6,14}") {
            if let Ok(number) = PhoneNumber::parse(&digits) {
                prop_assert_eq!(number.as_str(), &digits);
                prop_assert_eq!(PhoneNumber::parse(number.as_str()), Ok(number));
            }
        }
    }
}
