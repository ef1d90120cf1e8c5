//! Imports go down: from a file to rooms that `ARCHITECTURE.md` lists before its own, and within a room never in a circle.
//!
//! The sources are read with `syn`, and every path is followed through re-exports to the file that defines what it names.
//! Code under `cfg(test)` is left out, and so are files that only list and re-export.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{Attribute, Item, UseTree};

/// The table of functions: what a rule may use has the table's functions, which are rules.
const TABLE: [&str; 3] = ["rules/algebra.rs", "rules/binary.rs", "rules/unary.rs"];

type Segments = Vec<String>;

/// A module: what it defines, what it imports under which name, and the modules in it.
#[derive(Default)]
struct Module {
    file: String,
    items: BTreeSet<String>,
    imports: Vec<(String, Segments)>,
    children: BTreeSet<String>,
    /// Every path that its code names.
    paths: BTreeSet<Segments>,
    /// Whether it defines something.
    defines: bool,
}

struct Sources {
    root: PathBuf,
    modules: BTreeMap<Segments, Module>,
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes
        .iter()
        .any(|a| a.path().is_ident("cfg") && a.parse_args::<syn::Meta>().is_ok_and(|meta| meta.path().is_ident("test")))
}

/// Collects the paths of a module's code, macros included.
struct Paths<'a>(&'a mut BTreeSet<Segments>);

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_item_mod(&mut self, _: &'ast syn::ItemMod) {}

    fn visit_item_use(&mut self, _: &'ast syn::ItemUse) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            self.0.insert(path.segments.iter().map(|s| s.ident.to_string()).collect());
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        self.visit_path(&mac.path);
        self.tokens(mac.tokens.clone());
    }
}

impl Paths<'_> {
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Segments = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.end(&mut path);
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.end(&mut path);
                    self.tokens(group.stream());
                }
                _ => self.end(&mut path),
            }
        }
        self.end(&mut path);
    }

    fn end(&mut self, path: &mut Segments) {
        let path = std::mem::take(path);
        if path.len() > 1 {
            self.0.insert(path);
        }
    }
}

fn flatten(tree: &UseTree, before: &[String], into: &mut Vec<(String, Segments)>) {
    let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
    match tree {
        UseTree::Path(path) => flatten(&path.tree, &with(&path.ident), into),
        UseTree::Name(name) if name.ident == "self" => {
            into.push((before.last().cloned().unwrap_or_default(), before.to_vec()));
        }
        UseTree::Name(name) => into.push((name.ident.to_string(), with(&name.ident))),
        UseTree::Rename(rename) => into.push((rename.rename.to_string(), with(&rename.ident))),
        UseTree::Glob(_) => into.push(("*".to_owned(), before.to_vec())),
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, before, into)),
    }
}

impl Sources {
    fn read(root: &Path) -> Self {
        let mut sources = Self { root: root.to_owned(), modules: BTreeMap::new() };
        sources.file(&root.join("lib.rs"), &["crate".to_owned()]);
        sources
    }

    fn file(&mut self, path: &Path, module: &[String]) {
        let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let parsed = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        self.module(path, module, &parsed.items);
    }

    fn module(&mut self, path: &Path, name: &[String], items: &[Item]) {
        let file = path.strip_prefix(&self.root).expect("in the sources").to_string_lossy().into_owned();
        let mut module = Module { file, ..Module::default() };
        for item in items {
            if let Item::Mod(inner) = item {
                if is_test(&inner.attrs) {
                    continue;
                }
                let child = inner.ident.to_string();
                let below = [name, std::slice::from_ref(&child)].concat();
                if let Some((_, items)) = &inner.content {
                    self.module(path, &below, items);
                } else {
                    let folder = match path.file_stem().and_then(|stem| stem.to_str()) {
                        Some("mod" | "lib") => path.with_file_name(""),
                        _ => path.with_extension(""),
                    };
                    let single = folder.join(format!("{child}.rs"));
                    self.file(&if single.exists() { single } else { folder.join(&child).join("mod.rs") }, &below);
                }
                module.children.insert(child);
                continue;
            }
            if let Item::Use(import) = item {
                if !is_test(&import.attrs) {
                    flatten(&import.tree, &[], &mut module.imports);
                }
                continue;
            }
            let (ident, attributes) = match item {
                Item::Const(x) => (Some(&x.ident), &x.attrs),
                Item::Enum(x) => (Some(&x.ident), &x.attrs),
                Item::Fn(x) => (Some(&x.sig.ident), &x.attrs),
                Item::Static(x) => (Some(&x.ident), &x.attrs),
                Item::Struct(x) => (Some(&x.ident), &x.attrs),
                Item::Trait(x) => (Some(&x.ident), &x.attrs),
                Item::Type(x) => (Some(&x.ident), &x.attrs),
                Item::Union(x) => (Some(&x.ident), &x.attrs),
                Item::Macro(x) => (x.ident.as_ref(), &x.attrs),
                Item::Impl(x) => (None, &x.attrs),
                _ => continue,
            };
            if is_test(attributes) {
                continue;
            }
            module.defines = true;
            module.items.extend(ident.map(ToString::to_string));
            if attributes.iter().any(|a| a.path().is_ident("macro_export")) {
                let root = self.modules.entry(vec!["crate".to_owned()]).or_default();
                root.imports.push((ident.expect("a macro's name").to_string(), name.to_vec()));
            }
            Paths(&mut module.paths).visit_item(item);
        }
        let known = self.modules.entry(name.to_vec()).or_default();
        module.imports.append(&mut known.imports);
        *known = module;
    }

    /// The file that defines what a path names, seen from a module; `None` for what is not of this crate.
    fn resolve(&self, from: &[String], path: &[String], depth: usize) -> Option<Target<'_>> {
        assert!(depth < 32, "{path:?} from {from:?} leads in a circle");
        let (mut at, mut rest) = match path.first()?.as_str() {
            "crate" => (vec!["crate".to_owned()], &path[1..]),
            "self" => (from.to_vec(), &path[1..]),
            "super" => (from[..from.len() - 1].to_vec(), &path[1..]),
            name => {
                let module = &self.modules[from];
                let known = module.children.contains(name)
                    || module.items.contains(name)
                    || module.imports.iter().any(|(as_name, target)| as_name == name && target[0] != name);
                if !known {
                    return None;
                }
                (from.to_vec(), path)
            }
        };
        while rest.first().is_some_and(|s| s == "super") {
            at.pop();
            rest = &rest[1..];
        }
        loop {
            let module = &self.modules[&at];
            let Some(name) = rest.first() else { return Some(Target { module: Some(at), file: &module.file }) };
            if module.children.contains(name) {
                at.push(name.clone());
                rest = &rest[1..];
                continue;
            }
            if !module.items.contains(name) {
                let by_name = |(as_name, _): &&(String, Segments)| as_name == name;
                if let Some((_, target)) = module.imports.iter().find(by_name) {
                    if *target == at {
                        return Some(Target { module: None, file: &module.file });
                    }
                    let found = self.resolve(&at, target, depth + 1)?;
                    match found.module {
                        Some(inner) => {
                            at = inner;
                            rest = &rest[1..];
                            continue;
                        }
                        None => return Some(found),
                    }
                }
                for (_, target) in module.imports.iter().filter(|(as_name, _)| as_name == "*") {
                    let beyond = [target.as_slice(), rest].concat();
                    if let Some(found) = self.resolve(&at, &beyond, depth + 1).filter(|found| found.file != module.file)
                    {
                        return Some(found);
                    }
                }
            }
            // What a macro defines is not seen, and counts as defined where it is asked for.
            return Some(Target { module: None, file: &module.file });
        }
    }

    /// Which files a file imports from, each with a path that does so.
    fn graph(&self) -> BTreeMap<&str, BTreeMap<&str, String>> {
        let mut graph: BTreeMap<&str, BTreeMap<&str, String>> = BTreeMap::new();
        for (name, module) in &self.modules {
            let edges = graph.entry(&module.file).or_default();
            if !module.defines && is_list(&module.file) {
                continue;
            }
            for path in module.imports.iter().map(|(_, path)| path).chain(&module.paths) {
                if let Some(found) = self.resolve(name, path, 0)
                    && found.file != module.file
                {
                    edges.entry(found.file).or_insert_with(|| path.join("::"));
                }
            }
        }
        graph
    }
}

struct Target<'a> {
    module: Option<Segments>,
    file: &'a str,
}

fn is_list(file: &str) -> bool {
    file.ends_with("mod.rs") || file == "lib.rs"
}

/// Sets of files that import each other, by Tarjan's algorithm.
fn circles<'a>(graph: &BTreeMap<&'a str, BTreeMap<&'a str, String>>) -> Vec<Vec<&'a str>> {
    struct State<'a, 'g> {
        graph: &'g BTreeMap<&'a str, BTreeMap<&'a str, String>>,
        number: BTreeMap<&'a str, (usize, usize)>,
        stack: Vec<&'a str>,
        found: Vec<Vec<&'a str>>,
    }
    fn visit<'a>(s: &mut State<'a, '_>, file: &'a str) {
        let own = s.number.len();
        s.number.insert(file, (own, own));
        s.stack.push(file);
        for &next in s.graph.get(file).into_iter().flat_map(BTreeMap::keys) {
            if !s.number.contains_key(next) {
                visit(s, next);
            }
            if s.stack.contains(&next) {
                let low = s.number[next].1.min(s.number[file].1);
                s.number.insert(file, (own, low));
            }
        }
        if s.number[file].1 == own {
            let at = s.stack.iter().position(|&f| f == file).expect("was pushed");
            let mut circle = s.stack.split_off(at);
            if circle.len() > 1 {
                circle.sort_unstable();
                s.found.push(circle);
            }
        }
    }
    let mut state = State { graph, number: BTreeMap::new(), stack: Vec::new(), found: Vec::new() };
    for &file in graph.keys() {
        if !state.number.contains_key(file) {
            visit(&mut state, file);
        }
    }
    state.found
}

/// The rooms of a crate from the ground up, as `ARCHITECTURE.md` lists them.
fn rooms(text: &str, of: &str) -> Vec<String> {
    let block = text.split("```").find_map(|block| block.strip_prefix(&format!("floors {of}\n")));
    let block = block.unwrap_or_else(|| panic!("ARCHITECTURE.md has no block ```floors {of}"));
    let words = block.lines().flat_map(|line| line.split_whitespace().skip(1));
    words.filter(|word| *word != "·").map(str::to_owned).collect()
}

fn room(file: &str) -> &str {
    file.split('/').next().unwrap_or(file).trim_end_matches(".rs")
}

fn check(of: &str) {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("in the workspace");
    let sources = Sources::read(&top.join(of));
    let rooms = rooms(&std::fs::read_to_string(top.join("ARCHITECTURE.md")).expect("ARCHITECTURE.md"), of);
    let mut wrong = Vec::new();
    for module in sources.modules.values().filter(|module| is_list(&module.file) && module.defines) {
        wrong.push(format!("{} defines something; a mod.rs only lists and re-exports", module.file));
    }
    let graph = sources.graph();
    for circle in circles(&graph).into_iter().filter(|circle| *circle != TABLE) {
        let edges = circle.iter().flat_map(|&from| {
            let inside = graph[from].iter().filter(|(to, _)| circle.contains(to));
            inside.map(move |(to, path)| format!("\n    {from} -> {to} ({path})"))
        });
        wrong.push(format!("a circle of {} files:{}", circle.len(), edges.collect::<String>()));
    }
    let floor = |file: &str| rooms.iter().position(|name| name == room(file));
    for (from, edges) in graph.iter().filter(|(from, _)| **from != "lib.rs") {
        let Some(own) = floor(from) else {
            wrong.push(format!("{from}: the room `{}` is on no floor of ARCHITECTURE.md", room(from)));
            continue;
        };
        for (to, path) in edges.iter().filter(|(to, _)| floor(to).is_some_and(|other| other > own)) {
            wrong.push(format!("{from} imports upward: {path}, which {to} defines"));
        }
    }
    for name in &rooms {
        if !graph.keys().any(|file| room(file) == name) {
            wrong.push(format!("ARCHITECTURE.md lists a room `{name}`, which has no files"));
        }
    }
    assert!(wrong.is_empty(), "{of}: {} things are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn autodiff_goes_down() {
    check("autodiff/src");
}

#[test]
fn nn_goes_down() {
    check("nn/src");
}
