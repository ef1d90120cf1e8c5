//! The public interface as it is committed: a change of it is seen in the review, and is never an accident.
//!
//! The sources are read, not compiled: every item that is `pub` without a restriction, with its signature, file by file, and
//! one line for what macros make of the table. Items that are public in a private module and not exported count too; what an
//! item is reachable as, the `pub use` lines of its parents say. `API=write cargo test -p tests --test it public_api` writes
//! the files anew.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use quote::ToTokens;
use syn::{Attribute, Fields, ImplItem, Item, TraitItem, Visibility};

/// The items of a file in one line each.
struct Listing {
    text: String,
    /// Types and traits of the crate that nobody outside can name: what implements these, or is implemented for them, is no
    /// part of the interface.
    private: BTreeSet<String>,
}

/// The name of a type or trait, without its path and parameters.
fn last_name(tokens: &impl ToTokens) -> String {
    let text = shown(tokens);
    let head = text.split('<').next().unwrap_or_default();
    head.rsplit([':', ' ', '&']).next().unwrap_or_default().to_owned()
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|a| a.path().is_ident("cfg") && a.to_token_stream().to_string().contains("test"))
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Source text of a piece, with the spaces that a reader expects.
fn shown(tokens: &impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    for (from, to) in [
        (" :: ", "::"),
        (":: ", "::"),
        (" < ", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        (" ;", ";"),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        ("& ", "&"),
        ("[ ", "["),
        (" ]", "]"),
        (" :", ":"),
        ("->(", "-> ("),
        (",)", ")"),
        ("{", " {"),
        ("  ", " "),
        ("' ", "'"),
        (" !", "!"),
    ] {
        text = text.replace(from, to);
    }
    text
}

impl Listing {
    fn line(&mut self, indent: usize, text: &str) {
        writeln!(self.text, "{}{text}", "    ".repeat(indent)).expect("text");
    }

    /// A field or variant list, public fields only.
    fn fields(&mut self, fields: &Fields, indent: usize) {
        for field in fields.iter().filter(|field| is_public(&field.vis)) {
            let name = field.ident.as_ref().map_or_else(|| "_".to_owned(), ToString::to_string);
            self.line(indent, &format!("{name}: {}", shown(&field.ty)));
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Fn(f) if is_public(&f.vis) && !is_test(&f.attrs) => self.line(1, &shown(&f.sig)),
            Item::Struct(s) if is_public(&s.vis) => {
                let g = &s.generics;
                self.line(1, format!("struct {}{} {}", s.ident, shown(g), shown(&g.where_clause)).trim_end());
                self.fields(&s.fields, 2);
            }
            Item::Enum(e) if is_public(&e.vis) => {
                let exhaustive = e.attrs.iter().any(|a| a.path().is_ident("non_exhaustive"));
                let more = if exhaustive { ", non-exhaustive" } else { "" };
                self.line(1, &format!("enum {}{}{more}", e.ident, shown(&e.generics)));
                for variant in &e.variants {
                    let mut fields = variant.fields.clone();
                    fields.iter_mut().for_each(|field| field.attrs.clear());
                    self.line(2, &format!("{}{}", variant.ident, shown(&fields)));
                }
            }
            Item::Trait(t) if is_public(&t.vis) => {
                let colon = if t.supertraits.is_empty() { "" } else { ": " };
                let (g, above) = (&t.generics, shown(&t.supertraits));
                let head = format!("trait {}{}{colon}{above} {}", t.ident, shown(g), shown(&g.where_clause));
                self.line(1, head.trim_end());
                for item in &t.items {
                    match item {
                        TraitItem::Fn(f) => {
                            let provided = if f.default.is_some() { ", provided" } else { "" };
                            self.line(2, &format!("{}{provided}", shown(&f.sig)));
                        }
                        TraitItem::Type(t) => self.line(2, &format!("type {}: {}", t.ident, shown(&t.bounds))),
                        TraitItem::Const(c) => self.line(2, &format!("const {}: {}", c.ident, shown(&c.ty))),
                        _ => {}
                    }
                }
            }
            Item::Impl(i) if !is_test(&i.attrs) => {
                let head = format!("impl<{}> ", shown(&i.generics.params));
                let head = if i.generics.params.is_empty() { "impl ".to_owned() } else { head };
                let (of, rest) = (shown(&i.self_ty), shown(&i.generics.where_clause));
                if let Some((_, path, _)) = &i.trait_ {
                    if [last_name(path), last_name(&i.self_ty)].iter().any(|name| self.private.contains(name)) {
                        return;
                    }
                    self.line(1, format!("{head}{} for {of} {rest}", shown(path)).trim_end());
                    return;
                }
                let before = self.text.len();
                self.line(1, format!("{head}{of} {rest}").trim_end());
                let inside = self.text.len();
                for item in &i.items {
                    match item {
                        ImplItem::Fn(f) if is_public(&f.vis) => self.line(2, &shown(&f.sig)),
                        ImplItem::Const(c) if is_public(&c.vis) => {
                            self.line(2, &format!("const {}: {}", c.ident, shown(&c.ty)));
                        }
                        _ => {}
                    }
                }
                if self.text.len() == inside {
                    self.text.truncate(before);
                }
            }
            Item::Type(t) if is_public(&t.vis) => {
                self.line(1, &format!("type {}{} = {}", t.ident, shown(&t.generics), shown(&t.ty)));
            }
            Item::Const(c) if is_public(&c.vis) => self.line(1, &format!("const {}: {}", c.ident, shown(&c.ty))),
            Item::Static(s) if is_public(&s.vis) => self.line(1, &format!("static {}: {}", s.ident, shown(&s.ty))),
            Item::Use(u) if is_public(&u.vis) => self.line(1, &format!("use {}", shown(&u.tree))),
            Item::Mod(m) if is_public(&m.vis) => self.line(1, &format!("mod {}", m.ident)),
            Item::Macro(m) if m.attrs.iter().any(|a| a.path().is_ident("macro_export")) => {
                self.line(1, &format!("macro {}", m.ident.as_ref().map_or_else(String::new, ToString::to_string)));
            }
            _ => {}
        }
    }
}

/// The Rust files below a folder, in order.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("readable").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The public items of a crate's sources.
fn listing(folder: &Path) -> String {
    let (mut files, mut listing) = (Vec::new(), Listing { text: String::new(), private: BTreeSet::new() });
    sources(folder, &mut files);
    let name = |file: &Path| file.strip_prefix(folder).expect("inside").display().to_string();
    // Files of tests are modules that their parents mark.
    files.retain(|file| !["tests.rs", "threads.rs"].iter().any(|part| name(file).contains(part)));
    let parse = |file: &PathBuf| syn::parse_file(&std::fs::read_to_string(file).expect("text")).expect("Rust");
    let parsed: Vec<syn::File> = files.iter().map(parse).collect();
    let mut public = BTreeSet::new();
    for item in parsed.iter().flat_map(|file| &file.items) {
        let (ident, visibility) = match item {
            Item::Struct(s) => (&s.ident, &s.vis),
            Item::Enum(e) => (&e.ident, &e.vis),
            Item::Trait(t) => (&t.ident, &t.vis),
            _ => continue,
        };
        let names = if is_public(visibility) { &mut public } else { &mut listing.private };
        names.insert(ident.to_string());
    }
    // Of a name that is used twice, all is listed.
    listing.private.retain(|name| !public.contains(name));
    for (file, parsed) in files.iter().zip(parsed) {
        let name = name(file);
        let before = listing.text.len();
        listing.line(0, &name);
        let inside = listing.text.len();
        parsed.items.iter().for_each(|item| listing.item(item));
        if listing.text.len() == inside {
            listing.text.truncate(before);
        }
    }
    listing.text
}

fn check(name: &str, more: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fresh = listing(&root.join("..").join(name).join("src")) + more;
    let path = root.join(format!("data/api_{name}.txt"));
    if std::env::var("API").is_ok_and(|how| how == "write") {
        return std::fs::write(path, fresh).expect("writes");
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    let gone: Vec<_> = stored.lines().filter(|line| !fresh.lines().any(|other| other == *line)).collect();
    let new: Vec<_> = fresh.lines().filter(|line| !stored.lines().any(|other| other == *line)).collect();
    assert!(
        fresh == stored,
        "the public interface of `{name}` is not the one in {}.\nGone:\n{}\nNew:\n{}\nIf that is meant, \
         `API=write cargo test -p tests --test it public_api` writes it anew, and CHANGELOG.md says it.",
        path.display(),
        gone.join("\n"),
        new.join("\n"),
    );
}

#[test]
fn of_autodiff() {
    // By name they stand in data/derivatives.csv, where one that is gone is missed.
    check("autodiff", "rows of the table\n");
}

#[test]
fn of_nn() {
    check("nn", "");
}
