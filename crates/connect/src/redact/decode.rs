//! Undoing the encodings that a text may carry, with the place each byte came from.

use std::ops::Range;

use memchr::{memchr, memchr3};

/// A text with one layer of encodings undone.
pub struct Decoded {
    /// What the text says.
    pub bytes: Vec<u8>,
    /// Where each byte starts in what was decoded; one more at the end.
    starts: Vec<u32>,
}

impl Decoded {
    /// What a part of the decoded bytes was decoded from.
    pub fn source(&self, part: &Range<usize>) -> Range<usize> {
        let at = |index: usize| self.starts.get(index).map_or(0, |start| *start as usize);
        at(part.start)..at(part.end)
    }

    fn push(&mut self, byte: u8, from: usize) {
        self.bytes.push(byte);
        // Answers are far smaller than this.
        self.starts.push(u32::try_from(from).unwrap_or(u32::MAX));
    }
}

/// Whether a text may be encoded at all. A plus is a space in forms only, so it is looked at only
/// where that could matter.
pub fn has_signs(text: &[u8], plus: bool) -> bool {
    memchr3(b'%', b'&', b'\\', text).is_some() || (plus && memchr(b'+', text).is_some())
}

/// Undoes one layer: percent-encoding of both cases, a plus for a space, escapes of JSON and of
/// HTML. None when there is nothing to undo.
pub fn once(text: &[u8], plus: bool) -> Option<Decoded> {
    if !has_signs(text, plus) {
        return None;
    }
    let mut decoded = Decoded {
        bytes: Vec::with_capacity(text.len()),
        starts: Vec::with_capacity(text.len() + 1),
    };
    let (mut at, mut changed) = (0, false);
    while let Some(&byte) = text.get(at) {
        let rest = &text[at..];
        let found = match byte {
            b'%' => percent(rest),
            b'\\' => backslash(rest),
            b'&' => entity(rest),
            b'+' if plus => Some((' ', 1)),
            _ => None,
        };
        let Some((c, length)) = found else {
            decoded.push(byte, at);
            at += 1;
            continue;
        };
        changed = true;
        match (byte, u8::try_from(c)) {
            // An escape of a percent sign is a byte, not a character.
            (b'%', Ok(one)) => decoded.push(one, at),
            _ => {
                for one in c.encode_utf8(&mut [0; 4]).bytes() {
                    decoded.push(one, at);
                }
            }
        }
        at += length;
    }
    decoded
        .starts
        .push(u32::try_from(text.len()).unwrap_or(u32::MAX));
    changed.then_some(decoded)
}

fn hex(digits: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok()?;
    let all = !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
    all.then(|| u32::from_str_radix(text, 16).ok()).flatten()
}

/// `%2f`
fn percent(text: &[u8]) -> Option<(char, usize)> {
    let value = hex(text.get(1..3)?)?;
    Some((char::from(u8::try_from(value).ok()?), 3))
}

/// `\/`, `\n`, `\u0026`, a pair of surrogates, and `\x26` of other languages.
fn backslash(text: &[u8]) -> Option<(char, usize)> {
    let simple = |c| Some((c, 2));
    match text.get(1)? {
        b'/' => simple('/'),
        b'\\' => simple('\\'),
        b'"' => simple('"'),
        b'\'' => simple('\''),
        b'n' => simple('\n'),
        b'r' => simple('\r'),
        b't' => simple('\t'),
        b'b' => simple('\u{8}'),
        b'f' => simple('\u{c}'),
        b'x' => Some((char::from_u32(hex(text.get(2..4)?)?)?, 4)),
        b'u' => {
            let high = hex(text.get(2..6)?)?;
            if let Some(c) = char::from_u32(high) {
                return Some((c, 6));
            }
            let low = (text.get(6..8)? == b"\\u").then(|| hex(text.get(8..12)?))??;
            let pair = [u16::try_from(high).ok()?, u16::try_from(low).ok()?];
            let c = char::decode_utf16(pair).next()?.ok()?;
            Some((c, 12))
        }
        _ => None,
    }
}

/// `&amp;`, `&#38;`, `&#x26;`
fn entity(text: &[u8]) -> Option<(char, usize)> {
    let end = memchr(b';', text.get(..12.min(text.len()))?)?;
    let c = match &text[1..end] {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        b"nbsp" => ' ',
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(hex(digits)?)?,
        [b'#', digits @ ..] => {
            let text = std::str::from_utf8(digits).ok()?;
            let all = text.bytes().all(|b| b.is_ascii_digit());
            char::from_u32(all.then(|| text.parse().ok()).flatten()?)?
        }
        // Letters beyond ASCII: their names are not worth a table, their numbers are above.
        _ => return None,
    };
    Some((c, end + 1))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn each_encoding_is_undone() {
        for (text, plain) in [
            ("a%2fb%2Fc", "a/b/c"),
            ("a+b%20c", "a b c"),
            ("%C3%A9", "é"),
            (r"a\/b\u0026\u00e9\ud83d\ude00\x26", "a/b&é😀&"),
            ("&amp;&lt;&#38;&#x26;&quot;", "&<&&\""),
        ] {
            let decoded = once(text.as_bytes(), true).unwrap();
            assert_eq!(String::from_utf8(decoded.bytes).unwrap(), plain, "{text}");
        }
        for text in ["plain", "100% & \\ more", "%zz &nothing; \\q &#; %4"] {
            assert!(once(text.as_bytes(), true).is_none(), "{text}");
        }
        assert!(once(b"a+b", false).is_none());
    }

    #[test]
    fn a_part_is_found_where_it_came_from() {
        let text = r"x%40\u00e9&amp;y";
        let decoded = once(text.as_bytes(), true).unwrap();
        let bytes = &decoded.bytes;
        let at = |part: &str| memchr::memmem::find(bytes, part.as_bytes()).unwrap();
        let start = at("@é&");
        let source = decoded.source(&(start..start + "@é&".len()));
        assert_eq!(&text[source], r"%40\u00e9&amp;");
        assert_eq!(decoded.source(&(0..bytes.len())), 0..text.len());
    }
}
