//! What a crate's source says about its modules: which there are, what each imports and which paths it
//! names. Comments, text and what is for tests alone are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;
use std::str::Chars;

/// A path as it is written, or a module's path from the root of its crate.
pub type Path = Vec<String>;

/// A module, in a file of its own or inside another's.
#[derive(Debug, Default)]
pub struct Module {
    /// The file it is in.
    pub file: String,
    /// The modules right below it.
    pub children: BTreeSet<String>,
    /// What it imports: the path behind each name.
    pub imports: BTreeMap<String, Path>,
    /// All paths that it names, imports too.
    pub paths: BTreeSet<Path>,
    /// The paths of which it imports all there is.
    pub globs: BTreeSet<Path>,
}

/// The modules of a crate by their paths, from its `lib.rs` or `main.rs` on.
pub fn modules(files: &BTreeMap<String, String>, root: &str) -> BTreeMap<Path, Module> {
    let mut modules = BTreeMap::new();
    let mut open = vec![(vec![], root.to_owned())];
    while let Some((path, file)) = open.pop() {
        let text = files
            .get(&file)
            .unwrap_or_else(|| panic!("{file} is declared, and is not there"));
        let below = match file.rsplit_once('/') {
            Some((folder, "lib.rs" | "main.rs" | "mod.rs")) => folder.to_owned(),
            _ => file.trim_end_matches(".rs").to_owned(),
        };
        let mut reader = Reader {
            tokens: tokens(text),
            at: 0,
            file: file.clone(),
            here: path.clone(),
            modules: &mut modules,
            elsewhere: vec![],
        };
        reader.read();
        for child in reader.elsewhere {
            let name = child[path.len()..].join("/");
            let (flat, folder) = (
                format!("{below}/{name}.rs"),
                format!("{below}/{name}/mod.rs"),
            );
            let file = if files.contains_key(&flat) {
                flat
            } else {
                folder
            };
            open.push((child, file));
        }
    }
    modules
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `::`
    Joint,
    Mark(char),
    Text(String),
}

fn tokens(text: &str) -> Vec<Token> {
    let mut found = vec![];
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '/' if rest.peek() == Some(&'/') => while rest.next().is_some_and(|c| c != '\n') {},
            '/' if rest.peek() == Some(&'*') => skip_comment(&mut rest),
            '"' => found.push(Token::Text(quoted(&mut rest))),
            '\'' => skip_character(&mut rest),
            ':' if rest.next_if_eq(&':').is_some() => found.push(Token::Joint),
            c if c.is_alphanumeric() || c == '_' => {
                let mut word = c.to_string();
                while let Some(c) = rest.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    word.push(c);
                }
                let raw = matches!(word.as_str(), "r" | "br" | "cr");
                match rest.peek() {
                    Some('"') if raw => found.push(Token::Text(raw_text(&mut rest))),
                    Some('#') if raw => {
                        let mut ahead = rest.clone();
                        while ahead.next_if_eq(&'#').is_some() {}
                        if ahead.peek() == Some(&'"') {
                            found.push(Token::Text(raw_text(&mut rest)));
                        } else {
                            // A raw name, such as `r#type`.
                            rest.next();
                        }
                    }
                    _ => found.push(Token::Word(word)),
                }
            }
            c if c.is_whitespace() => {}
            c => found.push(Token::Mark(c)),
        }
    }
    found
}

fn skip_comment(rest: &mut Peekable<Chars<'_>>) {
    let mut depth = 0_usize;
    let mut last = '/';
    for c in rest {
        match (last, c) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                last = c;
                continue;
            }
        }
        if depth == 0 {
            return;
        }
        last = ' ';
    }
}

fn quoted(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut text = String::new();
    while let Some(c) = rest.next() {
        match c {
            '"' => break,
            '\\' => text.extend(rest.next()),
            c => text.push(c),
        }
    }
    text
}

fn raw_text(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut fence = String::from("\"");
    while rest.next_if_eq(&'#').is_some() {
        fence.push('#');
    }
    rest.next();
    let mut text = String::new();
    for c in rest {
        text.push(c);
        if text.ends_with(&fence) {
            text.truncate(text.len() - fence.len());
            break;
        }
    }
    text
}

/// A character, or a lifetime, of which the name is left to be read as a word that means nothing.
fn skip_character(rest: &mut Peekable<Chars<'_>>) {
    let mut ahead = rest.clone();
    match (ahead.next(), ahead.next()) {
        (Some('\\'), _) => {
            rest.nth(1);
            while rest.next().is_some_and(|c| c != '\'') {}
        }
        (Some(_), Some('\'')) => drop(rest.nth(1)),
        _ => {}
    }
}

struct Reader<'a> {
    tokens: Vec<Token>,
    at: usize,
    file: String,
    here: Path,
    modules: &'a mut BTreeMap<Path, Module>,
    /// Modules that are declared here and have files of their own.
    elsewhere: Vec<Path>,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead)
    }

    fn is(&self, ahead: usize, mark: char) -> bool {
        self.peek(ahead) == Some(&Token::Mark(mark))
    }

    fn word(&self, ahead: usize) -> Option<&str> {
        match self.peek(ahead) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn module(&mut self) -> &mut Module {
        let module = self.modules.entry(self.here.clone()).or_default();
        module.file.clone_from(&self.file);
        module
    }

    fn read(&mut self) {
        self.module();
        let mut depth = 0_usize;
        // Where the modules begin that are written inside others.
        let mut inside = vec![];
        while let Some(token) = self.peek(0) {
            match token {
                Token::Mark('#') if self.is(1, '[') => {
                    self.attribute();
                    continue;
                }
                Token::Mark('{') => depth += 1,
                Token::Mark('}') => {
                    depth = depth.saturating_sub(1);
                    if inside.last() == Some(&depth) {
                        inside.pop();
                        self.here.pop();
                    }
                }
                Token::Word(word) if word == "mod" => {
                    if let Some(name) = self.word(1).map(ToOwned::to_owned) {
                        if self.is(2, ';') {
                            self.module().children.insert(name.clone());
                            let path = self.here.iter().cloned().chain([name]).collect();
                            self.elsewhere.push(path);
                        } else if self.is(2, '{') {
                            self.module().children.insert(name.clone());
                            self.here.push(name);
                            self.module();
                            inside.push(depth);
                            depth += 1;
                            self.at += 2;
                        }
                    }
                }
                // What a type captures (`use<'a>`) is no import.
                Token::Word(word) if word == "use" && !self.is(1, '<') => {
                    self.at += 1;
                    self.import(&[]);
                    continue;
                }
                Token::Word(_) if self.peek(1) == Some(&Token::Joint) => {
                    // `::http` names a crate, and so does what follows a type (`<T as X>::Y`) no module.
                    let follows = self.at > 0 && self.tokens[self.at - 1] == Token::Joint;
                    let path = self.path();
                    if !follows {
                        self.module().paths.insert(path);
                    }
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    /// A path; afterwards what follows it is next.
    fn path(&mut self) -> Path {
        let mut path = vec![];
        while let Some(word) = self.word(0).map(ToOwned::to_owned) {
            path.push(word);
            self.at += 1;
            if self.peek(0) != Some(&Token::Joint) || self.word(1).is_none() {
                break;
            }
            self.at += 1;
        }
        path
    }

    /// An attribute. What is for tests alone is skipped together with it. serde names functions by text.
    fn attribute(&mut self) {
        let start = self.at;
        self.skip_group();
        let attribute = &self.tokens[start..self.at];
        let has = |wanted: &str| attribute.contains(&Token::Word(wanted.to_owned()));
        if has("cfg") && has("test") {
            self.skip_item();
            return;
        }
        let elsewhere = self.tokens[start + 2..]
            .starts_with(&[Token::Word("path".to_owned()), Token::Mark('=')]);
        assert!(!elsewhere, "{}: `#[path]` hides a module", self.file);
        let named: Vec<Path> = attribute
            .iter()
            .filter_map(|token| match token {
                Token::Text(text) if text.contains("::") => {
                    Some(text.split("::").map(ToOwned::to_owned).collect())
                }
                _ => None,
            })
            .collect();
        self.module().paths.extend(named);
        // What else it names is read as anything is.
        self.at = start + 2;
    }

    /// Skips to behind the next group of brackets.
    fn skip_group(&mut self) {
        let mut depth = 0_usize;
        while let Some(token) = self.peek(0) {
            let token = token.clone();
            self.at += 1;
            match token {
                Token::Mark('(' | '[' | '{') => depth += 1,
                Token::Mark(')' | ']' | '}') => {
                    depth -= 1;
                    if depth == 0 {
                        return;
                    }
                }
                _ => {}
            }
        }
    }

    /// Skips an item with the rest of its attributes.
    fn skip_item(&mut self) {
        while self.is(0, '#') {
            self.skip_group();
        }
        loop {
            match self.peek(0) {
                Some(Token::Mark('{')) => return self.skip_group(),
                Some(Token::Mark('(' | '[')) => self.skip_group(),
                Some(Token::Mark(';')) | None => return,
                _ => self.at += 1,
            }
        }
    }

    /// A tree of imports, or one branch of it.
    fn import(&mut self, stem: &[String]) {
        let mut path = stem.to_vec();
        if self.peek(0) == Some(&Token::Joint) {
            // `::http` names a crate.
            path.push(String::new());
            self.at += 1;
        }
        path.extend(self.path());
        if self.peek(0) == Some(&Token::Joint) {
            self.at += 1;
        }
        if self.is(0, '*') {
            self.at += 1;
            self.module().paths.insert(path.clone());
            self.module().globs.insert(path);
            return;
        }
        if self.is(0, '{') {
            self.at += 1;
            while !self.is(0, '}') {
                self.import(&path);
                if self.is(0, ',') {
                    self.at += 1;
                }
            }
            self.at += 1;
            return;
        }
        if path.len() == stem.len() {
            // What a macro is given to import.
            self.at += 1;
            return;
        }
        // `{self}` names the stem.
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let name = if self.word(0) == Some("as") {
            let name = self.word(1).unwrap_or("_").to_owned();
            self.at += 2;
            name
        } else {
            path.last().cloned().unwrap_or_default()
        };
        let module = self.module();
        module.paths.insert(path.clone());
        module.imports.insert(name, path);
    }
}
