//! No circles between the modules of a crate: of those that lie side by side, none reaches another that
//! reaches it. The module of their folder (`mod.rs`, `lib.rs`) stands apart, but a name that it imports
//! or re-exports is followed to where it comes from.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{self, Module, Path};

type Modules = BTreeMap<Path, Module>;

/// Which of the modules in a folder uses which, and where it says so: a path for each file.
type Edges = BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>;

/// The modules that a path leads to: the one it names, and those that the names in it come from.
fn targets(modules: &Modules, here: &[String], path: &[String]) -> Vec<Path> {
    let mut found = vec![];
    let mut seen = BTreeSet::new();
    let mut open = Some((here.to_vec(), path.to_vec()));
    while let Some((here, path)) = open.take() {
        if !seen.insert((here.clone(), path.clone())) {
            break;
        }
        let mut rest = path.as_slice();
        let mut at = here.clone();
        match rest.first().map(String::as_str) {
            Some("crate") => {
                at.clear();
                rest = &rest[1..];
            }
            Some("self") => rest = &rest[1..],
            Some("super") => {
                while rest.first().is_some_and(|first| first == "super") {
                    at.pop();
                    rest = &rest[1..];
                }
            }
            Some(first) if modules[&here].children.contains(first) => {}
            Some(first) => {
                // A name that was imported here. `use url::Url` is of a crate, also where `url` itself is
                // imported.
                let import = modules[&here].imports.get(first);
                if let Some(import) = import.filter(|import| import[0] != first) {
                    open = Some((here, [import.as_slice(), &rest[1..]].concat()));
                }
                continue;
            }
            None => break,
        }
        while let Some(child) = rest
            .first()
            .filter(|first| modules[&at].children.contains(*first))
        {
            at.push(child.clone());
            rest = &rest[1..];
        }
        let import = rest
            .first()
            .and_then(|first| modules[&at].imports.get(first));
        if let Some(import) = import {
            open = Some((at.clone(), [import.as_slice(), &rest[1..]].concat()));
        }
        found.push(at);
    }
    found
}

/// The edges between modules, by the folder they are in.
fn edges(modules: &Modules) -> BTreeMap<Path, Edges> {
    let mut edges: BTreeMap<Path, Edges> = BTreeMap::new();
    for (path, module) in modules {
        // What is written out says more than what goes by an import, and comes last to stay.
        let is_written_out = |used: &&Path| ["crate", "super", "self"].contains(&used[0].as_str());
        let (written_out, others): (Vec<_>, Vec<_>) = module.paths.iter().partition(is_written_out);
        for used in others.into_iter().chain(written_out) {
            for target in targets(modules, path, used) {
                let common = path.iter().zip(&target).take_while(|(a, b)| a == b).count();
                if let (Some(from), Some(to)) = (path.get(common), target.get(common)) {
                    edges
                        .entry(path[..common].to_vec())
                        .or_default()
                        .entry(from.clone())
                        .or_default()
                        .entry(to.clone())
                        .or_default()
                        .insert(module.file.clone(), used.join("::"));
                }
            }
        }
    }
    edges
}

fn reached_from<'a>(start: &str, edges: &'a Edges) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![start];
    while let Some(from) = open.pop() {
        for to in edges.get(from).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(to.as_str()) {
                open.push(to);
            }
        }
    }
    reached
}

/// The circles of a crate, each with the edges it is made of.
fn circles(modules: &Modules) -> Vec<String> {
    let mut found = vec![];
    for (folder, edges) in &edges(modules) {
        let reach: BTreeMap<_, _> = edges
            .keys()
            .map(|from| (from.as_str(), reached_from(from, edges)))
            .collect();
        let mut told = BTreeSet::new();
        for (from, reached) in &reach {
            if told.contains(from) || !reached.contains(from) {
                continue;
            }
            let back = |to: &&&str| reach.get(*to).is_some_and(|back| back.contains(from));
            let circle: BTreeSet<_> = reached.iter().filter(back).copied().collect();
            let names: Vec<_> = circle.iter().copied().collect();
            let folder = [&["crate".to_owned()], folder.as_slice()].concat();
            let mut lines = vec![format!("{} in `{}`:", names.join(", "), folder.join("::"))];
            for from in &names {
                for (to, places) in &edges[*from] {
                    if circle.contains(to.as_str()) {
                        let place = |(file, path): (&String, &String)| format!("{file}: {path}");
                        let places: Vec<_> = places.iter().map(place).collect();
                        lines.push(format!("    {from} -> {to} ({})", places.join(", ")));
                    }
                }
            }
            told.extend(circle);
            found.push(lines.join("\n"));
        }
    }
    found
}

#[test]
fn modules_of_a_crate_use_each_other_in_one_direction() {
    let mut edges_found = 0;
    for (name, files, root) in super::sources() {
        let modules = source::modules(&files, &root);
        for (path, module) in &modules {
            for glob in &module.globs {
                assert!(
                    targets(&modules, path, glob).is_empty(),
                    "{}: `{}::*` does not say what is used",
                    module.file,
                    glob.join("::")
                );
            }
        }
        edges_found += edges(&modules).len();
        let found = circles(&modules);
        assert!(
            found.is_empty(),
            "modules of {name} use each other in a circle: what both need goes below both.\n{}",
            found.join("\n")
        );
    }
    assert!(edges_found >= 15, "{edges_found}");
}

/// A made-up crate.
fn made_up(files: &[(&str, &str)]) -> Modules {
    let files = files
        .iter()
        .map(|(file, text)| (format!("src/{file}"), (*text).to_owned()))
        .collect();
    source::modules(&files, "src/lib.rs")
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    let lib = "mod a; mod b; mod c;";
    for (a, b, path) in [
        ("use crate::b::B;", "use crate::a::A;", "crate::a::A"),
        ("use super::b;", "fn f() { super::a::f() }", "super::a::f"),
        (
            "use crate::{c, b::{self, B as Other}};",
            "use super::{a::{deep::A}, c};",
            "super::a::deep::A",
        ),
        // Behind what looks like text, a comment or a character.
        (
            r##"const X: &str = r#""quoted" // "#; fn f<'a>(c: char) -> bool { c == '"' && crate::b::g() }"##,
            "/* /* nested */ */ pub(in crate::a) struct B;",
            "crate::a",
        ),
        (
            "#[serde(default = \"crate::b::unsaid\")] struct A;",
            "use crate as root; fn f(x: &root::a::A) {}",
            "root::a::A",
        ),
        (
            "use crate::b;",
            "mod inside { fn f() { super::super::a::f() } }",
            "super::super::a::f",
        ),
    ] {
        let modules = made_up(&[("lib.rs", lib), ("a.rs", a), ("b.rs", b), ("c.rs", "")]);
        let found = circles(&modules);
        assert_eq!(found.len(), 1, "{a} {b}: {modules:?}");
        assert!(found[0].starts_with("a, b in `crate`:"), "{}", found[0]);
        let edge = format!("\n    b -> a (src/b.rs: {path})");
        assert!(found[0].contains(&edge), "{edge} in {}", found[0]);
    }
}

#[test]
fn a_circle_is_found_through_names_of_the_folder() {
    // `crate::B` is `crate::b::B`, and `super::Deep` is what the folder imports.
    let modules = made_up(&[
        ("lib.rs", "mod a; pub mod b; pub use b::Other as B;"),
        (
            "a/mod.rs",
            "mod one; mod two; use two::{self, Deep}; fn f(_: crate::B) {}",
        ),
        ("a/one.rs", "use super::Deep;"),
        ("a/two.rs", "use super::one;"),
        ("b.rs", "pub struct Other(crate::a::A);"),
    ]);
    let found = circles(&modules);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].contains("a -> b (src/a/mod.rs: crate::B)"),
        "{}",
        found[0]
    );
    assert!(
        found[1].starts_with("one, two in `crate::a`:"),
        "{}",
        found[1]
    );
    assert!(
        found[1].contains("one -> two (src/a/one.rs: super::Deep)"),
        "{}",
        found[1]
    );
}

#[test]
fn a_circle_of_three_is_one_circle() {
    let modules = made_up(&[
        ("lib.rs", "mod a; mod b; mod c; mod d; mod e;"),
        ("a.rs", "use crate::b;"),
        ("b.rs", "use crate::{c, d};"),
        ("c.rs", "use crate::a;"),
        ("d.rs", ""),
        ("e.rs", "use crate::a;"),
    ]);
    let found = circles(&modules);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("a, b, c in `crate`:"), "{}", found[0]);
    assert!(!found[0].contains("b -> d"), "{}", found[0]);
}

#[test]
fn what_is_no_circle_is_none() {
    let modules = made_up(&[
        ("lib.rs", "mod a; mod b; pub use a::A;"),
        // Into its own modules and back, to a crate of the same name, and down.
        (
            "a/mod.rs",
            "mod part; pub use part::A; use ::b::B as Crates; use url::Url; fn f() -> impl Sized + use<> { crate::b::f() }",
        ),
        (
            "a/part.rs",
            "use super::f; use crate::b::{B, f as g}; pub struct A;",
        ),
        (
            "b.rs",
            r##"
            //! Made for [`crate::a::A`].
            /* use crate::a::A; */
            const TEXT: &str = "crate::a::A";
            const RAW: &str = r#"use crate::a::A;"#;
            fn f<'a>(x: &'a str, c: char) -> bool { c == '\'' || c == '{' }
            #[cfg(test)]
            use crate::a::A;
            #[cfg(test)]
            #[expect(clippy::unwrap_used, reason = "tests fail loudly")]
            mod tests { use crate::a::A; use super::*; fn f() { crate::a::f([1]) } }
            #[cfg(test)]
            mod more;
            "##,
        ),
    ]);
    assert_eq!(circles(&modules), Vec::<String>::new());
    let b = &modules[&vec!["b".to_owned()]];
    assert!(b.children.is_empty() && b.globs.is_empty(), "{b:?}");
    // What was read is what is there.
    let edges = edges(&modules);
    let of_crate: Vec<_> = edges[&vec![]].keys().collect();
    assert_eq!(of_crate, ["a"], "{edges:?}");
}
