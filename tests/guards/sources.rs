//! Reads off the sources which methods of a recorded number's traits give something that is no such number.
//!
//! Most impls stand in macros, so the sources are read as tokens, not as items.

use std::collections::BTreeMap;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What holds a number of the kinds in question.
const NUMBERS: [&str; 3] = ["Var", "SendVar", "Dual"];

/// An impl for such a number, or a trait that has one, with the methods that give something else.
pub(crate) type Impls = BTreeMap<String, Vec<String>>;

pub(crate) fn read(root: &Path) -> Impls {
    let mut files = Vec::new();
    collect(root, &mut files);
    let mut found = Found::default();
    for file in &files {
        found.macros(file.clone());
    }
    for file in files {
        found.level(&file.into_iter().collect::<Vec<_>>());
    }
    let implemented: Vec<String> = found.impls.keys().map(|head| name(head).to_owned()).collect();
    found.impls.extend(found.traits.into_iter().filter(|(head, _)| implemented.iter().any(|name| head[6..] == *name)));
    found.impls.retain(|_, methods| !methods.is_empty());
    found.impls
}

/// The name of the trait in an impl's head.
pub(crate) fn name(head: &str) -> &str {
    let end = head.find(['<', ' ']).unwrap_or(head.len());
    head[..end].rsplit(':').next().unwrap_or_default()
}

fn collect(folder: &Path, files: &mut Vec<TokenStream>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            files.push(text.parse().unwrap_or_else(|e| panic!("{}: {e}", path.display())));
        }
    }
}

#[derive(Default)]
struct Found {
    impls: Impls,
    traits: Impls,
    /// The bodies of macros, of which some write methods with the names that they are called with.
    macros: BTreeMap<String, Vec<TokenTree>>,
}

fn is(token: Option<&TokenTree>, text: &str) -> bool {
    token.is_some_and(|token| !matches!(token, TokenTree::Group(_)) && token.to_string() == text)
}

fn braces(token: &TokenTree) -> Option<TokenStream> {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group.stream()),
        _ => None,
    }
}

fn text(tokens: &[TokenTree]) -> String {
    let text: String = tokens.iter().map(|token| token.to_string().replace(' ', "")).collect();
    text.trim_start_matches("$crate::").trim_end_matches(',').to_owned()
}

/// Whether a type names a number: one of the three, or `$number` in a macro.
fn holds_number(tokens: &[TokenTree]) -> bool {
    tokens.iter().enumerate().any(|(i, token)| match token {
        TokenTree::Ident(ident) => {
            NUMBERS.iter().any(|name| ident == name) || ident == "number" && i > 0 && is(tokens.get(i - 1), "$")
        }
        TokenTree::Group(group) => holds_number(&group.stream().into_iter().collect::<Vec<_>>()),
        _ => false,
    })
}

/// Whether a type is `Self` or holds it; what is associated with it may be anything.
fn holds_self(tokens: &[TokenTree]) -> bool {
    tokens.iter().enumerate().any(|(i, token)| match token {
        TokenTree::Ident(ident) => ident == "Self" && !is(tokens.get(i + 1), ":"),
        TokenTree::Group(group) => holds_self(&group.stream().into_iter().collect::<Vec<_>>()),
        _ => false,
    })
}

/// Splits off what stands between angle brackets at the start.
fn generics(tokens: &[TokenTree]) -> (&[TokenTree], &[TokenTree]) {
    if !is(tokens.first(), "<") {
        return (&[], tokens);
    }
    let mut depth = 0;
    for (i, token) in tokens.iter().enumerate() {
        depth += i32::from(is(Some(token), "<"));
        depth -= i32::from(is(Some(token), ">") && !is(tokens.get(i.wrapping_sub(1)), "-"));
        if depth == 0 {
            return (&tokens[1..i], &tokens[i + 1..]);
        }
    }
    (&[], tokens)
}

/// A method: its name, or `$` where a macro gives it, whether it is `pub` and has a body, its arguments and its result.
struct Method<'a> {
    name: String,
    public: bool,
    provided: bool,
    arguments: Vec<TokenTree>,
    result: &'a [TokenTree],
}

fn methods(body: &[TokenTree]) -> Vec<Method<'_>> {
    let mut found = Vec::new();
    for at in (0..body.len()).filter(|&at| is(body.get(at), "fn")) {
        let rest = &body[at + 1..];
        let Some(open) = rest
            .iter()
            .position(|token| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis))
        else {
            continue;
        };
        let name = if is(rest.first(), "$") { "$".to_owned() } else { rest[0].to_string() };
        let TokenTree::Group(arguments) = &rest[open] else { continue };
        let after = &rest[open + 1..];
        let end = |token: &TokenTree| braces(token).is_some() || is(Some(token), ";") || is(Some(token), "where");
        let end = after.iter().position(end).unwrap_or(after.len());
        let result = if is(after.first(), "-") { &after[2..end] } else { &[] };
        let before = body[..at].iter().rev().take_while(|token| matches!(token, TokenTree::Ident(_)));
        let public = before.into_iter().any(|token| is(Some(token), "pub"));
        let provided = after[end..].iter().find(|token| braces(token).is_some() || is(Some(token), ";"));
        let provided = provided.is_some_and(|token| braces(token).is_some());
        found.push(Method { name, public, provided, arguments: arguments.stream().into_iter().collect(), result });
    }
    found
}

impl Found {
    /// The macros in some tokens.
    fn macros(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for window in tokens.windows(4) {
            if let [keyword, bang, TokenTree::Ident(name), body] = window
                && is(Some(keyword), "macro_rules")
                && is(Some(bang), "!")
                && let Some(body) = braces(body)
            {
                self.macros.insert(name.to_string(), spread(body));
            }
        }
        for token in tokens {
            if let Some(inner) = braces(&token) {
                self.macros(inner);
            }
        }
    }

    /// The items of one level, and what stands in it.
    fn level(&mut self, tokens: &[TokenTree]) {
        for (i, token) in tokens.iter().enumerate() {
            let before = i.checked_sub(1).and_then(|i| tokens.get(i));
            if is(Some(token), "impl") && ![">", ":", "=", "&", "<", ","].iter().any(|sign| is(before, sign)) {
                self.implementation(&tokens[i + 1..]);
            }
            if is(Some(token), "trait") {
                self.declaration(&tokens[i + 1..]);
            }
            if let TokenTree::Group(group) = token
                && !(is(before, "tests") && is(tokens.get(i.wrapping_sub(2)), "mod"))
            {
                self.level(&group.stream().into_iter().collect::<Vec<_>>());
            }
        }
    }

    fn implementation(&mut self, tokens: &[TokenTree]) {
        let Some(open) = tokens.iter().position(|token| braces(token).is_some() || is(Some(token), ";")) else {
            return;
        };
        let Some(body) = braces(&tokens[open]) else { return };
        let (parameters, head) = generics(&tokens[..open]);
        let end = head.iter().position(|token| is(Some(token), "where")).unwrap_or(head.len());
        let head = &head[..end];
        let body: Vec<TokenTree> = body.into_iter().collect();
        let split = head.iter().position(|token| is(Some(token), "for"));
        let Some(split) = split else {
            // Functions of the type itself, as far as others see them.
            if holds_number(head) {
                let public = methods(&body).into_iter().filter(|method| method.public);
                let told = public.filter(|method| tells(method, true)).map(|method| method.name);
                self.impls.entry(text(head)).or_default().extend(told);
            }
            return;
        };
        let (of, own) = (&head[..split], &head[split + 1..]);
        let first = own.iter().find(|token| matches!(token, TokenTree::Ident(_)));
        let is_parameter = |name: &TokenTree| {
            parameters
                .iter()
                .enumerate()
                .any(|(i, token)| token.to_string() == name.to_string() && (i == 0 || is(parameters.get(i - 1), ",")))
        };
        let for_all = first.is_some_and(is_parameter);
        if !(for_all || holds_number(of) || holds_number(own)) {
            return;
        }
        let is_number = for_all || holds_number(own);
        let mut told: Vec<String> =
            methods(&body).into_iter().filter(|m| m.name != "$" && tells(m, is_number)).map(|m| m.name).collect();
        // Methods that a macro writes, by the names that it is given.
        for call in body.windows(3) {
            if let [TokenTree::Ident(name), bang, TokenTree::Group(names)] = call
                && is(Some(bang), "!")
                && let Some(written) = self.macros.get(&name.to_string())
                && methods(written).iter().any(|method| method.name == "$" && tells(method, is_number))
            {
                let names = names.stream().into_iter().map(|name| name.to_string());
                told.extend(names.filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase())));
            }
        }
        self.impls.entry(format!("{} for {}", text(of), text(own))).or_default().extend(told);
    }

    fn declaration(&mut self, tokens: &[TokenTree]) {
        let (Some(name), Some(body)) = (tokens.first(), tokens.iter().find_map(braces)) else { return };
        let body: Vec<TokenTree> = body.into_iter().collect();
        let told = methods(&body).into_iter().filter(|method| method.provided && tells(method, true));
        self.traits.entry(format!("trait {name}")).or_default().extend(told.map(|method| method.name));
    }
}

/// All tokens of a macro in one row, that of its repetitions included.
fn spread(tokens: TokenStream) -> Vec<TokenTree> {
    let mut all = Vec::new();
    for token in tokens {
        match &token {
            TokenTree::Group(group) if group.stream().to_string().contains("fn $") => {
                all.extend(spread(group.stream()));
            }
            _ => all.push(token),
        }
    }
    all
}

/// Whether a method is given a number and gives something that is none, or one perhaps.
fn tells(method: &Method<'_>, own: bool) -> bool {
    let receives = |token: &TokenTree| token.to_string() == "self";
    let asks =
        method.arguments.iter().any(receives) || holds_self(&method.arguments) || holds_number(&method.arguments);
    let perhaps = is(method.result.first(), "Option") || is(method.result.first(), "Result");
    let same = holds_number(method.result) || own && holds_self(method.result);
    asks && !method.result.is_empty() && (perhaps || !same)
}
