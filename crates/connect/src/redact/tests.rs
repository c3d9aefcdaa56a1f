#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use switchboard_domain::name::SecretName;
use switchboard_vault::SecretText;

use super::*;

const CANARY: &str = r#"cana/ry&2<f+5"b\é 91"#;

fn redactor(values: &[(&str, &str)]) -> Redactor {
    let secrets: Vec<_> = values
        .iter()
        .map(|(name, value)| {
            let name = SecretName::parse(name).unwrap();
            (name, SecretText::new((*value).to_owned()))
        })
        .collect();
    let masker = Masker::new(secrets.iter().map(|(name, value)| (name, value)));
    Redactor::new(Arc::new(masker))
}

fn percent(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn html(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('"', "&quot;").replace('\'', "&#x27;")
}

fn go_json(text: &str) -> String {
    let text = json!({ "e": text }).to_string();
    text.replace('&', "\\u0026").replace('<', "\\u003c")
}

fn hexed(text: &str) -> String {
    hex::encode(text)
}

/// Everything that a reader could make of an answer.
fn readings(text: &str, depth: usize, all: &mut Vec<String>) {
    all.push(text.to_owned());
    if depth == 0 {
        return;
    }
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        walk(&value, depth, all);
    }
}

fn walk(value: &Value, depth: usize, all: &mut Vec<String>) {
    match value {
        Value::String(text) => readings(text, depth - 1, all),
        Value::Array(items) => items.iter().for_each(|item| walk(item, depth, all)),
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            readings(name, depth - 1, all);
            walk(value, depth, all);
        }),
        _ => {}
    }
}

#[test]
fn every_spelling_of_a_credential_is_masked() {
    let (s, redactor) = (CANARY, redactor(&[("canary", CANARY)]));
    let nested = |text: String| json!({ "raw": text }).to_string();
    let every = s
        .encode_utf16()
        .fold(String::new(), |text, unit| text + &format!("\\u{unit:04x}"));
    let lower = percent(s)
        .split('%')
        .enumerate()
        .map(|(index, part)| match index {
            0 => part.to_owned(),
            _ => format!("%{}{}", part[..2].to_ascii_lowercase(), &part[2..]),
        })
        .collect::<String>();
    let bearer = format!("Bearer {s}");
    let pair = format!("me:{s}");
    for text in [
        s.to_owned(),
        format!("<k>{}</k>", html(s)),
        json!({ "e": s }).to_string(),
        json!({ "e": s }).to_string().replace('/', "\\/"),
        go_json(s),
        nested(go_json(s)),
        nested(nested(go_json(s))),
        nested(nested(nested(json!({ "e": s }).to_string()))),
        format!("logged: {}", json!({ "e": s })),
        json!({ "log": format!("sent {} to it", json!({ "e": s })) }).to_string(),
        format!("{{\"e\":\"{every}\"}}"),
        json!({ (s): 1 }).to_string(),
        json!({ "url": format!("/x?k={}&l=1", percent(s)) }).to_string(),
        json!({ "url": format!("/x?k={lower}") }).to_string(),
        json!({ "url": format!("/x?k={}", percent(s).replace("%20", "+")) }).to_string(),
        json!({ "url": percent(&percent(s)) }).to_string(),
        json!({ "page": html(s) }).to_string(),
        json!({ "page": html(&html(s)) }).to_string(),
        json!({ "b": STANDARD.encode(s) }).to_string(),
        json!({ "b": STANDARD_NO_PAD.encode(&bearer) }).to_string(),
        json!({ "b": URL_SAFE.encode(&bearer) }).to_string(),
        json!({ "b": URL_SAFE_NO_PAD.encode(&pair) }).to_string(),
        json!({ "b": format!("Basic {}", STANDARD.encode(&pair)) }).to_string(),
        json!({ "b": percent(&STANDARD.encode(&pair)) }).to_string(),
        json!({ "h": hexed(s) }).to_string(),
        json!({ "h": hexed(&bearer).to_uppercase() }).to_string(),
    ] {
        let clean = redactor.clean_json(&text);
        assert!(clean.contains(MASK), "{text} -> {clean}");
        if is_json(&text) {
            assert!(is_json(&clean), "{text} -> {clean}");
        }
        let mut all = vec![];
        readings(&clean, 8, &mut all);
        for said in all {
            assert!(!said.contains("ry&2<f"), "{text} -> {said}");
            assert!(!said.contains("ry&amp;2"), "{text} -> {said}");
            let digits = said.to_ascii_lowercase();
            assert!(!digits.contains(&hexed("ry&2")), "{text} -> {said}");
            for word in said.split(|c: char| !c.is_ascii_alphanumeric() && !"+/-_".contains(c)) {
                let word = word.replace('-', "+").replace('_', "/");
                let bytes = STANDARD_NO_PAD.decode(&word).unwrap_or_default();
                let bytes = String::from_utf8_lossy(&bytes).into_owned();
                assert!(!bytes.contains("ry&2"), "{text} -> {said} -> {bytes}");
            }
        }
    }
}

#[test]
fn what_is_no_credential_stays_as_it_was_written() {
    let redactor = redactor(&[
        ("pin", "1234"),
        ("user", "admin"),
        ("number", "1234567890"),
        ("word", "customer"),
        ("token", "sk_live_51HxCANARYabcdef"),
    ]);
    for text in [
        r#"{"id": 1234567890, "n": 1.50, "big": 123456789012345678901234567890}"#,
        r#"{"page": "1234", "role": "admin", "next": "page-1234"}"#,
        r#"{"kind": "customers", "list": "all_customer_ids"}"#,
        r#"{"escaped": "a\/b \u0026 100% &amp; c", "inner": "{\"id\": 1234567890}"}"#,
        "plain text & more",
    ] {
        let clean = redactor.clean_json(text);
        assert!(matches!(clean, Cow::Borrowed(_)), "{text} -> {clean}");
    }
    let mixed = r#"{"id": 1234567890, "n": 1.50, "a": "1234567890", "b": ["x", "sk_live_51HxCANARYabcdef"]}"#;
    assert_eq!(
        redactor.clean_json(mixed),
        r#"{"id": 1234567890, "n": 1.50, "a": "[redacted]", "b": ["x", "[redacted]"]}"#
    );
    assert_eq!(redactor.clean("for customer, see"), "for [redacted], see");
}

#[test]
fn a_user_name_is_no_credential() {
    let mut redactor = redactor(&[("user", "administrator"), ("pw", "correct horse")]);
    assert_eq!(redactor.clean("administrator"), MASK);
    redactor.spare(&SecretName::parse("user").unwrap());
    assert_eq!(redactor.clean("administrator"), "administrator");
    assert_eq!(redactor.clean("x correct+horse y"), "x [redacted] y");
}

#[test]
fn ends_that_were_pasted_do_not_hide_a_credential() {
    let redactor = redactor(&[("nl", "tok-ABCDEF-123456\n"), ("token", "hunter22-long")]);
    assert_eq!(redactor.clean("tok-ABCDEF-123456"), MASK);
    assert_eq!(redactor.clean("hunter22-long"), MASK);
}

#[test]
fn values_that_look_encoded_are_found_in_every_encoding() {
    for value in [
        "a%41bc&amp;def",
        r"x\\y\n\u0041long",
        "p%2541%5Cxabc",
        r"ends with \",
    ] {
        let redactor = redactor(&[("v", value)]);
        let nested = json!({ "raw": json!({ "e": value }).to_string() }).to_string();
        for text in [
            value.to_owned(),
            percent(value),
            json!({ "e": value }).to_string(),
            nested,
            format!("x {} y", json!(value)),
        ] {
            let clean = redactor.clean_json(&text);
            assert!(clean.contains(MASK), "{value}: {text} -> {clean}");
        }
    }
}

#[test]
fn whatever_comes_is_survived() {
    let redactor = redactor(&[("canary", CANARY)]);
    for text in [
        "%C3",
        "\"",
        "\\",
        "é%C3é",
        "&#x;",
        "\\ud83d",
        "{\"a\":\"\\ud83d\"",
        "%c3%a9é\\u00e9",
    ] {
        let _ = redactor.clean_json(text);
    }
    assert!(matches!(
        Redactor::default().clean("%41 & x"),
        Cow::Borrowed(_)
    ));
}

/// A matcher of the whole value would take seconds to make, and comparing it at every place of a
/// text that nearly is one would take minutes.
#[test]
fn long_values_cost_no_more_than_their_length() {
    let start = std::time::Instant::now();
    let long = format!("{}1", "0".repeat(16_000));
    let redactor = redactor(&[("long", &long), ("canary", CANARY)]);
    let nearly = "0".repeat(1 << 20);
    assert_eq!(redactor.clean(&nearly), nearly);
    let text = format!("{nearly}1 and {}", STANDARD.encode(&long));
    let masked = redactor.clean(&text);
    assert!(
        masked.len() < nearly.len() - 15_000 + 100,
        "{}",
        masked.len()
    );
    assert!(!masked.contains(&STANDARD.encode(&long)[..100]));
    assert!(
        start.elapsed() < std::time::Duration::from_secs(30),
        "{:?}",
        start.elapsed()
    );
}
