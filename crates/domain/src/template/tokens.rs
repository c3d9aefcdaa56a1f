//! The words of a template's code: as much of the engine's lexer as counting needs.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a word of the language.
    Name,
    /// A number or a string.
    Literal,
    /// One sign, or two that belong together.
    Sign,
}

/// A token of some code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// Where it starts in the code, in bytes.
    pub at: usize,
    /// What it is.
    pub kind: Kind,
    /// How it is written.
    pub text: &'a str,
}

impl Token<'_> {
    /// Where it ends in the code.
    pub(super) const fn end(&self) -> usize {
        self.at + self.text.len()
    }

    /// True for a sign or word that is written like this.
    pub(super) fn is(&self, text: &str) -> bool {
        self.kind != Kind::Literal && self.text == text
    }

    /// True where a bracket opens.
    pub(super) fn opens(&self) -> bool {
        self.kind == Kind::Sign && matches!(self.text, "(" | "[" | "{")
    }

    /// True where a bracket closes.
    pub(super) fn closes(&self) -> bool {
        self.kind == Kind::Sign && matches!(self.text, ")" | "]" | "}")
    }
}

/// Signs of two characters.
const PAIRS: [&str; 6] = ["==", "!=", "<=", ">=", "//", "**"];

/// Cuts code into tokens.
pub(super) fn tokens(code: &str) -> Vec<Token<'_>> {
    let bytes = code.as_bytes();
    let mut tokens = vec![];
    let mut at = 0;
    while at < bytes.len() {
        let (kind, end) = match bytes[at] {
            byte if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'"' | b'\'' => (Kind::Literal, string_end(bytes, at)),
            byte if byte.is_ascii_digit() => (Kind::Literal, number_end(bytes, at)),
            byte if is_word(byte) => (Kind::Name, end_of(bytes, at, is_word)),
            _ => {
                let pair = code.get(at..at + 2).filter(|pair| PAIRS.contains(pair));
                (Kind::Sign, at + pair.map_or(1, str::len))
            }
        };
        tokens.push(Token {
            at,
            kind,
            text: &code[at..end],
        });
        at = end;
    }
    tokens
}

/// Bytes above ASCII belong to names, so that no character is cut in two.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn end_of(bytes: &[u8], from: usize, belongs: impl Fn(u8) -> bool) -> usize {
    let rest = bytes[from..].iter();
    from + rest.take_while(|byte| belongs(**byte)).count()
}

/// Where a number ends: `1_000`, `0xff`, `1.5e3`. A dot belongs to it only before a digit.
fn number_end(bytes: &[u8], from: usize) -> usize {
    let end = end_of(bytes, from, is_word);
    let has_fraction =
        bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
    if has_fraction {
        end_of(bytes, end + 1, is_word)
    } else {
        end
    }
}

/// Where a string ends, behind its quote.
fn string_end(bytes: &[u8], from: usize) -> usize {
    let quote = bytes[from];
    let mut at = from + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_cut_into_its_words() {
        for (code, expected) in [
            (
                "a.b|f(1.5, 'x)')",
                vec!["a", ".", "b", "|", "f", "(", "1.5", ",", "'x)'", ")"],
            ),
            ("a**b!=c", vec!["a", "**", "b", "!=", "c"]),
            (
                "x.0.y 'a\\'b' ü",
                vec!["x", ".", "0", ".", "y", "'a\\'b'", "ü"],
            ),
            ("'open", vec!["'open"]),
            ("'\\", vec!["'\\"]),
            ("- set x=1 -", vec!["-", "set", "x", "=", "1", "-"]),
        ] {
            let found: Vec<_> = tokens(code).iter().map(|token| token.text).collect();
            assert_eq!(found, expected, "{code}");
        }
    }

    proptest::proptest! {
        #[test]
        fn anything_is_cut_without_loss(code in "[-a-z0-9 .*='\"\\\\(){}üß|]{0,40}") {
            let joined: String = tokens(&code).iter().map(|token| token.text).collect();
            let without_blanks = |text: &str| text.replace(' ', "");
            proptest::prop_assert_eq!(without_blanks(&joined), without_blanks(&code));
        }
    }
}
