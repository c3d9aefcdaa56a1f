//! Patterns for `match` and `search`, run state by state so that every step is counted.
//!
//! An engine that is asked for an answer gives it when it is done. This one walks the automaton
//! itself: its work for one byte of text is the states it stands in, and each costs a step.

use regex_automata::nfa::thompson::{Compiler, Config, NFA, State, WhichCaptures};
use regex_automata::util::look::LookMatcher;
use regex_automata::util::primitives::StateID;
use regex_automata::util::syntax;

use crate::budget::{Budget, OverBudget};

/// How large a pattern in an expression may get, compiled, in bytes.
pub(super) const MAX_LITERAL_SIZE: usize = 1 << 20;
/// How large one that comes with the data may get.
const MAX_DATA_SIZE: usize = 128 << 10;
/// The longest pattern that comes with the data, in bytes.
const MAX_DATA_BYTES: usize = 256;
/// What compiling one from the data costs at most, in steps.
const COMPILE_STEPS: u64 = 20_000;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    automaton: NFA,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadPattern {
    Syntax,
    TooLarge,
}

impl BadPattern {
    pub(super) const fn explain(self) -> &'static str {
        match self {
            Self::Syntax => "this pattern cannot be read as a regular expression",
            Self::TooLarge => "this pattern is too large; repeat less, or use smaller classes",
        }
    }
}

impl Pattern {
    /// Compiles a pattern up to a size.
    pub(super) fn compile(source: &str, max_size: usize) -> Result<Self, BadPattern> {
        let config = Config::new()
            .nfa_size_limit(Some(max_size))
            .which_captures(WhichCaptures::None);
        // `.` stands for anything but the ends of lines, in the words of RFC 9485.
        let automaton = Compiler::new()
            .syntax(syntax::Config::new().crlf(true).nest_limit(64))
            .configure(config)
            .build(source)
            .map_err(|error| match error.size_limit() {
                Some(_) => BadPattern::TooLarge,
                None => BadPattern::Syntax,
            })?;
        Ok(Self { automaton })
    }

    /// How many states it has.
    pub(super) fn states(&self) -> u64 {
        self.automaton.states().len() as u64
    }

    /// Compiles a pattern of the data. None is one that matches nothing, as RFC 9535 has it.
    pub(super) fn of_data(
        source: &str,
        budget: &mut Budget<'_>,
    ) -> Result<Option<Self>, OverBudget> {
        budget.step(COMPILE_STEPS)?;
        if source.len() > MAX_DATA_BYTES {
            return Err(OverBudget::Pattern);
        }
        // No such group is in RFC 9485, and folding large classes is dear.
        if source.contains("(?") {
            return Ok(None);
        }
        match Self::compile(source, MAX_DATA_SIZE) {
            Ok(pattern) => Ok(Some(pattern)),
            Err(BadPattern::Syntax) => Ok(None),
            Err(BadPattern::TooLarge) => Err(OverBudget::Pattern),
        }
    }

    /// Whether it matches all of a text, or a part of it.
    pub(super) fn matches(
        &self,
        text: &str,
        whole: bool,
        scratch: &mut Scratch,
        budget: &mut Budget<'_>,
    ) -> Result<bool, OverBudget> {
        scratch.clear(self.automaton.states().len(), budget)?;
        let mut walk = Walk {
            automaton: &self.automaton,
            text: text.as_bytes(),
            looks: LookMatcher::new(),
            scratch,
            budget,
        };
        let start = self.automaton.start_anchored();
        for at in 0..=text.len() {
            if at == 0 || !whole {
                walk.reach(start, at)?;
            }
            if walk.scratch.matched && (!whole || at == text.len()) {
                return Ok(true);
            }
            if at == text.len() || (whole && walk.scratch.here.is_empty()) {
                break;
            }
            walk.advance(at)?;
        }
        Ok(false)
    }
}

/// What a walk writes on; kept for the next one.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// By state, when it was last reached.
    marks: Vec<u32>,
    now: u32,
    here: Vec<StateID>,
    next: Vec<StateID>,
    stack: Vec<StateID>,
    matched: bool,
}

impl Scratch {
    fn clear(&mut self, states: usize, budget: &mut Budget<'_>) -> Result<(), OverBudget> {
        if self.marks.len() < states {
            budget.step(states as u64 / 64)?;
            self.marks.resize(states, 0);
        }
        self.here.clear();
        self.next_place();
        Ok(())
    }

    fn next_place(&mut self) {
        self.matched = false;
        self.now = self.now.wrapping_add(1);
        if self.now == 0 {
            self.marks.fill(0);
            self.now = 1;
        }
    }
}

struct Walk<'w, 'b> {
    automaton: &'w NFA,
    text: &'w [u8],
    looks: LookMatcher,
    scratch: &'w mut Scratch,
    budget: &'w mut Budget<'b>,
}

impl Walk<'_, '_> {
    /// Adds a state and what follows from it without reading.
    fn reach(&mut self, state: StateID, at: usize) -> Result<(), OverBudget> {
        let scratch = &mut *self.scratch;
        scratch.stack.push(state);
        while let Some(id) = scratch.stack.pop() {
            self.budget.step(1)?;
            let mark = &mut scratch.marks[id.as_usize()];
            if *mark == scratch.now {
                continue;
            }
            *mark = scratch.now;
            match self.automaton.state(id) {
                State::ByteRange { .. } | State::Sparse(_) | State::Dense(_) => {
                    scratch.here.push(id);
                }
                State::Look { look, next } => {
                    if self.looks.matches(*look, self.text, at) {
                        scratch.stack.push(*next);
                    }
                }
                State::Union { alternates } => {
                    self.budget.step(alternates.len() as u64)?;
                    scratch.stack.extend_from_slice(alternates);
                }
                State::BinaryUnion { alt1, alt2 } => scratch.stack.extend([*alt1, *alt2]),
                State::Capture { next, .. } => scratch.stack.push(*next),
                State::Match { .. } => scratch.matched = true,
                State::Fail => {}
            }
        }
        Ok(())
    }

    /// Reads the byte at a place and stands at the next one.
    fn advance(&mut self, at: usize) -> Result<(), OverBudget> {
        let byte = self.text[at];
        let here = std::mem::take(&mut self.scratch.here);
        self.scratch.next_place();
        self.scratch.here = std::mem::take(&mut self.scratch.next);
        self.scratch.here.clear();
        for id in &here {
            let target = match self.automaton.state(*id) {
                State::ByteRange { trans } => trans.matches_byte(byte).then_some(trans.next),
                State::Sparse(sparse) => {
                    self.budget.step(sparse.transitions.len() as u64 / 8)?;
                    sparse.matches_byte(byte)
                }
                State::Dense(dense) => dense.matches_byte(byte),
                _ => None,
            };
            if let Some(target) = target {
                self.reach(target, at + 1)?;
            }
        }
        self.budget.step(1 + here.len() as u64)?;
        self.scratch.next = here;
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_match(source: &str, text: &str, whole: bool) -> Result<bool, OverBudget> {
        let pattern = Pattern::compile(source, MAX_LITERAL_SIZE).unwrap();
        let mut budget = Budget::new(1_000_000, 0, 0, &|| false);
        pattern.matches(text, whole, &mut Scratch::default(), &mut budget)
    }

    #[test]
    fn whole_texts_and_parts() {
        for (source, text, whole, part) in [
            ("a.c", "abc", true, true),
            ("a.c", "xabcx", false, true),
            ("a.c", "a\nc", false, false),
            ("", "abc", false, true),
            ("", "", true, true),
            ("a|ab", "ab", true, true),
            ("^b", "ab", false, false),
            (r"\bb", "a b", false, true),
            (r"\p{Lu}+", "ÄÖ", true, true),
            ("[0-9]{4}-[0-9]{2}", "2026-11", true, true),
        ] {
            assert_eq!(is_match(source, text, true), Ok(whole), "{source} {text}");
            assert_eq!(is_match(source, text, false), Ok(part), "{source} {text}");
        }
    }

    #[test]
    fn large_patterns_are_refused() {
        assert_eq!(
            Pattern::compile(r"(\p{L}{50}){15}z", MAX_LITERAL_SIZE).unwrap_err(),
            BadPattern::TooLarge
        );
        assert_eq!(
            Pattern::compile("(", MAX_LITERAL_SIZE).unwrap_err(),
            BadPattern::Syntax
        );
        assert!(Pattern::compile(r"^[\w.+-]{1,20}@example\.com$", MAX_LITERAL_SIZE).is_ok());
    }

    #[test]
    fn work_is_counted_while_it_is_done() {
        let text = "a".repeat(1_000_000);
        assert_eq!(
            is_match("(a?){50}(a*)*b", &text, false),
            Err(OverBudget::Steps)
        );
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_library(
            source in "([ab.é]|\\(a\\|b\\)|\\[a-c\\]|[ab][*+?]|\\\\b|a\\{1,3\\}){0,6}",
            text in "[abcé \n]{0,8}",
        ) {
            for (whole, wrapped) in [(true, format!("(?R)^(?:{source})$")), (false, format!("(?R)(?:{source})"))] {
                let expected = serde_json_path::JsonPath::parse(&format!(
                    "$[?search(@, {})]", serde_json::to_string(&wrapped).unwrap()
                )).unwrap();
                let document = serde_json::json!([text]);
                let expected = !expected.query(&document).is_empty();
                prop_assert_eq!(is_match(&source, &text, whole), Ok(expected), "{} {:?}", source, text);
            }
        }
    }
}
