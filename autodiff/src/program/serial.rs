//! Programs on disk (feature `serde`).
//!
//! Operations are written by name and operands one by one, so that a file survives a new row in the table. What is read is
//! checked entry by entry before it becomes a program.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use super::optimize::write;
use super::recorded::{Found, Program};
use super::rolled::For;
use crate::Real;
use crate::numbers::question::Question;
use crate::rules::{Binary, Unary};
use crate::tape::code::{OwnedCode, arguments};
use crate::tape::guard::{Guard, Place, Term};
use crate::tape::nary::Nary;
use crate::tape::opcode::{self, CONSTANT, Form, Kind};
use crate::tape::passes::Output;
use crate::tape::store::Store;

/// What a program is written as.
#[derive(Serialize, Deserialize)]
#[serde(bound(serialize = "T: Real + Serialize", deserialize = "T: Real + Deserialize<'de>"))]
struct Written<T> {
    inputs: usize,
    operations: Vec<Operation<T>>,
    outputs: Vec<Given<T>>,
    guards: Vec<WrittenGuard<T>>,
    recorded_at: Vec<Number<T>>,
    #[serde(default)]
    exact: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(bound(serialize = "T: Real + Serialize", deserialize = "T: Real + Deserialize<'de>"))]
struct Operation<T> {
    name: String,
    operands: Vec<Given<T>>,
}

/// What an operation or a question is given.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[serde(bound(serialize = "T: Real + Serialize", deserialize = "T: Real + Deserialize<'de>"))]
enum Given<T> {
    Entry(u32),
    Constant(Number<T>),
}

/// A number of a file. Where files are text, `inf`, `-inf`, `NaN` and `-NaN` are texts: JSON has no such numbers.
#[derive(Clone, Copy)]
struct Number<T>(T);

impl<T: Real + Serialize> Serialize for Number<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(x) = self;
        if x.is_finite() || !serializer.is_human_readable() {
            return x.serialize(serializer);
        }
        let minus = if x.is_nan() && x.is_sign_negative() { "-" } else { "" };
        serializer.collect_str(&format_args!("{minus}{x}"))
    }
}

impl<'de, T: Real + Deserialize<'de>> Deserialize<'de> for Number<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected a number, or one of \"inf\", \"-inf\", \"NaN\"")]
        enum Read<T> {
            Number(T),
            Text(String),
        }
        if !deserializer.is_human_readable() {
            return T::deserialize(deserializer).map(Self);
        }
        match Read::<T>::deserialize(deserializer)? {
            Read::Number(x) => Ok(Self(x)),
            Read::Text(text) => match text.parse::<f64>() {
                Ok(x) if !x.is_finite() => Ok(Self(T::of(x))),
                _ => Err(de::Error::custom(format!("{text:?} is no number"))),
            },
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(bound(serialize = "T: Real + Serialize", deserialize = "T: Real + Deserialize<'de>"))]
struct WrittenGuard<T> {
    question: String,
    operands: [Given<T>; 2],
    answer: bool,
    file: String,
    line: u32,
    column: u32,
}

impl<T> From<Term<T>> for Given<T> {
    fn from(term: Term<T>) -> Self {
        term.resolve(|index| Self::Entry(index as u32), |x| Self::Constant(Number(x)))
    }
}

/// An operand, if it is one of the first `entries` entries or a constant.
fn term<T, E: de::Error>(operand: Given<T>, entries: usize) -> Result<Term<T>, E> {
    match operand {
        Given::Entry(index) if (index as usize) < entries => Ok(Term::Entry(index)),
        Given::Entry(index) => Err(E::custom(format!(
            "entry {index} is an operand where {entries} entries stand before; operands come before the operation"
        ))),
        Given::Constant(Number(c)) => Ok(Term::Constant(c)),
    }
}

impl<T: Real + Serialize> Serialize for Program<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(block) = self.blocks.first() {
            let message = format!("the program has a fused block ({}); a closure cannot be written down", block.place);
            return Err(ser::Error::custom(message));
        }
        let code = self.code();
        let mut operations = Vec::with_capacity(code.ops.len() - self.inputs);
        code.walk(|i, op, words| {
            if i < self.inputs {
                return;
            }
            let constant = |place: usize| Given::Constant(Number(code.constants[place]));
            let mut operands: Vec<Given<T>> =
                arguments(opcode::operands(op, words), |i| Given::Entry(i as u32), constant).into_iter().collect();
            let name = match opcode::decode(op) {
                Kind::Unary(f) => f.name(),
                Kind::Binary(f, form) => {
                    match form {
                        Form::Both => {}
                        Form::First => operands.push(constant(words[1] as usize)),
                        Form::Second => operands.insert(0, constant(words[1] as usize)),
                    }
                    f.name()
                }
                Kind::Nary(f) => f.name(),
                Kind::Leaf | Kind::Tensor | Kind::At | Kind::Block => unreachable!("not among a program's operations"),
            };
            operations.push(Operation { name: name.to_owned(), operands });
        });
        let output =
            |output: &Output<T>| output.map_or_else(|x| Given::Constant(Number(x)), |i| Given::Entry(i as u32));
        let guard = |guard: &Guard<T>| WrittenGuard {
            question: guard.question.name().to_owned(),
            operands: [guard.left.into(), guard.right.into()],
            answer: guard.answer,
            file: guard.place.file.clone().into_owned(),
            line: guard.place.line,
            column: guard.place.column,
        };
        Written {
            inputs: self.inputs,
            operations,
            outputs: self.outputs.iter().map(output).collect(),
            guards: self.guards.iter().map(guard).collect(),
            recorded_at: self.at.iter().copied().map(Number).collect(),
            exact: self.exact,
        }
        .serialize(serializer)
    }
}

/// The opcode and the operands of an operation, by its name.
fn coded<T: Real, E: de::Error>(operation: Operation<T>, entries: usize) -> Result<(u8, Vec<Term<T>>), E> {
    let Operation { name, operands } = operation;
    let count = operands.len();
    let arguments: Vec<Term<T>> = operands.into_iter().map(|x| term(x, entries)).collect::<Result<_, E>>()?;
    let is_entry = |k: usize| matches!(arguments[k], Term::Entry(_));
    let unary = Unary::ALL.iter().find(|f| f.name() == name).filter(|_| count == 1 && is_entry(0));
    let binary = Binary::ALL.iter().find(|f| f.name() == name).filter(|_| count == 2);
    let least = |f: Nary| match f {
        Nary::MulAdd => count == 3,
        Nary::Dot => count % 2 == 0,
        Nary::Polynomial => count >= 1,
        _ => true,
    };
    let nary = Nary::ALL.iter().find(|f| f.name() == name).filter(|f| least(**f));
    let op = match (unary, binary, nary) {
        (Some(&f), _, _) => opcode::unary(f),
        (_, Some(&f), _) if is_entry(0) && is_entry(1) => opcode::binary(f, Form::Both),
        (_, Some(&f), _) if is_entry(0) => opcode::binary(f, Form::First),
        (_, Some(&f), _) if is_entry(1) => opcode::binary(f, Form::Second),
        (_, _, Some(&f)) => opcode::nary(f),
        _ => {
            return Err(E::custom(format!(
                "there is no operation `{name}` of {count} operands of which one is an entry"
            )));
        }
    };
    Ok((op, arguments))
}

impl<'de, T: Real + Deserialize<'de>> Deserialize<'de> for Program<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::<T>::deserialize(deserializer)?;
        let inputs = written.inputs;
        let total = inputs.checked_add(written.operations.len()).filter(|&total| total < CONSTANT as usize);
        let Some(total) = total.filter(|_| written.recorded_at.len() == inputs) else {
            let message = format!("{inputs} inputs, but recorded at {} values", written.recorded_at.len());
            return Err(de::Error::custom(message));
        };
        let mut store = Store::new();
        let at: Vec<T> = written.recorded_at.into_iter().map(|Number(x)| x).collect();
        store.push_leaves(&at);
        for operation in written.operations {
            let (op, arguments) = coded(operation, store.len())?;
            write(&mut store, op, &arguments, None);
        }
        let code = if store.len() == 0 { OwnedCode::default() } else { store.code(store.len() - 1).to_owned() };
        let outputs = written.outputs.into_iter().map(|y| Ok(term(y, total)?.resolve(Ok, Err)));
        let guards = written.guards.into_iter().map(|guard| {
            let Some(question) = Question::named(&guard.question) else {
                return Err(de::Error::custom(format!("there is no question `{}`", guard.question)));
            };
            let [left, right] = guard.operands;
            let place = Place { file: guard.file.into(), line: guard.line, column: guard.column };
            Ok(Guard { question, left: term(left, total)?, right: term(right, total)?, answer: guard.answer, place })
        });
        let (outputs, guards) = (outputs.collect::<Result<_, D::Error>>()?, guards.collect::<Result<_, D::Error>>()?);
        let (exact, found) = (written.exact, Found::default());
        Ok(Self { code, blocks: Vec::new(), inputs, outputs, guards, at, exact, wanted: Some(For::Columns), found })
    }
}
