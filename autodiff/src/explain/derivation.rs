//! The written-out derivation: values forward, derivatives backward, line by line.

use std::collections::HashMap;
use std::fmt;

use super::expr::Id;
use super::fold::{self, Part};
use super::forms::Text;
use super::formulas::Formulas;
use super::names;
use super::quantities::{Quantities, is_variable};
use super::rules;
use super::text;
use crate::engine::Gradients;
use crate::inspect::reader::Reader;
use crate::rules::Unary;
use crate::rules::mathml::{self, element};
use crate::rules::notation::Markup;
use crate::tape::cell::TapeCell;
use crate::tensor::op::Row;
use crate::{Real, Tensor};

/// A formula of an adjoint that is longer is referred to by its name.
const LONG: usize = 12;
/// So many terms of a sum are written out.
const TERMS: usize = 6;
/// Lines are broken at this width.
const WIDTH: usize = 110;
const MATHML: &str = "http://www.w3.org/1998/Math/MathML";

/// `left = step = step = …`, or words in place of lines that are left out.
#[derive(Clone, Debug)]
enum Line {
    Equation { left: Text, steps: Vec<Text> },
    Words(String),
}

/// A derivation as people write it: [`derivation`](super::derivation) makes one. `Display` gives plain text, [`latex`](Self::latex) LaTeX,
/// [`mathml`](Self::mathml) what browsers draw.
#[derive(Clone, Debug)]
pub struct Derivation {
    title: Text,
    forward: Vec<Line>,
    backward: Vec<Line>,
    notes: Vec<(Text, Text)>,
}

impl Derivation {
    /// The derivation for LaTeX with `amsmath`: displayed equations, one block for the values and one for the derivatives.
    ///
    /// ```
    /// use autodiff::{Tape, explain};
    /// let tape = Tape::<f64>::new();
    /// let y = tape.var(1.3).named("y");
    /// let f = y.sin().named("f");
    /// let latex = explain::derivation(f, y).latex();
    /// assert!(latex.contains(r"\frac{df}{dy} &= \cos y = 0.267499"));
    /// ```
    pub fn latex(&self) -> String {
        let mut out = String::new();
        for lines in [&self.forward, &self.backward].into_iter().filter(|lines| !lines.is_empty()) {
            let block: Vec<String> = lines.iter().map(latex_line).collect();
            out += &format!("\\begin{{align*}}\n{}\n\\end{{align*}}\n", block.join(" \\\\\n"));
        }
        if !self.notes.is_empty() {
            let notes: Vec<String> = self.notes.iter().map(|(a, b)| format!("${} = {}$", a.latex, b.latex)).collect();
            out += &format!("where {}.\n", notes.join(", "));
        }
        out
    }

    /// The derivation for browsers, which draw MathML without a library: one table of equations for the values, one for the
    /// derivatives, and what functions with names of their own are.
    ///
    /// ```
    /// use autodiff::{Tape, explain};
    /// let tape = Tape::<f64>::new();
    /// let y = tape.var(1.3).named("y");
    /// let f = y.sin().named("f");
    /// let mathml = explain::derivation(f, y).mathml();
    /// assert!(mathml.contains("<mi>cos</mi>") && mathml.contains("<mn>0.267499</mn>"));
    /// ```
    pub fn mathml(&self) -> String {
        let table = |lines: &Vec<Line>| element("mtable", &lines.iter().map(mathml_line).collect::<String>());
        let blocks = [&self.forward, &self.backward].into_iter().filter(|lines| !lines.is_empty()).map(table);
        let note = |(a, b): &(Text, Text)| format!("{}<mo>=</mo>{}", a.mathml, b.mathml);
        let notes: Vec<String> = self.notes.iter().map(note).collect();
        let notes = (!notes.is_empty()).then(|| mathml::words("where ") + &notes.join("<mo>,</mo>"));
        let block = |inner| format!("<math xmlns=\"{MATHML}\" display=\"block\">{inner}</math>\n");
        blocks.chain(notes).map(block).collect()
    }
}

fn mathml_line(line: &Line) -> String {
    let row = |left: &str, right: &str| {
        format!(
            "<mtr><mtd style=\"text-align:right\">{left}</mtd>\
             <mtd style=\"text-align:left\"><mstyle displaystyle=\"true\">{right}</mstyle></mtd></mtr>"
        )
    };
    match line {
        Line::Words(words) => row("", &mathml::words(words)),
        Line::Equation { left, steps } => {
            let long = !fits(left, steps);
            let chunks = steps.chunks(if long { 1 } else { steps.len() });
            let right = chunks.map(|steps| format!("<mo>=</mo>{}", Text::joined(steps, " = ", "").mathml));
            right.enumerate().map(|(k, right)| row(if k == 0 { &left.mathml } else { "" }, &right)).collect()
        }
    }
}

/// Whether an equation stands on one line.
fn fits(left: &Text, steps: &[Text]) -> bool {
    let whole: usize = steps.iter().map(|step| step.plain.chars().count() + 3).sum();
    left.plain.chars().count() + whole + 2 <= WIDTH && steps.len() <= 3
}

fn latex_line(line: &Line) -> String {
    match line {
        Line::Words(words) => format!("& {}", Text::words(words).latex),
        Line::Equation { left, steps } => {
            let length: usize = steps.iter().map(|step| step.latex.len()).sum();
            let join = if length > 160 { " \\\\\n&= " } else { " = " };
            format!("{} &= {}", left.latex, Text::joined(steps, " = ", join).latex)
        }
    }
}

fn plain_line(line: &Line) -> String {
    match line {
        Line::Words(words) => words.clone(),
        Line::Equation { left, steps } => {
            let broken = format!("\n{:1$} = ", "", left.plain.chars().count() + 2);
            let between = if fits(left, steps) { " = " } else { &broken };
            format!("{} = {}", left.plain, Text::joined(steps, between, "").plain)
        }
    }
}

/// Plain text. The title, the values in the order in which they were computed, then the derivatives from the root to the
/// variables.
impl fmt::Display for Derivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title.plain)?;
        for (heading, lines) in [("values", &self.forward), ("derivatives", &self.backward)] {
            if !lines.is_empty() {
                writeln!(f, "\n{heading}")?;
            }
            for line in lines {
                writeln!(f, "  {}", plain_line(line))?;
            }
        }
        if !self.notes.is_empty() {
            let notes: Vec<String> = self.notes.iter().map(|(a, b)| format!("{} = {}", a.plain, b.plain)).collect();
            writeln!(f, "\nwhere {}", notes.join(", "))?;
        }
        Ok(())
    }
}

/// What is asked for.
pub(crate) struct Question<'a, T: Real> {
    pub(crate) cell: &'static TapeCell<T>,
    pub(crate) root: usize,
    pub(crate) gradients: &'a Gradients<T>,
    pub(crate) wrt: Vec<usize>,
    pub(crate) constants: &'a [(String, Tensor<T>)],
    pub(crate) lines: usize,
}

#[track_caller]
pub(crate) fn write<T: Real>(question: &Question<'_, T>) -> Derivation {
    let reader = Reader::new(question.cell, question.root, "`explain` was called on");
    let quantities = Quantities::new(&reader);
    let formulas = Formulas::new(&reader, &quantities, question.constants);
    Writer { question, reader: &reader, quantities: &quantities, formulas: &formulas }.derivation()
}

struct Writer<'a, T: Real> {
    question: &'a Question<'a, T>,
    reader: &'a Reader<T>,
    quantities: &'a Quantities,
    formulas: &'a Formulas<'a, T>,
}

impl<T: Real> Writer<'_, T> {
    fn derivation(&self) -> Derivation {
        let reader = self.reader;
        let quantities: Vec<usize> =
            (0..=reader.root).filter(|&i| reader.live[i] && self.quantities.shown[i]).collect();
        let looks: Vec<u64> = quantities.iter().map(|&i| self.quantities.signature[i]).collect();
        let mut forward = self.folded(&quantities, &looks, |i| self.value_line(i));
        let backward = self.backward();
        for (tensor, name) in self.formulas.unnamed_constants() {
            let left = text::render(&self.formulas.arena, self.formulas.arena.named(&name, true));
            forward.insert(0, Line::Equation { left, steps: vec![Self::array(&tensor)] });
        }
        Derivation { title: self.title(), forward, backward, notes: self.notes() }
    }

    fn title(&self) -> Text {
        let of: Vec<Text> = self.question.wrt.iter().take(TERMS).map(|&i| self.derivative(i)).collect();
        let more = self.question.wrt.len().saturating_sub(TERMS);
        let mut title = Text::joined(&of, ", ", ", ");
        if more > 0 {
            title.plain += &format!(" and {more} more");
        }
        title
    }

    fn folded(&self, entries: &[usize], looks: &[u64], mut line: impl FnMut(usize) -> Line) -> Vec<Line> {
        let parts = fold::fold(looks, self.question.lines);
        let write = |part: &Part| match *part {
            Part::Line(at) => line(entries[at]),
            Part::Again { times, lines: 1 } => Line::Words(format!("… and {times} more like this one")),
            Part::Again { times, lines } => Line::Words(format!("… and {times} times more {lines} lines like these")),
            Part::Left(lines) => Line::Words(format!("… and {lines} more lines, left out")),
        };
        parts.iter().map(write).collect()
    }

    fn name(&self, i: usize) -> Text {
        text::render(&self.formulas.arena, self.formulas.name(i))
    }

    /// `df/dx`, or what it is called.
    fn derivative(&self, i: usize) -> Text {
        if let Some(name) = self.reader.adjoint(i) {
            return names::name(name);
        }
        self.ratio(self.reader.root, i)
    }

    /// `∂y/∂x`: what one use adds.
    fn partial(&self, of: usize, by: usize) -> Text {
        Text::ratio("∂", r"\partial ", &self.name(of), &self.name(by))
    }

    /// `dy/dx`.
    fn ratio(&self, of: usize, by: usize) -> Text {
        Text::ratio("d", "d", &self.name(of), &self.name(by))
    }

    /// A number, a small array, or the shape of a large one.
    fn array(tensor: &Tensor<T>) -> Text {
        const SMALL: usize = 8;
        let shape = tensor.shape();
        if shape.is_empty() && !tensor.is_empty() {
            return text::number(tensor.item().primal());
        }
        if tensor.len() > SMALL || shape.len() > 2 || tensor.is_empty() {
            let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
            let norm = tensor.view().iter().map(|x| x.primal() * x.primal()).sum::<f64>().sqrt();
            let norm = text::number(norm);
            let plain = format!("({} array, norm {})", lengths.join("×"), norm.plain);
            let latex = format!(r"\text{{({} array, norm ${}$)}}", lengths.join(r"$\times$"), norm.latex);
            return Text { latex, ..Text::words(&plain) };
        }
        let view = tensor.view();
        let numbers: Vec<Text> = view.iter().map(|x| text::number(x.primal())).collect();
        let row = |numbers: &[Text]| Text::joined(numbers, ", ", " & ");
        let columns = *shape.last().unwrap_or(&1);
        let rows: Vec<Text> = numbers.chunks(columns.max(1)).map(row).collect();
        let Text { plain, latex, .. } = Text::joined(&rows, "], [", r" \\ ");
        let plain = if shape.len() == 1 { format!("[{plain}]") } else { format!("[[{plain}]]") };
        let row = |row: &[Text]| element("mtr", &row.iter().map(|x| element("mtd", &x.mathml)).collect::<String>());
        let rows: String = numbers.chunks(columns.max(1)).map(row).collect();
        let mathml = Markup::Mathml.bracketed(&element("mtable", &rows));
        Text { plain, latex: format!(r"\begin{{pmatrix}} {latex} \end{{pmatrix}}"), mathml }
    }

    fn value(&self, i: usize) -> Option<Text> {
        match self.reader.shape(i) {
            None | Some([]) => self.reader.value(i).map(text::number),
            Some(_) => self.reader.tensor(i).map(Self::array),
        }
    }

    fn value_line(&self, i: usize) -> Line {
        let mut steps = Vec::new();
        if !is_variable(self.reader, i) {
            steps.push(text::render(&self.formulas.arena, self.formulas.expression(i)));
        }
        steps.extend(self.value(i));
        steps.dedup();
        if steps.is_empty() {
            steps.push(Text::words("a variable that nothing reads"));
        }
        Line::Equation { left: self.name(i), steps }
    }

    fn backward(&self) -> Vec<Line> {
        let (reader, root) = (self.reader, self.reader.root);
        let depends = reader.depends(&self.question.wrt);
        let on_path = |i: usize| depends[i] && reader.live[i] && self.quantities.shown[i];
        let mut entries: Vec<usize> = (0..=root).rev().filter(|&i| on_path(i) && i != root).collect();
        // A variable that the root does not depend on still gets its line.
        entries.extend(self.question.wrt.iter().copied().filter(|&i| i > root || !reader.live[i]));
        let looks: Vec<u64> = entries.iter().map(|&i| self.quantities.signature.get(i).map_or(0, |s| s ^ 1)).collect();
        // Who is to be written, and by whom it is read.
        let parts = fold::fold(&looks, self.question.lines);
        let mut parents: HashMap<usize, Vec<usize>> = parts
            .iter()
            .filter_map(|part| if let Part::Line(at) = part { Some((entries[*at], Vec::new())) } else { None })
            .collect();
        for p in (0..=root).filter(|&i| on_path(i)) {
            for child in self.formulas.children(p) {
                if let Some(list) = parents.get_mut(&child) {
                    list.push(p);
                }
            }
        }
        let mut adjoints: HashMap<usize, (Id, f64)> = HashMap::new();
        adjoints.insert(root, (self.formulas.arena.number(1.0), 1.0));
        let mut lines = self.folded(&entries, &looks, |i| {
            let (line, id) = self.adjoint_line(i, &parents[&i], &adjoints);
            adjoints.insert(i, (id, self.scalar_adjoint(i)));
            line
        });
        if lines.is_empty() {
            lines.push(Line::Equation { left: self.derivative(root), steps: vec![text::number(1.0)] });
        }
        lines
    }

    fn scalar_adjoint(&self, i: usize) -> f64 {
        if self.reader.shape(i).is_none() {
            return self.question.gradients.scalar(i).map_or(0.0, Real::primal);
        }
        let tensor = self.question.gradients.at_entry(i).filter(|tensor| tensor.ndim() == 0);
        tensor.map_or(f64::NAN, |tensor| tensor.item().primal())
    }

    /// The adjoint as it is written in the lines of others: its formula if that is short, else its name.
    fn adjoint(&self, p: usize, adjoints: &HashMap<usize, (Id, f64)>) -> (Id, f64) {
        let arena = &self.formulas.arena;
        if p == self.reader.root {
            return (arena.number(1.0), 1.0);
        }
        let value = self.scalar_adjoint(p);
        let known = adjoints.get(&p).map(|known| known.0).filter(|&id| arena.size(id) <= LONG);
        let named = self.reader.adjoint(p).is_some();
        let id = known.filter(|_| !named).unwrap_or_else(|| {
            let name = self.derivative(p);
            arena.name(name, self.reader.is_array(p))
        });
        (id, value)
    }

    fn adjoint_line(&self, u: usize, parents: &[usize], adjoints: &HashMap<usize, (Id, f64)>) -> (Line, Id) {
        let arena = &self.formulas.arena;
        let left = self.derivative(u);
        if parents.is_empty() {
            return (Line::Equation { left, steps: vec![text::number(0.0)] }, arena.number(0.0));
        }
        if self.reader.shape(u).is_some() || parents.iter().any(|&p| self.reader.shape(p).is_some()) {
            return self.tensor_adjoint_line(u, parents, adjoints);
        }
        let chosen = chosen(parents, adjoints);
        let more = parents.len() - chosen.len();
        let (mut names, mut symbols, mut numbers, mut products) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut formula = Vec::new();
        let dot = |a: &Text, b: &Text| Text::joined(&[a.clone(), b.clone()], " · ", r" \cdot ");
        for &p in &chosen {
            let Some(local) = self.formulas.contribution(p, u, arena.number(1.0), 1.0) else { continue };
            let (adjoint, value) = self.adjoint(p, adjoints);
            let (partial, local) = (local.id(arena), local.value);
            formula.push((1.0, arena.mul(adjoint, partial)));
            if p == self.reader.root {
                // Beside other ways, this one is a part.
                names.push(self.partial(p, u));
                symbols.push(text::factor(arena, partial));
                numbers.push(text::number(local));
                products.push(text::number(local));
            } else {
                names.push(dot(&self.derivative(p), &self.ratio(p, u)));
                // 1 · a is a.
                let one = arena.as_number(adjoint) == Some(1.0);
                let (partial, number) = (text::factor(arena, partial), text::factor_number(local));
                symbols.push(if one { partial } else { dot(&text::factor(arena, adjoint), &partial) });
                numbers.push(if one { text::number(local) } else { dot(&text::factor_number(value), &number) });
                products.push(text::number(value * local));
            }
        }
        let mut steps = Vec::new();
        let sum = |terms: &[Text]| added(terms, more);
        if parents == [self.reader.root] {
            // dx/dx would say nothing.
            steps.push(text::render(arena, arena.sum(&formula)));
        } else {
            if names.len() > 1 || more > 0 || self.reader.adjoint(u).is_none() {
                steps.push(sum(&names));
            }
            steps.push(sum(&symbols));
            steps.push(sum(&numbers));
            if names.len() > 1 || more > 0 {
                steps.push(sum(&products));
            }
        }
        steps.push(text::number(self.scalar_adjoint(u)));
        steps.dedup();
        let id = if more > 0 { arena.name(left.clone(), false) } else { arena.sum(&formula) };
        (Line::Equation { left, steps }, id)
    }

    fn tensor_adjoint_line(&self, u: usize, parents: &[usize], adjoints: &HashMap<usize, (Id, f64)>) -> (Line, Id) {
        let arena = &self.formulas.arena;
        let left = self.derivative(u);
        let chosen = chosen(parents, adjoints);
        let more = parents.len() - chosen.len();
        let passed = |&p: &usize| {
            let (adjoint, value) = self.adjoint(p, adjoints);
            Some((1.0, self.formulas.contribution(p, u, adjoint, value)?.id(arena)))
        };
        let formula: Vec<(f64, Id)> = chosen.iter().filter_map(passed).collect();
        let tensor = self.reader.is_array(u);
        let id = arena.sum(&formula);
        let mut written = if more > 0 {
            let terms: Vec<Text> = formula.iter().map(|&(_, id)| text::render(arena, id)).collect();
            added(&terms, more)
        } else {
            text::render(arena, id)
        };
        if tensor && !arena.is_tensor(id) {
            written = written.then(&Text::words(" (each element)"));
        }
        let mut steps = vec![written];
        match self.question.gradients.at_entry(u) {
            Some(gradient) => steps.push(Self::array(gradient)),
            None if self.reader.shape(u).is_none() => steps.push(text::number(self.scalar_adjoint(u))),
            None => steps.push(text::number(0.0)),
        }
        steps.dedup();
        let id = if more > 0 { arena.name(left.clone(), tensor) } else { id };
        (Line::Equation { left, steps }, id)
    }

    /// What functions with names of their own are.
    fn notes(&self) -> Vec<(Text, Text)> {
        let mut functions: Vec<(&str, Unary)> = Vec::new();
        for i in (0..=self.reader.root).filter(|&i| self.reader.live[i]) {
            if let (Some(function), Some(Row::Unary(f))) = (self.reader.function(i), self.reader.row(i))
                && !functions.iter().any(|known| known.0 == function)
            {
                functions.push((function, f));
            }
        }
        let arena = &self.formulas.arena;
        let written = |pair: (Id, Id)| (text::render(arena, pair.0), text::render(arena, pair.1));
        functions.iter().flat_map(|(name, f)| rules::meaning(arena, name, *f)).map(written).collect()
    }
}

/// Those of many terms that are written out: ones whose other factor has been shown.
fn chosen(parents: &[usize], adjoints: &HashMap<usize, (Id, f64)>) -> Vec<usize> {
    if parents.len() <= TERMS {
        return parents.to_vec();
    }
    let shown: Vec<usize> = parents.iter().rev().copied().filter(|p| adjoints.contains_key(p)).take(2).collect();
    if shown.is_empty() { vec![parents[parents.len() - 1]] } else { shown }
}

/// A sum of texts, with a word for those that are left out.
fn added(terms: &[Text], more: usize) -> Text {
    let mut sum = Text::default();
    for (k, term) in terms.iter().enumerate() {
        let negative = term.plain.starts_with('−');
        let sign = match (k, negative) {
            (0, _) => Text::default(),
            (_, false) => Text::signs(" + ", " + "),
            (_, true) => Text::signs(" − ", " - "),
        };
        let term = if k > 0 && negative { term.without_minus() } else { term.clone() };
        sum = sum.then(&sign).then(&term);
    }
    if more > 0 {
        let these = if terms.len() == 1 { "this one" } else { "these" };
        let words = Text::words(&format!(" ({more} more terms like {these})"));
        sum = sum.then(&Text::signs(" + …", r" + \ldots")).then(&words);
    }
    sum
}
