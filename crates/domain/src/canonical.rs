//! Canonical JSON (RFC 8785) and the digest over it.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// Writes a value so that equal values have equal bytes: object keys sorted by their UTF-16 code
/// units (RFC 8785, section 3.2.3), no white space, numbers as ECMAScript prints them.
pub fn to_string(value: &Value) -> String {
    let mut text = String::with_capacity(256);
    write(value, &mut text);
    text
}

/// The SHA-256 of the canonical form, in lower-case hexadecimal.
pub fn digest(value: &Value) -> String {
    hex::encode(Sha256::digest(to_string(value)))
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => write_number(number, text),
        Value::String(string) => write_text(string, text),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            text.push('{');
            for (index, (key, value)) in members.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_text(key, text);
                text.push(':');
                write(value, text);
            }
            text.push('}');
        }
    }
}

/// RFC 8785, section 3.2.2.2, escapes just what `serde_json` escapes, in the same way.
fn write_text(string: &str, text: &mut String) {
    text.push_str(&Value::from(string).to_string());
}

/// Numbers as ECMAScript's `Number::toString` (RFC 8785, section 3.2.2.3). Integers beyond 2^53 are
/// kept digit by digit: rounding them would call two different shapes equal.
fn write_number(number: &serde_json::Number, text: &mut String) {
    match number.as_f64() {
        Some(float) if number.is_f64() => text.push_str(&ecmascript(float)),
        _ => text.push_str(&number.to_string()),
    }
}

fn ecmascript(float: f64) -> String {
    if float == 0.0 {
        return "0".to_owned();
    }
    // The shortest digits that read back as the same number, and where the point goes.
    let scientific = format!("{float:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let (sign, mantissa) = mantissa
        .strip_prefix('-')
        .map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let point = exponent + 1;
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or(0));
    let split = |at: i32| digits.split_at(usize::try_from(at).unwrap_or(0));
    if (count..=21).contains(&point) {
        format!("{sign}{digits}{}", zeros(point - count))
    } else if (1..=21).contains(&point) {
        let (whole, fraction) = split(point);
        format!("{sign}{whole}.{fraction}")
    } else if (-5..=0).contains(&point) {
        format!("{sign}0.{}{digits}", zeros(-point))
    } else {
        let (first, rest) = split(1);
        let dot = if rest.is_empty() { "" } else { "." };
        let plus = if point > 0 { "+" } else { "-" };
        format!("{sign}{first}{dot}{rest}e{plus}{}", (point - 1).abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn order_of_keys_does_not_matter() {
        let a = json!({"b": [1, {"y": 1, "x": null}], "a": "é"});
        let b = json!({"a": "é", "b": [1, {"x": null, "y": 1}]});
        assert_eq!(digest(&a), digest(&b));
        assert_eq!(to_string(&a), r#"{"a":"é","b":[1,{"x":null,"y":1}]}"#);
    }

    #[test]
    fn order_of_items_does() {
        assert_ne!(digest(&json!([1, 2])), digest(&json!([2, 1])));
    }

    /// The samples of RFC 8785, appendix B, that JSON text can carry.
    #[test]
    fn numbers_print_as_ecmascript_does() {
        for (float, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (5e-324, "5e-324"),
            (1.797_693_134_862_315_7e308, "1.7976931348623157e+308"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (295_147_905_179_352_830_000.0, "295147905179352830000"),
            (9.999_999_999_999_997e22, "9.999999999999997e+22"),
            (1e23, "1e+23"),
            (1e21, "1e+21"),
            (1e20, "100000000000000000000"),
            (0.000_001, "0.000001"),
            (1e-7, "1e-7"),
            (333_333_333.333_333_3, "333333333.3333333"),
            (-1.5, "-1.5"),
            (4.0, "4"),
        ] {
            assert_eq!(ecmascript(float), text);
        }
    }
}
