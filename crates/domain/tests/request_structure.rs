//! No argument can change the structure of a request: only what it carries.
#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use switchboard_domain::request::{
    BaseUrl, BodyTemplate, HeaderTemplate, Method, PathTemplate, RenderedRequest, RequestTemplate,
    Target, UrlTemplate,
};
use switchboard_domain::rule::RuleError;
use switchboard_domain::template::{RenderContext, TextTemplate};
use url::Url;

/// Text that has meaning in a URL, a header, JSON or a template, and any other text.
fn text() -> impl Strategy<Value = String> {
    let hostile = prop::sample::select(vec![
        "/",
        "..",
        ".",
        "%2e",
        "%2f",
        "%",
        "?",
        "#",
        "&",
        "=",
        "@",
        ":",
        "\\",
        "//",
        ";",
        "\r\n",
        "\0",
        "\"",
        "\\\"",
        "'",
        "\\u0022",
        "{{",
        "}}",
        "{% raw %}",
        "{{ variables.secret }}",
        "{#",
        "#}",
        "{",
        "}",
        "[",
        "]",
        ",",
        "\u{E0F0}",
        "\u{E0F1}",
        "\u{2028}",
        "é",
        "null",
        "{id}",
        "\",\"x\":\"",
        " ",
    ]);
    prop_oneof![
        prop::collection::vec(hostile, 0..5).prop_map(|parts| parts.concat()),
        ".{0,12}",
        "[a-z0-9 .%/]{0,8}",
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => text().prop_map(Value::String),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ]
}

/// Any JSON value.
fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((text(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn render(
    request: &RequestTemplate,
    arguments: &Map<String, Value>,
) -> Result<RenderedRequest, RuleError> {
    let variables = json!({"secret": "open sesame"});
    let base = BaseUrl::parse("https://api.example.com:8443/v1").unwrap();
    request.render(
        Some(&base),
        &RenderContext::new(
            arguments,
            variables.as_object().unwrap(),
            Some("cnv_1".to_owned()),
            &Map::new(),
        ),
    )
}

fn request(method: Method, target: Target, body: Option<&str>) -> RequestTemplate {
    RequestTemplate {
        method,
        target,
        headers: vec![
            HeaderTemplate::parse("X-Fixed", "a").unwrap(),
            HeaderTemplate::parse("X-From", "id {{ parameters.id }}").unwrap(),
        ],
        body: body.map(|body| BodyTemplate::parse(body).unwrap()),
    }
}

fn path(text: &str) -> Target {
    Target::Path(PathTemplate::parse(text).unwrap())
}

fn full(text: &str) -> Target {
    Target::Url(UrlTemplate::parse(text).unwrap())
}

/// A URL's segments, decoded.
fn segments(url: &Url) -> Vec<String> {
    url.path_segments()
        .unwrap()
        .map(|segment| {
            percent_encoding::percent_decode_str(segment)
                .decode_utf8()
                .unwrap()
                .into_owned()
        })
        .collect()
}

fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

const CASES: u32 = 2000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn an_argument_stays_in_its_segment(id in scalar(), name in text(), own in any::<bool>()) {
        let target = if own {
            full("https://api.example.com:8443/v1/a/{id}/b/x-{name}?fixed=1")
        } else {
            path("/a/{id}/b/x-{name}")
        };
        let arguments = json!({"id": id, "name": name});
        let mut template = request(Method::Post, target, None);
        template.headers.clear();
        let rendered = render(&template, arguments.as_object().unwrap());
        let is_refused = id.is_null() || id == "" || name.is_empty() || id == "." || id == "..";
        prop_assert_eq!(rendered.is_err(), is_refused);
        let Ok(rendered) = rendered else { return Ok(()) };
        // The URL says the same to a parser that resolves `.` and `..`.
        let url = Url::parse(&rendered.url).unwrap();
        prop_assert_eq!(url.as_str(), &rendered.url);
        prop_assert_eq!(url.host_str(), Some("api.example.com"));
        prop_assert_eq!(url.port(), Some(8443));
        prop_assert_eq!(url.username(), "");
        prop_assert_eq!(url.fragment(), None);
        prop_assert_eq!(url.query(), own.then_some("fixed=1"));
        prop_assert_eq!(segments(&url), ["v1", "a", &written(&id), "b", &format!("x-{name}")]);
        prop_assert_eq!(url.path().matches('/').count(), 5);
    }

    #[test]
    fn arguments_stay_in_their_pairs(
        arguments in prop::collection::btree_map(text(), value(), 0..5),
        own in any::<bool>(),
    ) {
        let target = if own { full("https://api.example.com/x?fixed=1") } else { path("/x") };
        let arguments: Map<_, _> = arguments.into_iter().collect();
        let mut template = request(Method::Get, target, None);
        template.headers.clear();
        let mut expected = vec![];
        if own {
            expected.push(("fixed".to_owned(), "1".to_owned()));
        }
        let mut is_refused = false;
        for (name, value) in &arguments {
            let items = match value {
                Value::Null => vec![],
                Value::Array(items) => items.clone(),
                other => vec![other.clone()],
            };
            for item in items {
                is_refused |= matches!(item, Value::Array(_) | Value::Object(_) | Value::Null);
                expected.push((name.clone(), written(&item)));
            }
        }
        let rendered = render(&template, &arguments);
        prop_assert_eq!(rendered.is_err(), is_refused);
        let Ok(rendered) = rendered else { return Ok(()) };
        prop_assert_eq!(rendered.body, None);
        let url = Url::parse(&rendered.url).unwrap();
        prop_assert_eq!(url.fragment(), None);
        prop_assert_eq!(url.path(), if own { "/x" } else { "/v1/x" });
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        prop_assert_eq!(pairs, expected);
    }

    #[test]
    fn an_argument_stays_in_its_header(id in scalar()) {
        let arguments = json!({"id": id});
        let template = request(Method::Post, path("/x"), None);
        let rendered = render(&template, arguments.as_object().unwrap());
        let Ok(rendered) = rendered else {
            let visible = |text: &str| text.bytes().all(|b| b == b'\t' || (b' '..=b'~').contains(&b));
            prop_assert!(id.as_str().is_some_and(|text| !visible(text)));
            return Ok(());
        };
        let names: Vec<_> = rendered.headers.iter().map(|(name, _)| name.as_str()).collect();
        prop_assert_eq!(names, ["x-fixed", "x-from"]);
        let value = &rendered.headers[1].1;
        prop_assert!(value.starts_with("id"));
        prop_assert!(value.bytes().all(|b| b == b'\t' || (b' '..=b'~').contains(&b)));
        if let Some(text) = id.as_str() {
            let whole = format!("id {text}");
            prop_assert_eq!(value, whole.trim_end_matches([' ', '\t']));
        }
    }

    #[test]
    fn without_a_template_the_body_is_the_rest_of_the_arguments(
        arguments in prop::collection::btree_map(text(), value(), 0..5),
    ) {
        let mut arguments: Map<_, _> = arguments.into_iter().collect();
        let rest = arguments.clone();
        arguments.insert("id".to_owned(), json!("7"));
        let rest: Map<_, _> = rest.into_iter().filter(|(name, _)| name != "id").collect();
        let rendered = render(&request(Method::Post, path("/a/{id}"), None), &arguments).unwrap();
        let body: Value = serde_json::from_str(&rendered.body.unwrap()).unwrap();
        prop_assert_eq!(same(&body), same(&Value::Object(rest)));
    }

    #[test]
    fn an_argument_stays_in_its_place_of_a_body(a in value(), b in value(), yes in any::<bool>()) {
        let source = r#"{"id": "{{ parameters.a }}", "of": {{ parameters.a }}, "list": [1, {{ parameters.b | tojson }}, "x {{ parameters.b }} \" y"],
            {# a "note" #} "n": {"s": "{{ parameters.s }}{{ parameters.s }}"}, {% if parameters.yes %}"yes": "{{ parameters.s }}"{% else %}"no": {{ parameters.s }}{% endif %},
            "each": [{% for i in [1, 2] %}{"v": {{ parameters.b }}, "t": "{{ parameters.a }}"}{% if not loop.last %},{% endif %}{% endfor %}]}"#;
        let s = if let Value::String(text) = &a { text.clone() } else { "\"".to_owned() };
        let arguments = json!({"a": a, "b": b, "s": s, "yes": yes});
        let mut template = request(Method::Put, path("/x"), Some(source));
        template.headers.clear();
        let rendered = render(&template, arguments.as_object().unwrap()).unwrap();
        let body: Value = serde_json::from_str(&rendered.body.unwrap()).unwrap();
        prop_assert!(body["id"].is_string());
        prop_assert!(body["list"][2].is_string());
        let each = json!({"v": b, "t": body["id"]});
        let key = if yes { "yes" } else { "no" };
        prop_assert_eq!(
            same(&body),
            same(&json!({
                "id": body["id"],
                "of": a,
                "list": [1, b, body["list"][2]],
                "n": {"s": format!("{s}{s}")},
                key: s,
                "each": [each, each],
            }))
        );
        if let Value::String(text) = &a {
            prop_assert_eq!(&body["id"], text);
        }
        if let Value::String(text) = &b {
            prop_assert_eq!(&body["list"][2], &format!("x {text} \" y"));
        }
    }

    #[test]
    fn text_of_an_argument_is_never_a_template(a in text()) {
        let arguments = json!({"a": a});
        let context = RenderContext::new(arguments.as_object().unwrap(), &EMPTY, None, &EMPTY);
        let template = TextTemplate::parse("<{{ parameters.a }}>").unwrap();
        prop_assert_eq!(template.render(&context).unwrap(), format!("<{a}>"));
    }

    /// Whatever somebody types is a template, a body or a path, or an error.
    #[test]
    fn nothing_typed_ends_the_process(a in text(), b in text(), n in 0..400_usize) {
        let mixed = format!("{a}{{{{ {b}{} }}}}{{% if {a} %}}{b}", "-(".repeat(n));
        for source in [&a, &mixed] {
            let _ = TextTemplate::parse(source);
            let _ = BodyTemplate::parse(source);
            let _ = PathTemplate::parse(source);
            let _ = UrlTemplate::parse(&format!("https://a.example/{source}"));
            let _ = HeaderTemplate::parse(&a, source);
        }
    }
}

static EMPTY: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);

/// The same value with its members in order and its numbers as text, for a comparison that does
/// not depend on either.
fn same(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().map(|(k, v)| (k.clone(), same(v))).collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => items.iter().map(same).collect(),
        Value::Number(number) => json!(["number", number.as_f64()]),
        other => other.clone(),
    }
}

#[test]
fn a_body_template_is_for_methods_with_a_body() {
    assert!(
        request(Method::Get, path("/x"), Some("{}"))
            .check()
            .is_err()
    );
    let delete = request(
        Method::Delete,
        path("/x"),
        Some(r#"{"a": {{ parameters.id }}}"#),
    );
    delete.check().unwrap();
    let rendered = render(&delete, json!({"id": 1, "b": 2}).as_object().unwrap()).unwrap();
    assert_eq!(rendered.url, "https://api.example.com:8443/v1/x");
    assert_eq!(rendered.body.as_deref(), Some(r#"{"a": 1}"#));
}

#[test]
fn an_argument_cannot_set_what_the_url_sets() {
    let template = request(Method::Get, full("https://a.example/x?fi%78ed=1"), None);
    let error = render(&template, json!({"id": 1, "fixed": 2}).as_object().unwrap()).unwrap_err();
    assert_eq!(error.code, "argument_refused");
}
