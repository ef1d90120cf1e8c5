//! Integration tests, one binary.

fn main_is_generated() {}
