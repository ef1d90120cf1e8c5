//! Multilayer perceptrons on the tape.

pub mod plot;
