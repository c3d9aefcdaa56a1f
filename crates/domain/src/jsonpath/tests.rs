#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn all(path: &str, value: &Value) -> Vec<Value> {
    let path = JsonPath::parse(path).unwrap_or_else(|error| panic!("{path}: {error:?}"));
    let mut budget = Budget::new(1_000_000, 0, 400, &|| false);
    path.all(value, &mut budget)
        .unwrap()
        .into_iter()
        .cloned()
        .collect()
}

impl JsonPath {
    /// All matches, in order.
    fn all<'v>(
        &self,
        value: &'v Value,
        budget: &mut Budget<'_>,
    ) -> Result<Vec<&'v Value>, OverBudget> {
        let mut all = vec![];
        eval::Evaluation::new(value, budget).each(&self.query.segments, value, &mut |found| {
            all.push(found);
            false
        })?;
        Ok(all)
    }
}

/// The examples of RFC 9535, section 1.5.
#[test]
fn the_bookstore() {
    let store = json!({"store": {
        "book": [
            {"category": "reference", "author": "Nigel Rees", "title": "Sayings", "price": 8.95},
            {"category": "fiction", "author": "Evelyn Waugh", "title": "Sword", "price": 12.99},
            {"category": "fiction", "author": "Herman Melville", "title": "Moby", "isbn": "0-553", "price": 8.99},
            {"category": "fiction", "author": "J. R. R. Tolkien", "title": "Lord", "isbn": "0-395", "price": 22.99}
        ],
        "bicycle": {"color": "red", "price": 399}
    }});
    for (path, count) in [
        ("$.store.book[*].author", 4),
        ("$..author", 4),
        ("$.store.*", 2),
        ("$.store..price", 5),
        ("$..book[2]", 1),
        ("$..book[2].author", 1),
        ("$..book[2].publisher", 0),
        ("$..book[-1]", 1),
        ("$..book[0,1]", 2),
        ("$..book[:2]", 2),
        ("$..book[?@.isbn]", 2),
        ("$..book[?@.price<10]", 2),
        ("$..*", 27),
    ] {
        assert_eq!(all(path, &store).len(), count, "{path}");
    }
}

/// The tables of RFC 9535, sections 2.3.5 and 2.5, and what is easy to get wrong.
#[test]
fn the_tables_of_the_rfc() {
    let filtered = json!({
        "a": [3, 5, 1, 2, 4, 6, {"b": "j"}, {"b": "k"}, {"b": {}}, {"b": "kilo"}],
        "o": {"p": 1, "q": 2, "r": 3, "s": 5, "t": {"u": 6}},
        "e": "f"
    });
    let slices = json!(["a", "b", "c", "d", "e", "f", "g"]);
    let nested = json!({"o": {"j": 1, "k": 2}, "a": [5, 3, [{"j": 4}, {"k": 6}]]});
    let texts = json!(["ab", "b", "é", "a\nb", 1, null]);
    for (value, path, expected) in [
        (&filtered, "$.a[?@.b == 'kilo']", json!([{"b": "kilo"}])),
        (&filtered, "$.a[?(@.b == 'kilo')]", json!([{"b": "kilo"}])),
        (&filtered, "$.a[?@>3.5]", json!([5, 4, 6])),
        (
            &filtered,
            "$.a[?@.b]",
            json!([{"b": "j"}, {"b": "k"}, {"b": {}}, {"b": "kilo"}]),
        ),
        (&filtered, "$[?@[?@.b]]", json!([filtered["a"]])),
        (&filtered, "$.o[?@<3, ?@<3]", json!([1, 2, 1, 2])),
        (
            &filtered,
            r#"$.a[?@<2 || @.b == "k"]"#,
            json!([1, {"b": "k"}]),
        ),
        (
            &filtered,
            r#"$.a[?match(@.b, "[jk]")]"#,
            json!([{"b": "j"}, {"b": "k"}]),
        ),
        (
            &filtered,
            r#"$.a[?search(@.b, "[jk]")]"#,
            json!([{"b": "j"}, {"b": "k"}, {"b": "kilo"}]),
        ),
        (&filtered, "$.o[?@>1 && @<4]", json!([2, 3])),
        (&filtered, "$.o[?@.u || @.x]", json!([{"u": 6}])),
        (&filtered, "$.a[?@.b == $.x]", json!([3, 5, 1, 2, 4, 6])),
        (&filtered, "$.a[?@ == @]", filtered["a"].clone()),
        (&filtered, "$.a[?!@.b && !(@ > 2)]", json!([1, 2])),
        (&filtered, "$.a[?length(@.b) == 4]", json!([{"b": "kilo"}])),
        (
            &filtered,
            "$.a[?length(@) < 1 || length(@.none) == length(@.none) && @.b == 'j']",
            json!([{"b": "j"}]),
        ),
        (&filtered, "$[?count(@.*) == 5]", json!([filtered["o"]])),
        (&filtered, "$[?value(@..u) == 6]", json!([filtered["o"]])),
        (&slices, "$[1:3]", json!(["b", "c"])),
        (&slices, "$[5:]", json!(["f", "g"])),
        (&slices, "$[1:5:2]", json!(["b", "d"])),
        (&slices, "$[5:1:-2]", json!(["f", "d"])),
        (
            &slices,
            "$[::-1]",
            json!(["g", "f", "e", "d", "c", "b", "a"]),
        ),
        (&slices, "$[::0]", json!([])),
        (&slices, "$[-100:100:3]", json!(["a", "d", "g"])),
        (&slices, "$[100:-100:-3]", json!(["g", "d", "a"])),
        (
            &slices,
            "$[-9007199254740991:9007199254740991:9007199254740991]",
            json!(["a"]),
        ),
        (&slices, "$ [ 1 , -1 ]", json!(["b", "g"])),
        (&slices, "$[7,-8]", json!([])),
        (
            &json!([["a", "b"]]),
            "$[?@[-1] == 'b']",
            json!([["a", "b"]]),
        ),
        (&nested, "$..j", json!([1, 4])),
        (&nested, "$..[0]", json!([5, {"j": 4}])),
        (&nested, "$.a..[0, 1]", json!([5, 3, {"j": 4}, {"k": 6}])),
        (&nested, "$['o']['k']", json!([2])),
        (&texts, "$[?length(@) == 1]", json!(["b", "é"])),
        (&texts, "$[?match(@, 'a.b')]", json!([])),
        (&texts, "$[?match(@, '(')]", json!([])),
        (&texts, "$[?@ == null]", json!([null])),
        (&texts, "$[?@ >= 'b']", json!(["b", "é"])),
        (&texts, "$[?@ == 1.0]", json!([1])),
        (&texts, "$[?@ <= null]", json!([null])),
        (&texts, "$[?@.a <= @.b && @ == 1]", json!([1])),
        (&texts, "$[?@.a < @.b]", json!([])),
        (&texts, r"$[?@ == 'a\nb']", json!(["a\nb"])),
        (&texts, r#"$[?@ == "\u00e9"]"#, json!(["é"])),
    ] {
        if path.contains("'('") {
            assert!(JsonPath::parse(path).is_err());
            continue;
        }
        assert_eq!(Value::Array(all(path, value)), expected, "{path}");
    }
}

#[test]
fn what_the_rfc_does_not_allow_is_refused() {
    for path in [
        "",
        " $",
        "$ ",
        "$.",
        "$..",
        "$. a",
        "$.1",
        "$[",
        "$[]",
        "$[1",
        "$[01]",
        "$[-0]",
        "$[1.0]",
        "$[9007199254740992]",
        "$['a]",
        "$[\"a']",
        r"$['\x']",
        r"$['\ud800']",
        r"$['\u12']",
        "$['\n']",
        "$[a]",
        "$.a b",
        "$[?]",
        "$[?1]",
        "$[?'a']",
        "$[?true]",
        "$[?@.a = 1]",
        "$[?@.* == 1]",
        "$[?@..a == 1]",
        "$[?1 == @[0, 1]]",
        "$[?length(@.a)]",
        "$[?length(@.*) > 1]",
        "$[?count(1) > 1]",
        "$[?count(@.a)]",
        "$[?match(@.a, 'a') == true]",
        "$[?match(@.a)]",
        "$[?match (@.a, 'a')]",
        "$[?length(@.a, @.b) > 1]",
        "$[?nothing(@.a)]",
        "$[?!@.a == 1]",
        "$[?(@.a) == 1]",
        "$[?(@.a]",
        "$[?@.a &&]",
        "$[?@.a & @.b]",
        "$[?@.a and @.b]",
        "$[?@.a == 01]",
        "$[?@.a == 1.]",
        "$[?@.a == .5]",
        "$[?@.a == +1]",
        "$[?@.a == [1]]",
        "$[?@.a == {}]",
        "$.*a",
        "$[*]a",
        "$.. a",
        "$.&",
        "$[?@.a == 1e]",
        "$[?True == @.a]",
        "$[1:2:3:4]",
        "$[:::]",
    ] {
        assert!(JsonPath::parse(path).is_err(), "{path}");
    }
}

/// Documents of few names and values, so that paths find something.
fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2..4_i64).prop_map(Value::from),
        "[ab]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[ab]", inner), 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Paths that are nearly always valid.
fn path(start: &'static str) -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        3 => "\\.[ab]|\\.\\*|\\.\\.[ab]|\\.\\.\\*",
        3 => "\\[(-?[1-3]|0|\\*|'[ab]')(, ?(-?[1-3]|0|\\*|\"[ab]\")){0,2}\\]",
        1 => "\\.?\\.?\\[-?[1-3]?:-?[1-3]?(:-?[1-2]?)?\\]",
    ];
    let start = segment
        .clone()
        .prop_map(move |segment| format!("{start}{segment}"));
    let plain = start.clone();
    let nested = (start, prop::collection::vec(segment, 0..3))
        .prop_map(|(start, more)| format!("{start}{}", more.concat()));
    prop_oneof![plain, nested]
}

fn filter() -> impl Strategy<Value = String> {
    // The library finds nothing at a place counted from the end when the path leads to one place.
    let one = "[@$](\\.[ab]|\\[[01]\\]){0,2}";
    let value = prop_oneof![
        one.prop_map(String::from),
        "-?[1-3]|0|'[ab]{0,2}'|true|null|1\\.0",
        one.prop_map(|one| format!("length({one})")),
        path("@").prop_map(|path| format!("count({path})")),
        path("@").prop_map(|path| format!("value({path})")),
    ];
    let test = prop_oneof![
        path("@"),
        path("$"),
        // The library says that nothing is not `<=` nothing, which RFC 9535 says it is.
        (value.clone(), "==|!=|<|>", value.clone()).prop_map(|(l, s, r)| format!("{l} {s} {r}")),
        (value.clone(), "match|search", "'[ab.*]{0,3}'")
            .prop_map(|(text, name, pattern)| format!("{name}({text}, {pattern})")),
        (value.clone(), "match|search", value).prop_map(|(l, name, r)| format!("{name}({l}, {r})")),
    ];
    test.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| format!("!({inner})")),
            (inner.clone(), " ?(&&|\\|\\|) ?", inner.clone())
                .prop_map(|(l, s, r)| format!("{l}{s}{r}")),
            (path("@"), inner).prop_map(|(path, inner)| format!("{path}[?{inner}]")),
        ]
    })
}

fn expression() -> impl Strategy<Value = String> {
    prop_oneof![
        path("$"),
        (path("$"), filter(), "(\\.[ab]|\\[\\*\\])?").prop_map(|(p, f, s)| format!("{p}[?{f}]{s}")),
        (filter(), "(\\.[ab]|\\[\\*\\])?").prop_map(|(f, s)| format!("$[?{f}]{s}")),
    ]
}

/// True when the library is known to differ: a pattern of ours that cannot be compiled is refused.
fn is_bad_pattern(error: &SyntaxError) -> bool {
    error.message.contains("pattern")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn it_finds_what_the_library_finds(path in expression(), value in document()) {
        let expected = serde_json_path::JsonPath::parse(&path);
        let ours = JsonPath::parse(&path);
        match (ours, expected) {
            (Ok(ours), Ok(expected)) => {
                let mut budget = Budget::new(1_000_000, 0, 400, &|| false);
                let all = ours.all(&value, &mut budget).unwrap();
                prop_assert_eq!(&all, &expected.query(&value).all(), "{}", path);
                let mut budget = Budget::new(1_000_000, 0, 400, &|| false);
                prop_assert_eq!(ours.first(&value, &mut budget).unwrap(), all.first().copied());
            }
            (Err(error), expected) => {
                prop_assert!(expected.is_err() || is_bad_pattern(&error), "{} {:?}", path, error);
            }
            (Ok(_), Err(error)) => prop_assert!(false, "only we take {}: {}", path, error),
        }
    }

    #[test]
    fn it_takes_the_texts_that_the_library_takes(path in "\\$[\\[\\].*?@$a0-9:,'\"!()&|=< -]{0,12}") {
        match (JsonPath::parse(&path), serde_json_path::JsonPath::parse(&path)) {
            (Err(error), Ok(_)) => prop_assert!(is_bad_pattern(&error), "{} {:?}", path, error),
            (Ok(_), Err(error)) => prop_assert!(false, "only we take {}: {}", path, error),
            _ => {}
        }
    }

    /// What is spent is what was there, and the walk ends right after it: at most one document and
    /// one pattern of work comes between two counts.
    #[test]
    fn no_evaluation_outspends_its_budget(path in expression(), value in document(), steps in 0_u64..400) {
        let Ok(ours) = JsonPath::parse(&path) else { return Ok(()) };
        let asked = std::cell::Cell::new(0_u64);
        let is_late = || { asked.set(asked.get() + 1); false };
        let mut budget = Budget::new(steps, 0, 400, &is_late);
        let mut seen = 0_u64;
        let walk = eval::Evaluation::new(&value, &mut budget)
            .each(&ours.query.segments, &value, &mut |_| { seen += 1; false });
        prop_assert!(seen <= steps);
        if walk.is_err() {
            prop_assert_eq!(budget.steps(), 0);
        }
    }
}
