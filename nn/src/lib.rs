//! Multilayer perceptrons on the tape.
