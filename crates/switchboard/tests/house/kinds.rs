//! Kinds of action and of integration are told apart in few places: whoever adds one finds all of them.

/// The enums that have a variant for each kind.
const KINDS: &[&str] = &[
    "IntegrationDefinition",
    "ActionDefinition",
    "AgentActionKind",
    "IntegrationKind",
];

/// Who may name their variants: what the kinds are, what they say on the wire, and what each does.
const MAY: &[&str] = &["domain", "contract", "kinds"];

/// Stand-ins and tools of tests are not the program.
const FOR_TESTS: &[&str] = &["testkit", "simulators"];

/// The variants that a text names.
fn named(text: &str) -> Vec<&str> {
    let mut found = vec![];
    for kinds in KINDS {
        for (at, _) in text.match_indices(kinds) {
            let is_whole = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let variant = text[at + kinds.len()..].strip_prefix("::");
            // All in capitals it would be a constant.
            let variant = variant.filter(|rest| {
                let mut first = rest.chars();
                let is_upper = first.next().is_some_and(|c| c.is_ascii_uppercase());
                is_upper && first.next().is_some_and(|c| c.is_ascii_lowercase())
            });
            if let Some(rest) = variant.filter(|_| is_whole) {
                let end = rest
                    .find(|c: char| !c.is_alphanumeric())
                    .unwrap_or(rest.len());
                found.push(&text[at..at + kinds.len() + 2 + end]);
            }
        }
    }
    found
}

#[test]
fn few_crates_tell_kinds_apart() {
    let mut in_domain = 0;
    for (name, files, _) in super::sources() {
        let mut of_crate = 0;
        for (file, text) in &files {
            let found = named(text);
            of_crate += found.len();
            let may = MAY.iter().chain(FOR_TESTS);
            assert!(
                found.is_empty() || may.into_iter().any(|may| *may == name),
                "{file} names {found:?}: what a kind does belongs to {MAY:?}"
            );
        }
        if name == "domain" {
            in_domain = of_crate;
        }
    }
    assert!(
        in_domain > 0,
        "the search finds nothing, so it proves nothing"
    );
}

#[test]
fn variants_are_found_and_nothing_else_is() {
    let text = "match x { action::ActionDefinition::Http { .. } => IntegrationKind::parse(y), \
                AgentActionKind::EndCall => MyIntegrationKind::Other, IntegrationKind => 0, \
                _ => AgentActionKind::NAMES }";
    assert_eq!(
        named(text),
        ["ActionDefinition::Http", "AgentActionKind::EndCall"]
    );
}
