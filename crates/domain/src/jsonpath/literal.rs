//! Names, numbers and strings as they are written in an expression.

use serde_json::{Number, Value};

use super::SyntaxError;
use super::parse::Parser;

/// The largest index, as far as every number in between is exact everywhere.
const MAX_INTEGER: i64 = (1 << 53) - 1;

impl Parser<'_> {
    /// A name after a dot.
    pub(super) fn shorthand(&mut self) -> Result<String, SyntaxError> {
        let is_first = |c: char| c.is_ascii_alphabetic() || c == '_' || c >= '\u{80}';
        let rest = self.rest();
        let end = rest
            .char_indices()
            .find(|(at, c)| !(is_first(*c) || *at > 0 && c.is_ascii_digit()))
            .map_or(rest.len(), |(at, _)| at);
        if end == 0 {
            return Err(self.wrong("a name, `*` or `[` goes here"));
        }
        let name = rest[..end].to_owned();
        self.skip(end);
        Ok(name)
    }

    /// A whole number, if one is next.
    pub(super) fn integer(&mut self) -> Result<Option<i64>, SyntaxError> {
        let rest = self.rest();
        let negative = rest.starts_with('-');
        let digits = &rest[usize::from(negative)..];
        let end = digits
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(digits.len());
        if end == 0 && !negative {
            return Ok(None);
        }
        let digits = &digits[..end];
        if digits.is_empty() || (digits.starts_with('0') && (negative || end > 1)) {
            return Err(self.wrong("a whole number has no zeros in front and is not -0"));
        }
        let number = digits
            .parse::<i64>()
            .ok()
            .filter(|number| *number <= MAX_INTEGER)
            .ok_or_else(|| self.wrong("the number is too large"))?;
        self.skip(end + usize::from(negative));
        Ok(Some(if negative { -number } else { number }))
    }

    /// A value that is written out, if one is next.
    pub(super) fn literal(&mut self) -> Result<Option<Value>, SyntaxError> {
        let rest = self.rest();
        if rest.starts_with(['"', '\'']) {
            return self.string().map(|text| Some(Value::String(text)));
        }
        if rest.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
            return self.number().map(|number| Some(Value::Number(number)));
        }
        for (word, value) in [
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("null", Value::Null),
        ] {
            if self.eat(word) {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    fn number(&mut self) -> Result<Number, SyntaxError> {
        let rest = self.rest().as_bytes();
        let digits_from = |at: usize| {
            rest[at..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count()
        };
        let mut end = usize::from(rest[0] == b'-');
        end += digits_from(end);
        if rest.get(end) == Some(&b'.') {
            end += 1 + digits_from(end + 1);
        }
        if matches!(rest.get(end), Some(b'e' | b'E')) {
            end += 1 + usize::from(matches!(rest.get(end + 1), Some(b'+' | b'-')));
            end += digits_from(end);
        }
        let number = self.rest()[..end]
            .parse()
            .map_err(|_| self.wrong("this is not a number as JSON writes it"))?;
        self.skip(end);
        Ok(number)
    }

    /// A string in either kind of quotes.
    pub(super) fn string(&mut self) -> Result<String, SyntaxError> {
        let quote = self.next_char();
        let mut text = String::new();
        loop {
            let start = self.at();
            match self.next_char() {
                None => return Err(self.wrong("the string has no end")),
                c if c == quote => return Ok(text),
                Some('\\') => {
                    let c = self
                        .escaped(quote)
                        .ok_or_else(|| self.wrong_at(start, "this escape is not known"))?;
                    text.push(c);
                }
                Some(c) if c < ' ' => {
                    return Err(self.wrong_at(start, "write control characters as \\n or \\u000a"));
                }
                Some(c) => text.push(c),
            }
        }
    }

    /// What stands behind a backslash.
    fn escaped(&mut self, quote: Option<char>) -> Option<char> {
        Some(match self.next_char()? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return self.unicode(),
            c @ ('/' | '\\') => c,
            c if Some(c) == quote => c,
            _ => return None,
        })
    }

    fn unicode(&mut self) -> Option<char> {
        let high = self.hex()?;
        if !(0xd800..0xe000).contains(&high) {
            return char::from_u32(high);
        }
        if high >= 0xdc00 || !self.eat("\\u") {
            return None;
        }
        let low = self.hex()?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
        char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + low)
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let number = u32::from_str_radix(digits, 16).ok();
        self.skip(4);
        number
    }
}
