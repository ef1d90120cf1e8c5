//! What is found in a program, as text for tests.

use super::body::{Argument, Body, Operation, Step, Target};
use super::checks::Group;
use super::form::{Item, Lists, Loop, Operand, Vector};
use super::whole::Rolled;

/// The parts of a program, one a line. `c7` are the places from 7 on, one a trip, `s7` is place 7 in all trips, `%2` a strip of
/// results and `same 2` its first one. What is written to places stands behind an arrow.
pub(super) fn shown(rolled: &Rolled<f64>) -> Vec<String> {
    let check = |group: &Group<f64>| {
        let sides = group.sides.map(|side| operand(side, group.count, &rolled.checks.lists));
        format!("{} {:?} {} is {}", group.count, group.question, sides.join(" "), group.answer).to_lowercase()
    };
    let places = rolled.outputs.iter().map(|y| y.map_or_else(|c| format!("{c:?}"), |place| place.to_string()));
    let outputs = format!("{} places, outputs {}", rolled.places, places.collect::<Vec<_>>().join(" "));
    rolled.items.iter().map(item).chain(rolled.checks.groups.iter().map(check)).chain([outputs]).collect()
}

fn item(item: &Item<f64>) -> String {
    match item {
        Item::Stretch { ops, operands, first } => format!("{} interpreted at {first}: {operands:?}", ops.len()),
        Item::Sum { place, goes_on, parts, lists } => {
            let part = |part: &super::form::Part<f64>| {
                let factors: Vec<_> = part.factors.iter().map(|&x| operand(x, part.terms, lists)).collect();
                format!("{} {}", part.terms, factors.join(" "))
            };
            let parts: Vec<_> = parts.iter().map(part).collect();
            format!("sum {} {place}: {}", if *goes_on { "onto" } else { "at" }, parts.join(", "))
        }
        Item::Loop(own) => {
            let order = if own.is_chain { "chain" } else { "loop" };
            let mut said = vec![format!("{order} {} × {}:{}", own.entries, own.trips, body(own, &own.forward))];
            let read: Vec<_> = (0..own.read.len()).filter(|&k| own.read[k]).collect();
            said.extend((!own.read.is_empty()).then(|| format!("read {read:?}")));
            let lists = [own.lists.tables.len(), own.lists.runs.len(), own.lists.indices.len()];
            said.extend((lists != [0; 3]).then(|| format!("lists {lists:?}")));
            if own.is_chain {
                said.extend([format!("before {:?}", own.before), format!("given {:?}", own.given)]);
            }
            said.join(" | ")
        }
    }
}

fn body(own: &Loop<f64>, body: &Body<f64>) -> String {
    body.steps.iter().map(|step| format!(" {}", self::step(own, body, step))).collect::<Vec<_>>().join(",")
}

fn step(own: &Loop<f64>, body: &Body<f64>, step: &Step) -> String {
    let op = match step.op {
        Operation::Unary(f) => f.name().to_string(),
        Operation::Binary(f) => f.name().to_string(),
        Operation::Load(number) => operand(own.operands[number as usize], own.trips, &own.lists),
        op => format!("{op:?}").to_lowercase(),
    };
    let op = [op].into_iter().chain(body.arguments(step).iter().map(|&x| argument(own, x)));
    let op = op.collect::<Vec<_>>().join(" ");
    let target = match step.target {
        Target::Nothing => String::new(),
        Target::Strip(strip) => format!(" %{strip}"),
        Target::Column(place) => format!(" → c{place}"),
    };
    let same = if step.is_same { " same" } else { "" };
    format!("{op}{target}{same}")
}

fn argument(own: &Loop<f64>, argument: Argument<f64>) -> String {
    match argument {
        Argument::Constant(c) => operand(Operand::Constant(c), own.trips, &own.lists),
        Argument::Table(start) => operand(Operand::Table(start), own.trips, &own.lists),
        Argument::Same(place) => format!("s{place}"),
        Argument::Column(place) => format!("c{place}"),
        Argument::Adjoint(place) => format!("a{place}"),
        Argument::Strip(strip) => format!("%{strip}"),
        Argument::First(strip) => format!("same {strip}"),
        Argument::Rows(number) => {
            let rows = own.rows[number as usize];
            let vector = match rows.vector {
                Vector::Table(start) => format!("{:?}", &own.lists.tables[start as usize..][..rows.count as usize]),
                Vector::Places(place) => format!("{place}.."),
            };
            format!("rows({}+{} × {} by {vector})", rows.first, rows.stride, rows.count)
        }
    }
}

fn operand(operand: Operand<f64>, trips: usize, lists: &Lists<f64>) -> String {
    match operand {
        Operand::Constant(c) => format!("{c}"),
        Operand::Table(start) => {
            let table = &lists.tables[start as usize..][..trips];
            format!("[{}, {}, .. {}]", table[0], table[1], table[trips - 1])
        }
        Operand::Same(place) => format!("s{place}"),
        Operand::Column(place) => format!("c{place}"),
        Operand::Strided(place, stride) => format!("c{place}+{stride}"),
        Operand::Runs(start, end) => {
            let run =
                |run: &super::form::Run| format!("{}:{}{}", run.trip, if run.moves { "c" } else { "s" }, run.place);
            let runs: Vec<_> = lists.runs[start as usize..end as usize].iter().map(run).collect();
            format!("({})", runs.join(" "))
        }
        Operand::Indices(start) => format!("{:?}", &lists.indices[start as usize..][..trips]),
        Operand::Rows(rows) => format!("rows {rows}"),
    }
}
