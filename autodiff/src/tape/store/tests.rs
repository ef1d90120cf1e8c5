//! Entries of all kinds, written and walked.

use super::*;
use crate::rules::{Binary, Unary};
use crate::tape::growth::FIRST_CAPACITY;
use crate::tape::nary::Nary;
use crate::tape::opcode::{self, Form};

/// Entries of all kinds in an irregular order, across several growths of all arrays.
fn record(store: &mut Store<f64>, entries: usize) {
    store.push(opcode::LEAF, [], 0.5);
    for i in 1..entries as u32 {
        let value = f64::from(i);
        let at = match (i * 7919) % 5 {
            0 => store.push(opcode::LEAF, [], value),
            1 => store.push(opcode::unary(Unary::Sin), [i - 1], value),
            2 => store.push(opcode::binary(Binary::Mul, Form::Both), [i - 1, i / 2], value),
            3 => {
                let constant = store.constant(-value);
                store.push(opcode::binary(Binary::Add, Form::First), [i - 1, constant], value)
            }
            _ => {
                let constant = store.constant(-value);
                let operand = |k| if k % 3 == 0 { CONSTANT | constant } else { i - 1 };
                let operands: Vec<u32> = (0..i as usize % 40).map(operand).collect();
                store.push_nary(opcode::nary(Nary::Sum), &[], &operands, value)
            }
        };
        assert_eq!(at, i);
    }
}

#[test]
fn forward_and_backward_walks_meet() {
    let mut store = Store::new();
    for entries in [1, FIRST_CAPACITY, FIRST_CAPACITY + 1, 10 * FIRST_CAPACITY] {
        store.clear();
        record(&mut store, entries);
        assert!(store.values()[1..].iter().enumerate().all(|(i, &value)| value == (i + 1) as f64));
        let code = store.code(entries - 1);
        let mut places = Vec::new();
        let mut sum = 0;
        code.walk(|i, op, words| {
            let nary = opcode::words(op).is_none();
            places.push(sum);
            for &k in opcode::operands(op, words) {
                if k & CONSTANT == 0 {
                    assert!((k as usize) < i);
                } else {
                    assert_eq!(code.constants[(k ^ CONSTANT) as usize], -(i as f64));
                }
            }
            sum += words.len() + if nary { 2 } else { 0 };
        });
        let mut end = code.operands.len();
        for (i, &op) in code.ops.iter().enumerate().rev() {
            end = code.before(op, end);
            assert_eq!(end, places[i], "entry {i}");
        }
        // A program cut off anywhere ends where its next entry begins.
        for last in (0..entries - 1).step_by(37) {
            assert_eq!(store.code(last).operands.len(), places[last + 1]);
        }
    }
}

#[test]
fn bytes_for_each_entry() {
    let mut store = Store::new();
    let a = store.push(opcode::LEAF, [], 1.0_f64);
    let before = store.bytes();
    store.push(opcode::unary(Unary::Sin), [a], 1.0);
    assert_eq!(store.bytes() - before, 13);
    store.push(opcode::binary(Binary::Mul, Form::Both), [a, a], 1.0);
    assert_eq!(store.bytes() - before, 13 + 17);
    // The constant is kept once.
    for _ in 0..100 {
        let two = store.constant(2.0);
        store.push(opcode::binary(Binary::Mul, Form::First), [a, two], 1.0);
    }
    assert_eq!(store.bytes() - before, 13 + 17 + 100 * 17 + 8);
}
