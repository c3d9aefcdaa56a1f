//! Finding credentials in text, in whatever form they come back.

use std::collections::HashMap;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::{memchr, memmem};
use switchboard_domain::name::SecretName;
use switchboard_vault::SecretText;

use super::decode;

/// Shorter values turn up in ordinary text, so they are no credentials that could be told from it.
const SHORTEST: usize = 8;
/// From this length on a value is masked inside a word too.
const UNMISTAKABLE: usize = 16;
/// How much of a form the matcher knows. The rest is compared where that stands: a matcher of whole
/// forms takes seconds to make for a value of some kilobytes.
const START: usize = 32;
/// How many layers of encodings are undone.
const LAYERS: usize = 6;

/// Knows credentials in the forms they may come back in. It is made once, when they become known.
#[derive(Default)]
pub struct Masker {
    matcher: Option<AhoCorasick>,
    needles: Vec<Needle>,
    /// The needles that begin alike.
    alike: HashMap<[u8; SHORTEST], Vec<usize>>,
    /// The secrets that have each value.
    names: Vec<Vec<SecretName>>,
    /// Whether a plus in a text may stand for a space of a credential.
    plus: bool,
}

struct Needle {
    bytes: Vec<u8>,
    value: usize,
    form: Form,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// As it is.
    Plain,
    /// As it is, and so long that it stands for itself wherever it is.
    Long,
    /// In hexadecimal digits.
    Hex,
    /// In base64: the characters that are the credential's whatever stands around it.
    Base64,
}

impl std::fmt::Debug for Masker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Masker")
    }
}

impl Masker {
    /// Prepares for the secrets of an environment.
    pub fn new<'a>(secrets: impl IntoIterator<Item = (&'a SecretName, &'a SecretText)>) -> Self {
        let mut masker = Self::default();
        for (name, secret) in secrets {
            if let Some(value) = masker.add(secret.expose()) {
                masker.names[value].push(name.clone());
            }
        }
        masker.compile();
        masker
    }

    /// Prepares for one credential that is no secret of the workspace, such as an access token.
    pub fn of(secret: &SecretText) -> Self {
        let mut masker = Self::default();
        masker.add(secret.expose());
        masker.compile();
        masker
    }

    /// Adds the forms of a value. None for one that is too short.
    fn add(&mut self, value: &str) -> Option<usize> {
        let value = value.trim();
        if value.chars().count() < SHORTEST {
            return None;
        }
        let known = |needle: &&Needle| needle.bytes == value.as_bytes();
        if let Some(needle) = self.needles.iter().find(known) {
            return Some(needle.value);
        }
        let index = self.names.len();
        self.names.push(vec![]);
        let plain = if value.len() < UNMISTAKABLE {
            Form::Plain
        } else {
            Form::Long
        };
        self.needle(value.as_bytes().to_vec(), index, plain);
        self.plus |= value.contains([' ', '+']);
        if value.bytes().all(|b| b.is_ascii_hexdigit()) {
            self.needle(value.to_ascii_lowercase().into_bytes(), index, plain);
            self.needle(value.to_ascii_uppercase().into_bytes(), index, plain);
        }
        let hex = hex::encode(value);
        self.needle(hex.to_ascii_uppercase().into_bytes(), index, Form::Hex);
        self.needle(hex.into_bytes(), index, Form::Hex);
        for offset in 0..3 {
            let text = base64_of(value.as_bytes(), offset);
            let url_safe = text.replace('+', "-").replace('/', "_");
            self.needle(text.into_bytes(), index, Form::Base64);
            self.needle(url_safe.into_bytes(), index, Form::Base64);
        }
        Some(index)
    }

    fn needle(&mut self, bytes: Vec<u8>, value: usize, form: Form) {
        if self.needles.iter().all(|needle| needle.bytes != bytes) {
            self.needles.push(Needle { bytes, value, form });
        }
    }

    fn compile(&mut self) {
        // What a text says when everything is undone must be compared with a value of which
        // everything is undone, too: a value may look like an encoding itself.
        let looks_encoded: Vec<_> = self
            .needles
            .iter()
            .filter(|needle| matches!(needle.form, Form::Plain | Form::Long))
            .flat_map(|needle| {
                layers(&needle.bytes, self.plus)
                    .into_iter()
                    .map(|layer| (layer.bytes, needle.value, needle.form))
            })
            .filter(|(bytes, ..)| bytes.len() >= SHORTEST)
            .collect();
        for (bytes, value, form) in looks_encoded {
            self.needle(bytes, value, form);
        }
        if self.needles.is_empty() {
            return;
        }
        for (index, needle) in self.needles.iter().enumerate() {
            if let Some(head) = needle.bytes.first_chunk() {
                self.alike.entry(*head).or_default().push(index);
            }
        }
        let build = |kind| {
            AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .kind(kind)
                .build(self.needles.iter().map(Needle::start))
                .ok()
        };
        self.matcher = build(None).or_else(|| build(Some(AhoCorasickKind::NoncontiguousNFA)));
    }

    /// Whether a text may hold a credential. It is quick, and says yes too often rather than too
    /// seldom.
    pub fn may_be_in(&self, text: &[u8]) -> bool {
        self.matcher
            .as_ref()
            .is_some_and(|matcher| decode::has_signs(text, self.plus) || matcher.is_match(text))
    }

    /// The parts of a text that are credentials, in every encoding. The values of `spared` alone
    /// are left.
    pub fn find(&self, text: &[u8], spared: Option<&SecretName>, found: &mut Vec<Range<usize>>) {
        self.find_plain(text, spared, found);
        if self.matcher.is_none() {
            return;
        }
        let layers = layers(text, self.plus);
        for (depth, layer) in layers.iter().enumerate() {
            let mut here = vec![];
            self.find_plain(&layer.bytes, spared, &mut here);
            found.extend(here.into_iter().map(|part| {
                layers[..=depth]
                    .iter()
                    .rev()
                    .fold(part, |part, layer| layer.source(&part))
            }));
        }
    }

    fn find_plain(&self, text: &[u8], spared: Option<&SecretName>, found: &mut Vec<Range<usize>>) {
        let Some(matcher) = &self.matcher else { return };
        let mut at = 0;
        let mut ahead = Ahead::default();
        while let Some(hit) = matcher.find(aho_corasick::Input::new(text).range(at..)) {
            // A shorter one may be right where the longest is not.
            let head = text[hit.start()..].first_chunk();
            let alike = head.and_then(|head| self.alike.get(head));
            let here = alike.into_iter().flatten().filter_map(|index| {
                let needle = &self.needles[*index];
                let stands = !self.is_spared(needle, spared)
                    && ahead.stands_at(*index, &needle.bytes, text, hit.start());
                stands.then_some(needle)
            });
            let longest = here
                .filter_map(|needle| needle.place(text, hit.start()))
                .max_by_key(|place| place.end);
            at = match longest {
                Some(place) => {
                    let end = place.end;
                    found.push(place);
                    end.max(hit.start() + 1)
                }
                None => hit.start() + 1,
            };
        }
    }

    fn is_spared(&self, needle: &Needle, spared: Option<&SecretName>) -> bool {
        spared.is_some_and(|spared| {
            let names = &self.names[needle.value];
            !names.is_empty() && names.iter().all(|name| name == spared)
        })
    }
}

/// Each text that comes of undoing one layer of encodings more.
fn layers(text: &[u8], plus: bool) -> Vec<decode::Decoded> {
    let mut layers: Vec<decode::Decoded> = vec![];
    while layers.len() < LAYERS {
        let last = layers.last().map_or(text, |layer| &layer.bytes);
        match decode::once(last, plus) {
            Some(next) => layers.push(next),
            None => break,
        }
    }
    layers
}

/// Where long needles stand next in a text that is gone through from its start. Looked for once each
/// and not compared at every place, so that the work grows with the text and not with its product
/// with a needle.
#[derive(Default)]
struct Ahead(HashMap<usize, usize>);

impl Ahead {
    fn stands_at(&mut self, index: usize, needle: &[u8], text: &[u8], at: usize) -> bool {
        let rest = &text[at..];
        if needle.len() <= START || !rest.starts_with(&needle[..START]) {
            return rest.starts_with(needle);
        }
        let known = self.0.get(&index).filter(|next| **next >= at);
        let next = known
            .copied()
            .unwrap_or_else(|| memmem::find(rest, needle).map_or(usize::MAX, |found| at + found));
        self.0.insert(index, next);
        next == at
    }
}

impl Needle {
    /// What the matcher knows of it.
    fn start(&self) -> &[u8] {
        &self.bytes[..self.bytes.len().min(START)]
    }

    /// What is to be masked where this one stands; none where it is only a part of another word.
    fn place(&self, text: &[u8], start: usize) -> Option<Range<usize>> {
        let end = start + self.bytes.len();
        match self.form {
            Form::Long | Form::Hex => Some(start..end),
            Form::Plain => {
                let word =
                    |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
                let joined = |outer: Option<&u8>, inner: Option<&u8>| word(outer) && word(inner);
                let before = start.checked_sub(1).and_then(|at| text.get(at));
                let is_part =
                    joined(before, self.bytes.first()) || joined(text.get(end), self.bytes.last());
                (!is_part).then_some(start..end)
            }
            // The characters beside it hold the rest of it.
            Form::Base64 => {
                let of = |b: &u8| b.is_ascii_alphanumeric() || memchr(*b, b"+/-_").is_some();
                let before = text[..start].iter().rev().take_while(|b| of(b)).count();
                let after = text[end..].iter().take_while(|b| of(b)).count();
                let end = end + after;
                let padding = text[end..]
                    .iter()
                    .take(2)
                    .take_while(|b| **b == b'=')
                    .count();
                Some(start - before..end + padding)
            }
        }
    }
}

/// The characters of base64 that a value has to itself when it stands `offset` bytes behind the
/// start of a group of three.
fn base64_of(value: &[u8], offset: usize) -> String {
    let mut bytes = vec![0; offset];
    bytes.extend_from_slice(value);
    let text = STANDARD.encode(&bytes);
    let first = (offset * 8).div_ceil(6);
    let last = bytes.len() * 8 / 6;
    text[first..last].to_owned()
}
