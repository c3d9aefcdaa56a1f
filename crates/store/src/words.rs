//! Words that things are searched by.

use crate::dialect;
use crate::engine::Engine;

/// The longest text that is searched for, in characters.
const LONGEST: usize = 200;
/// The most words of it.
const WORDS: usize = 8;

/// Words that are searched for, in any case: what is found has all of them somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search(Vec<String>);

impl Search {
    /// None where there is nothing to search for.
    pub fn parse(text: &str) -> Option<Self> {
        let text: String = text.chars().take(LONGEST).collect();
        let text = text.to_lowercase();
        let words: Vec<_> = text
            .split_whitespace()
            .take(WORDS)
            .map(str::to_owned)
            .collect();
        (!words.is_empty()).then_some(Self(words))
    }

    /// Whether a text has all the words.
    pub(crate) fn finds(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.0.iter().all(|word| text.contains(word))
    }

    /// The words, in lower case.
    pub(crate) fn words(&self) -> &[String] {
        &self.0
    }

    /// The condition that a column has all the words, which are bound from this number on.
    pub(crate) fn condition(&self, engine: &Engine<'_>, column: &str, first: usize) -> String {
        let conditions = (first..first + self.0.len())
            .map(|number| dialect::holds(engine, column, &format!("${number}")));
        conditions.collect::<Vec<_>>().join(" AND ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_words_in_lower_case_and_not_endless() {
        assert_eq!(Search::parse("  "), None);
        let words = |text: &str| Search::parse(text).map(|found| found.0);
        assert_eq!(
            words(" Äpfel\tand  Pears "),
            Some(vec![
                "äpfel".to_owned(),
                "and".to_owned(),
                "pears".to_owned()
            ])
        );
        assert_eq!(
            words(&"x".repeat(10_000)).map(|found| found[0].len()),
            Some(LONGEST)
        );
        assert_eq!(
            words(&"x ".repeat(50)).map(|found| found.len()),
            Some(WORDS)
        );
    }
}
