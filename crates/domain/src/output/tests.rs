#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn variable(path: &str) -> Result<OutputVariable, RuleError> {
    named("v", path)
}

fn named(name: &str, path: &str) -> Result<OutputVariable, RuleError> {
    OutputVariable::parse(&OutputVariableSpec {
        name: VariableName::parse(name).unwrap(),
        path: path.to_owned(),
    })
}

/// All of it, as the call path does.
fn taken(outputs: &[OutputVariable], response: &Value) -> Taken {
    let mut taken = Taken::default();
    if !taken.quickly(outputs, response) {
        taken.rest(outputs, response, &|| false);
    }
    taken
}

fn first(path: &str, response: &Value) -> Option<Value> {
    let taken = taken(&[variable(path).unwrap()], response);
    assert_eq!(taken.left_out, [], "{path}");
    taken.variables.into_iter().next().map(|(_, value)| value)
}

#[test]
fn the_first_match_keeps_its_type() {
    let response = json!({"a": [{"n": 1.5}, {"n": null}], "s": "x", "o": {"k": true}});
    for (path, expected) in [
        ("$.a[0].n", Some(json!(1.5))),
        ("$.a[*].n", Some(json!(1.5))),
        ("$.a[1].n", Some(json!(null))),
        ("$.o", Some(json!({"k": true}))),
        ("$..k", Some(json!(true))),
        ("$.a[?@.n > 1].n", Some(json!(1.5))),
        ("$.missing", None),
        ("$", Some(response.clone())),
    ] {
        assert_eq!(first(path, &response), expected, "{path}");
    }
}

#[test]
fn what_cannot_be_parsed_names_its_column() {
    let error = variable("$.a[").unwrap_err();
    assert_eq!(error.code, "invalid_json_path");
    assert!(error.message.contains("line 1, column 5"), "{error}");
    assert!(variable("").is_err());
    assert!(variable("a.b").is_err());
    assert!(variable(&format!("$.{}", "a".repeat(512))).is_err());
    assert!(variable(&format!("${}", "[0]".repeat(65))).is_err());
    assert_eq!(named("call", "$").unwrap_err().code, "reserved_name");
    for pattern in [r"(\\p{L}{50}){15}z", "("] {
        let error = variable(&format!("$[?match(@, '{pattern}')]")).unwrap_err();
        assert!(error.message.contains("pattern"), "{error}");
    }
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inner, _| json!([inner]))
}

/// Each of these ended the process or kept a thread for seconds, or would have.
fn nasty() -> Vec<(String, Value)> {
    let empty = json!(vec![json!([]); 50_000]);
    let long = json!(vec!["a".repeat(400); 2000]);
    let patterns: Vec<_> = (0..400)
        .map(|at| json!({"a": "x", "p": format!("\\p{{L}}{{{}}}", 900 - at % 50)}))
        .collect();
    let small: Vec<_> = (0..5000)
        .map(|at| json!({"a": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "p": format!("(a*)*{at}")}))
        .collect();
    let same = json!(vec![json!((0..300).collect::<Vec<_>>()); 300]);
    vec![
        (format!("${}.x", "[*,*]".repeat(60)), nested(60)),
        (format!("${}.x", "[0,0]".repeat(60)), nested(60)),
        (format!("${}.x", "[::1,::1]".repeat(50)), nested(60)),
        (format!("$..[{}].x", ["*"; 150].join(",")), empty.clone()),
        ("$..*..*..*..*..*..x".to_owned(), nested(120)),
        ("$..[?count(@..*) > 1000000]".to_owned(), nested(120)),
        ("$[?count($..*) > 1000000]".to_owned(), empty.clone()),
        ("$[?$[?$[?@ == 1]]]".to_owned(), empty.clone()),
        ("$[?$[?@ != @]]".to_owned(), empty),
        ("$[?count($[?@ == $[299]]) < 0]".to_owned(), same),
        ("$[?match(@.a, @.p)].a".to_owned(), json!(patterns)),
        ("$[?search(@.a, @.p)].a".to_owned(), json!(small)),
        ("$[?match(@, '(a?){300}(a*)*b')]".to_owned(), long.clone()),
        ("$[?search(@, '([a-z]*)*[0-9]')]".to_owned(), long.clone()),
        (
            "$[?search(@, '(.*)(.*)(.*)(.*)(.*)(.*)=(.*)')]".to_owned(),
            long,
        ),
        (
            format!("${}", "[?@".repeat(30) + &"..x]".repeat(30)),
            nested(120),
        ),
        (
            format!("$[?{}@{}]", "!(".repeat(31), ")".repeat(31)),
            nested(3),
        ),
    ]
}

#[test]
fn the_nasty_ones_end_within_the_budget() {
    for (path, response) in nasty() {
        let output = variable(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut budget = Budget::new(MAX_STEPS, MAX_TAKEN_BYTES, MAX_LEVELS, &|| false);
        let _ = take(&output, &response, &mut budget);
        assert_eq!(budget.levels(), MAX_LEVELS, "{path}");
    }
}

#[test]
fn what_was_left_out_is_named_and_the_others_are_taken() {
    let hungry = format!("${}.x", "[*,*]".repeat(60));
    let outputs = [
        named("a", "$[0]").unwrap(),
        named("b", &hungry).unwrap(),
        named("c", "$.none").unwrap(),
    ];
    let taken = taken(&outputs, &nested(60));
    assert_eq!(taken.variables.len(), 1);
    let names: Vec<_> = taken.unmatched.iter().map(VariableName::as_str).collect();
    assert_eq!(names, ["c"]);
    assert_eq!(taken.left_out.len(), 1);
    assert_eq!(taken.left_out[0].name.as_str(), "b");
    assert_eq!(taken.left_out[0].reason, OverBudget::Steps);
}

#[test]
fn a_late_evaluation_is_given_up() {
    let outputs = [variable(&format!("${}.x", "[*,*]".repeat(60))).unwrap()];
    let mut taken = Taken::default();
    assert!(!taken.quickly(&outputs, &nested(60)));
    taken.rest(&outputs, &nested(60), &|| true);
    assert_eq!(taken.left_out[0].reason, OverBudget::Time);
    let mut taken = Taken::default();
    taken.give_up(&outputs, OverBudget::Time);
    assert_eq!(taken.left_out.len(), 1);
}

#[test]
fn what_is_taken_has_a_size() {
    let response = json!({"large": "x".repeat(600_000), "small": 1});
    let outputs = [
        named("a", "$.large").unwrap(),
        named("b", "$.large").unwrap(),
        named("c", "$.small").unwrap(),
    ];
    let taken = taken(&outputs, &response);
    let names: Vec<_> = taken
        .variables
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["a", "c"]);
    assert_eq!(taken.left_out[0].reason, OverBudget::Bytes);
}

#[test]
fn the_deepest_evaluation_fits_a_small_stack() {
    let run = || {
        let deep = nested(120);
        for path in [
            format!("${}", ".a".repeat(255)),
            format!("${}..x", "[0]".repeat(60)),
            format!("${}", "..[0]".repeat(64)),
            format!("${}", "[?@".repeat(30) + &"..x]".repeat(30)),
            format!("$[?{}@..x{}]", "!(".repeat(31), ")".repeat(31)),
            format!(
                "$[?{}@..x{} > 1]",
                "length(value(".repeat(15),
                "))".repeat(15)
            ),
        ] {
            if let Ok(output) = variable(&path) {
                taken(&[output], &deep);
            }
        }
    };
    std::thread::Builder::new()
        .stack_size(1 << 20)
        .spawn(run)
        .unwrap()
        .join()
        .unwrap();
}

proptest! {
    #[test]
    fn no_expression_overflows_the_stack(open in "[(\\[!?@$.*]{0,600}", text in ".{0,300}") {
        let _ = variable(&format!("$[?{open}{text}"));
        let _ = variable(&open);
    }
}
