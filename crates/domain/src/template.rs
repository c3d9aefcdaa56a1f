//! Templates: Jinja syntax, where an undefined name is an error and work is bounded.

mod growth;
mod multiply;
pub(crate) mod scan;
mod tokens;

use std::io;
use std::sync::{Arc, LazyLock, OnceLock};

use minijinja::value::{Serde, Value as Jinja};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, context, filters};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::rule::RuleError;
use growth::Growth;

/// The longest template, in bytes.
pub const MAX_TEMPLATE_BYTES: usize = 64 * 1024;
/// How much work one rendering may do, in instructions of the engine.
const FUEL: u64 = 50_000;
/// The longest text one rendering may give, in bytes.
const MAX_OUTPUT_BYTES: usize = 256 * 1024;
/// What is said of a template that costs more than it may.
const TOO_MUCH_WORK: &str =
    "the template does too much work; simplify its loops, or compare smaller values";
/// What the one template of an engine is called.
const NAME: &str = "template";

/// What a template sees. It is only turned into the engine's values when a template needs it.
#[derive(Debug)]
pub struct RenderContext<'a> {
    /// The call's arguments.
    pub parameters: &'a Map<String, Value>,
    /// The conversation's variables.
    pub variables: &'a Map<String, Value>,
    /// The conversation's id, for `variables.conversation.id`.
    pub conversation_id: Option<String>,
    /// The workspace variables of the environment.
    pub workspace: &'a Map<String, Value>,
    built: OnceLock<Jinja>,
}

impl<'a> RenderContext<'a> {
    /// From its parts.
    pub const fn new(
        parameters: &'a Map<String, Value>,
        variables: &'a Map<String, Value>,
        conversation_id: Option<String>,
        workspace: &'a Map<String, Value>,
    ) -> Self {
        Self {
            parameters,
            variables,
            conversation_id,
            workspace,
            built: OnceLock::new(),
        }
    }

    /// How many nodes the values of some dotted names have together.
    fn nodes(&self, names: &[String]) -> u64 {
        let of = |name: &String| {
            let mut path = name.split('.');
            let root = match path.next() {
                Some("parameters") => self.parameters,
                Some("variables") => self.variables,
                Some("workspace") => self.workspace,
                _ => return 1,
            };
            let Some(first) = path.next() else {
                return 1 + root.values().map(growth::nodes).sum::<u64>();
            };
            let member = path.fold(root.get(first), |value, name| value?.get(name));
            member.map_or(1, growth::nodes)
        };
        names.iter().map(of).sum()
    }

    fn value(&self) -> Jinja {
        self.built
            .get_or_init(|| {
                let variables = Variables {
                    set: self.variables,
                    conversation: self
                        .conversation_id
                        .as_deref()
                        .map(|id| Conversation { id }),
                };
                context! {
                    parameters => Jinja::from(Serde(self.parameters)),
                    variables => Jinja::from(Serde(variables)),
                    workspace => Jinja::from(Serde(self.workspace)),
                }
            })
            .clone()
    }
}

/// The conversation's variables together with the built-in ones.
struct Variables<'a> {
    set: &'a Map<String, Value>,
    conversation: Option<Conversation<'a>>,
}

#[derive(Serialize)]
struct Conversation<'a> {
    id: &'a str,
}

impl Serialize for Variables<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.set {
            map.serialize_entry(name, value)?;
        }
        // Last, so that it wins over a variable of this name.
        if let Some(conversation) = &self.conversation {
            map.serialize_entry("conversation", conversation)?;
        }
        map.end()
    }
}

/// A template that is ready to render. Cloning it is cheap.
#[derive(Clone)]
pub struct TextTemplate {
    source: Arc<str>,
    /// None where the source is plain text.
    engine: Option<Arc<Compiled>>,
}

impl std::fmt::Debug for TextTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TextTemplate").field(&self.source).finish()
    }
}

impl TextTemplate {
    /// Parses a template. A text without template syntax is kept as it is.
    pub fn parse(source: &str) -> Result<Self, RuleError> {
        let engine = has_syntax(source)
            .then(|| Compiled::new(source, &BARE))
            .transpose()?;
        Ok(Self {
            source: source.into(),
            engine: engine.map(Arc::new),
        })
    }

    /// The template as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The text itself, when it has no template syntax.
    pub fn literal(&self) -> Option<&str> {
        self.engine.is_none().then_some(&*self.source)
    }

    /// Renders it.
    pub fn render(&self, context: &RenderContext<'_>) -> Result<String, RuleError> {
        match &self.engine {
            None => Ok(self.source.as_ref().to_owned()),
            Some(engine) => engine.render(context),
        }
    }

    /// The dotted names it mentions, such as `variables.customer_id`.
    pub fn mentions(&self) -> Vec<String> {
        self.engine
            .as_deref()
            .map_or_else(Vec::new, Compiled::mentions)
    }
}

/// True when a text has anything that the engine would act on.
fn has_syntax(source: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|open| source.contains(open))
}

/// What engines of texts are copied from: copies share the filters and tests.
static BARE: LazyLock<Environment<'static>> = LazyLock::new(bare_engine);

/// An engine with what templates of one value need, and nothing that reads other templates or marks
/// text as safe.
pub(crate) fn bare_engine() -> Environment<'static> {
    let mut engine = Environment::empty();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_fuel(Some(FUEL));
    engine.set_recursion_limit(64);
    engine.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    engine.add_filter("upper", filters::upper);
    engine.add_filter("lower", filters::lower);
    engine.add_filter("title", filters::title);
    engine.add_filter("capitalize", filters::capitalize);
    engine.add_filter("trim", filters::trim);
    engine.add_filter("replace", filters::replace);
    engine.add_filter("default", filters::default);
    engine.add_filter("d", filters::default);
    engine.add_filter("length", filters::length);
    engine.add_filter("count", filters::length);
    engine.add_filter("join", filters::join);
    engine.add_filter("split", filters::split);
    engine.add_filter("first", filters::first);
    engine.add_filter("last", filters::last);
    engine.add_filter("int", filters::int);
    engine.add_filter("float", filters::float);
    engine.add_filter("string", filters::string);
    engine.add_filter("bool", filters::bool);
    engine.add_filter("abs", filters::abs);
    engine.add_filter("round", filters::round);
    engine.add_filter("sum", filters::sum);
    engine.add_filter("min", filters::min);
    engine.add_filter("max", filters::max);
    engine.add_filter("sort", filters::sort);
    engine.add_filter("reverse", filters::reverse);
    engine.add_filter("unique", filters::unique);
    engine.add_filter("list", filters::list);
    engine.add_filter("items", filters::items);
    engine.add_filter("dictsort", filters::dictsort);
    engine.add_filter("map", filters::map);
    engine.add_filter("tojson", filters::tojson);
    engine.add_test("defined", minijinja::tests::is_defined);
    engine.add_test("undefined", minijinja::tests::is_undefined);
    engine.add_test("none", minijinja::tests::is_none);
    engine.add_test("number", minijinja::tests::is_number);
    engine.add_test("string", minijinja::tests::is_string);
    engine.add_test("sequence", minijinja::tests::is_sequence);
    engine.add_test("mapping", minijinja::tests::is_mapping);
    engine.add_test("true", minijinja::tests::is_true);
    engine.add_test("false", minijinja::tests::is_false);
    engine.add_test("odd", minijinja::tests::is_odd);
    engine.add_test("even", minijinja::tests::is_even);
    engine.add_test("eq", minijinja::tests::is_eq);
    engine.add_test("in", minijinja::tests::is_in);
    engine.add_function("range", minijinja::functions::range);
    engine.add_filter(multiply::FILTER, multiply::number);
    engine
}

/// The one template of an engine of its own, with what it may cost.
pub(crate) struct Compiled {
    engine: Environment<'static>,
    growth: Growth,
}

impl Compiled {
    /// Compiles a source as the one template of a copy of an engine.
    pub(crate) fn new(source: &str, engine: &Environment<'static>) -> Result<Self, RuleError> {
        if source.len() > MAX_TEMPLATE_BYTES {
            return Err(RuleError::new(
                "invalid_template",
                format!("a template has at most {MAX_TEMPLATE_BYTES} bytes"),
            ));
        }
        let pieces = scan::pieces(source);
        scan::check(&pieces)?;
        let mut growth = Growth::of(&pieces)?;
        let guarded = multiply::guarded(source, &pieces).unwrap_or_else(|| source.to_owned());
        let mut engine = engine.clone();
        engine
            .add_template_owned(NAME, guarded.clone())
            .map_err(|error| {
                let (line, column) = position(&guarded, &error);
                RuleError::new(
                    "invalid_template",
                    format!(
                        "the template does not parse, line {line}, column {column}: {}",
                        error.detail().unwrap_or("not understood")
                    ),
                )
            })?;
        if growth.is_measured() {
            growth.reads = mentions(&engine);
        }
        Ok(Self { engine, growth })
    }

    /// Renders it. What that may cost depends on how much data the template reads.
    pub(crate) fn render(&self, context: &RenderContext<'_>) -> Result<String, RuleError> {
        if !self.growth.is_measured() {
            return render(&self.engine, context);
        }
        let nodes = context.nodes(&self.growth.reads);
        match self.growth.fuel(nodes, FUEL) {
            Some(FUEL) => render(&self.engine, context),
            Some(fuel) => {
                let mut engine = self.engine.clone();
                engine.set_fuel(Some(fuel));
                render(&engine, context)
            }
            None => Err(RuleError::new("template_failed", TOO_MUCH_WORK)),
        }
    }

    /// The dotted names it mentions.
    pub(crate) fn mentions(&self) -> Vec<String> {
        mentions(&self.engine)
    }
}

/// The line and column, both from 1 on, that an error is about, in the source as it was written.
fn position(source: &str, error: &Error) -> (usize, usize) {
    let line = error.line().unwrap_or(1);
    let column = error
        .range()
        .and_then(|range| source.get(..range.start))
        .map_or(1, |before| {
            let start = before.rfind('\n').map_or(0, |at| at + 1);
            as_written(&before[start..]).chars().count() + 1
        });
    (line, column)
}

/// A part of a compiled source as the author wrote it.
fn as_written(source: &str) -> String {
    source.replace(multiply::MARK, "")
}

/// Renders the one template of an engine.
fn render(engine: &Environment<'static>, context: &RenderContext<'_>) -> Result<String, RuleError> {
    let failed = |message: String| RuleError::new("template_failed", message);
    let template = engine
        .get_template(NAME)
        .map_err(|_| failed("the template is gone".to_owned()))?;
    let mut output = Capped {
        text: Vec::with_capacity(template.source().len()),
        is_full: false,
    };
    let rendered = template.render_captured_to(context.value(), &mut output);
    if output.is_full {
        return Err(failed(format!(
            "the template gave more than {MAX_OUTPUT_BYTES} bytes"
        )));
    }
    rendered.map_err(|error| failed(explain(template.source(), &error)))?;
    String::from_utf8(output.text).map_err(|_| failed("the template gave broken text".to_owned()))
}

/// Takes what a template gives up to a limit, so that a loop over a long value cannot fill the
/// memory before anybody counts.
struct Capped {
    text: Vec<u8>,
    is_full: bool,
}

impl io::Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.text.len() + bytes.len() > MAX_OUTPUT_BYTES {
            self.is_full = true;
            return Err(io::Error::other("full"));
        }
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Says what went wrong from what the author wrote. The engine's own words may hold values.
fn explain(source: &str, error: &Error) -> String {
    let (line, column) = position(source, error);
    let place = format!("line {line}, column {column}");
    let written = error
        .range()
        .and_then(|range| source.get(range))
        .map(|text| format!(" (`{}`)", as_written(text.trim())))
        .unwrap_or_default();
    match error.kind() {
        ErrorKind::UndefinedError => format!(
            "the template uses a name that is not set, {place}{written}; set it before this call or give a default"
        ),
        _ if error.range().and_then(|range| source.get(range)) == Some(multiply::FILTER) => {
            format!("the template multiplies a list, {place}; only numbers and texts can be")
        }
        ErrorKind::OutOfFuel => TOO_MUCH_WORK.to_owned(),
        kind => format!("the template failed, {place}{written}: {kind}"),
    }
}

/// The dotted names the one template of an engine mentions.
fn mentions(engine: &Environment<'static>) -> Vec<String> {
    let mut names: Vec<_> = engine
        .get_template(NAME)
        .map(|template| template.undeclared_variables(true))
        .unwrap_or_default()
        .into_iter()
        .collect();
    names.sort();
    names
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use serde_json::json;

    fn render_with(source: &str, parameters: &Value) -> Result<String, RuleError> {
        let empty = Map::new();
        let variables = json!({"call": {"from": "+49"}, "name": "Ada"});
        let context = RenderContext::new(
            parameters.as_object().unwrap(),
            variables.as_object().unwrap(),
            Some("cnv_1".to_owned()),
            &empty,
        );
        TextTemplate::parse(source)?.render(&context)
    }

    #[test]
    fn names_of_the_contract_are_seen() {
        let parameters = json!({"a": "<x>"});
        for (source, text) in [
            ("plain {text}", "plain {text}"),
            ("{{ parameters.a }}", "<x>"),
            ("{{ variables.name | upper }}", "ADA"),
            ("{{ variables.call.from }}", "+49"),
            ("{{ variables.conversation.id }}", "cnv_1"),
            (
                "{% if parameters.b is defined %}b{% else %}no{% endif %}",
                "no",
            ),
            ("{{ parameters.b | default('d') }}", "d"),
        ] {
            assert_eq!(render_with(source, &parameters).unwrap(), text, "{source}");
        }
    }

    #[test]
    fn what_is_not_set_is_an_error_that_quotes_no_value() {
        let error = render_with("x\n{{ parameters.missing }}", &json!({"a": 1})).unwrap_err();
        assert_eq!(error.code, "template_failed");
        assert!(error.message.contains("line 2"), "{error}");
        let error = render_with("{{ parameters.a + 1 }}", &json!({"a": "s3cret"})).unwrap_err();
        assert!(!error.message.contains("s3cret"), "{error}");
    }

    #[test]
    fn what_does_not_parse_names_line_and_column() {
        let error = TextTemplate::parse("ok\n  {{ a b }}").unwrap_err();
        assert_eq!(error.code, "invalid_template");
        assert!(error.message.contains("line 2, column"), "{error}");
        assert!(TextTemplate::parse("{% include 'x' %}").is_err());
        assert!(TextTemplate::parse("{%- macro x() %}{% endmacro %}").is_err());
        assert!(TextTemplate::parse("{{ a | nofilter }}").is_ok_and(|t| {
            let empty = Map::new();
            t.render(&RenderContext::new(&empty, &empty, None, &empty))
                .is_err()
        }));
    }

    #[test]
    fn work_is_bounded() {
        let source =
            "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
        let error = render_with(source, &json!({})).unwrap_err();
        assert!(error.message.contains("too much work"), "{error}");
        let long = json!({"s": "x".repeat(20_000)});
        let source = "{% for a in range(50) %}{{ parameters.s }}{% endfor %}";
        let error = render_with(source, &long).unwrap_err();
        assert_eq!(error.code, "template_failed");
        assert!(!error.message.contains("xx"), "{error}");
    }

    /// Each of these would fill the memory or take minutes without a bound.
    #[test]
    fn what_multiplies_is_given_up() {
        let parameters =
            json!({"s": "a".repeat(200_000), "list": vec!["x"; 20_000], "one": 1, "ten": 10});
        let twice = |start: &str, step: &str, end: &str| {
            format!("{{% set x = {start} %}}{}{end}", step.repeat(60))
        };
        let nested = |end: &str| {
            let step = "{% set x = [x, x] %}{% set y = [y, y] %}";
            twice("[1]", &format!("{{% set y = [1] %}}{step}"), end)
        };
        let loops = |inside: &str| format!("{{% for a in range(9999) %}}{inside}{{% endfor %}}");
        for source in [
            "{{ 'x' * 1000000000 }}".to_owned(),
            "{{ ('x' * 1000000) * 1000000 }}".to_owned(),
            "{{ ([1] * 1000000000) | length }}".to_owned(),
            "{{ ([1] * 1000000000) ~ '' }}".to_owned(),
            "{{ [1000000000 * [1]] == [1000000000 * [1]] }}".to_owned(),
            "{{ [parameters.list * 1000000] == [parameters.list * 1000000] }}".to_owned(),
            format!("{{{{ range(99999) | join('{}') }}}}", "a".repeat(100)),
            format!(
                "{{{{ parameters.s | replace('a', '{}') | length }}}}",
                "b".repeat(50_000)
            ),
            "{{ parameters.s | replace('', parameters.s) | length }}".to_owned(),
            "{{ parameters.list | join(parameters.s) | length }}".to_owned(),
            format!("{{{{ parameters.s{} | length }}}}", " | tojson".repeat(60)),
            format!(
                "{{{{ [parameters.s]{} | length }}}}",
                " | string".repeat(60)
            ),
            twice("'aaaaaaaa'", "{% set x = x ~ x %}", "{{ x | length }}"),
            twice("'aaaaaaaa'", "{% set x = x + x %}", "{{ x | length }}"),
            twice(
                "'aaaaaaaa'",
                "{% set x = x | replace('a', 'aa') %}",
                "{{ x | length }}",
            ),
            nested("{{ x == y }}"),
            nested("{{ x | string | length }}"),
            nested("{{ x ~ '' }}"),
            nested("{{ x in [y] }}"),
            nested("{{ x in 'abc' }}"),
            nested("{{ [x, y] | unique | length }}"),
            nested("{{ x | tojson | length }}"),
            twice("[1, 2]", "{% set x = x + x %}", "{{ [x] == [x] }}"),
            loops(&loops("")),
            loops("{{ parameters.s | upper | length }}"),
            loops("{{ parameters.list | sort | length }}"),
            loops("{{ 'zz' in parameters.s }}"),
            loops("{% if [parameters.list] == [parameters.list] %}{% endif %}"),
            loops("{% if [parameters.list] is eq([parameters.list]) %}{% endif %}"),
            loops("{% if [range(99999)] == [range(99999)] %}{% endif %}"),
        ] {
            let started = std::time::Instant::now();
            let error = render_with(&source, &parameters).unwrap_err();
            assert!(
                ["template_failed", "invalid_template"].contains(&error.code),
                "{source:.60}"
            );
            // A bound for the slowest machine that runs tests; what is not bounded takes minutes.
            let taken = started.elapsed();
            assert!(taken.as_secs() < 5, "{taken:?} {source:.60}");
        }
    }

    #[test]
    fn numbers_and_texts_are_multiplied() {
        let parameters = json!({"price": 2.5, "n": 4, "items": [{"a": 2}, {"a": 3}]});
        for (source, text) in [
            ("{{ parameters.price * 100 }}", "250.0"),
            ("{{ (parameters.n * parameters.price) | int }}", "10"),
            ("{{ 1 + parameters.n * -2 }}", "-7"),
            ("{{ '-' * parameters.n }}", "----"),
            (
                "{% for i in parameters.items %}{{ i.a * 2 }};{% endfor %}",
                "4;6;",
            ),
        ] {
            assert_eq!(render_with(source, &parameters).unwrap(), text, "{source}");
        }
        let error = render_with("{{ 1 }}\n{{ 2 * parameters.items }}", &parameters).unwrap_err();
        assert!(error.message.contains("line 2"), "{error}");
        assert!(!error.message.contains("__"), "{error}");
        let error = TextTemplate::parse("{{ a * b c }}").unwrap_err();
        assert!(error.message.contains("column 10"), "{error}");
    }

    #[test]
    fn the_deepest_templates_that_are_accepted_fit_the_stack() {
        let blocks = 100;
        let source = format!(
            "{}{{{{ {}1{} }}}}{}",
            "{% if 1 %}".repeat(blocks),
            "-".repeat(20),
            "+1".repeat(170),
            "{% endif %}".repeat(blocks)
        );
        assert!(render_with(&source, &json!({})).is_ok());
        let nested = format!(
            "{}{{{{ a | tojson }}}}",
            "{% set a = [[[[1, a | default(0)]]]] %}".repeat(95)
        );
        assert!(render_with(&nested, &json!({})).is_ok());
        let elifs = format!("{{% if 0 %}}{}{{% endif %}}", "{% elif 0 %}x".repeat(100));
        assert_eq!(render_with(&elifs, &json!({})).unwrap(), "");
    }

    #[test]
    fn a_variable_does_not_hide_the_conversation() {
        let empty = Map::new();
        let variables = json!({"conversation": {"id": "mine"}});
        let context = RenderContext::new(
            &empty,
            variables.as_object().unwrap(),
            Some("cnv_2".to_owned()),
            &empty,
        );
        let template = TextTemplate::parse("{{ variables.conversation.id }}").unwrap();
        assert_eq!(template.render(&context).unwrap(), "cnv_2");
    }

    #[test]
    fn mentions_are_dotted() {
        let template = TextTemplate::parse("{{ variables.a.b }} {{ parameters.c }}").unwrap();
        assert_eq!(template.mentions(), ["parameters.c", "variables.a.b"]);
    }
}
